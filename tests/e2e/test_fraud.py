"""A thousand ways to call out over the carrier without a password: none reaches it."""

import secrets
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import cycle, islice, product
from typing import Any

import pytest

from sip.syntax.message import Request, parse
from switch.calls.ringing.redirecting import MAX_CONTACTS
from tests.e2e.centre import SECRETS, Tell, centre
from tests.peers import ports
from tests.peers.carrier import Carrier
from tests.peers.raw import SDP, RawSip
from tests.peers.raw_party import RawParty
from tests.peers.switch import Switch

ATTEMPTS = 1000
SLICE = 250

TARGETS = (
    "sip:0600111222@{switch}",
    "sip:0600111222@centralita.example",
    "sip:0600111222@{carrier}",
    "sip:600111222@{carrier};transport=udp",
    "sip:0600111222@{switch};maddr={carrier_host}",
    "sip:0600111222@{switch};maddr={carrier_host};transport=tcp",
    "sip:0600111222@{switch};user=phone;lr",
    "sip:%30600111222@{switch}",
    "sip:0600111222%40{carrier_host}@{switch}",
    "SIP:0600111222@CENTRALITA.EXAMPLE",
    "sips:0600111222@centralita.example",
    "tel:0600111222",
    "tel:+34-600-111-222;phone-context={switch_host}",
    "sip:0600111222;phone-context=x@{switch}",
    "sip:1001@{switch}?Route=%3Csip:{carrier}%3E",
)
FROMS = (
    "<sip:1001@centralita.example>;tag=1",
    "<sip:1001@{switch}>;tag=1",
    "<sip:1001@CENTRALITA.EXAMPLE:5060>;tag=1",
    "<sip:%31001@centralita.example>;tag=1",
    "<sips:1001@centralita.example>;tag=1",
    "<tel:1001>;tag=1",
    "<sip:1001@evil.example>;tag=1",
    "<sip:carrier@{carrier}>;tag=1",
    "<sip:+34911000000@{carrier_host}>;tag=1",
    "<sip:{carrier_host}>;tag=1",
    '"<sip:1001@centralita.example>" <sip:x@evil.example>;tag=1',
    "sip:1001@centralita.example;tag=1",
    "<sip:anonymous@anonymous.invalid>;tag=1",
    "<sip:1001@centralita.example;maddr={carrier_host}>;tag=1",
    "<sip:1001@centralita.example>;tag=1\r\nFrom: <sip:x@evil.example>;tag=2",
    "<sip:x@evil.example>;tag=1, <sip:1001@centralita.example>;tag=2",
)
TRICKS = (
    "P-Asserted-Identity: <sip:1001@centralita.example>",
    "P-Asserted-Identity: <tel:1001>\r\nP-Preferred-Identity: <sip:1001@centralita.example>",
    "Remote-Party-ID: <sip:1001@centralita.example>;party=calling;id-type=subscriber;screen=yes",
    "Route: <sip:{carrier};lr>",
    "Route: <sip:{switch};lr>, <sip:{carrier};lr>",
    "Record-Route: <sip:{carrier};lr>",
    "Path: <sip:{carrier};lr>",
    "Diversion: <sip:1001@centralita.example>;reason=unconditional",
    "History-Info: <sip:1001@centralita.example>;index=1, <sip:0600111222@{carrier}>;index=1.1",
    "Refer-To: <sip:0600111222@{carrier}>\r\nReferred-By: <sip:1001@centralita.example>",
    "Refer-To: <sip:0600111222@{switch}?Replaces=1%3Bto-tag%3D1%3Bfrom-tag%3D2>",
    "Replaces: 1;to-tag=1;from-tag=2",
    "Join: 1;to-tag=1;from-tag=2",
    "Target-Dialog: 1;local-tag=1;remote-tag=2",
    'Proxy-Authorization: Digest username="1001"',
    'Authorization: Digest username="1001", realm="centralita.example", nonce="", uri="sip:x", response=""',
    'Authorization: Digest username="1001", realm="centralita.example", nonce="1-1-{zeros}", qop=auth,'
    ' nc=00000001, cnonce="x", uri="sip:x", response="{zeros}"',
    "Identity: x.y.z;info=<https://evil.example/c.pem>;alg=ES256",
    "Contact: <sip:1001@{carrier}>",
    "X-Asterisk-Authorization: yes\r\nP-Charging-Vector: icid-value=1",
)
VIAS = (
    "SIP/2.0/UDP {here};branch=z9hG4bK{branch};rport",
    "SIP/2.0/UDP {carrier};branch=z9hG4bK{branch}",
    "SIP/2.0/UDP {here};branch=z9hG4bK{branch};received={carrier_host}",
    "SIP/2.0/UDP {here};branch=z9hG4bK{branch};maddr={carrier_host};ttl=1",
    "SIP/2.0/TLS {carrier};branch=z9hG4bK{branch}, SIP/2.0/UDP {here};branch=z9hG4bKx{branch}",
)


def attempts(attacker: RawSip, carrier: RawParty, switch: Switch) -> Iterator[str]:
    """Each target, From, trick and Via with many of the others; most are INVITEs, some other methods."""
    names = {
        "switch": switch.sip,
        "switch_host": switch.address,
        "carrier": f"{carrier.host}:{carrier.port}",
        "carrier_host": carrier.host,
        "here": f"{attacker.host}:{attacker.port}",
        "zeros": "0" * 32,
    }
    methods = cycle(("INVITE", "INVITE", "INVITE", "INVITE", "REFER", "OPTIONS", "MESSAGE"))
    to_tags = cycle(("", "", "", "", ";tag=1"))
    body = SDP.format(attacker.host, 9000)
    ways = zip(methods, to_tags, cycle(VIAS), cycle(product(FROMS, TRICKS)), cycle(TARGETS), strict=False)
    for method, to_tag, via, (from_, trick), target in islice(ways, ATTEMPTS):
        lines = [
            f"{method} {target} SIP/2.0",
            f"Via: {via}",
            f"From: {from_}",
            f"To: <sip:0600111222@{{switch}}>{to_tag}",
            f"Call-ID: {secrets.token_hex(8)}",
            f"CSeq: 1 {method}",
            "Contact: <sip:1001@{here}>",
            "Max-Forwards: 70",
            trick,
            "Content-Type: application/sdp",
            f"Content-Length: {len(body)}",
        ]
        yield "\r\n".join(lines).format(**names, branch=secrets.token_hex(8)) + "\r\n\r\n" + body


def out_over(carrier: RawParty) -> dict[str, Any]:
    """A centre whose phones may call everywhere over the carrier, which nobody at our addresses is."""
    trunk = {
        "proxy": f"sip:{carrier.host}:{carrier.port}",
        "accept_from": [f"{carrier.host}:{carrier.port}"],
        "options": "0",
    }
    sections = centre(2, trunks={"carrier": trunk})
    sections["routes"] = [
        {"phone": "*", "to": "10??", "go": "phone"},
        {"phone": "*", "to": "*", "go": "trunk:carrier"},
        {"trunk": "*", "to": "10??", "go": "phone"},
    ]
    sections["sip"] = {"overload": {"loop_lag": "0s"}}  # every attempt is read, on a busy machine too
    return sections


async def beside_a_carrier(stack: AsyncExitStack) -> tuple[Switch, RawParty]:
    """The switch, and a carrier that notes all that it hears."""
    address = ports.own_address()
    carrier = await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address()))
    switch = await stack.enter_async_context(Switch.running(address=address, **out_over(carrier)))
    return switch, carrier


async def seen(switch: Switch) -> float:
    """Requests that were answered or ignored, but read."""
    metrics = await switch.metrics()
    received = sum(
        sample.value
        for sample in metrics.samples
        if sample.name == "centralita_sip_messages_total"
        and sample.labels["direction"] == "in"
        and sample.labels["method"] != "ACK"
    )
    faults = sum(metrics.by("centralita_sip_parse_errors_total", "transport").values())
    return received + faults + metrics.value("centralita_sip_strangers_total")


async def all_read(switch: Switch, sent: int) -> None:
    """Wait until so many were."""
    await switch.until(lambda: seen(switch), lambda read: read >= sent)


async def test_without_credentials_nothing_reaches_a_trunk(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch, carrier = await beside_a_carrier(stack)
        tell_on_failure("switch", switch.story)
        attacker = await stack.enter_async_context(RawSip.open(switch.sip, address=ports.own_address()))
        sent = 0
        for message in attempts(attacker, carrier, switch):
            await attacker.send(message)
            sent += 1
            if sent % SLICE == 0:
                await all_read(switch, sent)
        assert sent == ATTEMPTS
        assert carrier.waiting() == []
        assert carrier.heard == []
        assert await switch.items("/api/v1/calls?state=active") == []
        assert await switch.items("/api/v1/calls?state=ended") == []
        metrics = await switch.metrics()
        assert metrics.value("centralita_sip_unread_total") == 0, "every one was read"
        assert metrics.value("centralita_trunk_calls_active", trunk="carrier") == 0

        owner = await stack.enter_async_context(RawSip.open(switch.sip, address=ports.own_address()))
        first = next(attempts(owner, carrier, switch))
        await owner.send(owner.prove(first, await owner.ask(first), "1001", SECRETS["1001"]))
        call = await carrier.invited()
        assert call.invite.target.user == "0600111222", "the same INVITE with the phone's secret gets there"
        await call.refuse(486)


LURES = (
    "<sip:0600111222@{switch}>",
    "<sip:0600111222@centralita.example;maddr={carrier_host}>",
    "<sip:600111222@{carrier}>",
    "<sip:600111222@{carrier};transport=tcp>;q=1.0, <tel:0600111222>;q=0.9",
    "<sips:0600111222@centralita.example>",
    "<sip:1001@{switch}>",
    "<sip:1001@{switch}?Route=%3Csip:{carrier}%3E&Replaces=1>",
)


async def test_a_phone_that_redirects_opens_no_way_out_to_who_calls_it(tell_on_failure: Tell) -> None:
    """A stolen desk answers 302: the caller comes from a trunk, whose routes lead to phones only."""
    async with AsyncExitStack() as stack:
        switch, carrier = await beside_a_carrier(stack)
        tell_on_failure("switch", switch.story)
        desk = await stack.enter_async_context(RawSip.open(switch.sip, address=ports.own_address()))
        there = f"sip:1001@{switch.sip}"
        register = desk.request("REGISTER", "", there, to=there)
        proven = desk.prove(register, await desk.ask(register), "1001", SECRETS["1001"])
        assert (await desk.ask(proven)).status == 200
        where = {"switch": switch.sip, "carrier": carrier.here, "carrier_host": carrier.host}
        for lure in LURES:
            call = await carrier.dial("1001", SDP.format(carrier.host, 9000))
            invite = parse(await desk.hear())
            assert isinstance(invite, Request)
            redirected = invite.answer(302, to_tag="desk")
            redirected.headers.add("Contact", lure.format(**where))
            await desk.send(redirected.encode().decode())
            refused = await carrier.response(f"{call.cseq} INVITE")
            assert refused.status >= 300, lure
            await desk.hear()  # the ACK
        assert carrier.waiting() == [], "no request, and above all no INVITE"


@pytest.mark.parametrize(("numbers", "calls"), [(1, 3), (50, 1 + MAX_CONTACTS)])
async def test_two_carriers_that_redirect_to_each_other_are_left(
    tell_on_failure: Tell, numbers: int, calls: int
) -> None:
    """To the same number again, or each time to another one: either ends, and no other trunk is called."""
    async with AsyncExitStack() as stack:
        a, b, dear = [await stack.enter_async_context(Carrier.running()) for _ in range(3)]
        a.redirects = {f"1{n}": f"<sip:2{n}@elsewhere.example>" for n in range(numbers)}
        b.redirects = {f"2{n}": f"<sip:1{(n + 1) % numbers}@{dear.host}>" for n in range(numbers)}
        trunks = {name: {"proxy": it.uri} for name, it in (("a", a), ("b", b), ("dear", dear))}
        sections = centre(1, trunks=trunks)
        ways = (("1*", "a"), ("2*", "b"), ("9*", "dear"))
        sections["routes"] = [{"phone": "*", "to": to, "go": f"trunk:{name}"} for to, name in ways]
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        phone = await stack.enter_async_context(RawSip.open(switch.sip, address=ports.own_address()))
        invite = phone.invite("10", f"sip:1001@{switch.sip}")
        ended = await phone.ask(phone.prove(invite, await phone.ask(invite), "1001", SECRETS["1001"]))
        assert ended.status == 480
        assert (len(a.heard.calls), len(b.heard.calls), len(dear.heard.calls)) == (
            (calls + 1) // 2,
            calls // 2,
            0,
        )
        (record,) = await switch.ended_calls(1)
        assert (record["reason"], len(record["legs"])) == ("redirected", 1 + calls)
