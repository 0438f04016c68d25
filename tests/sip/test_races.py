"""What must end well in every order: both sides agree how the call ended, and nothing is left over.

Each race runs with 300 seeds; with 10,000 when marked long (`scripts/test --long`).
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from sip.endpoint import ALLOW, Endpoint
from sip.events import (
    Accepted,
    Acked,
    Answered,
    EndCause,
    Event,
    IncomingInvite,
    OfferAnswered,
    OfferRefused,
    Pracked,
    PrackOffered,
    Progress,
    Refreshed,
    Refused,
    Reinvited,
    SessionEnded,
    SessionId,
    Trying,
    Updated,
)
from tests.sip.forking import PHONES, Forked
from tests.sip.wire import ANSWER, OFFER, Wire, kind

Setup = Callable[[Random], Wire]


class Call:
    """One call from Alice to Bob; what each application knows at the end."""

    def __init__(self, wire: Wire, rings_s: float, answers: bool = True, **options: Any) -> None:
        self.wire = wire
        self.ends: dict[str, str] = {}
        self.alice: SessionId | None = None
        self.bob: SessionId | None = None
        self.rings_s = rings_s
        self.answers = answers
        self.hang_up_when_answered: set[str] = set()
        self.offers: dict[str, list[int]] = {"alice": [], "bob": []}
        self.refreshed = 0
        self.progress: bytes | None = None
        self.reliable = False
        wire.react = self.react
        wire.call(**options)

    def react(self, name: str, event: Event) -> None:
        wire = self.wire
        match event:
            case IncomingInvite():
                self.bob = event.session
                wire.bob.progress(event.session, 180, wire.now, self.progress, reliable=self.reliable)
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
            case Reinvited() | Updated() | PrackOffered():
                self._end(name).answer_offer(event.session, 200, wire.now, ANSWER)
            case OfferAnswered():
                self.offers[name].append(200)
            case OfferRefused():
                self.offers[name].append(event.status)
            case Refreshed():
                self.refreshed += 1
            case Pracked() | Accepted():
                pass
            case _:
                raise AssertionError(event)

    def _end(self, name: str) -> Endpoint:
        return dict(self.wire.ends())[name]

    def session(self, name: str) -> SessionId:
        session = self.alice if name == "alice" else self.bob
        assert session is not None
        return session

    def offer(self, name: str, method: str) -> None:
        getattr(self._end(name), method)(self.session(name), OFFER, self.wire.now)

    def answer(self) -> None:
        assert self.bob is not None
        self.wire.bob.accept(self.bob, ANSWER, self.wire.now)

    def hangup(self, name: str) -> None:
        self._end(name).hangup(self.session(name), self.wire.now)
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


def prack_is_slow(random: Random) -> None:
    """Reliable ringing: PRACKs are lost, the answer waits for them, somebody may give up meanwhile."""
    wire = Wire(
        seed=random.randrange(10**9), loss=random.choice([0, 0.1, 0.3]), jitter_s=random.random() * 0.5
    )
    lost = random.choice([0, 1, 3, 1000])
    pracks = iter(range(10**6))
    wire.lose = lambda data: kind(data) == "PRACK" and next(pracks) < lost
    call = Call(wire, 1, supports_reliable=True)
    call.progress, call.reliable = random.choice([None, ANSWER]), True
    while (call.alice is None or call.bob is None) and "alice" not in call.ends:
        wire.run(0.5)
    if call.bob is not None and call.alice is not None:
        steps = sorted((random.random() * 3, step) for step in ("answer", random.choice(["cancel", "stay"])))
        for at, step in steps:
            wire.run(max(0.0, at - wire.now))
            if step == "answer":
                call.answer()
            elif step == "cancel":
                call.hangup("alice")
    wire.run(150)
    if call.ends.get("alice") == "answered":
        call.hangup("alice")
    call.finish()
    assert call.ends.get("bob", "refused") in ("refused", "ended")
    assert call.ends["alice"] in ("refused", "ended")


def offers_cross(random: Random) -> None:
    """Both make offers at once, by re-INVITE and UPDATE: each is answered, and the call lives."""
    wire = Wire(seed=random.randrange(10**9), loss=random.choice([0, 0, 0.1]), jitter_s=random.random() * 0.3)
    call = Call(wire, 0)
    wire.run(64)
    assert call.ends == {"alice": "answered", "bob": "answered"}
    made = {"alice": 0, "bob": 0}
    for _ in range(random.randint(2, 5)):
        name = random.choice(["alice", "bob"])
        call.offer(name, random.choice(["reinvite", "update"]))
        made[name] += 1
        wire.run(random.choice([0.0, 0.005, 0.02, 0.1, 0.5]))
    wire.run(400)
    assert call.ends == {"alice": "answered", "bob": "answered"}
    for name, outcomes in call.offers.items():
        assert len(outcomes) == made[name], (outcomes, made)
        assert set(outcomes) <= {200, 491}, outcomes
    assert sum(outcome == 200 for outcomes in call.offers.values() for outcome in outcomes) >= 1
    call.hangup(random.choice(["alice", "bob"]))
    call.finish()
    assert call.ends == {"alice": "ended", "bob": "ended"}


def offer_crosses_bye(random: Random) -> None:
    """One makes an offer while the other hangs up."""
    wire = Wire(seed=random.randrange(10**9), loss=random.choice([0, 0, 0.2]), jitter_s=random.random() * 0.3)
    call = Call(wire, 0)
    wire.run(64)
    offering, leaving = random.sample(["alice", "bob"], 2)
    method = random.choice(["reinvite", "update"])
    if random.random() < 0.5:
        call.offer(offering, method)
        wire.run(random.choice([0.0, 0.005, 0.02, 0.1, 0.3]))
        call.hangup(leaving)
    else:
        call.hangup(leaving)
        call.offer(offering, method)
    call.finish()
    assert call.ends == {"alice": "ended", "bob": "ended"}


def forks_answer(random: Random) -> None:
    """Several phones are picked up at once: one talks to Alice, the others are let go; or she gives up."""
    forked = Forked(random.randrange(10**9), random.choice([0, 0, 0.1]), random.random() * 0.3)
    forked.run(random.choice([2.0, 12.0]))
    for address in random.sample(PHONES, random.randint(0, 3)):
        if address in forked.ringing:
            forked.answer(address)
        forked.run(random.choice([0.0, 0.005, 0.02, 0.3]))
    if random.random() < 0.3:
        forked.alice.hangup(forked.session, forked.now)
    forked.run(120)
    answered = [event for event in forked.heard if isinstance(event, Answered)]
    assert len(answered) <= 1
    talking = [
        address
        for address, told in forked.told.items()
        if any(isinstance(event, Acked) for event in told)
        and not any(isinstance(event, SessionEnded) for event in told)
    ]
    assert len(talking) <= 1, "a phone that lost has been let go"
    assert not talking or answered
    forked.alice.hangup(forked.session, forked.now)
    forked.settle()
    forked.assert_nothing_left()


def refresh_crosses(random: Random) -> None:
    """Session timers with loss, beside offers and a hang-up at any time; a peer that is gone is noticed."""
    wire = Wire(
        seed=random.randrange(10**9),
        loss=random.choice([0, 0, 0.1]),
        jitter_s=random.random() * 0.3,
        session_expires_s=90,
        allow=random.choice([ALLOW, tuple(name for name in ALLOW if name != "UPDATE")]),
    )
    call = Call(wire, 0)
    wire.run(random.uniform(30, 300))
    assert call.ends == {"alice": "answered", "bob": "answered"}
    assert call.refreshed or wire.now < 50
    if random.random() < 0.5:
        call.offer(random.choice(["alice", "bob"]), "reinvite")
        wire.run(random.choice([0.0, 0.01, 0.1]))
    if random.random() < 0.5:
        wire.lose = lambda data: True
        wire.run(91 + 64)
    else:
        call.hangup(random.choice(["alice", "bob"]))
    call.finish()
    assert call.ends == {"alice": "ended", "bob": "ended"}


RACES = [
    ack_lost,
    answer_lost,
    cancel_crosses_answer,
    bye_crosses_bye,
    answer_after_ring_timeout,
    prack_is_slow,
    offers_cross,
    offer_crosses_bye,
    forks_answer,
    refresh_crosses,
]


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
