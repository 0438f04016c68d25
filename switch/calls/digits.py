"""Digits of a call: heard as RFC 4733 events, by INFO or in the sound; passed on as the other takes them.

Events from one side to another that takes events are relayed by the engine like audio, and so are tones to
who has no better way; every other mix is translated here, digit by digit.
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


class Means(Enum):
    """How a digit comes or goes."""

    EVENT = auto()
    """RFC 4733"""
    INFO = auto()
    TONES = auto()
    """In band."""


_MEANS: Final = {
    Dtmf.AUTO: Means.INFO,
    Dtmf.RFC4733: Means.EVENT,
    Dtmf.INFO_RELAY: Means.INFO,
    Dtmf.INFO: Means.INFO,
    Dtmf.IN_BAND: Means.TONES,
}


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
    """What a party presses. One that tells each digit in two ways is heard once."""

    def __init__(self, setting: Dtmf = Dtmf.AUTO) -> None:
        self.means: Means | None = None
        """How its first digit came; others are passed over."""
        self._setting = setting

    @property
    def takes_events(self) -> bool:
        """Whether events of this party are to be heard and relayed."""
        return self.means in (None, Means.EVENT)

    def takes_tones(self, events: bool) -> bool:
        """Whether to listen to its sound for digits: not where its SDP says that they come as events."""
        return self.means in (None, Means.TONES) and (self._setting is Dtmf.IN_BAND or not events)

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
        self._means = _MEANS[setting]
        self._kind = Kind.PLAIN if setting is Dtmf.INFO else Kind.RELAY

    @property
    def takes_events(self) -> bool:
        """Whether digits go to it as events, so that relayed ones do by themselves."""
        return self._means is Means.EVENT

    def agreed(self, events: bool) -> None:
        """What the SDP says: whether the party takes events."""
        if self._setting is Dtmf.AUTO:
            self._means = Means.EVENT if events else Means.INFO

    def wants(self, means: Means) -> bool:
        """Whether a digit that came by these means is to be sent on: one that is relayed as it is is not.

        Tones are heard by who has said of no other way that he takes it.
        """
        if means is Means.EVENT:
            return not self.takes_events
        asked_for_info = self._means is Means.INFO and self._setting is not Dtmf.AUTO
        return means is Means.INFO or self.takes_events or asked_for_info

    def send(self, digit: str, duration_ms: int) -> Info | None:
        """One digit: by the port, or by the INFO that is to be sent, whose answer is `answered`."""
        if self._means is Means.EVENT:
            self._port.send_digit(digit, duration_ms)
        elif self._means is Means.TONES:
            self._port.sound_digit(digit, duration_ms)
        elif self._under_way < _MOST_UNDER_WAY:
            self._under_way += 1
            pressed = dtmf_info.Pressed(digit, duration_ms)
            return Info(self._kind.value, dtmf_info.write(self._kind, pressed))
        return None

    def answered(self) -> None:
        """An INFO has its answer, or will have none."""
        self._under_way -= 1
