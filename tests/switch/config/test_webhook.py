"""`webhooks.NAME`: one exact line for each mistake; its secret may lie in a file."""

from pathlib import Path

import pytest

from switch.config.load import load
from tests.switch.config.conftest import Mistakes


@pytest.mark.parametrize(
    ("hook", "found"),
    [
        ("{secret: x}", "webhooks.a.url: is missing"),
        ("{url: 'https://crm.example/'}", "webhooks.a: needs secret or secret_file: what is told is signed"),
        (
            "{url: 'http://crm.example/', secret: x}",
            "webhooks.a.url: is not encrypted; write https://, or private: true for a network of your own",
        ),
        (
            "{url: 'https://crm.example/', secret: x, events: [call.asnwered]}",
            "webhooks.a.events: no event is called 'call.asnwered': see docs/reference/events.md",
        ),
        (
            "{url: 'https://crm.example/', secret: x, queues: [sales]}",
            "webhooks.a.queues[0]: there is no queue 'sales'",
        ),
        (
            "{url: 'https://crm.example/', secret: x, secret_file: y}",
            "webhooks.a.secret_file: stands beside secret; give one of them",
        ),
    ],
)
def test_mistakes(mistakes: Mistakes, hook: str, found: str) -> None:
    lines = mistakes(f"webhooks: {{a: {hook}}}")
    assert any(line.endswith(f" {found}") for line in lines), lines


def test_a_secret_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "crm.secret").write_text("hunter2\n")
    file = tmp_path / "centralita.yaml"
    hook = "{url: 'http://10.0.0.9/', private: true, secret_file: crm.secret}"
    file.write_text(f"server: {{data_dir: {tmp_path}}}\nwebhooks: {{a: {hook}}}\n")
    config = load(file)
    assert config.webhooks["a"].secret.get_secret_value() == "hunter2"
    assert config.webhooks["a"].events == ("call.ended",)
    assert "hunter2" not in repr(config)
