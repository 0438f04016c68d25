"""Switches that are forked: what they have of their own, and how they end."""

from pathlib import Path

import yaml

from tests.peers.switch import configuration
from tests.peers.warm import WarmProcess


async def test_it_reads_in_its_folder_writes_to_its_pipe_and_ends_with_its_exit_code(tmp_path: Path) -> None:
    config = configuration("127.0.0.1", 8080, tmp_path / "var", {"routes": [{"trunk": "nobody"}]})
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(config))
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        ended = await WarmProcess.start(["check", "wrong.yaml"], stderr=stderr, cwd=tmp_path)
        unknown = await WarmProcess.start(["no-such-command"], stderr=stderr, cwd=tmp_path)
        assert (await ended.wait(), await unknown.wait()) == (1, 2)
    assert (ended.returncode, unknown.returncode) == (1, 2)
    assert ended.stdout is not None
    told = (await ended.stdout.read()).decode() + log.read_text()
    assert "routes[0]" in told
    assert "No such command" in told
