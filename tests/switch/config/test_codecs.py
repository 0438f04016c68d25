"""Codecs that this machine does not have, or in which nothing can be heard."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from media import codecs
from switch.config.load import load
from tests.switch.config.conftest import Mistakes


def having(monkeypatch: pytest.MonkeyPatch, package: str | None) -> None:
    """A machine on which Opus needs that package, or nothing."""
    opus = replace(codecs.CODECS["OPUS"], package=package, capsule=object() if package is None else None)
    monkeypatch.setattr("switch.config.codecs.CODECS", {**codecs.CODECS, "OPUS": opus})


def test_the_list_may_hold_all_in_any_order(
    write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    having(monkeypatch, None)
    path = write("media: {codecs: [G729, OPUS, PCMU, G722, PCMA]}")
    assert load(path, {}).media.codecs == ("G729", "OPUS", "PCMU", "G722", "PCMA")


@pytest.mark.parametrize("package", ["libopus-dev", "libopus0"])
def test_what_is_missing_is_named_with_its_line(
    mistakes: Mistakes, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    having(monkeypatch, package)
    assert mistakes("media:\n  codecs: [PCMA, OPUS]") == [
        f"2:18: media.codecs[1]: OPUS is not on this machine: install {package}, then scripts/run"
    ]
    assert mistakes("media: {codecs: [PCMA, G722]}") == []


def test_something_must_be_heard(mistakes: Mistakes) -> None:
    assert mistakes("media: {codecs: [G729]}") == [
        "1:17: media.codecs: no prompt and no music can be heard in these; add PCMA"
    ]
