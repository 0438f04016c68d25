"""Feature codes that set what is to become of calls to a phone."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from switch.config.desk import Code
from switch.preferences import NotForwardable, PhonePreferences, Preferences, When

DOOR: Final = "code"
_QUIET: Final[Mapping[Code, bool]] = {Code.DO_NOT_DISTURB_ON: True, Code.DO_NOT_DISTURB_OFF: False}
_FORWARDS: Final[Mapping[Code, When]] = {
    Code.FORWARD_ALWAYS: When.ALWAYS,
    Code.FORWARD_BUSY: When.BUSY,
    Code.FORWARD_NO_ANSWER: When.NO_ANSWER,
}
PREFERENCE_CODES: Final = frozenset((*_QUIET, *_FORWARDS))


def prefer(preferences: PhonePreferences, phone: str, code: Code, number: str) -> str:
    """Set what the code stands for; a forwarding without a number is off. The prompt that says so."""
    before = preferences.of(phone)
    if code in _QUIET:
        wanted = replace(before, do_not_disturb=_QUIET[code])
        granted = "desk-do-not-disturb-on" if _QUIET[code] else "desk-do-not-disturb-off"
    else:
        wanted = _forwarded(before, _FORWARDS[code], number or None)
        granted = "desk-forwarded" if number else "desk-not-forwarded"
    try:
        preferences.set(phone, wanted, DOOR)
    except NotForwardable:
        return "desk-not-forwardable"
    return granted


def _forwarded(before: Preferences, when: When, number: str | None) -> Preferences:
    return replace(before, **{when.value: number})
