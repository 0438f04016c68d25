"""Transfers in every order of events, from seeds: whoever is to talk talks, and nothing else is left.

Ana (1001) has a call with somebody, makes or gets a second one, and sends REFERs, while all three hang up,
answer, refuse or do nothing when it pleases them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from sip.events import IncomingInvite, SessionId
from switch.calls.ending import Reason
from switch.calls.legs.leg import Leg
from tests.switch.calls.transfers.test_referrals import CENTRE, desk
from tests.switch.far_end import FarEnd, answering, sdp
from tests.switch.referrer import Referral, Referrer
from tests.switch.stage import NUMBER, Stage

SECTIONS = {
    **CENTRE,
    "queues": {
        "support": {"requires": "support >= 1", "wrap_up": "1s", "max_wait": "20s"},
        "back": {"requires": "back >= 1", "wrap_up": "1s", "max_wait": "20s", "music": "harp"},
    },
}
QUIET_S = 8.0
"""When nobody of the three does anything any more."""
OVER_S = 80.0


@dataclass
class Side:
    """One of those who are not Ana: who it is, and its last session in this play."""

    end: FarEnd
    session: SessionId | None = None

    @property
    def is_up(self) -> bool:
        return self.session is not None and self.end.endpoint.dialog(self.session) is not None


@dataclass
class Play:
    """One order of events."""

    stage: Stage
    seed: int
    ana: Referrer
    boss: Referrer
    luis: Referrer
    last: Referrer
    sent: list[tuple[Referral, bool]] = field(default_factory=list)
    """The REFERs, and whether each names the other call."""

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.one = Side(self.stage.carrier)
        self.two = Side(self.boss)
        self.first: SessionId | None = None
        self.second: SessionId | None = None

    async def run(self) -> None:
        """Everything that happens, and the reckoning."""
        stage, random = self.stage, self.random
        for phone in (self.ana, self.boss, self.luis, self.last):
            assert await phone.register() == 200
            phone.behave = answering
            phone.referrals.clear()
        stage.carrier.behave = answering
        stage.delay_s = lambda: random.choice((0.001, 0.001, 0.02))
        booked = len(stage.history.calls)
        began = stage.now()
        await self._begin()
        await asyncio.gather(
            self._ana(),
            self._perhaps(0.3, lambda: self._hang_up(self.one)),
            self._perhaps(0.3, lambda: self._hang_up(self.two)),
        )
        await stage.pass_by(max(0.1, began + QUIET_S - stage.now()))
        self._judge()
        for call in list(stage.registry.calls.values()):
            stage.running.hangup(call.id)
        await stage.pass_by(OVER_S)
        self._reckon(booked)

    # What happens

    async def _begin(self) -> None:
        """Ana's first call: of a queue's caller, of somebody who calls her, of her own."""
        stage, ana = self.stage, self.ana
        match self.random.choice(("queue", "called", "calls", "trunk")):
            case "queue":
                self.one.session = await stage.carrier.dial(NUMBER)
                self.first = ana.invited.session
            case "called":
                self.one.session = await stage.carrier.dial("81001")
                self.first = ana.invited.session
            case "calls":
                self.one = Side(self.last)
                self.first = await ana.dial("1004")
                self.one.session = self.last.invited.session
            case _:
                self.first = await ana.dial("0600111222")
                self.one.session = stage.carrier.invited.session
        await stage.settle()
        ana.remember(self.first)

    async def _ana(self) -> None:
        random, ana = self.random, self.ana
        assert self.first is not None
        if random.random() < 0.7 and ana.endpoint.dialog(self.first) is not None:
            held = sdp(ana.address[0], direction="sendonly", version=2)
            ana.endpoint.reinvite(self.first, held, self.stage.now())
            self.stage.moved(ana)
            await self.stage.settle()
        await self._wait(0.3)
        if random.random() < 0.85:
            await self._consult()
        await self._wait(2.0)
        for _ in range(random.choice((1, 1, 1, 2))):
            self._refer()
            await self._wait(0.5)
        await self._perhaps(0.5, lambda: self._end(self.first))
        await self._perhaps(0.4, lambda: self._end(self.second))

    async def _consult(self) -> None:
        """The second call: to a phone, a queue, a trunk; or from a phone."""
        random, ana = self.random, self.ana
        kind = random.choice(("phone", "phone", "queue", "comes"))
        if kind == "comes":
            self.two.session = await self.boss.dial("1001")
            self.second = ana.invited.session if ana.invited.session != self.first else None
        else:
            self.two = Side(self.luis if kind == "queue" else self.boss)
            self.two.end.behave = self._takes
            self.second = await ana.dial("700" if kind == "queue" else "1002")
        await self.stage.settle()
        if self.second is not None:
            ana.remember(self.second)

    def _takes(self, end: FarEnd, invite: IncomingInvite) -> None:
        """Answers at once, later, never, or refuses."""
        stage, session = self.stage, invite.session
        if not self.two.is_up:
            self.two.session = session
        kind = self.random.choice(("at once", "at once", "later", "never", "refuses"))
        if kind == "refuses":
            end.endpoint.reject(session, self.random.choice((486, 603)), stage.now())
            return
        end.endpoint.progress(session, 180, stage.now())
        if kind == "at once":
            end.endpoint.accept(session, end.sdp, stage.now())
        elif kind == "later":
            stage.loop.call_later(self.random.uniform(0.1, 4.0), self._answer, end, session)

    def _answer(self, end: FarEnd, session: SessionId) -> None:
        end.endpoint.accept(session, end.sdp, self.stage.now())
        self.stage.moved(end)

    def _refer(self) -> None:
        """One REFER: about the other call, or blind."""
        ana, first, second = self.ana, self.first, self.second
        assert first is not None
        if second is not None and ana.may_name(second) and self.random.random() < 0.85:
            ana.remember(second)
            turned = ana.may_refer(second) and self.random.random() < 0.3
            pair = (second, first) if turned else (first, second)
            self.sent.append((ana.send_refer(pair[0], "1002", pair[1]), True))
        else:
            self.sent.append((ana.send_refer(first, self.random.choice(("1003", "700", "1099"))), False))

    async def _wait(self, most_s: float) -> None:
        await asyncio.sleep(self.random.choice((0.0, 0.001, self.random.uniform(0, most_s))))

    async def _perhaps(self, chance: float, do: Callable[[], Awaitable[None]]) -> None:
        if self.random.random() < chance:
            await asyncio.sleep(self.random.uniform(0, 5))
            await do()

    async def _hang_up(self, side: Side) -> None:
        await self._end_at(side.end, side.session)

    async def _end(self, session: SessionId | None) -> None:
        await self._end_at(self.ana, session)

    async def _end_at(self, end: FarEnd, session: SessionId | None) -> None:
        if session is not None:
            await end.hang_up(session)

    # What there is to see

    def _leg(self, side: Side) -> Leg | None:
        """The switch's leg towards a side."""
        if side.session is None:
            return None
        dialog = side.end.endpoint.dialog(side.session)
        legs = [leg for call in self.stage.registry.calls.values() for leg in call.ledger.legs]
        found = [each for each in legs if dialog is not None and each.sip_call_id == dialog.call_id]
        assert len(found) == (dialog is not None), (self.seed, found)
        return found[0] if found else None

    def _in_line(self) -> bool:
        """Somebody waits where Ana has waited."""
        calls = self.stage.registry.calls.values()
        return self.two.end is self.luis and any(call.queued_as and call.party is None for call in calls)

    def _judge(self) -> None:
        """All who are still in calls hear whom they talk to, and the transfer that has worked has worked."""
        stage = self.stage
        for call in stage.registry.calls.values():
            if call.bridge is None or call.party is None:
                continue
            for ear, mouth in ((call.caller, call.party), (call.party, call.caller)):
                alone = mouth.held and not ear.held
                assert stage.heard(ear).startswith("music" if alone else f"relay {mouth.port.number}"), self
        worked = any(about_both and 200 in sent.told for sent, about_both in self.sent)
        failed = all(sent.status != 202 or (sent.told or [0])[-1] >= 300 for sent, _ in self.sent)
        if failed and self.first is not None:
            assert self.one.is_up or self.ana.endpoint.dialog(self.first) is None, (self.seed, "alone")
            assert not self.one.is_up or self.ana.endpoint.counts().sessions, (self.seed, "left alone")
        if worked and not self._in_line():
            assert self.one.is_up == self.two.is_up, (self.seed, self.one, self.two)
            legs = [self._leg(self.one), self._leg(self.two)]
            if None not in legs:
                heard = [stage.heard(leg) for leg in legs]
                assert heard == [f"relay {leg.port.number}" for leg in reversed(legs) if leg], self.seed
            for session in (self.first, self.second):
                assert session is None or self.ana.endpoint.dialog(session) is None, (self.seed, session)

    def _reckon(self, booked: int) -> None:
        """Nothing is left, and the books are right."""
        stage, seed = self.stage, self.seed
        stage.assert_nothing_left()
        assert not len(stage.switch.referrals), seed
        for end in (stage.carrier, self.ana, self.boss, self.luis, self.last):
            assert end.endpoint.counts().sessions == 0, (seed, end.name)
        assert {stage.agent("ana"), stage.agent("luis")} == {"ready"}, seed
        assert not stage.exchange.dispatch.router.calls(), seed
        assert not stage.exchange.endpoint.counters.unexpected, (seed, stage.exchange.endpoint.counters)
        for sent, _ in self.sent:
            crossed = sent.status == 500 and len(self.sent) > 1
            assert crossed or sent.status in (202, 403, 481, 491), (seed, sent)
            assert sent.over or sent.status != 202 or not sent.told or sent.told[-1] < 200, (seed, sent)
        records = stage.history.calls[booked:]
        ids = [record.id for record in records]
        assert len(set(ids)) == len(ids), seed
        for record in records:
            assert record.result is not None, (seed, record)
            assert all(segment.to for segment in record.segments), (seed, record)
            assert all(leg.ended_at for leg in record.legs), (seed, record)
            assert all(visit.left_at and visit.result for visit in record.visits), (seed, record)
            consulted = record.reason is Reason.TRANSFERRED
            assert consulted == (record.continued_in is not None), (seed, record)
            assert record.continued_in is None or record.continued_in in ids, (seed, record)
        legs = [leg.id for record in records for leg in record.legs]
        assert len(set(legs)) == len(legs), (seed, "a leg is in one record")


async def plays(stage: Stage, seeds: range) -> None:
    ana, boss, luis, last = [await desk(stage, name) for name in ("1001", "1002", "1003", "1004")]
    for seed in seeds:
        await Play(stage, seed, ana, boss, luis, last).run()
    scrape = stage.metrics()
    for queue in ("support", "back"):
        offered = scrape.value("centralita_queue_offered_total", queue=queue)
        ended = ("answered", "abandoned", "overflowed", "ended_otherwise")
        counted = sum(scrape.value(f"centralita_queue_{name}_total", queue=queue) for name in ended)
        assert offered == counted, queue


@pytest.mark.parametrize("sections", [SECTIONS], ids=["orders"])
@pytest.mark.parametrize("block", range(4))
async def test_a_hundred_orders(stage: Stage, block: int) -> None:
    await plays(stage, range(25 * block, 25 * block + 25))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("sections", [SECTIONS], ids=["orders"])
@pytest.mark.parametrize("block", range(10))
async def test_ten_thousand_orders(stage: Stage, block: int) -> None:
    await plays(stage, range(1000 * block, 1000 * block + 1000))
