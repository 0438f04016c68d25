"""A thousand RFC 4733 digits through wires that lose one packet in twenty: none missed, none doubled."""

import asyncio
import random
import socket
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest

from media.aio.plane import MediaPlane
from media.events import Digit
from media.port import PeerMedia, Play, Port, Relay
from media.sound import Sound
from tests.media.rtp_peer import EVENT_TYPE
from tests.media.stage import Stage
from tests.media.waves import sine

HOST = "127.20.7.1"
WIRES = "127.20.7.2"
LOSS = 0.05
CALLS = 25
DIGITS_EACH_WAY = 20
WITHIN_S = 30.0
EVERY = "0123456789*#ABCD"

MOST_SHORTENED = 8
"""Of 2,000: all ends of one in 1,000 are lost on two wires, and it seems as long as its last update."""
LONGEST_SHORTENING_MS = 60

Place = tuple[str, int]


class Wire:
    """Between two ports, both ways: loses packets by a seed, and remembers how long each digit then seems."""

    def __init__(self, chance: random.Random) -> None:
        self.carried = 0
        self.lost = 0
        self._chance = chance
        self._ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for end in self._ends:
            end.setblocking(False)
            end.bind((WIRES, 0))

    def join(self, ports: tuple[Port, Port]) -> None:
        """Each hears of the other as this wire's near end."""
        loop = asyncio.get_running_loop()
        for i, port in enumerate(ports):
            port.connect(self._sdp(i))
            loop.add_reader(self._ends[i], self._carry, i, (HOST, ports[1 - i].number))

    def _sdp(self, i: int) -> PeerMedia:
        place: Place = self._ends[i].getsockname()
        return PeerMedia(*place, place[0], place[1] + 1, (), "PCMA", 8, EVENT_TYPE, EVENT_TYPE)

    def _carry(self, i: int, target: Place) -> None:
        while True:
            try:
                packet = self._ends[i].recv(2048)
            except BlockingIOError:
                return
            if self._chance.random() < LOSS:
                self.lost += 1
            else:
                self.carried += 1
                self._ends[1 - i].sendto(packet, target)

    def close(self) -> None:
        for end in self._ends:
            asyncio.get_running_loop().remove_reader(end)
            end.close()


class Call:
    """A phone, a wire, the two ports of a bridge, a wire, a phone; music plays between the digits."""

    def __init__(self, plane: MediaPlane, chance: random.Random) -> None:
        self.ports = [plane.open()]
        self.ports += [plane.open(near=self.ports[0]) for _ in range(3)]
        self.wires = [Wire(chance), Wire(chance)]
        self.pressed: dict[Port, list[tuple[str, int]]] = defaultdict(list)
        phone, left, right, agent = self.ports
        self.wires[0].join((phone, left))
        self.wires[1].join((right, agent))
        left.send(Relay(right))
        right.send(Relay(left))

    def press(self, music: Sound, chance: random.Random) -> None:
        for port in (self.ports[0], self.ports[-1]):
            port.send(Play(music, loop=True))
            for _ in range(DIGITS_EACH_WAY):
                digit, ms = chance.choice(EVERY), chance.randrange(40, 110, 5)
                self.pressed[port].append((digit, ms))
                port.send_digit(digit, ms)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    plane = MediaPlane(HOST, range(21000, 21400), seed=7)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, HOST)
    yield stage
    await stage.close()


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))])
async def test_a_thousand_digits_in_bridged_calls(stage: Stage, seed: int) -> None:
    """Half of them each way. The bridge hears them too, and what is near it, too."""
    chance = random.Random(seed)
    music = Sound.from_pcm("music", sine(440, -20))
    calls = [Call(stage.plane, random.Random(chance.random())) for _ in range(CALLS)]
    try:
        for call in calls:
            call.press(music, chance)
        await stage.event(Digit, nth=CALLS * 4 * DIGITS_EACH_WAY, within_s=WITHIN_S)
    finally:
        for wire in (wire for call in calls for wire in call.wires):
            wire.close()
    lost, carried = (
        sum(count)
        for count in zip(*((wire.lost, wire.carried) for call in calls for wire in call.wires), strict=True)
    )
    assert lost / (lost + carried) == pytest.approx(LOSS, rel=0.1)
    assert shortened(stage, calls) <= MOST_SHORTENED


def shortened(stage: Stage, calls: list[Call]) -> int:
    """That all digits are as they were pressed, at every port that hears them; how many seem shorter."""
    told: dict[Port, list[tuple[str, int]]] = defaultdict(list)
    for event in stage.told:
        if isinstance(event, Digit):
            told[event.port].append((event.digit, event.duration_ms))
    count = 0
    for call in calls:
        phone, left, right, agent = call.ports
        for presser, hearers in ((phone, (left, agent)), (agent, (right, phone))):
            for hearer in hearers:
                assert [digit for digit, _ in told[hearer]] == [digit for digit, _ in call.pressed[presser]]
                lengths = zip(told[hearer], call.pressed[presser], strict=True)
                less = [pressed - heard for (_, heard), (_, pressed) in lengths]
                assert min(less) == 0
                assert max(less) <= LONGEST_SHORTENING_MS
                count += sum(ms > 0 for ms in less)
    return count
