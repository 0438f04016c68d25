"""`desk`: what agents may do from their phones."""

import re
from typing import Annotated, Final

from pydantic import Field

from switch.config.section import Count, Duration, Positive, Section, Words

A_PIN: Final = "a PIN: 4 to 16 digits, which a phone can dial"
_PIN: Final = re.compile(r"[0-9]{4,16}")


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
