"""A bridge: two legs that hear each other, or music while the other side holds."""

from collections.abc import Callable

from media.port import Play, Relay
from switch.calls.digits import Pressed
from switch.calls.leg import Leg
from switch.records import SegmentKind


class Bridge:
    """Connects two legs for as long as it stands.

    `music` says what somebody hears who is put on hold; `on_kind` hears of talk becoming hold and back.
    """

    def __init__(
        self, a: Leg, b: Leg, music: Callable[[], Play], on_kind: Callable[[SegmentKind], None]
    ) -> None:
        self.legs = (a, b)
        self.kind = SegmentKind.TALK
        self._music = music
        self._on_kind = on_kind

    def join(self) -> None:
        """Let both hear what they are to hear now. Called again whenever one of them holds or comes back."""
        a, b = self.legs
        self._feed(a, b)
        self._feed(b, a)
        kind = SegmentKind.HOLD if a.held or b.held else SegmentKind.TALK
        if kind is not self.kind:
            self.kind = kind
            self._on_kind(kind)

    def pressed(self, leg: Leg, pressed: Pressed) -> None:
        """One of them pressed a digit, for the other unless one of them holds."""
        if self.kind is SegmentKind.TALK:
            a, b = self.legs
            pass_on(pressed, b if leg is a else a)

    def _feed(self, listener: Leg, speaker: Leg) -> None:
        if speaker.held and not listener.held:
            listener.send(self._music())
        else:
            listener.send(Relay(speaker.port))


def pass_on(pressed: Pressed, listener: Leg) -> None:
    """Let the listener have a digit, unless the engine has relayed it as the event or tone that it was."""
    if listener.wants(pressed.means):
        listener.send_digit(pressed.digit, pressed.duration_ms)
