"""Who sent a request, on the wire: phones prove who they are, carriers are known, strangers hear nothing."""

from contextlib import AsyncExitStack
from typing import Any, Literal

import pytest

from sip.syntax.message import Response
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers import ports
from tests.peers.phone import Phones
from tests.peers.raw import RawSip
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

Transport = Literal["udp", "tcp"]
both_transports = pytest.mark.parametrize("transport", ["udp", "tcp"])


def one_carrier(address: str = ports.PHONES) -> dict[str, Any]:
    """A centre whose only trunk is at one address: everybody else is a phone or a stranger."""
    trunk = {"accept_from": [f"{address}/32"], "proxy": "sip:127.0.0.1:5080"}
    return centre(2, trunks={"carrier": trunk})


async def registered(socket: RawSip, user: str) -> None:
    """Registers the socket itself as the phone."""
    register = socket.request("REGISTER", "", f"sip:{user}@{socket.target}", to=f"sip:{user}@{socket.target}")
    challenge = await socket.ask(register)
    assert challenge.status == 401
    assert (await socket.ask(socket.prove(register, challenge, user, SECRETS[user]))).status == 200


@both_transports
async def test_phone_and_carrier_at_one_address(tell_on_failure: Tell, transport: Transport) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**one_carrier()))
        tell_on_failure("switch", switch.story)
        claims = await stack.enter_async_context(RawSip.open(switch.sip, transport))
        for domain in (switch.address, switch.sip, "centralita.example", "CENTRALITA.example:5070"):
            refused = await claims.ask(claims.invite("600", f"sip:1001@{domain}"))
            assert refused.status == 401, domain
        desk = await stack.enter_async_context(RawSip.open(switch.sip, transport))
        await registered(desk, "1001")
        invite = desk.invite("600", "sip:1001@some.other.example")
        challenge = await desk.ask(invite)
        assert challenge.status == 401, "a live registration on this flow is that phone, by any domain"
        proven = await desk.ask(desk.prove(invite, challenge, "1001", SECRETS["1001"]))
        assert proven.status == 404, "known as the phone, which has no route to 600: only the carrier has"

        carrier = await stack.enter_async_context(
            Sipp.running(
                "caller_hangs_up",
                target=switch.sip,
                number="600",
                address=ports.PHONES,
                port=ports.free_port(ports.PHONES),
                talk_ms=300,
                transport="u1" if transport == "udp" else "t1",
            )
        )
        assert (await carrier.finished()).failed == 0
        accepted, refused_call = await switch.ended_calls(2)
        assert (accepted["direction"], accepted["result"]) == ("inbound", "completed")
        assert (refused_call["direction"], refused_call["from"]) == ("internal", "1001")
        assert (await switch.metrics()).value("centralita_sip_auth_failures_total") == 0


async def test_a_phone_with_its_secret_calls_from_the_carriers_address(tell_on_failure: Tell) -> None:
    async with Switch.running(**one_carrier()) as switch, Phones.running() as desk:
        tell_on_failure("switch", switch.story)
        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        luis = await desk.phone("1002", SECRETS["1002"], switch.sip)
        for phone in (ana, luis):
            await phone.register()
        await luis.behave("answer")
        call = await ana.dial(f"sip:1002@{switch.sip}")
        await call.until("established")
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert (record["direction"], record["from"], record["trunk"]) == ("internal", "1001", None)


@both_transports
async def test_a_stranger_hears_nothing_and_is_counted(tell_on_failure: Tell, transport: Transport) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**one_carrier(ports.own_address())))
        tell_on_failure("switch", switch.story)
        stranger = await stack.enter_async_context(RawSip.open(switch.sip, transport, ports.own_address()))
        said = [
            stranger.invite(NUMBER),
            stranger.request("OPTIONS", "600"),
            stranger.request("DANCE", "600"),
            stranger.request("SUBSCRIBE", "600", headers=["Event: presence"]),
            stranger.request("BYE", "600"),
            stranger.request("CANCEL", "600"),
            stranger.invite(NUMBER).replace("CSeq: ", "CSeq: x"),
            stranger.invite(NUMBER).replace("Max-Forwards: 70", "Max-Forwards: 0"),
        ]
        for message in said:
            await stranger.send(message)
        await stranger.send(stranger.request("ACK", "600"))
        metrics = await switch.until(
            switch.metrics,
            lambda seen: seen.value("centralita_sip_strangers_total", transport=transport) >= len(said),
        )
        assert metrics.value("centralita_sip_strangers_total") == len(said)
        assert stranger.waiting() == b""
        assert await switch.items("/api/v1/calls?state=active") == []

        challenged = await stranger.ask(stranger.invite(NUMBER, f"sip:1001@{switch.address}"))
        assert challenged.status == 401, "who claims to be one of us may prove it, wherever he is"


async def test_an_unknown_user_and_a_wrong_password_hear_the_same(tell_on_failure: Tell) -> None:
    async with Switch.running(**one_carrier()) as switch, RawSip.open(switch.sip) as guesser:
        tell_on_failure("switch", switch.story)
        for method in ("REGISTER", "INVITE"):
            answers = []
            for user in ("1001", "1099"):
                there = f"sip:{user}@{switch.sip}"
                request = guesser.request(method, "", there, to=there)
                first = await guesser.ask(request)
                second = await guesser.ask(guesser.prove(request, first, user, "not the password"))
                answers.append([told(first), told(second)])
            assert answers[0] == answers[1], method
            assert [status for status, *_ in answers[0]] == [401, 401]
        assert (await switch.metrics()).value("centralita_sip_auth_failures_total") == 4
        assert await switch.items("/api/v1/calls?state=ended") == []


def told(response: Response) -> tuple[int, str, list[str], list[str]]:
    """All that a response says, but for what is new in each."""
    challenges = response.headers.lines("WWW-Authenticate")
    names = [name for name, _ in response.headers]
    return response.status, response.reason, names, [line.split("nonce=")[0] for line in challenges]


@both_transports
async def test_a_carriers_mistakes_are_named_and_counted(tell_on_failure: Tell, transport: Transport) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**one_carrier()))
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(RawSip.open(switch.sip, transport))
        for field, wrong in (
            ("CSeq: ", "CSeq: x"),
            ("INVITE sip:", "INVITE sip::"),
            ("Max-Forwards: 70", "Max-Forwards: many"),
        ):
            await carrier.send(carrier.invite(NUMBER).replace(field, wrong, 1))
            assert (await carrier.hear()).startswith(b"SIP/2.0 400 "), wrong
        nameless = carrier.request("OPTIONS", "600").replace("Call-ID: ", "X-Call-ID: ")
        await carrier.send(nameless)
        answer = await carrier.hear()  # with what there was: its Via leads back (RFC 4475 3.3.1)
        assert answer.startswith(b"SIP/2.0 400 Call-ID Missing\r\nVia: ")
        errors = "centralita_sip_parse_errors_total"
        await switch.until(switch.metrics, lambda seen: seen.value(errors, transport=transport) == 4)
        for method, headers, status in (
            ("OPTIONS", [], 200),
            ("DANCE", [], 501),
            ("MESSAGE", [], 405),
            ("SUBSCRIBE", ["Event: ua-profile"], 489),
            ("SUBSCRIBE", ["Event: presence"], 403),
            ("OPTIONS", ["Require: teleportation"], 420),
            ("BYE", [], 481),
        ):
            response = await carrier.ask(carrier.request(method, "600", headers=headers))
            assert response.status == status, method
            if status in (405, 501):
                allowed = response.headers.get("Allow") or ""
                assert {"INVITE", "ACK", "BYE", "CANCEL"} <= set(allowed.split(", "))
        looping = carrier.invite(NUMBER).replace("Max-Forwards: 70", "Max-Forwards: 0")
        assert (await carrier.ask(looping)).status == 483
        metrics = await switch.metrics()
        assert metrics.value("centralita_sip_strangers_total") == 0
        assert await switch.items("/api/v1/calls?state=ended") == []
