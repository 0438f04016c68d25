"""What a caller offers: codecs for each way that he may go, and what is refused before a port is opened."""

import pytest

from switch.calls.ending import Reason
from tests.switch.far_end import sdp
from tests.switch.stage import CARRIER, NUMBER, Stage

EVERY = {"media": {"codecs": ["G729", "PCMA", "G722", "PCMU"]}}
SPOKEN_TO = {
    "tone": "tone",
    "clock": "clock",
    "queue": "queue:support",
    "daily": "conference:daily",
}
ROUTES = [{"trunk": "carrier", "to": number, "go": go} for number, go in SPOKEN_TO.items()]
GOOD = sdp(CARRIER[0], 4000, "sendrecv")
ADDRESS = f"c=IN IP4 {CARRIER[0]}\r\n".encode()


def with_types(types: str) -> bytes:
    return sdp(CARRIER[0], types=types)


ABSURD = {
    "port 0": (b"m=audio 4000", b"m=audio 0", 488),
    "port of DNS": (b"m=audio 4000", b"m=audio 53", 488),
    "RTCP above all ports": (b"m=audio 4000", b"m=audio 65535", 488),
    "port above all": (b"m=audio 4000", b"m=audio 65536", 400),
    "no port": (b"m=audio 4000", b"m=audio four", 400),
    "port of 20 digits": (b"m=audio 4000", b"m=audio 40000000000000000000", 400),
    "multicast": (ADDRESS, b"c=IN IP4 224.0.0.1\r\n", 488),
    "broadcast": (ADDRESS, b"c=IN IP4 255.255.255.255\r\n", 488),
    "reserved": (ADDRESS, b"c=IN IP4 240.0.0.1\r\n", 488),
    "this network": (ADDRESS, b"c=IN IP4 0.0.0.1\r\n", 488),
    "a name": (ADDRESS, b"c=IN IP4 media.example.com\r\n", 488),
    "too many octets": (ADDRESS, b"c=IN IP4 192.0.2.10.1\r\n", 488),
    "IPv6 where we have none": (ADDRESS, b"c=IN IP6 2001:db8::1\r\n", 488),
    "no address": (ADDRESS, b"", 488),
    "payload type of 8 bits": (b"RTP/AVP 8", b"RTP/AVP 8 255", 488),
    "negative payload type": (b"RTP/AVP 8", b"RTP/AVP 8 -8", 488),
    "payload type by name": (b"RTP/AVP 8", b"RTP/AVP PCMA 8", 488),
    "100 payload types": (b"RTP/AVP 8", b"RTP/AVP" + b" 8" * 100, 400),
    "nothing absurd": (b"t=0 0\r\n", b"t=0 0\r\n", 200),
    "packets of nothing": (b"a=sendrecv", b"a=ptime:0", 488),
    "packets of a minute": (b"a=sendrecv", b"a=ptime:60000", 488),
    "packets in words": (b"a=sendrecv", b"a=ptime:twenty", 488),
    "packets of nothing at most": (b"a=sendrecv", b"a=maxptime:0", 488),
    "20 kB": (b"t=0 0\r\n", b"t=0 0\r\n" + b"a=x:" + b"x" * 20000 + b"\r\n", 400),
    "1000 lines": (b"t=0 0\r\n", b"t=0 0\r\n" + b"a=x\r\n" * 1000, 400),
    "100 media": (b"t=0 0\r\n", b"t=0 0\r\n" + b"m=video 0 RTP/AVP 34\r\n" * 100, 400),
}


@pytest.mark.parametrize("case", ABSURD)
async def test_the_absurd_opens_no_port(stage: Stage, case: str) -> None:
    old, new, status = ABSURD[case]
    assert old in GOOD, GOOD
    session = await stage.carrier.dial("600", GOOD.replace(old, new, 1))
    assert stage.carrier.status(session) == status
    assert bool(stage.plane.ports) is (status == 200)
    if status != 200:
        (record,) = stage.history.calls
        assert record.reason is Reason.NOT_ACCEPTABLE


@pytest.mark.parametrize("sections", [EVERY])
@pytest.mark.parametrize(
    ("number", "types", "codec"),
    [
        ("600", "9 8", "PCMA"),
        ("600", "0 9", "G722"),
        ("600", "18 0", "PCMU"),
        ("600", "18", "G729"),
        (NUMBER, "18 9", "G722"),
    ],
    ids=["our order", "our order again", "what is heard first", "nothing else and an echo", "a queue"],
)
async def test_the_codec_of_the_caller(stage: Stage, number: str, types: str, codec: str) -> None:
    session = await stage.carrier.dial(number, with_types(types))
    assert stage.carrier.status(session) == 200
    assert stage.plane.ports[0].peer is not None
    assert stage.plane.ports[0].peer.codec == codec
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert [leg.codec for leg in record.legs] == [codec]


@pytest.mark.parametrize("sections", [{**EVERY, "routes": ROUTES}])
@pytest.mark.parametrize("number", SPOKEN_TO)
async def test_who_cannot_hear_what_we_say_is_told_so(stage: Stage, number: str) -> None:
    session = await stage.carrier.dial(number, with_types("18"))
    assert stage.carrier.status(session) == 488
    assert any(b"SIP/2.0 488 No Prompts Or Music In G729\r\n" in data for data in stage.carrier.received)
    assert stage.plane.ports == []


@pytest.mark.parametrize("sections", [EVERY])
@pytest.mark.parametrize(
    ("types", "offered"),
    [("0", b"RTP/AVP 0 8 9 101"), ("18", b"RTP/AVP 18 101"), ("9 8", b"RTP/AVP 8 9 0 101")],
)
async def test_the_second_leg_is_offered_what_the_first_one_has(
    stage: Stage, types: str, offered: bytes
) -> None:
    phone = await stage.phone()
    caller = await stage.phone("1002")
    await caller.dial("1001", sdp(caller.flow.local[0], types=types))
    assert any(b"INVITE " in data and offered in data for data in phone.received), phone.received


@pytest.mark.parametrize("sections", [EVERY])
async def test_a_late_offer_of_ours_has_only_what_is_heard(stage: Stage) -> None:
    """Who will be called, and what he has, is not known yet."""
    await stage.carrier.dial("600", None)
    assert any(b" RTP/AVP 8 9 0 101\r\n" in data for data in stage.carrier.received)


@pytest.mark.parametrize("sections", [EVERY])
@pytest.mark.parametrize(
    ("first", "then", "codec"),
    [("18", "8", None), ("8", "18", None), ("8", "9", "G722"), ("18", "18 8", "G729")],
)
async def test_what_is_passed_through_stays_so_and_what_is_heard_too(
    stage: Stage, first: str, then: str, codec: str | None
) -> None:
    """The other side of the call was found by the first codec."""
    session = await stage.carrier.dial("600", with_types(first))
    answer = await stage.carrier.reinvite(session, with_types(then))
    assert answer.status == (200 if codec else 488)
    assert stage.plane.ports[0].peer is not None
    assert stage.plane.ports[0].peer.codec == (codec or {"18": "G729", "8": "PCMA"}[first])
