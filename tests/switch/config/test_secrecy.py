"""`srtp` of trunks and phones; one exact line for each mistake and each doubt."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from switch.config import secrecy
from switch.config.load import load
from tests.switch.config.conftest import Mistakes

PHONE = "phones: {'1001': {secret: some-secret-or-other, srtp: required}}\n"
TRUNK = "trunks: {carrier: {accept_from: [192.0.2.1/32], srtp: required}}\n"
ABSENT = "is not on this machine: install"
CLEAR = (
    "warning: every call with it is refused, for keys go over TLS alone and sip.listen has no tls:; "
    "media.srtp_keys_in_clear: true lets them go in the clear"
)


def test_required_needs_the_library(mistakes: Mistakes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mistakes(PHONE + TRUNK) == []
    monkeypatch.setattr(secrecy, "SRTP_LACKS", ("pylibsrtp",))
    assert mistakes(PHONE + TRUNK) == [
        f"1:55: phones.1001.srtp: SRTP {ABSENT} pylibsrtp, then scripts/run",
        f"2:55: trunks.carrier.srtp: SRTP {ABSENT} pylibsrtp, then scripts/run",
    ]
    assert mistakes(TRUNK.replace("required", "offered")) == []


def test_handshakes_need_their_libraries(mistakes: Mistakes, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = PHONE.replace("required", "offered, srtp_keys: dtls")
    assert mistakes(phone) == []
    monkeypatch.setattr(secrecy, "DTLS_LACKS", ("pyopenssl", "aioice"))
    lacking = f"1:75: phones.1001.srtp_keys: DTLS-SRTP {ABSENT} pyopenssl and aioice, then scripts/run"
    assert mistakes(phone) == [lacking]
    assert mistakes(phone.replace("offered", "never")) == []
    assert mistakes(PHONE + TRUNK) == []


CHECK = """
import sys
path, *absent = sys.argv[1:]
sys.modules.update(dict.fromkeys(absent))
sys.argv = ["centralita", "check", path]
from switch.cli import main
main()
"""


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        (["aioice"], {"phones.1001.srtp_keys: DTLS-SRTP": "aioice"}),
        (["OpenSSL"], {"phones.1001.srtp_keys: DTLS-SRTP": "pyopenssl"}),
        (
            ["pylibsrtp"],
            {"phones.1001.srtp: SRTP": "pylibsrtp", "phones.1001.srtp_keys: DTLS-SRTP": "pylibsrtp"},
        ),
        ([], {}),
    ],
    ids=str,
)
def test_what_is_not_installed(
    write: Callable[[str], Path], modules: list[str], said: dict[str, str]
) -> None:
    """In an interpreter that has it not."""
    path = write(PHONE.replace("required", "required, srtp_keys: dtls"))
    checked = subprocess.run(
        [sys.executable, "-c", CHECK, str(path), *modules], capture_output=True, text=True, check=False
    )
    told = [line.split(": ", 1)[1] for line in checked.stdout.splitlines() if ABSENT in line]
    assert told == [f"{what} {ABSENT} {package}, then scripts/run" for what, package in said.items()]
    assert checked.returncode == (1 if said else 0), checked.stderr


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
