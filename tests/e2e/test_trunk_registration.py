"""We register with a carrier, as a phone would: each kind of digest, both ways, live changes, the end."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.e2e.centre import Tell
from tests.peers.carrier import Carrier, Digest
from tests.peers.nameserver import NameServer
from tests.peers.raw import SDP, RawSip
from tests.peers.switch import Switch


def enrolled(carrier: Carrier, **settings: Any) -> dict[str, Any]:
    """Trunk `out` is registered with the carrier; whoever is at 127.0.0.1 calls out over it."""
    trunk = {
        "registration": {"registrar": carrier.uri, "user": "us", "domain": "carrier.example"},
        "credentials": {"user": "us", "secret": "s3cret"},
        **settings,
    }
    return {
        "sip": {"t1": "20ms"},
        "trunks": {"origin": {"accept_from": ["127.0.0.1/32"]}, "out": trunk},
        "routes": [
            {"trunk": "origin", "to": "*", "go": "trunk:out", "transit": True},
            {"trunk": "out", "to": "us", "go": "echo"},
        ],
    }


async def registered(switch: Switch, there: bool = True) -> None:
    """Waits until the switch says so."""

    async def look() -> float:
        return (await switch.metrics()).value("centralita_trunk_registered", trunk="out")

    await switch.until(look, lambda value: value == there)


@pytest.mark.parametrize(
    ("digest", "taken"),
    [
        (Digest(("MD5",)), "MD5"),
        (Digest(("SHA-256",)), "SHA-256"),
        (Digest(("MD5", "SHA-256")), "SHA-256"),
        (Digest(("MD5",), stale=True), "MD5"),
        (Digest(("MD5", "SHA-256"), stale=True, min_expires=90), "SHA-256"),
    ],
    ids=["MD5", "SHA-256", "both", "stale", "both, stale and 423"],
)
async def test_we_register_and_are_called(tell_on_failure: Tell, digest: Digest, taken: str) -> None:
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(Carrier.running(digest=digest))
        sections = enrolled(carrier)
        sections["trunks"]["out"]["registration"]["expires"] = "60s"
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        await registered(switch)
        assert set(carrier.heard.algorithms) == {taken}
        assert (await carrier.call()).status == 200
        (row,) = [row for row in await switch.items("/api/v1/trunks") if row["name"] == "out"]
        assert row["registration"]["uri"] == "sip:us@carrier.example"
        assert row["registration"]["registered"]
        (active,) = await switch.items("/api/v1/calls?state=active")
        assert (active["trunk"], active["from"], active["to"]) == ("out", "+34600111222", "us")


async def test_a_call_to_the_carrier_proves_who_we_are_and_the_next_one_at_once(
    tell_on_failure: Tell,
) -> None:
    async with AsyncExitStack() as stack:
        digest = Digest(("MD5", "SHA-256"), invites=True)
        carrier = await stack.enter_async_context(Carrier.running(digest=digest))
        switch = await stack.enter_async_context(Switch.running(**enrolled(carrier)))
        tell_on_failure("switch", switch.story)
        await registered(switch)
        for _ in range(2):
            async with RawSip.open(switch.sip) as caller:
                call = await caller.dial("600111222", SDP.format(caller.host, 9000))
                await call.acknowledge()
        assert len(carrier.heard.calls) == 2
        proofs = [call.get("Proxy-Authorization") for call in carrier.heard.calls]
        assert all('username="us"' in proof and "algorithm=SHA-256" in proof for proof in proofs)


async def test_a_challenge_of_another_realm_is_never_answered(tell_on_failure: Tell) -> None:
    """Not one that the configuration excludes, and none but the first where it names none."""
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(Carrier.running(digest=Digest(invites=True)))
        sections = enrolled(carrier)
        sections["trunks"]["out"]["credentials"]["realm"] = "carrier.example"
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        await registered(switch)
        sent = len(carrier.heard.credentials)
        assert carrier.digest is not None
        carrier.digest.realm = "evil.example"
        caller = await stack.enter_async_context(RawSip.open(switch.sip))
        refused = await caller.ask(caller.invite("600111222"))
        assert refused.status == 403, "what is between us and the carrier is no business of the caller's"
        assert carrier.heard.challenged
        assert not [proof for proof in carrier.heard.credentials[sent:] if "evil.example" in proof]
        assert not carrier.heard.calls


async def test_credentials_are_changed_live_and_removed_at_the_end(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        digest = Digest(secret="rotated")
        carrier = await stack.enter_async_context(Carrier.running(digest=digest))
        switch = await stack.enter_async_context(Switch.running(**enrolled(carrier)))
        tell_on_failure("switch", switch.story)
        await carrier.until(lambda: len(carrier.heard.registers) >= 2)
        assert not carrier.contacts
        trunks = enrolled(carrier, credentials={"user": "us", "secret": "rotated"})["trunks"]
        switch.write_config({**switch.config, "trunks": trunks})
        assert (await switch.request("POST", "/api/v1/reload")).status_code == 200
        await registered(switch)
        assert carrier.contacts
        switch.drain()
        assert await switch.exited() == 0
        assert not carrier.contacts
        assert carrier.heard.registers[-1].get("Expires") == "0"


async def test_a_registrar_that_was_away_is_found_again(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(Carrier.running(digest=Digest()))
        carrier.kill()
        switch = await stack.enter_async_context(Switch.running(**enrolled(carrier)))
        tell_on_failure("switch", switch.story)
        await registered(switch, False)
        await carrier.revive()
        await registered(switch)


async def test_rfc3263_4_3_a_registrars_next_server_is_asked_without_a_pause(tell_on_failure: Tell) -> None:
    """T1 is as it is elsewhere, so that the first pause would be half a minute at the least."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Carrier.running("tcp", digest=Digest()))
        second = await stack.enter_async_context(Carrier.running("tcp", digest=Digest()))
        names = {
            "_sip._tcp.carrier.example. SRV": ["10 0 5060 one.example.", "20 0 5060 two.example."],
            "one.example. A": [first.host],
            "two.example. A": [second.host],
        }
        dns = await stack.enter_async_context(NameServer.running(names))
        first.kill()
        sections = {**enrolled(first), "sip": {"t1": "500ms"}}
        sections["trunks"]["out"]["registration"]["registrar"] = "sip:carrier.example;transport=tcp"
        switch = await stack.enter_async_context(
            Switch.running(environment={"CENTRALITA_NAMESERVER": dns.address}, **sections)
        )
        tell_on_failure("switch", switch.story)
        await registered(switch)
        assert second.contacts


async def test_a_carrier_proves_who_it_is(tell_on_failure: Tell) -> None:
    """`accept_digest`: its calls come from anywhere, with a From in our domain."""
    async with AsyncExitStack() as stack:
        sections: dict[str, Any] = {
            "trunks": {"acme": {"accept_digest": {"user": "acme", "secret": "s3cret"}}},
            "routes": [{"trunk": "acme", "to": "600", "go": "echo"}],
        }
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(RawSip.open(switch.sip))
        invite = carrier.invite("600", from_="sip:acme@centralita.example")
        challenged = await carrier.ask(invite)
        assert challenged.status == 401
        assert (await carrier.ask(carrier.prove(invite, challenged, "acme", "wrong"))).status == 401
        assert (await carrier.ask(carrier.prove(invite, challenged, "acme", "s3cret"))).status == 200
        (active,) = await switch.items("/api/v1/calls?state=active")
        assert active["trunk"] == "acme"
