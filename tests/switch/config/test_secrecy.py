"""`srtp` of trunks and phones; one exact line for each mistake and each doubt."""

from pathlib import Path

import pytest

from switch.config import load, secrecy
from tests.switch.config.conftest import Mistakes

PHONE = "phones: {'1001': {secret: some-secret-or-other, srtp: required}}\n"
TRUNK = "trunks: {carrier: {accept_from: [192.0.2.1/32], srtp: required}}\n"
ABSENT = "SRTP is not on this machine; pip install pylibsrtp, or write offered"
CLEAR = (
    "warning: every call with it is refused, for keys go over TLS alone and sip.listen has no tls:; "
    "media.srtp_keys_in_clear: true lets them go in the clear"
)


def test_required_needs_the_library(mistakes: Mistakes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mistakes(PHONE + TRUNK) == []
    monkeypatch.setattr(secrecy, "SUITES", frozenset())
    assert mistakes(PHONE + TRUNK) == [
        f"1:55: phones.1001.srtp: {ABSENT}",
        f"2:55: trunks.carrier.srtp: {ABSENT}",
    ]
    assert mistakes(TRUNK.replace("required", "offered")) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PHONE, [f"1:55: phones.1001.srtp: {CLEAR}"]),
        (TRUNK, [f"1:55: trunks.carrier.srtp: {CLEAR}"]),
        (PHONE + "media: {srtp_keys_in_clear: true}\n", []),
        (PHONE.replace("required", "never"), []),
    ],
)
def test_required_needs_tls(tmp_path: Path, text: str, said: list[str]) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(text)
    doubts: list[str] = []
    load(path, {}, warn=lambda doubt: doubts.append(str(doubt).removeprefix(f"{path}:")))
    assert doubts == said


@pytest.mark.parametrize(
    "text",
    [
        "phones: {'1001': {secret: some-secret-or-other, srtp: sometimes}}",
        "media: {srtp_suites: []}",
        "media: {srtp_suites: [F8_128_HMAC_SHA1_80]}",
        "media: {srtp_keys_in_clear: perhaps}",
    ],
)
def test_wrong_values(mistakes: Mistakes, text: str) -> None:
    assert len(mistakes(text)) == 1
