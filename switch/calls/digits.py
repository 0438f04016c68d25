"""Digits of a call: heard as RFC 4733 events or by INFO, and passed on in the way that the other side takes.

Events from one side to another that takes events are relayed by the engine like audio; every other mix is
translated here, digit by digit.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

from media.port import DIGIT_MS, Port
from sip.syntax import dtmf_info
from sip.syntax.dtmf_info import Kind
from switch.config.trunk import Dtmf

_MOST_UNDER_WAY: Final = 64
"""INFO requests of one leg; a person does not press ahead of his carrier further than that."""
_KINDS: Final = {
    Dtmf.AUTO: Kind.RELAY,
    Dtmf.RFC4733: None,
    Dtmf.INFO_RELAY: Kind.RELAY,
    Dtmf.INFO: Kind.PLAIN,
}


class Means(Enum):
    """How a digit came."""

    EVENT = auto()
    """RFC 4733"""
    INFO = auto()


@dataclass(frozen=True, slots=True)
class Pressed:
    """A digit, told once, at its end."""

    digit: str
    duration_ms: int = DIGIT_MS
    means: Means = Means.EVENT


class Info(NamedTuple):
    """An INFO that tells a digit."""

    content_type: str
    body: bytes


class DigitsIn:
    """What a party presses. One that tells each digit twice, as an event and by INFO, is heard once."""

    def __init__(self) -> None:
        self.means: Means | None = None
        """How its first digit came; others are passed over."""

    @property
    def takes_events(self) -> bool:
        """Whether events of this party are to be heard and relayed."""
        return self.means is not Means.INFO

    def hears(self, means: Means) -> bool:
        """A digit came by these means; whether it counts."""
        if self.means is None:
            self.means = means
        return self.means is means

    def forget(self) -> None:
        """The party is at another address: perhaps another device."""
        self.means = None


class DigitsOut:
    """What a party is sent."""

    def __init__(self, port: Port, setting: Dtmf) -> None:
        self._port = port
        self._setting = setting
        self._under_way = 0
        self.kind: Kind | None = _KINDS[setting]
        """Of INFO; None where digits go as events."""

    def agreed(self, events: bool) -> None:
        """What the SDP says: whether the party takes events."""
        if self._setting is Dtmf.AUTO:
            self.kind = None if events else Kind.RELAY

    def send(self, digit: str, duration_ms: int) -> Info | None:
        """One digit: by the port, or by the INFO that is to be sent, whose answer is `answered`."""
        if self.kind is None:
            self._port.send_digit(digit, duration_ms)
        elif self._under_way < _MOST_UNDER_WAY:
            self._under_way += 1
            pressed = dtmf_info.Pressed(digit, duration_ms)
            return Info(self.kind.value, dtmf_info.write(self.kind, pressed))
        return None

    def answered(self) -> None:
        """An INFO has its answer, or will have none."""
        self._under_way -= 1
