"""Calls taken, parked and brought together in any order, from seeds: nobody is left over."""

from collections.abc import Awaitable, Callable
from random import Random

import pytest

from sip.events import Acked, Answered, IncomingInvite, SessionEnded, SessionId
from switch.calls.ending import Result
from tests.switch.calls.transfers.test_pickup import CENTRE, at, replaces
from tests.switch.far_end import FarEnd, answering, ringing, sdp
from tests.switch.stage import NUMBER, Stage

PHONES = ("1001", "1002", "1003")
SKILLS = {"support": "5"}
AGENTS = {
    "ana": {"phone": "1001", "skills": SKILLS},
    "luis": {"phone": "1002", "skills": SKILLS},
    "eva": {"phone": "1003"},
}


@pytest.fixture
def sections() -> dict[str, object]:
    routes = [*CENTRE["routes"], {"phone": "*", "to": "70?", "go": "park"}]
    parking = {"slots": "701-702", "return_after": "7s"}
    return {**CENTRE, "agents": AGENTS, "routes": routes, "parking": parking}


class Storm:
    """Three phones and a carrier that do anything."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.dice = Random(seed)
        self.phones: list[FarEnd] = []
        self.version = 2

    async def blow(self, steps: int) -> None:
        self.phones = [await at(self.stage, name) for name in PHONES]
        for phone in self.phones:
            phone.behave = lambda end, invite: self.dice.choice((answering, ringing))(end, invite)
        for _ in range(steps):
            await self.dice.choice(self.things())()
            await self.stage.pass_by(self.dice.choice((0, 0, 0.004, 0.3, 3, 8)))
        for _ in range(3):
            for end in (*self.phones, self.stage.carrier):
                for session in self.sessions(end):
                    await end.hang_up(session)
        await self.stage.pass_by(120)

    def things(self) -> list[Callable[[], Awaitable[object]]]:
        phone, carrier = self.dice.choice(self.phones), self.stage.carrier
        other = self.dice.choice(PHONES)
        return [
            lambda: carrier.dial(self.dice.choice((NUMBER, NUMBER, f"8{other}"))),
            lambda: phone.dial(other),
            lambda: phone.dial(self.dice.choice(("*8", f"*8{other}"))),
            lambda: phone.dial(self.dice.choice(("*70", "701", "702"))),
            lambda: phone.dial("*3"),
            lambda: self.replace(phone),
            lambda: self.answer(phone),
            lambda: self.answer(phone),
            lambda: self.hold(phone),
            lambda: self.hold_and(phone, "*70"),
            lambda: self.hold_and(phone, "*70"),
            lambda: self.hold_and(phone, other, "*3"),
            lambda: self.hold_and(phone, other, "*3"),
            lambda: self.hang_up(self.dice.choice((phone, carrier))),
        ]

    def sessions(self, end: FarEnd) -> list[SessionId]:
        """Those that it has not heard the end of."""
        over = {event.session for event in end.all(SessionEnded)}
        begun = [e.session for e in end.events if isinstance(e, Answered | IncomingInvite)]
        return [session for session in dict.fromkeys(begun) if session not in over]

    async def answer(self, phone: FarEnd) -> None:
        if phone.all(IncomingInvite):
            await phone.answer()

    async def replace(self, phone: FarEnd) -> None:
        other = self.dice.choice(self.phones)
        if other.all(IncomingInvite) and other.endpoint.name_of(other.invited.session) is not None:
            await phone.dial(other.name, b"", replaces(other))

    async def hold(self, phone: FarEnd) -> None:
        held = [each for each in self.sessions(phone) if phone.endpoint.dialog(each) is not None]
        answered = {e.session for e in phone.events if isinstance(e, Answered | Acked)}
        if found := [each for each in held if each in answered]:
            self.version += 1
            direction = self.dice.choice(("sendonly", "inactive", "sendrecv"))
            offer = sdp(phone.address[0], direction=direction, version=self.version)
            phone.endpoint.reinvite(found[-1], offer, self.stage.now())
            self.stage.moved(phone)
            await self.stage.settle()

    async def hold_and(self, phone: FarEnd, *numbers: str) -> None:
        await self.hold(phone)
        for number in numbers:
            await phone.dial(number)

    async def hang_up(self, end: FarEnd) -> None:
        if found := self.sessions(end):
            await end.hang_up(self.dice.choice(found))


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_they_do_nobody_is_left_over(stage: Stage, seed: int) -> None:
    storm = Storm(stage, seed)
    await storm.blow(60)
    stage.assert_nothing_left()
    assert not stage.exchange.parked
    assert not stage.registry.pickups
    ids = [record.id for record in stage.history.calls]
    assert len(ids) == len(set(ids))
    assert all(record.result is not Result.FAILED or record.reason for record in stage.history.calls)
    assert {stage.agent(name) for name in AGENTS} <= {"ready", "paused"}
    for phone in storm.phones:
        assert phone.endpoint.counts().sessions == 0
