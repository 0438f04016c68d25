"""Hunts at random over a lossy wire: one target at most is talked to, and nothing is left anywhere."""

from random import Random
from typing import Any

import pytest

from sip.events import IncomingInvite, SessionId
from switch.records import CallRecord, LegRole
from tests.switch.far_end import FarEnd
from tests.switch.stage import CARRIER, DELAY_S, Stage

PLACES = {"a": ("192.0.2.11", 5060), "b": ("192.0.2.12", 5060), "c": ("192.0.2.13", 5060)}
SECTIONS: dict[str, Any] = {
    "trunks": {
        "carrier": {"accept_from": [f"{CARRIER[0]}/32"], "max_cps": "1000"},
        "t": {
            "targets": [
                {"uri": f"sip:{host}", "priority": str(i // 2)} for i, (host, _) in enumerate(PLACES.values())
            ],
            "options": "5s",
            "max_cps": "1000",
        },
    },
    "routes": [{"trunk": "carrier", "to": "*", "go": "trunk:t", "transit": "yes"}],
}
CALLS = 10


class Storm:
    """Callers, and targets that answer, ring, refuse, redirect, are silent or die, from one seed."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = Random(seed)
        self.dead: set[str] = set()
        self.ends = [stage.join(name, address) for name, address in PLACES.items()]
        for end in self.ends:
            end.behave = self.behave

    async def blow(self) -> None:
        """Twenty seconds of calls, and then calm."""
        stage, random = self.stage, self.random
        loss = random.choice((0.0, 0.1, 0.2))
        stage.lose = lambda data: random.random() < loss or any(host.encode() in data for host in self.dead)
        stage.delay_s = lambda: random.choice((0.001, 0.02, 0.3, 1.0))
        for _ in range(CALLS):
            stage.loop.call_later(random.uniform(0, 20), self.dial)
        for host, _ in PLACES.values():
            stage.loop.call_later(random.uniform(0, 10), self.dead.add, host)
            stage.loop.call_later(random.uniform(10, 20), self.dead.discard, host)
        await stage.pass_by(70)
        stage.lose, stage.delay_s = (lambda data: False), (lambda: DELAY_S)
        for call in list(stage.registry.calls.values()):
            stage.running.hangup(call.id)
        stage.exchange.trunks.stop()  # or it would go on asking
        await stage.pass_by(120)

    def dial(self) -> None:
        """A caller who hangs up when it pleases him, most often while a hunt is on."""
        caller = self.stage.carrier
        session = caller.start(str(self.random.randint(100, 999)))
        self.stage.loop.call_later(self.random.choice((0.5, 3.0, 3.05, 6.0, 30.0)), self.end, caller, session)

    def end(self, far: FarEnd, session: SessionId) -> None:
        far.endpoint.hangup(session, self.stage.now())
        self.stage.moved(far)

    def behave(self, end: FarEnd, invite: IncomingInvite) -> None:
        """What a target does with an INVITE; 3 s is when we lose patience."""
        session, random, now = invite.session, self.random, self.stage.now()
        kind = random.choice(("answer", "late", "ring", "503", "486", "302", "silent"))
        wait_s = random.choice((0.0, 1.0, 2.9, 3.0, 3.1, 5.0))
        if kind == "302":
            host = random.choice(list(PLACES.values()))[0]
            end.endpoint.reject(
                session, 302, now, headers=[("Contact", f"<sip:{random.randint(1, 9)}@{host}>")]
            )
        elif kind in ("503", "486"):
            self.stage.loop.call_later(wait_s, self.refuse, end, session, int(kind))
        else:
            if kind in ("late", "ring"):
                end.endpoint.progress(session, 180, now)
            if kind in ("answer", "late"):
                self.stage.loop.call_later(wait_s, self.answer, end, session)
            else:  # it would ring for ever
                self.stage.loop.call_later(60.0, self.end, end, session)

    def refuse(self, end: FarEnd, session: SessionId, status: int) -> None:
        end.endpoint.reject(session, status, self.stage.now())
        self.stage.moved(end)

    def answer(self, end: FarEnd, session: SessionId) -> None:
        end.endpoint.accept(session, end.sdp, self.stage.now())
        self.stage.moved(end)

    def adds_up(self) -> None:
        """Every call has one record, in which at most one target was talked to, and only with the caller."""
        stage = self.stage
        stage.assert_nothing_left()
        assert stage.exchange.limits.active("t") == 0
        for end in self.ends:
            assert end.endpoint.counts().sessions == 0, end.name
        for record in stage.history.calls:
            self._is_right(record)

    def _is_right(self, record: CallRecord) -> None:
        caller, *targets = record.legs
        assert caller.role is LegRole.CALLER
        talked = [leg for leg in targets if leg.answered_at is not None]
        assert len(talked) <= 1, record
        assert not talked or talked == [targets[-1]], "nobody is tried after an answer"
        assert (caller.answered_at is not None) == bool(talked), record
        assert all(leg.ended_at is not None for leg in record.legs)
        assert len(targets) <= 3 + 5, "three targets, and five contacts"


@pytest.mark.parametrize("sections", [SECTIONS])
@pytest.mark.parametrize("seed", range(12))
async def test_hunts_add_up(stage: Stage, seed: int) -> None:
    storm = Storm(stage, seed)
    await storm.blow()
    storm.adds_up()


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("sections", [SECTIONS])
@pytest.mark.parametrize("seed", range(100, 1100))
async def test_ten_thousand_hunts_add_up(stage: Stage, seed: int) -> None:
    storm = Storm(stage, seed)
    await storm.blow()
    storm.adds_up()
