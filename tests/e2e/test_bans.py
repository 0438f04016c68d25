"""Bans on the wire: who guesses passwords hears nothing more, and nobody else notices."""

from contextlib import AsyncExitStack

from sip.syntax.message import Response
from tests.e2e.centre import SECRETS, Tell, centre
from tests.peers import ports
from tests.peers.raw import RawSip
from tests.peers.switch import Switch


async def guess(socket: RawSip, user: str, secret: str, method: str = "REGISTER") -> Response:
    """The answer to one try to prove to be `user`."""
    there = f"sip:{user}@{socket.target}"
    request = socket.request(method, "", there, to=there)
    return await socket.ask(socket.prove(request, await socket.ask(request), user, secret))


async def test_who_guesses_is_banned_until_it_is_lifted(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(2, trunks={"carrier": {"accept_from": ["127.0.0.9/32"]}})
        sections["routes"] = []
        sections["sip"] = {"bans": {"failures": 3}}
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        guesser = await stack.enter_async_context(RawSip.open(switch.sip, address=ports.own_address()))
        desk = await stack.enter_async_context(RawSip.open(switch.sip, address=ports.own_address()))
        for _ in range(2):
            assert (await guess(guesser, "1001", "a guess")).status == 401
        there = f"sip:1001@{switch.sip}"
        last = guesser.request("REGISTER", "", there, to=there)
        await guesser.send(guesser.prove(last, await guesser.ask(last), "1001", "a guess"))
        for method in ("REGISTER", "INVITE"):
            await guesser.send(guesser.request(method, "600", there, to=there))
        banned = "centralita_sip_banned_total"
        metrics = await switch.until(switch.metrics, lambda seen: seen.value(banned, transport="udp") == 3)
        assert guesser.waiting() == b""
        assert metrics.value("centralita_bans_active") == 1
        (ban,) = await switch.items("/api/v1/bans")
        assert (ban["address"], ban["user"], ban["failures"]) == (guesser.host, "1001", 3)
        assert "banned" in switch.log()

        assert (await guess(desk, "1001", SECRETS["1001"])).status == 200, "at another address"
        assert (await guess(guesser, "1002", SECRETS["1002"])).status == 200, "by another name"
        assert (await switch.request("DELETE", f"/api/v1/bans/{guesser.host}")).status_code == 204
        assert (await switch.request("DELETE", f"/api/v1/bans/{guesser.host}")).status_code == 404
        assert (await guess(guesser, "1001", SECRETS["1001"])).status == 200
        assert await switch.items("/api/v1/bans") == []
