"""Damaged copies of a call's own messages, delivered at any time: nothing raises and nothing is left over."""

from random import Random

import pytest

from sip.events import Answered, Event, IncomingInvite, IncomingRequest, Reinvited
from tests.sip.wire import ANSWER, Wire

_MARKS = b'<>;,:"\r\n @=*[]%'


def damaged(random: Random, data: bytes) -> bytes:
    """A copy with one to five faults: other bytes, lines lost or doubled, marks too many."""
    text = bytearray(data)
    for _ in range(random.choice([1, 1, 2, 5])):
        place = random.randrange(len(text))
        match random.randrange(5):
            case 0:
                text[place] = random.randrange(256)
            case 1:
                text[place:place] = bytes([random.choice(_MARKS)])
            case 2:
                del text[place : place + random.randrange(1, 8)]
            case 3:
                lines = text.split(b"\r\n")
                lines.pop(random.randrange(len(lines)))
                text = bytearray(b"\r\n".join(lines))
            case _:
                lines = text.split(b"\r\n")
                lines.insert(random.randrange(len(lines)), random.choice(lines))
                text = bytearray(b"\r\n".join(lines))
        text = text or bytearray(b"x")
    return bytes(text)


def one_call_among_damage(seed: int) -> None:
    random, wire = Random(seed), Wire(seed)
    known: list[tuple[str, Event]] = []

    def react(name: str, event: Event) -> None:
        end = dict(wire.ends())[name]
        match event:
            case IncomingInvite():
                known.append((name, event))
                end.progress(event.session, 180, wire.now)
                if random.random() < 0.7:
                    end.accept(event.session, ANSWER, wire.now)
            case IncomingRequest():
                end.respond(event.transaction, 200, wire.now)
            case Reinvited():
                end.answer_offer(event.session, 200, wire.now, ANSWER)
            case Answered():
                known.append((name, event))
            case _:
                pass

    wire.react = react
    wire.call()
    for _ in range(30):
        wire.step()
        _, _, data = random.choice(wire.sent)
        receiver, flow = random.choice([(wire.bob, wire.to_alice), (wire.alice, wire.to_bob)])
        receiver.receive(damaged(random, data), flow, wire.now)
        wire.flush()
    for name, event in known:
        assert isinstance(event, IncomingInvite | Answered)
        dict(wire.ends())[name].hangup(event.session, wire.now)
    wire.settle()
    wire.assert_nothing_left()


def test_200_damaged_calls() -> None:
    for seed in range(200):
        one_call_among_damage(seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_10_000_damaged_calls() -> None:
    for seed in range(10_000):
        one_call_among_damage(seed)
