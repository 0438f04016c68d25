"""What is to become of calls to a phone: do not disturb, and forwarding (always, busy, no answer).

They are facts of the phone, whoever sits there, and outlive the switch. Every door (the phone's soft keys,
the API, feature codes) sets them here, and is told of each change in the turn in which it happens.

Calls of a queue are no calls to the phone: they are never forwarded, and an agent at a phone that does not
want to be disturbed is offered none (`switch.quiet`).
"""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec
import structlog

from switch.config.targets import DialledPhone, PhoneTarget, TrunkTarget
from switch.peers import PhonePeer
from switch.routes import Routes

EMERGENCY_S: Final = 3600.0
"""So long after an emergency call a phone rings whatever it wants: those who help call back."""


class When(StrEnum):
    """On what a call is forwarded."""

    ALWAYS = "always"
    BUSY = "busy"
    NO_ANSWER = "no_answer"


class NotForwardable(ValueError):
    """Calls of the phone cannot go there; the message says why."""


class Preferences(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Of one phone. A forwarding is the number that the phone itself would dial, or None; `no_answer_after`
    is in seconds of ringing.
    """

    do_not_disturb: bool = False
    always: str | None = None
    busy: str | None = None
    no_answer: str | None = None
    no_answer_after: int = 20

    def forwarding(self, when: When) -> str | None:
        """Where to."""
        match when:
            case When.ALWAYS:
                return self.always
            case When.BUSY:
                return self.busy
            case When.NO_ANSWER:
                return self.no_answer


NONE: Final = Preferences()
"""It rings."""


class PhonePreferences:
    """The preferences of every phone."""

    def __init__(
        self,
        routes: Callable[[], Routes],
        note: Callable[[str, Preferences | None], None] = lambda phone, preferences: None,
        noted: Mapping[str, Preferences] = MappingProxyType({}),
    ) -> None:
        """`note` keeps what the next run gets as `noted`; None where nothing is wanted any more."""
        self._routes = routes
        self._note = note
        self._of = dict(noted)
        self._rings_until: dict[str, float] = {}
        self._listeners: list[Callable[[str, Preferences, Preferences], None]] = []
        self._log = structlog.get_logger("phone")

    def listen(self, listener: Callable[[str, Preferences, Preferences], None]) -> None:
        """Tell it of each change: the phone, what it wanted before, and what it wants now."""
        self._listeners.append(listener)

    def configure(self, phones: Collection[str]) -> None:
        """Only these phones are there."""
        for phone in [each for each in self._of if each not in phones]:
            del self._of[phone]
            self._note(phone, None)

    def of(self, phone: str) -> Preferences:
        """What the phone wants."""
        return self._of.get(phone, NONE)

    def in_force(self, phone: str, now: float) -> Preferences:
        """What calls to it follow: nothing, for an hour after it called for help."""
        if self._rings_until.get(phone, now) > now:
            return NONE
        return self.of(phone)

    def called_for_help(self, phone: str, now: float) -> None:
        """The phone made an emergency call."""
        self._rings_until[phone] = now + EMERGENCY_S

    def set(self, phone: str, wanted: Preferences, by: str) -> None:
        """The phone wants this from now on; `by` is the door, for the log. Raises NotForwardable, and nothing
        has changed.
        """
        before = self.of(phone)
        if wanted == before:
            return
        for when in When:
            number = wanted.forwarding(when)
            if number is not None and number != before.forwarding(when):
                self._check(phone, number)
        if wanted == NONE:
            del self._of[phone]
        else:
            self._of[phone] = wanted
        self._note(phone, None if wanted == NONE else wanted)
        self._log.info("preferences set", phone=phone, by=by, **msgspec.structs.asdict(wanted))
        for listener in self._listeners:
            listener(phone, before, wanted)

    def _check(self, phone: str, number: str) -> None:
        if number == phone:
            raise NotForwardable(f"phone {phone!r} cannot be forwarded to itself")
        routed = self._routes().match(PhonePeer(phone), number)
        if routed is None:
            raise NotForwardable(f"no route of phone {phone!r} leads to {number!r}")
        if routed.route.emergency:
            raise NotForwardable(f"calls cannot be forwarded to the emergency number {number!r}")
        if not isinstance(routed.go, PhoneTarget | DialledPhone | TrunkTarget):
            raise NotForwardable(f"not yet: calls cannot be forwarded to {routed.go}")
