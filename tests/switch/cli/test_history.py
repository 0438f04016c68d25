"""`centralita history`: the tables forward and back, and what a switch says to tables of a later version."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from switch.cli.app import app
from tests.e2e.centre import centre
from tests.peers.child import PeerError
from tests.peers.switch import Switch


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["history", *arguments])
    return result.exit_code, result.output.strip()


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "centralita.yaml"
    path.write_text(f"server: {{data_dir: {tmp_path / 'var'}}}\n")
    (tmp_path / "var").mkdir()
    return f"--config={path}"


def test_forward_and_back(config: str) -> None:
    code, said = run("status", config)
    assert (code, said.startswith("none, this version wants ")) == (1, True)
    newest = said.partition("wants ")[2].partition(";")[0]
    assert run("upgrade", config) == (0, f"from none to {newest}")
    assert run("status", config)[0] == 0
    assert run("downgrade", "0004", "--yes", config) == (0, f"from {newest} to 0004")
    assert run("upgrade", config) == (0, f"from 0004 to {newest}")
    assert run("downgrade", "base", "--yes", config) == (0, f"from {newest} to none")
    code, said = run("downgrade", "0000", "--yes", config)
    assert (code, "no revision 0000; known are 0001, " in said) == (1, True)


def test_nothing_is_taken_back_unasked(config: str) -> None:
    run("upgrade", config)
    code, said = run("downgrade", "0001", config)
    assert (code, "what only later versions know goes" in said) == (1, True)
    assert run("status", config)[0] == 0


async def test_a_switch_neither_shares_its_tables_nor_starts_on_later_ones() -> None:
    async with Switch.running(capture=False, **centre()) as switch:
        code, said = await asyncio.to_thread(
            run, "downgrade", "0001", "--yes", f"--config={switch.config_file}"
        )
        assert (code, "stop it first" in said) == (1, True)
        await switch.kill()
        with closing(sqlite3.connect(switch.data_dir / "centralita.db")) as db, db:
            db.execute("update alembic_version set version_num = '9999'")
        with pytest.raises(PeerError, match="exited with 1"):
            await switch.start()
        assert "tables of a later version (revision 9999" in switch.log()
        assert "centralita history downgrade" in switch.log()
