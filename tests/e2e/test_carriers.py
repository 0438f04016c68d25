"""Trunks that are asked how they are, and trunks with which we register: SIPp is the carrier."""

from contextlib import AsyncExitStack

from tests.e2e.centre import Tell
from tests.peers import ports
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


async def test_a_carrier_that_is_silent_is_down_and_up_when_it_answers(tell_on_failure: Tell) -> None:
    """Down after three misses, up after two answers; its scenario is one question and its answer."""
    address = ports.own_address()
    trunks = {"out": {"proxy": f"sip:{address}", "options": "100ms"}}
    async with Switch.running(sip={"t1": "10ms"}, trunks=trunks) as switch:
        tell_on_failure("switch", switch.story)

        async def up() -> float:
            return (await switch.metrics()).value("centralita_trunk_up", trunk="out")

        await switch.until(up, lambda value: value == 0)
        async with Sipp.running("carrier_answers_options", address=address, calls=1000) as carrier:
            tell_on_failure("carrier", carrier.story)
            await switch.until(up, lambda value: value == 1)
            assert len({question.call_id for question in carrier.heard("OPTIONS")}) >= 2
        await switch.until(up, lambda value: value == 0)


async def test_we_register_prove_it_and_take_our_leave(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        registrar = await stack.enter_async_context(Sipp.running("registrar", user="us", secret="s3cret"))
        tell_on_failure("registrar", registrar.story)
        where = f"sip:{registrar.address}"
        registration = {"registrar": where, "user": "us", "domain": "carrier.example"}
        trunk = {"registration": registration, "credentials": {"user": "us", "secret": "s3cret"}}
        switch = await stack.enter_async_context(Switch.running(trunks={"out": trunk}))
        tell_on_failure("switch", switch.story)

        async def registered() -> float:
            return (await switch.metrics()).value("centralita_trunk_registered", trunk="out")

        await switch.until(registered, lambda value: value == 1)
        switch.drain()
        assert await switch.exited() == 0
        assert (await registrar.finished()).failed == 0
