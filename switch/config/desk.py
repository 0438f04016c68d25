"""`desk` and `codes`: what agents may do from their phones."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from switch.config import values
from switch.config.section import Count, Duration, Positive, Section, Words

A_PIN: Final = "a PIN: 4 to 16 digits, which a phone can dial"
_PIN: Final = re.compile(r"[0-9]{4,16}")
_CODE: Final = re.compile(r"[*#][0-9*#]{1,6}")


def is_pin(written: str) -> bool:
    """Whether it can be dialled."""
    return _PIN.fullmatch(written) is not None


class PinGuarding(Section):
    """`desk.pin`: how many wrong PINs an agent, or a phone, may give"""

    failures: Annotated[Count, Field(ge=1)] = 5
    within: Positive = 600.0
    locked_for: Duration = 600.0
    """So long neither is listened to."""


class DeskSettings(Section):
    """`desk`"""

    pauses: dict[str, Words] = Field(
        default_factory=lambda: {
            "1": "break",
            "2": "lunch",
            "3": "meeting",
            "4": "training",
            "5": "paperwork",
        }
    )
    """The reasons for a pause, by the number that is dialled."""
    wrap_up_extension: Positive = 30.0
    pin: PinGuarding = PinGuarding()


class Code(StrEnum):
    """What a feature code asks for."""

    LOGIN = "login"
    LOGOUT = "logout"
    READY = "ready"
    PAUSE = "pause"
    WRAP_UP_END = "wrap_up_end"
    WRAP_UP_EXTEND = "wrap_up_extend"
    RECORD_ON = "record_on"
    RECORD_OFF = "record_off"
    LISTEN = "listen"
    PICKUP = "pickup"
    DO_NOT_DISTURB_ON = "do_not_disturb_on"
    DO_NOT_DISTURB_OFF = "do_not_disturb_off"
    FORWARD_ALWAYS = "forward_always"
    FORWARD_BUSY = "forward_busy"
    FORWARD_NO_ANSWER = "forward_no_answer"
    PARK = "park"
    CONFERENCE = "conference"


ARGUMENTS: Final[Mapping[Code, int]] = {
    Code.LOGIN: 2,
    Code.PAUSE: 1,
    Code.LISTEN: 1,
    Code.PICKUP: 1,
    Code.FORWARD_ALWAYS: 1,
    Code.FORWARD_BUSY: 1,
    Code.FORWARD_NO_ANSWER: 1,
    Code.PARK: 1,
}
"""How many may follow a code; none where it is not named."""


def _code(value: object) -> str | None:
    written = values.text(value)
    if written == "off":
        return None
    if not _CODE.fullmatch(written):
        raise ValueError(f"'{written}' is no code: * or #, and one to six of 0 to 9, * and #; or off")
    return written


FeatureCode = Annotated[str | None, BeforeValidator(_code)]


class Codes(Section):
    """`codes`: what phones dial, and what agents press in a talk; `off` turns one off"""

    login: FeatureCode = "*60"
    logout: FeatureCode = "*61"
    ready: FeatureCode = "*62"
    pause: FeatureCode = "*63"
    wrap_up_end: FeatureCode = "*64"
    wrap_up_extend: FeatureCode = "*65"
    record_on: FeatureCode = "*66"
    listen: FeatureCode = "*67"
    record_off: FeatureCode = "*68"
    pickup: FeatureCode = "*8"
    do_not_disturb_on: FeatureCode = "*78"
    do_not_disturb_off: FeatureCode = "*79"
    forward_always: FeatureCode = "*72"
    forward_busy: FeatureCode = "*90"
    forward_no_answer: FeatureCode = "*92"
    park: FeatureCode = "*70"
    conference: FeatureCode = "*3"

    def written(self) -> Mapping[Code, str]:
        """Each that is not turned off."""
        found = {code: getattr(self, code.value) for code in Code}
        return {code: written for code, written in found.items() if written is not None}
