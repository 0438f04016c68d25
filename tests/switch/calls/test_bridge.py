"""A bridge: who hears whom while they talk, while one holds, and on real ports when one moves on."""

import asyncio
from typing import cast

import pytest

from media.aio.plane import MediaPlane
from media.port import Play, Port, Silence, Source
from media.sound import Sound
from switch.calls.bridge import Bridge
from switch.calls.legs.leg import Leg
from tests.media.stage import HOST, until
from tests.media.stage import Stage as MediaStage
from tests.switch.plane import NotingPlane, NotingPort, heard

PIECE = Sound.from_pcm("music", bytes(320))


def music() -> Play:
    """What is played on hold."""
    return Play(PIECE, loop=True)


class Party:
    """As much of a leg as a bridge touches."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.held = self.parted = False

    def send(self, source: Source) -> None:
        self.port.send(source)


class Talk:
    """Parties with noting ports, numbered from 1."""

    def __init__(self, count: int = 2) -> None:
        self.ports = [NotingPort(number, print) for number in range(1, count + 1)]
        self.legs = [cast(Leg, Party(port)) for port in self.ports]
        self.plane = NotingPlane()
        self.bridge = Bridge(cast(MediaPlane, self.plane), music)
        for leg in self.legs:
            self.bridge.add(leg)
        self.bridge.update()

    def hold(self, *numbers: int) -> None:
        """They hold, and nobody else does."""
        for number, leg in enumerate(self.legs, start=1):
            cast(Party, leg).held = number in numbers
        self.bridge.update()

    def hear(self) -> list[str]:
        return [heard(port.source) for port in self.ports]


@pytest.mark.parametrize(
    ("holding", "hear"),
    [
        ([], ["relay 2", "relay 1"]),
        ([1], ["relay 2", "music"]),
        ([2], ["music", "relay 1"]),
        ([1, 2], ["relay 2", "relay 1"]),
    ],
)
def test_who_is_held_hears_music(holding: list[int], hear: list[str]) -> None:
    talk = Talk()
    talk.hold(*holding)
    assert talk.hear() == hear
    assert talk.plane.rooms == []


@pytest.mark.parametrize("count", [3, 10, 30])
def test_three_and_more_are_in_a_room_and_two_who_are_left_are_relayed(count: int) -> None:
    talk = Talk(count)
    assert talk.hear() == ["room"] * count
    assert talk.plane.rooms[0].gains == {}, "everybody is heard in full"
    for leg in talk.legs[2:]:
        talk.bridge.remove(leg)
    talk.bridge.update()
    assert talk.hear()[:2] == ["relay 2", "relay 1"]
    assert talk.bridge.relays
    assert [room.closed for room in talk.plane.rooms] == [True]


def test_who_hears_nobody_hears_music() -> None:
    talk = Talk(1)
    assert talk.hear() == ["music"]
    talk.bridge.add(cast(Leg, Party(NotingPort(9, print))))
    talk.bridge.update()
    assert talk.hear() == ["relay 9"]


def test_a_gain_is_known_to_the_room_before_its_ear_is_in_it() -> None:
    talk = Talk()
    boss, port = cast(Leg, Party(NotingPort(3, print))), talk.ports[0]
    order: list[str] = []
    talk.bridge.add(boss)
    talk.bridge.gain(talk.legs[0], boss, 0.0)
    send = port.send
    port.send = lambda source: order.append(str(talk.plane.rooms[0].gains)) or send(source)  # type: ignore[method-assign, func-returns-value]
    talk.bridge.update()
    assert order == ["{(1, 3): 0.0}"]
    talk.bridge.gain(talk.legs[0], boss, 1.0)
    assert talk.plane.rooms[0].gains == {(1, 3): 1.0}, "at once"
    talk.bridge.update()
    assert len(order) == 1, "who is in it is not sent in again: he would lose his gains"


@pytest.mark.parametrize(
    ("gains", "holding", "hear"),
    [
        ([], [2], ["room", "silence", "room"]),
        ([(1, 3), (2, 3)], [2], ["music", "silence", "music"]),
        ([(1, 3), (2, 3)], [1], ["silence", "music", "music"]),
        ([(1, 3), (2, 3)], [3], ["room", "room", "silence"]),
        ([], [1, 2], ["silence", "silence", "music"]),
    ],
    ids=["the others go on", "listening", "to a caller who holds", "a supervisor holds", "one is left"],
)
def test_who_holds_is_out_of_the_room(
    gains: list[tuple[int, int]], holding: list[int], hear: list[str]
) -> None:
    talk = Talk(3)
    for ear, mouth in gains:
        talk.bridge.gain(talk.legs[ear - 1], talk.legs[mouth - 1], 0.0)
    talk.hold(*holding)
    assert talk.hear() == hear
    talk.plane.rooms[0].gains.clear()
    talk.hold()
    assert talk.hear() == ["room"] * 3
    back = [(ear, mouth) for ear, mouth in gains if hear[ear - 1] != "room"]
    assert list(talk.plane.rooms[0].gains) == back, "whoever comes back brings his gains"


def test_two_of_whom_one_is_softer_are_mixed() -> None:
    talk = Talk()
    talk.bridge.gain(talk.legs[0], talk.legs[1], 0.5)
    talk.bridge.update()
    assert talk.hear() == ["room", "room"]
    talk.bridge.gain(talk.legs[0], talk.legs[1], 1.0)
    talk.bridge.update()
    assert talk.hear() == ["relay 2", "relay 1"]


async def test_a_leg_that_moves_is_heard_by_its_new_party_only() -> None:
    stage = MediaStage(MediaPlane(HOST, range(24000, 24020), seed=1))
    stage.plane.start(asyncio.get_running_loop())
    try:
        peers = [stage.peer(f"127.20.0.{host}", ssrc=host) for host in (10, 11, 12)]
        ports = [await stage.leg(peer) for peer in peers]
        first, moving, second = (cast(Leg, Party(port)) for port in ports)
        bridge(stage.plane, first, moving)
        await stage.settled()
        peers[1].send(b"\x11" * 160)
        assert (await peers[0].receive()).payload == b"\x11" * 160

        first.send(Silence())
        bridge(stage.plane, second, moving)
        await stage.settled()
        peers[1].send(b"\x22" * 160)
        peers[2].send(b"\x33" * 160)
        peers[0].send(b"\x44" * 160)
        assert (await peers[2].receive()).payload == b"\x22" * 160
        assert (await peers[1].receive()).payload == b"\x33" * 160
        await until(lambda: ports[0].stats().packets_received == 4)
        assert [peer.waiting() for peer in peers] == [[], [], []]
    finally:
        await stage.close()


def bridge(plane: MediaPlane, *legs: Leg) -> None:
    made = Bridge(plane, music)
    for leg in legs:
        made.add(leg)
    made.update()
