"""The written pages are those of the command line and of the closed lists."""

from switch.calls.ending import Reason
from tests.command_page import COMMANDS, ENDINGS, commands_page, endings_page


def test_the_pages_are_up_to_date() -> None:
    assert COMMANDS.read_text(encoding="utf-8") == commands_page(), "run `python -m tests.command_page`"
    assert ENDINGS.read_text(encoding="utf-8") == endings_page(), "run `python -m tests.command_page`"


def test_every_command_says_what_it_does() -> None:
    for part in commands_page().split("\n### ")[1:]:
        heading, _, said = part.partition("\n\n")
        assert said.strip(), heading


def test_every_reason_is_listed() -> None:
    assert all(f"| `{reason.value}` |" in endings_page() for reason in Reason)
