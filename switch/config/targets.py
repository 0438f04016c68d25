"""Where a call is led: the `go` of a route and the `overflow` of a queue."""

from dataclasses import dataclass, field

from switch.config.desk import Code
from switch.config.values import expected


@dataclass(frozen=True, slots=True)
class QueueTarget:
    """`queue:NAME`"""

    name: str

    def __str__(self) -> str:
        return f"queue:{self.name}"


@dataclass(frozen=True, slots=True)
class TrunkTarget:
    """`trunk:NAME`"""

    name: str

    def __str__(self) -> str:
        return f"trunk:{self.name}"


@dataclass(frozen=True, slots=True)
class PhoneTarget:
    """`phone:NAME`"""

    name: str

    def __str__(self) -> str:
        return f"phone:{self.name}"


@dataclass(frozen=True, slots=True)
class DialledPhone:
    """`phone`: the phone whose name was dialled"""

    def __str__(self) -> str:
        return "phone"


@dataclass(frozen=True, slots=True)
class EchoTarget:
    """`echo`: plays back what it hears"""

    def __str__(self) -> str:
        return "echo"


@dataclass(frozen=True, slots=True)
class ToneTarget:
    """`tone`: the 1004 Hz milliwatt"""

    def __str__(self) -> str:
        return "tone"


@dataclass(frozen=True, slots=True)
class ClockTarget:
    """`clock`: says what time it is"""

    def __str__(self) -> str:
        return "clock"


@dataclass(frozen=True, slots=True)
class ConferenceTarget:
    """`conference:NAME`: everybody who calls the same hears each other"""

    name: str

    def __str__(self) -> str:
        return f"conference:{self.name}"


@dataclass(frozen=True, slots=True)
class PickupTarget:
    """`pickup`: takes what rings at the phone whose name was dialled, or without one in the caller's group"""

    def __str__(self) -> str:
        return "pickup"


@dataclass(frozen=True, slots=True)
class CodeTarget:
    """A feature code that a phone has dialled, and what was dialled behind it; no route leads there"""

    code: Code
    arguments: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"code:{self.code}"


@dataclass(frozen=True, slots=True)
class ParkTarget:
    """`park`: parks a call in the slot that was dialled, or the first free one; takes who is parked there"""

    def __str__(self) -> str:
        return "park"


@dataclass(frozen=True, slots=True)
class HangupTarget:
    """`hangup`: the call ends"""

    def __str__(self) -> str:
        return "hangup"


Go = (
    QueueTarget
    | TrunkTarget
    | PhoneTarget
    | DialledPhone
    | EchoTarget
    | ToneTarget
    | ClockTarget
    | ConferenceTarget
    | PickupTarget
    | CodeTarget
    | ParkTarget
)
Led = Go | HangupTarget
"""Where a route leads: `hangup` only by its `else`."""
Overflow = QueueTarget | PhoneTarget | HangupTarget

_NAMED: dict[str, type[QueueTarget | TrunkTarget | PhoneTarget | ConferenceTarget]] = {
    "queue": QueueTarget,
    "trunk": TrunkTarget,
    "phone": PhoneTarget,
    "conference": ConferenceTarget,
}
_BARE: dict[
    str, type[DialledPhone | EchoTarget | ToneTarget | ClockTarget | PickupTarget | ParkTarget | HangupTarget]
] = {
    "phone": DialledPhone,
    "echo": EchoTarget,
    "tone": ToneTarget,
    "clock": ClockTarget,
    "pickup": PickupTarget,
    "park": ParkTarget,
    "hangup": HangupTarget,
}


def go(value: object) -> Go:
    """The target of a route; raises `ValueError` with a message for people."""
    target = _target(value)
    if not isinstance(target, Go):
        raise expected(
            value,
            "a target",
            "queue:NAME, trunk:NAME, phone:NAME, conference:NAME, phone, pickup, park, echo, tone or clock",
        )
    return target


def led(value: object) -> Led:
    """The target of a route while it is closed; raises `ValueError` with a message for people."""
    target = _target(value)
    return target if isinstance(target, HangupTarget) else go(value)


def overflow(value: object) -> Overflow:
    """The target of a queue's callers who cannot stay; raises `ValueError` with a message for people."""
    target = _target(value)
    if not isinstance(target, Overflow):
        raise expected(value, "a target", "hangup, queue:NAME or phone:NAME")
    return target


def _target(value: object) -> object:
    if not isinstance(value, str):
        return value
    kind, colon, name = str(value).partition(":")
    if name and kind in _NAMED:
        return _NAMED[kind](name)
    return _BARE[kind]() if not colon and kind in _BARE else None
