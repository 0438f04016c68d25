"""What a phone asks for by its soft keys: ECMA-323 services as `as-feature-event` has them, and hoteling.

`documents.py` says where the names are from. What a phone writes is read with suspicion: a small size, no
DTD and so no entities, elements by their local names (phones write their namespace in several ways), and no
value that is longer than it need be or has characters that nobody can see.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import defusedxml.ElementTree as safe

from switch.feature_keys.documents import FORWARDING_TYPES, MAX_RINGS
from switch.preferences import When

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_BYTES: Final = 4_096
"""Ten times what phones write, and read within two milliseconds whatever it holds."""
MAX_VALUE: Final = 128
"""Characters of a value."""


class NotARequest(ValueError):
    """The body is no request of a phone; the message says why."""


class Wanted(StrEnum):
    """A state of an agent, as `requestedAgentState` names it."""

    LOGGED_ON = "loggedOn"
    LOGGED_OFF = "loggedOff"
    READY = "ready"
    NOT_READY = "notReady"
    WORKING_AFTER_CALL = "workingAfterCall"


@dataclass(frozen=True, slots=True)
class SetDoNotDisturb:
    """The key was pressed."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetForwarding:
    """`number` is empty where the phone says none: that of before counts; `rings` None likewise."""

    when: When
    on: bool
    number: str = ""
    rings: int | None = None


@dataclass(frozen=True, slots=True)
class SetAgentState:
    """`agent` and `password` are empty where the phone does not say who he is: whoever sits there."""

    wanted: Wanted
    reason: str = ""
    agent: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class GetAgentState:
    """Tell what there is to tell."""


@dataclass(frozen=True, slots=True)
class SetHoteling:
    """`guest` wants to sit at the phone, or (empty) to leave it. `response` is the MD5 of `nonce:PIN`."""

    guest: str
    nonce: str = ""
    response: str = ""


Request = SetDoNotDisturb | SetForwarding | SetAgentState | GetAgentState | SetHoteling


def read(body: bytes) -> Request:
    """What a phone asks for. Raises NotARequest."""
    if len(body) > MAX_BYTES:
        raise NotARequest(f"more than {MAX_BYTES} bytes")
    try:
        root: Element = safe.fromstring(body.strip(), forbid_dtd=True)
    except (SyntaxError, ValueError, LookupError) as error:  # ParseError is a SyntaxError
        raise NotARequest(f"no XML that we read: {error}") from None
    name = _local(root)
    reader = _READERS.get(name)
    if reader is None:
        raise NotARequest(f"no service that we know: {name[:MAX_VALUE]!r}")
    return reader(_values(root))


def _values(root: "Element") -> Mapping[str, str]:
    """Every element's text by its local name, the first of each name."""
    values: dict[str, str] = {}
    for element in root.iter():
        text = (element.text or "").strip()
        if len(text) > MAX_VALUE or not text.isprintable():
            raise NotARequest("a value is too long, or has characters that nobody can see")
        values.setdefault(_local(element), text)
    return values


def _local(element: "Element") -> str:
    return element.tag.rpartition("}")[2]


def _do_not_disturb(values: Mapping[str, str]) -> SetDoNotDisturb:
    return SetDoNotDisturb(_truth(values, "doNotDisturbOn"))


def _forwarding(values: Mapping[str, str]) -> SetForwarding:
    named = values.get("forwardingType", "")
    when = next((each for each, name in FORWARDING_TYPES.items() if name == named), None)
    if when is None:
        raise NotARequest(f"forwardingType is {named!r}")
    rings = _rings(values.get("ringCount", "")) if when is When.NO_ANSWER else None
    return SetForwarding(when, _truth(values, "activateForward"), values.get("forwardDN", ""), rings)


def _rings(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) <= MAX_RINGS):
        raise NotARequest(f"ringCount is {text!r}: up to {MAX_RINGS}")
    return int(text) or None


def _agent_state(values: Mapping[str, str]) -> SetAgentState:
    try:
        wanted = Wanted(values.get("requestedAgentState", ""))
    except ValueError as error:
        raise NotARequest(str(error)) from None
    return SetAgentState(
        wanted,
        values.get("AgentNotReadyReasonValue", ""),
        values.get("agentID", ""),
        values.get("password", ""),
    )


def _get_agent_state(values: Mapping[str, str]) -> GetAgentState:
    return GetAgentState()


def _hoteling(values: Mapping[str, str]) -> SetHoteling:
    if "guestAddress" not in values:
        raise NotARequest("guestAddress is missing")
    return SetHoteling(values["guestAddress"], values.get("nonce", ""), values.get("response", ""))


def _truth(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "").lower()
    if text not in ("true", "false", "1", "0"):  # as XML Schema has them
        raise NotARequest(f"{name} is {text!r}: true or false")
    return text in ("true", "1")


_READERS: Final[Mapping[str, Callable[[Mapping[str, str]], Request]]] = {
    "SetDoNotDisturb": _do_not_disturb,
    "SetForwarding": _forwarding,
    "SetAgentState": _agent_state,
    "GetAgentState": _get_agent_state,
    "SetHoteling": _hoteling,
}
