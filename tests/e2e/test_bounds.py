"""How much of anything is read, on the wire: each limit with its status and its counter; no answer outgrows
its request; a stream is cut where messages end; no name is looked up because it is said; no XML is read.
"""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final

from sip.syntax.body import ACCEPT
from sip.syntax.limits import LIMITS, MAX_EARLY_DIALOGS
from sip.syntax.malformed import Fault
from sip.syntax.message import parse
from tests.e2e.centre import Tell, centre
from tests.e2e.test_floods import resident_mb
from tests.peers import ports
from tests.peers.nameserver import NameServer
from tests.peers.raw import SDP, RawSip
from tests.peers.raw_party import RawParty
from tests.peers.switch import Switch

ERRORS = "centralita_sip_parse_errors_total"


def among(text: str, *lines: str) -> str:
    """With more header lines."""
    return text.replace("Max-Forwards:", "\r\n".join([*lines, "Max-Forwards:"]), 1)


def with_body(text: str, kind: str, body: str) -> str:
    head = [line for line in text.partition("\r\n\r\n")[0].split("\r\n") if not line.startswith("Content-")]
    return "\r\n".join([*head, f"Content-Type: {kind}", f"Content-Length: {len(body)}", "", body])


def nested(text: str, depth: int) -> str:
    """Multipart bodies in each other."""
    kind, body = "text/plain", "x"
    for level in range(depth):
        body = f"--b{level}\r\nContent-Type: {kind}\r\n\r\n{body}\r\n--b{level}--\r\n"
        kind = f'multipart/mixed;boundary="b{level}"'
    return with_body(text, kind, body)


def parted(text: str, parts: int) -> str:
    body = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * parts + "--b--\r\n"
    return with_body(text, 'multipart/mixed;boundary="b"', body)


def contact(text: str, value: str) -> str:
    kept = [line for line in text.split("\r\n") if not line.startswith("Contact:")]
    return among("\r\n".join(kept), f"Contact: {value}")


def many(form: str, count: int, between: str = ";") -> str:
    return between.join(form.format(number) for number in range(count))


TOO_MUCH: Final[Mapping[Fault, Callable[[str], str]]] = {
    Fault.MESSAGE_TOO_LARGE: lambda text: with_body(text, "application/sdp", "v" * 65536),
    Fault.TOO_MANY_HEADERS: lambda text: among(text, *(f"X-{n}: x" for n in range(256))),
    Fault.HEADER_TOO_LONG: lambda text: among(text, f"Subject: {'x' * 8193}"),
    Fault.START_LINE_TOO_LONG: lambda text: text.replace("sip:600", f"sip:{'6' * 8200}", 1),
    Fault.REQUEST_URI_TOO_LONG: lambda text: text.replace("sip:600", f"sip:{'6' * 2100}", 1),
    Fault.URI_TOO_LONG: lambda text: contact(text, f"<sip:{'c' * 2100}@192.0.2.1>"),
    Fault.ENTITY_TOO_LARGE: lambda text: text.replace("Content-Length: ", "Content-Length: 99999999"),
    Fault.TOO_MANY_VIAS: lambda text: among(text, *["Via: SIP/2.0/UDP a;branch=z9hG4bKa"] * 70),
    Fault.TOO_MANY_ROUTES: lambda text: among(text, *["Route: <sip:a;lr>"] * 21),
    Fault.TOO_MANY_CONTACTS: lambda text: contact(text, many("<sip:{}@192.0.2.1>", 11, ",")),
    Fault.TOO_MANY_VALUES: lambda text: among(text, f"Accept: {many('a/x{}', 129, ',')}"),
    Fault.TOO_MANY_PARAMETERS: lambda text: contact(text, f"<sip:c@192.0.2.1>;{many('p{}=1', 65)}"),
    Fault.TOO_MANY_URI_PARAMETERS: lambda text: contact(text, f"<sip:c@192.0.2.1;{many('p{}=1', 65)}>"),
    Fault.TOO_MANY_URI_HEADERS: lambda text: contact(text, f"<sip:c@192.0.2.1?{many('h{}=1', 65, '&')}>"),
    Fault.MULTIPART_TOO_DEEP: lambda text: nested(text, 5),
    Fault.TOO_MANY_PARTS: lambda text: parted(text, 33),
}


async def test_each_limit_has_its_status_and_its_counter(tell_on_failure: Tell) -> None:
    assert TOO_MUCH.keys() == {limit.fault for limit in LIMITS}
    async with Switch.running(**centre(1)) as switch:
        tell_on_failure("switch", switch.story)
        for limit in LIMITS:
            # a stream that cannot be cut is closed; and no datagram is as long as the longest message
            async with RawSip.open(switch.sip, "tcp") as carrier:
                await carrier.send(TOO_MUCH[limit.fault](carrier.invite("600")))
                answer = (await carrier.hear()).partition(b"\r\n")[0].decode()
                assert answer.startswith(f"SIP/2.0 {limit.status} "), (limit.fault, answer)
            counted = (await switch.metrics()).by(ERRORS, "reason")
            assert counted[limit.fault.value] == 1, limit.fault
        async with RawSip.open(switch.sip) as carrier:
            call = await carrier.dial("600", SDP.format(carrier.host, 9000))
            await call.acknowledge()
            assert (await call.hang_up()).status == 200
        assert len(await switch.ended_calls(1)) == 1, "the others were none"


async def test_of_too_many_early_dialogs_the_first_are_kept(tell_on_failure: Tell) -> None:
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address()))
            for _ in range(2)
        ]
        trunks = {"a": {"accept_from": [f"{a.host}/32"]}, "b": {"proxy": f"sip:{b.here}"}}
        routes = [{"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True}]
        sections = centre(1, trunks=trunks, routes=routes)
        switch = await stack.enter_async_context(Switch.running(address=address, **sections))
        tell_on_failure("switch", switch.story)
        call = await a.dial("9600", SDP.format(a.host, 9000))
        incoming = await b.invited()
        for number in range(MAX_EARLY_DIALOGS + 3):
            incoming.fork(f"phone{number}")
            await incoming.progress(180)
        metrics = await switch.until(
            switch.metrics, lambda seen: seen.by(ERRORS, "reason")[Fault.TOO_MANY_EARLY_DIALOGS.value] > 2
        )
        assert metrics.value("centralita_calls_active") == 1
        incoming.fork("phone0")
        await incoming.answer(SDP.format(b.host, 9000))
        await call.answered()
        assert (await call.ask("BYE")).status == 200
        await incoming.expect("BYE")


async def test_no_answer_is_more_than_three_times_its_request(tell_on_failure: Tell) -> None:
    """By UDP, to somebody who may have put another's address on it."""
    async with AsyncExitStack() as stack:
        trunk = {"accept_from": ["127.0.0.9/32"], "proxy": "sip:127.0.0.9"}
        switch = await stack.enter_async_context(Switch.running(**centre(1, trunks={"carrier": trunk})))
        tell_on_failure("switch", switch.story)
        stranger = await stack.enter_async_context(RawSip.open(switch.sip, address=ports.own_address()))
        sent = 0
        for method in ("REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "BYE"):
            for wordy in (False, True):
                request = terse(stranger, method) if not wordy else claimed(stranger, method)
                sent += len(request)
                await stranger.send(request)
        last = claimed(stranger, "REGISTER", "last")
        await stranger.send(last)
        heard = 0
        while (answer := await stranger.hear()) and parse(answer).call_id != "last":
            heard += len(answer)
        assert 0 < heard <= 3 * sent
        metrics = await switch.metrics()
        assert metrics.value("centralita_sip_transactions_active") == 0, "and nothing is kept of them"


def terse(stranger: RawSip, method: str) -> str:
    """As short as it can be."""
    lines = [
        f"{method} sip:{stranger.target} SIP/2.0",
        f"v:SIP/2.0/UDP {stranger.host}:{stranger.port};branch=z9hG4bK{method}",
        f"f:<sip:1001@{stranger.target}>;tag=a",
        f"t:<sip:1001@{stranger.target}>",
        f"i:{method}",
        f"CSeq:1 {method}",
    ]
    return "\r\n".join([*lines, "l:0", "", ""])


def claimed(stranger: RawSip, method: str, call_id: str = "") -> str:
    """From one of our phones, as it says."""
    there = f"sip:1001@{stranger.target}"
    request = stranger.request(method, "", there, to=there)
    if not call_id:
        return request
    return "\r\n".join(f"Call-ID: {call_id}" if it[:7] == "Call-ID" else it for it in request.split("\r\n"))


async def test_a_stream_is_cut_where_messages_end(tell_on_failure: Tell) -> None:
    """Octet by octet, several at once, and with line ends between them (RFC 3261 sections 7.5, 18.3)."""
    async with Switch.running(**centre(1)) as switch, RawSip.open(switch.sip, "tcp") as carrier:
        tell_on_failure("switch", switch.story)
        for octet in carrier.request("OPTIONS", "600", body=SDP.format(carrier.host, 9000)):
            await carrier.send(octet)
        assert (await carrier.hear()).startswith(b"SIP/2.0 200 ")
        first, second, third = (carrier.request("OPTIONS", "600") for _ in range(3))
        await carrier.send(f"{first}\r\n{second}{third[:40]}")
        for _ in range(2):
            assert (await carrier.hear()).startswith(b"SIP/2.0 200 ")
        await carrier.send(third[40:])
        assert (await carrier.hear()).startswith(b"SIP/2.0 200 ")
        assert (await switch.metrics()).value("centralita_sip_connections", transport="tcp") == 1


async def test_no_name_is_looked_up_because_somebody_says_it(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        dns = await stack.enter_async_context(NameServer.running({}))
        known, far = ports.own_address(), ports.own_address()
        address = ports.own_address()
        b = await stack.enter_async_context(RawParty.open(f"{address}:5060", far))
        trunks = {
            "carrier": {"accept_from": [f"{known}/32"], "proxy": f"sip:{known}"},
            "far": {"proxy": f"sip:{b.here}"},
        }
        sections = centre(1, trunks=trunks)
        to_far = {"trunk": "carrier", "to": ["9*", "raw"], "go": "trunk:far", "transit": True}
        sections["routes"].append(to_far)
        environment = {"CENTRALITA_NAMESERVER": dns.address}
        switch = await stack.enter_async_context(
            Switch.running(address=address, environment=environment, **sections)
        )
        tell_on_failure("switch", switch.story)
        names = [
            "Via: SIP/2.0/UDP via.example;branch=z9hG4bKx",
            "Record-Route: <sip:record.example;lr>",
            "Route: <sip:route.example;lr>",
            "P-Asserted-Identity: <sip:1@asserted.example>",
            "Diversion: <sip:1@diverted.example>",
        ]
        stranger = await stack.enter_async_context(RawSip.open(switch.sip, address=ports.own_address()))
        for method in ("INVITE", "REGISTER", "OPTIONS"):
            await stranger.send(among(contact(stranger.request(method, "600"), "<sip:a@c.example>"), *names))
        a = await stack.enter_async_context(RawParty.open(f"{address}:5060", known))
        offer = SDP.format("media.example", 9000).replace("IP4 media", "IP4 127.0.0.1\r\na=x:media", 1)
        refused = await a.dial("600", SDP.format("media.example", 9000), headers=names)
        assert (await refused.refused()).status in (400, 488)
        call = await a.dial("9600", offer.replace("IP4 media.example", "IP4 127.0.0.1"), headers=names)
        incoming = await b.invited()
        await incoming.refuse(302, headers=["Contact: <sip:moved@moved.example>"])
        again = await b.invited()
        assert again.invite.target.user == "raw", "the party's own Contact; the name leads nowhere"
        await again.refuse(486)
        assert (await call.refused()).status == 486
        call = await a.dial("600", SDP.format(a.host, 9000), headers=names)
        await call.answered()
        assert (await call.ask("BYE")).status == 200
        assert dns.asked == []


ENTITIES = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">{ENTITIES}]><l>&l9;</l>'
"""A billion laughs: two gigabytes, for who expands its entities."""
XML: Final = {
    "laughs": LAUGHS,
    "depth": "<a>" * 8000 + "</a>" * 8000,
    "a file of ours": '<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]><l>&f;</l>',
}
PART = "--b\r\nContent-Type: {}\r\n{}\r\n{}\r\n"


async def test_no_xml_is_read(tell_on_failure: Tell) -> None:
    """415, or passed over where that is all right with who sent it."""
    async with AsyncExitStack() as stack:
        near = ports.own_address()
        trunks = {"carrier": {"accept_from": [f"{near}/32"]}}
        routes = [{"trunk": "carrier", "to": "600", "go": "echo"}]
        sections = centre(1, trunks=trunks, routes=routes)
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(RawParty.open(switch.sip, near))
        kind = "application/dialog-info+xml"
        offer = PART.format("application/sdp", "", SDP.format(near, 9000))
        other = PART.format(kind, "Content-Disposition: render;handling=optional\r\n", LAUGHS)
        mixed = "multipart/mixed;boundary=b"
        call = await carrier.dial("600", f"{offer}{other}--b--\r\n", content_type=mixed)
        await call.answered()
        before_mb = resident_mb(switch.pid)
        for name, xml in XML.items():
            for _ in range(20):
                refused = await (await carrier.dial("600", xml, content_type=kind)).refused()
                assert (refused.status, refused.headers.get("Accept")) == (415, ACCEPT), name
                for method in ("INFO", "UPDATE"):
                    assert (await call.ask(method, xml, content_type=kind)).status == 415, (name, method)
        assert resident_mb(switch.pid) - before_mb < 16, "of two thousand"
        assert (await call.ask("BYE")).status == 200
