"""The `trace` section; one exact line for each mistake."""

import pytest

from switch.config.addresses import HostPort
from switch.config.schema import Trace
from tests.switch.config.conftest import Mistakes

OURS = "sip: {listen: [udp:192.0.2.1:5060, tcp:192.0.2.1:9060]}\n"
ALL = "sip: {listen: [udp:0.0.0.0:5060]}\n"
LOOP = "is our own SIP socket: each copy would be copied again"
NO_SERVER = "needs the address and port of a server, such as 127.0.0.1:9060"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("trace: {calls: 0}", []),
        ("trace: {hep: 192.0.2.5:9060, hep_id: 999999999, hep_secret: x}", []),
        ("trace: {hep: '[2001:db8::5]:9060'}", []),
        ("trace: {hep: 0.0.0.0:9060}", [f"1:14: trace.hep: {NO_SERVER}"]),
        ("trace: {hep: 192.0.2.5:0}", [f"1:14: trace.hep: {NO_SERVER}"]),
        (f"{OURS}trace: {{hep: 192.0.2.1:5060}}", [f"2:14: trace.hep: {LOOP}"]),
        (f"{OURS}trace: {{hep: 192.0.2.1:9060}}", []),
        (f"{OURS}trace: {{hep: 192.0.2.2:5060}}", []),
        (f"{ALL}trace: {{hep: 127.0.0.1:5060}}", [f"2:14: trace.hep: {LOOP}"]),
        (f"{ALL}trace: {{hep: '[::1]:5060'}}", []),
    ],
)
def test_trace(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "trace: {calls: -1}",
        "trace: {calls: many}",
        "trace: {hep: homer}",
        "trace: {hep_id: 4294967296}",
        "trace: {ring: 5}",
    ],
)
def test_what_cannot_be_read(mistakes: Mistakes, text: str) -> None:
    assert len(mistakes(text)) == 1


def test_defaults() -> None:
    assert Trace() == Trace(calls=1000, hep=None, hep_id=2001, hep_secret=None)
    assert Trace.model_validate({"hep": "192.0.2.5:9060"}).hep == HostPort("192.0.2.5", 9060)
