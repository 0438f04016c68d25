"""What is shown of a phone, agent, queue or parking slot: as values, whatever the document that tells it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from switch.feature_keys.documents import Keys


class Kind(StrEnum):
    """Of whom a lamp tells."""

    PHONE = "phone"
    AGENT = "agent"
    QUEUE = "queue"
    KEYS = "keys"
    """A phone's own soft keys, which nobody else watches."""
    LIST = "list"
    """Several of them, by the name of `lamp_lists`."""
    SLOT = "slot"
    """Where calls are parked."""


class Subject(NamedTuple):
    """Of whom: `agent ana`."""

    kind: Kind
    name: str


class Lit(StrEnum):
    """State of a dialog as RFC 4235 section 3.7.1 names it, and what phones make of it."""

    TRYING = "trying"
    EARLY = "early"
    """It blinks."""
    CONFIRMED = "confirmed"
    """It is on."""
    TERMINATED = "terminated"
    """It is off."""


@dataclass(frozen=True, slots=True)
class ShownDialog:
    """One dialog of a subject, seen from there: `local_tag` is the phone's own, `remote_tag` ours.

    `id` is unlike all others of the subject. `remote` is a user, to be called back; `display` for people.
    """

    id: str
    lit: Lit
    initiator: bool = False
    call_id: str = ""
    local_tag: str = ""
    remote_tag: str = ""
    remote: str = ""
    display: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """All there is to show of a subject now. `there`: whether it can be reached; `note` says so in words."""

    dialogs: tuple[ShownDialog, ...] = ()
    there: bool = True
    note: str = ""
    new_messages: int = 0
    old_messages: int = 0
    keys: Keys | None = None
    members: "tuple[tuple[str, Shown], ...] | None" = None
    """Of a list, each by its name."""
