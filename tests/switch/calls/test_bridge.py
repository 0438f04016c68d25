"""A bridge: who hears whom while they talk, while one holds, and on real ports when one moves on."""

import asyncio
from typing import cast

import pytest

from media.aio.plane import MediaPlane
from media.port import Play, Port, Silence, Source
from media.sound import Sound
from switch.calls.bridge import Bridge
from switch.calls.leg import Leg
from switch.records import SegmentKind
from tests.media.stage import HOST, until
from tests.media.stage import Stage as MediaStage
from tests.switch.plane import NotingPort, heard

PIECE = Sound.from_pcm("music", bytes(320))


def music() -> Play:
    """What is played on hold."""
    return Play(PIECE, loop=True)


class Party:
    """As much of a leg as a bridge touches."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.held = False

    def send(self, source: Source) -> None:
        self.port.send(source)


class Talk:
    """Two parties with noting ports."""

    def __init__(self) -> None:
        self.ports = NotingPort(1, print), NotingPort(2, print)
        self.a, self.b = (Party(port) for port in self.ports)
        self.kinds: list[SegmentKind] = []
        self.bridge = Bridge(cast(Leg, self.a), cast(Leg, self.b), music, self.kinds.append)
        self.bridge.join()

    def hear(self) -> tuple[str, str]:
        return heard(self.ports[0].source), heard(self.ports[1].source)


@pytest.mark.parametrize(
    ("a_holds", "b_holds", "hear", "kind"),
    [
        (False, False, ("relay 2", "relay 1"), SegmentKind.TALK),
        (True, False, ("relay 2", "music"), SegmentKind.HOLD),
        (False, True, ("music", "relay 1"), SegmentKind.HOLD),
        (True, True, ("relay 2", "relay 1"), SegmentKind.HOLD),
    ],
)
def test_who_is_held_hears_music(
    a_holds: bool, b_holds: bool, hear: tuple[str, str], kind: SegmentKind
) -> None:
    talk = Talk()
    talk.a.held, talk.b.held = a_holds, b_holds
    talk.bridge.join()
    assert talk.hear() == hear
    assert talk.bridge.kind is kind


def test_talk_becoming_hold_and_back_is_told_once_each() -> None:
    talk = Talk()
    talk.bridge.join()
    assert talk.kinds == []
    talk.b.held = True
    talk.bridge.join()
    talk.a.held = True
    talk.bridge.join()
    talk.a.held = talk.b.held = False
    talk.bridge.join()
    assert talk.kinds == [SegmentKind.HOLD, SegmentKind.TALK]
    assert talk.hear() == ("relay 2", "relay 1")


async def test_a_leg_that_moves_is_heard_by_its_new_party_only() -> None:
    stage = MediaStage(MediaPlane(HOST, range(24000, 24020), seed=1))
    stage.plane.start(asyncio.get_running_loop())
    try:
        peers = [stage.peer(f"127.20.0.{host}", ssrc=host) for host in (10, 11, 12)]
        ports = [await stage.leg(peer) for peer in peers]
        first, moving, second = (cast(Leg, Party(port)) for port in ports)
        Bridge(first, moving, music, print).join()
        await stage.settled()
        peers[1].send(b"\x11" * 160)
        assert (await peers[0].receive()).payload == b"\x11" * 160

        first.send(Silence())
        Bridge(second, moving, music, print).join()
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
