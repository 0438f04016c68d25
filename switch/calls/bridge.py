"""A bridge: legs that hear each other, two by relay, more in a room; music for who has nobody to hear."""

from collections.abc import Callable
from typing import Final

from media.aio.plane import MediaPlane
from media.port import Mix, Play, Relay, Room, Silence
from switch.calls.digits import Means, Pressed
from switch.calls.legs.leg import Leg

FULL: Final = 1.0
"""The gain of one who is heard as he speaks."""
_Fed = Mix | Relay | Silence | None
"""What an ear is given; None is music."""


class Bridge:
    """Connects legs for as long as it stands. What is changed is heard from `update` on, all at once.

    Two who hear each other in full are relayed, packet by packet. More, or two with another gain, are mixed.
    Who holds is out of it until he comes back.
    """

    def __init__(self, plane: MediaPlane, music: Callable[[], Play]) -> None:
        """`music` says what somebody is sent from now on who has nobody to hear."""
        self.legs: list[Leg] = []
        self._plane = plane
        self._music = music
        self._gains: dict[tuple[Leg, Leg], float] = {}
        """Of an ear and a mouth; those that are missing are full."""
        self._room: Room | None = None
        self._fed: dict[Leg, _Fed] = {}
        """What each was given last."""

    @property
    def relays(self) -> bool:
        """Whether what one says reaches the other packet by packet, events of digits too."""
        return self._room is None

    def add(self, leg: Leg) -> None:
        """One more, heard in full by all others and hearing them, unless told otherwise."""
        self.legs.append(leg)

    def remove(self, leg: Leg) -> None:
        """He leaves; what he hears from now on is no matter of the bridge's."""
        if leg in self.legs:
            self.legs.remove(leg)
            self._fed.pop(leg, None)
            self._gains = {pair: gain for pair, gain in self._gains.items() if leg not in pair}

    def gain(self, ear: Leg, mouth: Leg, gain: float) -> None:
        """How loud `mouth` is in `ear`: linear, 0 not at all. A new gain among those who are mixed is heard
        at once.
        """
        self._gains[ear, mouth] = gain
        if self._room is not None:
            self._room.gain(ear.port, mouth.port, gain)

    def update(self) -> None:
        """Let all hear what they are to hear now: after any change, and when one holds or comes back."""
        mixed = len(self.legs) > 2 or any(gain != FULL for gain in self._gains.values())
        if mixed and self._room is None and self.legs:
            self._room = self._plane.room(self.legs[0].port)
        room = self._room if mixed else None
        inside = self._inside() if mixed else []
        for ear in self.legs:
            self._feed(ear, self._relayed(ear) if room is None else self._mixed(ear, room, inside))
        if not mixed:
            self._close_room()

    def close(self) -> None:
        """Nobody hears anybody any more."""
        self.legs.clear()
        self._fed.clear()
        self._gains.clear()
        self._close_room()

    # Inside

    def _gain(self, ear: Leg, mouth: Leg) -> float:
        return self._gains.get((ear, mouth), FULL)

    def _inside(self) -> list[Leg]:
        """Who is mixed: all who neither hold nor are left with nobody to hear."""
        inside = [leg for leg in self.legs if not leg.held]
        while True:
            hearing = [ear for ear in inside if any(self._gain(ear, m) > 0 for m in inside if m is not ear)]
            if len(hearing) == len(inside):
                return inside
            inside = hearing

    def _relayed(self, ear: Leg) -> _Fed:
        if ear.parted:
            return Silence()
        other = next((leg for leg in self.legs if leg is not ear), None)
        if other is None or (other.held and not ear.held):
            return None
        return Relay(other.port)

    def _mixed(self, ear: Leg, room: Room, inside: list[Leg]) -> _Fed:
        if ear in inside:
            return Mix(room)
        return Silence() if ear.held else None

    def _feed(self, ear: Leg, source: _Fed) -> None:
        """Who enters the room brings his gains: it knows none of one who is not in it."""
        if ear in self._fed and self._fed[ear] == source:
            return
        self._fed[ear] = source
        if isinstance(source, Mix):
            for mouth in self.legs:
                if self._gain(ear, mouth) != FULL:
                    source.room.gain(ear.port, mouth.port, self._gain(ear, mouth))
        ear.send(self._music() if source is None else source)

    def _close_room(self) -> None:
        if self._room is not None:
            self._room.close()
            self._room = None


def pass_on(pressed: Pressed, listener: Leg, *, relayed: bool = True) -> None:
    """Let the listener have a digit, unless the engine has relayed it as the event or tone that it was.

    A room passes no events on.
    """
    if listener.wants(pressed.means) or (pressed.means is Means.EVENT and not relayed):
        listener.send_digit(pressed.digit, pressed.duration_ms)
