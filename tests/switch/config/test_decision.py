"""`queues.NAME.decision`: one exact line for each mistake; its secret may lie in a file."""

from pathlib import Path
from typing import Any

import pytest

from switch.config.load import load
from tests.switch.config.conftest import Mistakes


@pytest.mark.parametrize(
    ("hook", "found"),
    [
        ("{}", ["1:14: queues.a.decision.url: is missing"]),
        (
            "{url: crm.example}",
            [
                "1:30: queues.a.decision.url: 'crm.example' is not an http:// or https:// URL; "
                "write it as https://crm.example/decide"
            ],
        ),
        (
            "{url: 'http://me:hunter2@crm.example'}",
            ["1:30: queues.a.decision.url: 'http' URL with a user in it; give 'secret' instead"],
        ),
        (
            "{url: http://crm.example, timeout: 6s}",
            ["1:59: queues.a.decision.timeout: Input should be less than or equal to 5"],
        ),
        (
            "{url: http://crm.example, failures: 0}",
            ["1:60: queues.a.decision.failures: must not be less than 1"],
        ),
        (
            "{url: http://crm.example, secret: x, secret_file: y}",
            [
                "1:61: queues.a.decision.secret_file: stands beside secret; give one of them",
                "1:74: queues.a.decision.secret_file: var/y cannot be read: No such file or directory",
            ],
        ),
        ("{url: http://crm.example, timeout: 1s, failures: 1, retry_after: 1m, secret: x}", []),
    ],
)
def test_mistakes(mistakes: Mistakes, hook: str, found: list[str]) -> None:
    assert mistakes(f"queues: {{a: {{decision: {hook}}}}}") == found


def test_its_secret_from_a_file(write: Any, tmp_path: Path, mistakes: Mistakes) -> None:
    (tmp_path / "crm.secret").write_text("s3cret\n")
    text = (
        f"server: {{data_dir: {tmp_path}}}\n"
        "queues: {a: {decision: {url: http://crm.example, secret_file: crm.secret}}}"
    )
    hook = load(write(text)).queues["a"].decision
    assert hook is not None
    assert hook.secret.get_secret_value() == "s3cret"
    (tmp_path / "crm.secret").unlink()
    missing = f"{tmp_path}/crm.secret cannot be read: No such file or directory"
    assert mistakes(text) == [f"2:63: queues.a.decision.secret_file: {missing}"]
