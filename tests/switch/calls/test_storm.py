"""A storm in memory: calls, transfers and a lossy wire at random; then all adds up and nothing is left."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from media.events import PlaybackFinished
from media.port import Play
from sip.events import IncomingInvite, SessionEnded, SessionId
from switch.api.backend import Refused
from switch.records import AgentState
from tests.switch.far_end import FarEnd
from tests.switch.stage import DELAY_S, NUMBER, Stage, centre

SECTIONS: dict[str, Any] = {
    "queues": {
        "support": {
            "answer": "on-agent",
            "requires": "support >= 1",
            "ring_timeout": "2s",
            "wrap_up": "1s",
            "max_wait": "20s",
            "on_no_answer": "retry",
            "retry_busy": "1s",
            "retry_reject": "1s",
        }
    },
    "routes": [*centre()["routes"], {"phone": "*", "to": "700", "go": "queue:support"}],
}
TELLING: dict[str, Any] = {
    **SECTIONS,
    "queues": {
        "support": {
            **SECTIONS["queues"]["support"],
            "announce_to_agent": ["support", "{wait}"],
            "recording_notice": "notice",
        }
    },
    "agents": {name: {**agent, "greeting": name} for name, agent in centre()["agents"].items()},
}
"""Agents are told of each caller before they hear him."""
RINGING_ALL: dict[str, Any] = {
    **TELLING,
    "queues": {"support": {**TELLING["queues"]["support"], "strategy": "ring-all"}},
}
ONE_MORE: dict[str, Any] = {
    **SECTIONS,
    "queues": {
        "support": {**SECTIONS["queues"]["support"], "strategy": "ring-progressively", "ring_next": "500ms"}
    },
}
STORMS = {"storm": SECTIONS, "telling": TELLING, "all": RINGING_ALL, "one more": ONE_MORE}
CALLS = 12
NUMBERS = (NUMBER, NUMBER, NUMBER, "600", "81001", "999")
HEARD = 200
"""Prompts that somebody has heard to their end; in many of these moments none is played."""
TRANSFERS = 30
"""Tried; in many of these moments nobody talks."""
DIALLED = ("1001", "1002", "700", "0600111222")


class Storm:
    """Everything that happens to one switch, from one seed."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = Random(seed)
        self.loss = self.random.choice((0.0, 0.1, 0.3))
        self.dialled = 0

    async def blow(self) -> None:
        """Calls from all sides for some twenty seconds, and then calm."""
        stage, random = self.stage, self.random
        stage.lose = lambda data: random.random() < self.loss
        stage.delay_s = lambda: random.choice((0.001, 0.01, 0.2))
        for _ in range(CALLS):
            stage.loop.call_later(random.uniform(0, 20), self.dial)
        for _ in range(TRANSFERS):
            stage.loop.call_later(random.uniform(1, 30), self.send_on)
        for _ in range(HEARD):
            stage.loop.call_later(random.uniform(0, 60), self.hear)
        stage.carrier.behave = self.behave
        await stage.pass_by(60)
        stage.lose, stage.delay_s = (lambda data: False), (lambda: DELAY_S)
        for call in list(stage.registry.calls.values()):
            stage.running.hangup(call.id)
        await stage.pass_by(120)

    def dial(self) -> None:
        """One caller, who hangs up when it pleases him."""
        carrier = self.stage.carrier
        session = carrier.start(self.random.choice(NUMBERS))
        self.dialled += 1
        self.stage.loop.call_later(self.random.choice((0.3, 2.0, 2.2, 5.0, 25.0)), self.end, carrier, session)

    def hear(self) -> None:
        """A prompt comes to its end."""
        ports = self.stage.plane.open_ports
        playing = [port for port in ports if isinstance(port.source, Play) and port.source.token]
        if playing:
            port = self.random.choice(playing)
            assert isinstance(port.source, Play)
            self.stage.tell(PlaybackFinished(port, port.source.token))

    def send_on(self) -> None:
        """Somebody transfers one of his callers, if he has one and may."""
        calls = [call.id for call in self.stage.registry.calls.values() if call.bridge is not None]
        if calls:
            with suppress(Refused):
                self.stage.running.transfer(self.random.choice(calls), self.random.choice(DIALLED))

    def end(self, far: FarEnd, session: SessionId) -> None:
        """Hang up in whatever state, at once or in the moment in which the other side may do so too."""
        far.endpoint.hangup(session, self.stage.now())
        self.stage.moved(far)

    def behave(self, phone: FarEnd, invite: IncomingInvite) -> None:
        """What a phone does with an INVITE."""
        session, random = invite.session, self.random
        kind = random.choice(("answer", "answer", "late", "refuse", "ring", "silent"))
        if kind == "refuse":
            phone.endpoint.reject(session, random.choice((486, 603, 480)), self.stage.now())
            return
        if kind != "silent":
            phone.endpoint.progress(session, 180, self.stage.now())
        if kind in ("answer", "late"):
            wait_s = random.uniform(0, 1.9) if kind == "answer" else random.uniform(1.9, 4.5)
            self.stage.loop.call_later(wait_s, self.answer, phone, session)
        else:  # one of whom we heard nothing, not even 100, cannot be sent a CANCEL
            self.stage.loop.call_later(60.0, self.end, phone, session)

    def answer(self, phone: FarEnd, session: SessionId) -> None:
        """Answer, unless it has been cancelled, and hang up some time later."""
        if any(isinstance(event, SessionEnded) and event.session == session for event in phone.events):
            return
        phone.endpoint.accept(session, phone.sdp, self.stage.now())
        self.stage.moved(phone)
        later_s = self.random.choice((0.0, 1.0, 30.0))
        self.stage.loop.call_later(later_s, self.end, phone, session)


def counted(stage: Stage, name: str) -> float:
    return stage.metrics().value(f"centralita_queue_{name}_total", queue="support")


def sum_of(stage: Stage, names: tuple[str, ...]) -> float:
    return sum(counted(stage, name) for name in names)


async def desks(stage: Stage) -> list[FarEnd]:
    """Both agents' phones."""
    return [await stage.phone("1001"), await stage.phone("1002")]


async def weather(stage: Stage, seed: int, phones: Sequence[FarEnd]) -> None:
    """One storm, and the reckoning."""
    storm = Storm(stage, seed)
    for phone in phones:
        assert await phone.register() == 200
        phone.behave = storm.behave
    before = len(stage.history.calls)
    await storm.blow()

    stage.assert_nothing_left()
    for far in (stage.carrier, *phones):
        assert far.endpoint.counts().sessions == 0, (seed, far.name)
    assert not stage.exchange.endpoint.counters.unexpected, seed
    ended = ("answered", "abandoned", "overflowed", "ended_otherwise")
    assert counted(stage, "offered") == sum_of(stage, ended), seed
    assert stage.metrics().value("centralita_queue_waiting", queue="support") == 0
    records = stage.history.calls
    arrived = Counter(record.id for record in records)
    assert set(arrived.values()) <= {1}, (seed, "a call is booked once")
    assert len(records) - before <= storm.dialled
    assert stage.metrics().value("centralita_calls_total") == len(records)
    for record in records:
        assert record.result is not None, (seed, record)
        assert record.ended_at is not None, (seed, record)
        assert all(visit.left_at and visit.result for visit in record.visits), (seed, record)
        assert all(segment.to for segment in record.segments), (seed, record)
        assert all(leg.ended_at for leg in record.legs), (seed, record)
    states = {name: stage.running.agent(name).state for name in ("ana", "luis")}
    assert set(states.values()) <= {AgentState.READY, AgentState.UNREACHABLE}, (seed, states)


@pytest.mark.parametrize(
    ("sections", "seed"),
    [
        *(pytest.param(SECTIONS, seed, id=f"storm-{seed}") for seed in range(20)),
        *(pytest.param(TELLING, seed, id=f"telling-{seed}") for seed in range(100, 104)),
        *(pytest.param(RINGING_ALL, seed, id=f"all-{seed}") for seed in range(200, 203)),
        *(pytest.param(ONE_MORE, seed, id=f"one-more-{seed}") for seed in range(300, 302)),
    ],
)
async def test_nothing_is_left_of_a_storm(stage: Stage, seed: int) -> None:
    await weather(stage, seed, await desks(stage))


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("sections", STORMS.values(), ids=STORMS.keys())
async def test_nor_of_a_thousand(stage: Stage, sections: dict[str, Any]) -> None:
    phones = await desks(stage)
    for seed in range(1000, 2000):
        await weather(stage, seed, phones)
