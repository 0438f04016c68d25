"""Phones that forward at random, change their minds, answer, refuse, say nothing: each call has an end."""

from functools import partial
from random import Random
from typing import Any, Final

import pytest

from sip.events import IncomingInvite
from switch.preferences import Preferences
from tests.switch.far_end import FarEnd
from tests.switch.stage import Stage

DESKS: Final = {f"100{number}": (f"192.0.2.{60 + number}", 5060) for number in range(1, 6)}
SECTIONS: Final[dict[str, Any]] = {
    "phones": {name: {"secret": f"secret of {name}"} for name in DESKS},
    "agents": {"ana": {"phone": "1001", "skills": {"support": 5}}},
}
TARGETS: Final = (None, None, *DESKS, "0600111222")
CALLS: Final = 12


class Storm:
    """One seed's."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = Random(seed)
        self.phones = [stage.join(name, at, f"secret of {name}") for name, at in DESKS.items()]

    async def blow(self) -> None:
        stage, random = self.stage, self.random
        for phone in (*self.phones, stage.carrier):
            phone.behave = self.behave
        for phone in self.phones[: random.randint(2, 5)]:
            assert await phone.register() == 200
        for _ in range(CALLS):
            stage.loop.call_later(random.uniform(0, 40), lambda: stage.loop.create_task(self.dial()))
            stage.loop.call_later(random.uniform(0, 40), self.change)
        await stage.pass_by(120)
        for call in list(stage.registry.calls.values()):
            stage.running.hangup(call.id)
        await stage.pass_by(120)

    def change(self) -> None:
        """Somebody wants something else."""
        phone, pick = self.random.choice(list(DESKS)), partial(self.random.choice, TARGETS)
        always, busy, no_answer = (target if target != phone else None for target in (pick(), pick(), pick()))
        quiet, after = self.random.random() < 0.3, self.random.choice((5, 10, 20))
        self.stage.running.set_preferences(phone, Preferences(quiet, always, busy, no_answer, after))

    async def dial(self) -> None:
        """Carrier or phone; most give up some time."""
        far, to = self.random.choice((*self.phones, self.stage.carrier)), self.random.choice(list(DESKS))
        session = await far.dial(f"8{to}" if far is self.stage.carrier else to)
        wait_s = self.random.choice((1.0, 8.0, 12.0, 25.0, 60.0))
        self.stage.loop.call_later(wait_s, self.hang_up, far, session)

    def hang_up(self, far: FarEnd, session: Any) -> None:
        far.endpoint.hangup(session, self.stage.now())
        self.stage.moved(far)

    def behave(self, end: FarEnd, invite: IncomingInvite) -> None:
        kind, now = self.random.choice(("answer", "late", "ring", "486", "480", "silent")), self.stage.now()
        if kind in ("486", "480"):
            end.endpoint.reject(invite.session, int(kind), now)
        elif kind != "silent":
            end.endpoint.progress(invite.session, 180, now)
        if kind in ("answer", "late"):
            wait_s = 0.5 if kind == "answer" else self.random.choice((4.9, 5.0, 9.999, 10.0, 10.001, 15.0))
            self.stage.loop.call_later(wait_s, self.answer, end, invite.session)

    def answer(self, end: FarEnd, session: Any) -> None:
        """At the very time, perhaps, when it is taken away."""
        end.endpoint.accept(session, end.sdp, self.stage.now())
        self.stage.moved(end)


@pytest.mark.parametrize("sections", [SECTIONS])
@pytest.mark.parametrize("seed", range(12))
async def test_forwardings_add_up(stage: Stage, seed: int) -> None:
    await blow(stage, seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("sections", [SECTIONS])
@pytest.mark.parametrize("seed", range(100, 1100))
async def test_ten_thousand_forwardings_add_up(stage: Stage, seed: int) -> None:
    await blow(stage, seed)


async def blow(stage: Stage, seed: int) -> None:
    """All of one seed, and what must be true of it afterwards."""
    await Storm(stage, seed).blow()
    stage.assert_nothing_left()
    assert len(stage.history.calls) >= CALLS // 2
    for record in stage.history.calls:
        called = [leg.peer for leg in record.legs[1:] if leg.peer != "carrier"]
        assert len(called) == len(set(called)), "no phone rings twice for one call"
        assert len(called) <= len(DESKS)
