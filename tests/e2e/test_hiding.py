"""The switch hides one side from the other: number, display, ringing, answer and cause cross, and no more."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.e2e.centre import SECRETS, Tell, centre
from tests.peers import ports
from tests.peers.phone import Phones
from tests.peers.raw_party import RawDialog, RawIncoming, RawOutgoing, RawParty
from tests.peers.switch import Switch

MARK_A, MARK_B = "secret-of-a", "secret-of-b"
NUMBER = "+34600111222"


def odd(mark: str, party: RawParty) -> list[str]:
    """Headers that no other side may see."""
    host, port = party.host, party.port
    return [
        f"Via: SIP/2.0/UDP core.{mark}.example:5070;branch=z9hG4bK{mark};received={host}",
        f"Record-Route: <sip:{host}:{port};lr;x={mark}>",
        f"User-Agent: {mark}/1.0",
        f"Server: {mark}/1.0",
        f"Subject: {mark}",
        f"Organization: {mark}",
        f"X-Customer: {mark}",
        f"P-Charging-Vector: icid-value={mark}",
        f"Call-Info: <http://{mark}.example/face.jpg>;purpose=icon",
        f"Alert-Info: <http://{mark}.example/ring.wav>",
        f'Warning: 399 {mark} "{mark}"',
        "Date: Sat, 21 Nov 2026 10:00:00 GMT",
    ]


def sdp(mark: str, host: str, port: int = 41000, version: int = 1) -> str:
    """A description whose every line tells something."""
    lines = [
        "v=0",
        f"o={mark} 20890844526 {version} IN IP4 {host}",
        f"s={mark} session",
        f"i={mark}",
        f"u=http://{mark}.example/",
        f"e={mark}@example.com",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"a=tool:{mark}",
        f"m=audio {port} RTP/AVP 8 101",
        f"i={mark}",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        f"a=label:{mark}",
        f"a=candidate:1 1 UDP 1 {host} {port} typ host",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def multipart(mark: str, host: str) -> tuple[str, str]:
    """Content type and body: the description beside ISUP (RFC 3204) and XML."""
    optional = "\r\nContent-Disposition: signal;handling=optional"
    parts = [
        ("application/sdp", sdp(mark, host)),
        (f"application/isup;version=itu-t92+{optional}", f"\x01\x02{mark}\x03"),
        (f"application/pidf+xml{optional}", f'<?xml version="1.0"?><presence entity="{mark}"/>'),
    ]
    lines = [f"--b{mark}\r\nContent-Type: {kind}\r\n\r\n{body}\r\n" for kind, body in parts]
    return f'multipart/mixed;boundary="b{mark}"', "".join(lines) + f"--b{mark}--\r\n"


async def chatter(dialog: RawDialog, mark: str, host: str) -> None:
    """In the middle of a call: a re-INVITE and requests that nobody has asked for."""
    headers = odd(mark, dialog.party)[2:]
    changed = await dialog.ask("INVITE", sdp(mark, host, version=2), headers=headers)
    assert changed.status == 200
    await dialog.say("ACK")
    for method, kind in (
        ("INFO", "application/x-" + mark),
        ("MESSAGE", "text/plain"),
        ("OPTIONS", "text/plain"),
    ):
        await dialog.ask(method, mark, content_type=kind, headers=headers)


async def part(dialog: RawDialog, mark: str, host: str) -> None:
    headers = [*odd(mark, dialog.party)[2:], f'Reason: Q.850;cause=31;text="{mark}"', f"P-RTP-Stat: {mark}"]
    ended = await dialog.ask("BYE", f"<{mark}/>", content_type="application/xml", headers=headers)
    assert ended.status == 200


def assert_hidden(heard: bytes, *, mark: str, host: str, dialog: RawDialog) -> None:
    """Neither its words nor its addresses, Call-ID or tag."""
    tag = dialog.local.rpartition("tag=")[2]
    for private in (mark, mark.upper(), host, dialog.call_id, tag, "20890844526"):
        where = [line for line in heard.split(b"\r\n") if private.encode() in line]
        assert where == [], private


async def answered(incoming: RawIncoming, host: str) -> None:
    """With all that it should not tell, at each step."""
    incoming.local = (
        incoming.local.replace("<", f'"{MARK_B}" <', 1) if incoming.local.startswith("<") else incoming.local
    )
    headers = odd(MARK_B, incoming.party)[1:]
    await incoming.progress(180, headers=headers)
    await incoming.progress(183, sdp(MARK_B, host), headers=headers)
    await incoming.answer(sdp(MARK_B, host), headers=headers)


@pytest.mark.parametrize("ends", ["caller", "callee"])
async def test_nothing_private_crosses(tell_on_failure: Tell, ends: str) -> None:
    address, a_host, b_host = (ports.own_address() for _ in range(3))
    async with AsyncExitStack() as stack:
        a = await stack.enter_async_context(RawParty.open(f"{address}:5060", a_host))
        b = await stack.enter_async_context(RawParty.open(f"{address}:5060", b_host))
        switch = await stack.enter_async_context(Switch.running(address=address, **sections(a, b)))
        tell_on_failure("switch", switch.story)
        kind, body = multipart(MARK_A, a_host)
        call = await dialled(a, "9600", body, kind)
        incoming = await b.invited()
        assert incoming.invite.from_.uri.user == NUMBER, "that is meant to cross"
        await answered(incoming, b_host)
        await call.answered()
        await chatter(call, MARK_A, a_host)
        await chatter(incoming, MARK_B, b_host)
        first, second = (call, incoming) if ends == "caller" else (incoming, call)
        await part(first, MARK_A if ends == "caller" else MARK_B, a_host if ends == "caller" else b_host)
        bye = await second.expect("BYE")
        assert bye.headers.get("Reason") == "Q.850;cause=31", "the cause crosses, its words do not"
        assert_hidden(b"".join(b.heard), mark=MARK_A, host=a_host, dialog=call)
        assert_hidden(b"".join(a.heard), mark=MARK_B, host=b_host, dialog=incoming)


async def test_nor_in_a_refusal(tell_on_failure: Tell) -> None:
    address, a_host, b_host = (ports.own_address() for _ in range(3))
    async with AsyncExitStack() as stack:
        a = await stack.enter_async_context(RawParty.open(f"{address}:5060", a_host))
        b = await stack.enter_async_context(RawParty.open(f"{address}:5060", b_host))
        switch = await stack.enter_async_context(Switch.running(address=address, **sections(a, b)))
        tell_on_failure("switch", switch.story)
        call = await dialled(a, "9600", sdp(MARK_A, a_host))
        incoming = await b.invited()
        await incoming.refuse(486, headers=odd(MARK_B, b)[1:], phrase=MARK_B)
        assert (await call.refused()).status == 486
        assert_hidden(b"".join(a.heard), mark=MARK_B, host=b_host, dialog=incoming)


async def test_nor_to_a_phone(tell_on_failure: Tell) -> None:
    address, a_host = ports.own_address(), ports.own_address()
    async with AsyncExitStack() as stack:
        a = await stack.enter_async_context(RawParty.open(f"{address}:5060", a_host))
        switch = await stack.enter_async_context(Switch.running(address=address, **sections(a, a)))
        tell_on_failure("switch", switch.story)
        desk = await stack.enter_async_context(Phones.running())
        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await ana.register()
        await ana.behave("answer")
        kind, body = multipart(MARK_A, a_host)
        call = await dialled(a, "81001", body, kind)
        await call.answered()
        agent = await ana.next_call()
        await agent.until("established")
        await chatter(call, MARK_A, a_host)
        await part(call, MARK_A, a_host)
        await agent.until("closed")
        assert NUMBER in desk.story()
        assert_hidden(desk.story().encode(), mark=MARK_A, host=a_host, dialog=call)


async def dialled(a: RawParty, number: str, body: str, content_type: str = "application/sdp") -> RawOutgoing:
    from_ = f'"Ana" <sip:{NUMBER}@core.{MARK_A}.example:5070;x={MARK_A}>;y={MARK_A}'
    return await a.dial(number, body, from_=from_, headers=odd(MARK_A, a), content_type=content_type)


def sections(a: RawParty, b: RawParty) -> dict[str, Any]:
    """Two carriers, one each side, and a phone."""
    return centre(
        1,
        trunks={
            "a": {"accept_from": [f"{a.host}/32"]},
            "b": {"accept_from": [f"{b.host}/32"], "proxy": f"sip:{b.here}"}
            if b is not a
            else {"proxy": "sip:127.0.0.9"},
        },
        routes=[
            {"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True},
            {"trunk": "a", "to": "8*", "strip": 1, "go": "phone"},
        ],
    )
