"""The power comes back: 2,000 phones register again at once, all are accepted, nobody who talks notices."""

from contextlib import AsyncExitStack

import pytest

from tests.e2e.centre import Tell
from tests.e2e.test_floods import TALKS, listening, walled
from tests.peers import ports
from tests.peers.power import Power, secret_of, users
from tests.peers.raw import RawSip
from tests.peers.switch import Switch

PHONES = 2000


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("addresses", [PHONES, 1])
async def test_all_phones_are_back_within_ten_seconds(tell_on_failure: Tell, addresses: int) -> None:
    """From an address each, and all behind one NAT; then they all renew, again and again."""
    async with AsyncExitStack() as stack:
        carrier_address = ports.own_address()
        sections = walled(carrier_address) | {
            "phones": {user: {"secret": secret_of(user)} for user in users(PHONES)},
            "agents": {},
            "queues": {},
        }
        switch = await stack.enter_async_context(Switch.running(capture=False, **sections))
        tell_on_failure("switch", switch.log)
        carrier = await stack.enter_async_context(RawSip.open(switch.sip, address=carrier_address))
        power = await stack.enter_async_context(Power.running(switch.sip, phones=PHONES, addresses=addresses))
        outcomes = {"first": await power.cut(30.0)}
        async with listening(switch, carrier, TALKS) as ears:
            for ear in ears:
                ear.lateness_s()
            for name, within_s, anew in (("cut", 2.0, True), ("cut 2", 5.0, True), ("renewal", 2.0, False)):
                outcomes[name] = await power.cut(within_s, anew)
                late = sorted(each for ear in ears for each in ear.lateness_s())
                p99_s, lost = late[len(late) * 99 // 100], sum(ear.lost for ear in ears)
                print(
                    f"\n{addresses} addresses, {name}: {outcomes[name]}; packets {len(late)}, lost {lost}, "
                    f"p99 {p99_s * 1000:.2f} ms, max {late[-1] * 1000:.1f} ms"
                )
                assert lost == 0
                assert p99_s < 0.003
        for name, outcome in outcomes.items():
            assert outcome.accepted == PHONES, name
            assert name == "first" or outcome.seconds < 10.0
        registered = (await switch.metrics()).value("centralita_registrations", transport="udp")
        assert registered == PHONES, "each has taken its own place"
        assert [call["to"] for call in await switch.ended_calls(TALKS)] == ["602"] * TALKS
