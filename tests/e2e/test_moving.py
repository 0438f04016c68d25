"""A phone behind a port-restricted NAT gets another address in the middle of a call: the tone goes on."""

from contextlib import AsyncExitStack

import pytest

from sip.syntax.message import Response
from tests.e2e.centre import SECRETS, Tell, centre
from tests.peers.nat import INSIDE, Nat
from tests.peers.raw import SDP, RawCall
from tests.peers.switch import Switch

BEFORE, AFTER = "127.66.0.1", "127.66.0.2"
ROUTES = [{"phone": "*", "to": "602", "go": "tone"}]
CONTACT = f'Contact: <sip:1001@{INSIDE}:5060>;+sip.instance="<urn:uuid:1>"'


async def asked(nat: Nat, switch: Switch, method: str, user: str, body: str = "") -> tuple[str, Response]:
    """A request that the phone proves to be its own, and the answer."""
    there = f"sip:1001@{switch.sip}"
    request = nat.sip.request(method, user, there, body=body, to="" if user else there)
    lines = [line if not line.startswith("Contact:") else CONTACT for line in request.split("\r\n")]
    request = "\r\n".join(lines)
    request = nat.sip.prove(request, await nat.sip.ask(request), "1001", SECRETS["1001"])
    response = await nat.sip.ask(request)
    assert response.status == 200, response
    return request, response


@pytest.mark.parametrize("how", ["register", "reinvite"])
async def test_the_tone_goes_on_at_the_new_address(tell_on_failure: Tell, how: str) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1, routes=ROUTES)))
        tell_on_failure("switch", switch.story)
        home = await stack.enter_async_context(Nat.open(switch.sip, BEFORE))
        away = await stack.enter_async_context(Nat.open(switch.sip, AFTER))
        await asked(home, switch, "REGISTER", "")
        offer = SDP.format(INSIDE, 4000)
        call = RawCall(home.sip, *await asked(home, switch, "INVITE", "602", offer))
        await call.acknowledge()
        media = call.answer.split("c=IN IP4 ")[1].split()[0], int(call.answer.split("m=audio ")[1].split()[0])
        assert await home.talk(media) > 40
        assert await away.talk(media, 50, 5) == 0, "nobody knows it there yet"
        call.move(away.sip)
        if how == "register":
            await asked(away, switch, "REGISTER", "")
        else:
            again = offer.replace("o=- 1 1", "o=- 1 2")
            assert (await call.prove("1001", SECRETS["1001"], again)).status == 200
        assert await away.talk(media, 60) > 40
        assert (await call.hang_up()).status == 200
        (record,) = await switch.ended_calls(1)
        assert (record["result"], record["reason"]) == ("completed", "caller_hung_up")
