"""What must end well in every order: both sides agree how the call ended, and nothing is left over.

Each race runs with 300 seeds; with 10,000 when marked long (`scripts/test --long`).
"""

from collections.abc import Callable
from random import Random

import pytest

from sip.events import (
    Acked,
    Answered,
    EndCause,
    Event,
    IncomingInvite,
    Progress,
    Refused,
    SessionEnded,
    SessionId,
    Trying,
)
from tests.sip.wire import ANSWER, Wire, kind

Setup = Callable[[Random], Wire]


class Call:
    """One call from Alice to Bob; what each application knows at the end."""

    def __init__(self, wire: Wire, rings_s: float, answers: bool = True) -> None:
        self.wire = wire
        self.ends: dict[str, str] = {}
        self.alice: SessionId | None = None
        self.bob: SessionId | None = None
        self.rings_s = rings_s
        self.answers = answers
        self.hang_up_when_answered: set[str] = set()
        wire.react = self.react
        wire.call()

    def react(self, name: str, event: Event) -> None:
        wire = self.wire
        match event:
            case IncomingInvite():
                self.bob = event.session
                wire.bob.progress(event.session, 180, wire.now)
                if self.answers and self.rings_s == 0:
                    wire.bob.accept(event.session, ANSWER, wire.now)
            case Trying() | Progress():
                self.alice = event.session
            case Answered():
                self.alice = event.session
                self.ends[name] = "answered"
                if "alice" in self.hang_up_when_answered:
                    self.hangup("alice")
            case Acked():
                self.ends[name] = "answered"
                if "bob" in self.hang_up_when_answered:
                    self.hangup("bob")
            case Refused():
                self.alice = event.session
                self.ends[name] = "refused"
            case SessionEnded():
                crossed = event.cause is EndCause.CANCELLED
                self.ends[name] = "refused" if crossed else "ended"
            case _:
                raise AssertionError(event)

    def answer(self) -> None:
        assert self.bob is not None
        self.wire.bob.accept(self.bob, ANSWER, self.wire.now)

    def hangup(self, name: str) -> None:
        end = dict(self.wire.ends())[name]
        session = self.alice if name == "alice" else self.bob
        assert session is not None
        end.hangup(session, self.wire.now)
        self.ends[name] = "ended"

    def finish(self) -> None:
        self.wire.settle()
        self.wire.assert_nothing_left()


def ack_lost(random: Random) -> None:
    """Some ACKs, or all of them, are lost."""
    lost = random.choice([1, 2, 5, 1000])
    wire = Wire(seed=random.randrange(10**9), jitter_s=random.random() * 0.3)
    acks = iter(range(10**6))
    wire.lose = lambda data: kind(data) == "ACK" and next(acks) < lost
    call = Call(wire, 0)
    wire.run(random.choice([1, 5, 40]))
    if lost < 1000:
        wire.run(40)
        assert call.ends == {"alice": "answered", "bob": "answered"}
        call.hangup(random.choice(["alice", "bob"]))
    call.finish()
    assert set(call.ends.values()) == {"ended"}


def answer_lost(random: Random) -> None:
    """Some 200s, or all of them, are lost: then the callee ends what it has answered."""
    lost = random.choice([1, 2, 5, 1000])
    wire = Wire(seed=random.randrange(10**9), jitter_s=random.random() * 0.3, timer_c=185.0)
    answers = iter(range(10**6))
    wire.lose = lambda data: kind(data) == "200 INVITE" and next(answers) < lost
    call = Call(wire, 0)
    wire.run(60)
    if lost < 1000:
        assert call.ends == {"alice": "answered", "bob": "answered"}
        call.hangup(random.choice(["alice", "bob"]))
        call.finish()
        assert set(call.ends.values()) == {"ended"}
    else:
        call.finish()
        assert call.ends == {"alice": "refused", "bob": "ended"}


def cancel_crosses_answer(random: Random) -> None:
    """Alice gives up while Bob answers."""
    wire = Wire(seed=random.randrange(10**9), loss=random.choice([0, 0, 0.2]), jitter_s=random.random() * 0.3)
    call = Call(wire, 1)
    wire.run(3)
    while call.alice is None or call.bob is None:
        wire.run(1)
    gap = random.uniform(-0.4, 0.4)
    keeps = random.random() < 0.5
    wire.run(0.5)
    steps = [(0.0, "answer"), (gap, "cancel")]
    steps.sort()
    wire.run(0.0)
    last = steps[0][0]
    for at, what in steps:
        wire.run(at - last)
        last = at
        if what == "answer":
            call.answer()
        elif keeps:
            wire.alice.cancel(call.alice, wire.now)
        else:
            call.hangup("alice")
    wire.run(120)
    if keeps and call.ends["alice"] == "answered":
        call.hangup("alice")
    call.finish()
    if call.ends["alice"] == "refused":
        assert call.ends["bob"] == "refused"
    else:
        assert call.ends["alice"] == "ended"
        assert call.ends["bob"] in ("ended", "refused")


def bye_crosses_bye(random: Random) -> None:
    """Both hang up at once."""
    wire = Wire(seed=random.randrange(10**9), loss=random.choice([0, 0, 0.2]), jitter_s=random.random() * 0.3)
    call = Call(wire, 0)
    wire.run(64)
    assert call.ends == {"alice": "answered", "bob": "answered"}
    first, second = random.sample(["alice", "bob"], 2)
    call.hangup(first)
    wire.run(random.choice([0.0, 0.005, 0.02, 0.1]))
    call.hangup(second)
    call.finish()
    assert call.ends == {"alice": "ended", "bob": "ended"}


def answer_after_ring_timeout(random: Random) -> None:
    """Bob answers when Alice has given the call up, with the CANCEL on its way or lost for a while."""
    wire = Wire(seed=random.randrange(10**9), loss=random.choice([0, 0.2]), jitter_s=random.random() * 0.3)
    call = Call(wire, 1)
    wire.run(15)
    while call.alice is None or call.bob is None:
        wire.run(1)
    lost = random.choice([0, 1, 3])
    cancels = iter(range(10**6))
    wire.lose = lambda data: kind(data) == "CANCEL" and next(cancels) < lost
    call.hangup("alice")
    wire.run(random.random())
    call.answer()
    call.finish()
    assert call.ends["alice"] == "ended"
    assert call.ends["bob"] in ("ended", "refused")
    if call.ends["bob"] == "ended":
        assert "BYE" in wire.methods("alice") or "BYE" in wire.methods("bob")


RACES = [ack_lost, answer_lost, cancel_crosses_answer, bye_crosses_bye, answer_after_ring_timeout]


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_300_orders(race: Callable[[Random], None]) -> None:
    for seed in range(300):
        race(Random(seed))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_10_000_orders(race: Callable[[Random], None]) -> None:
    for seed in range(10_000):
        race(Random(seed))
