"""What a phone is told of its soft keys: ECMA-323 events as `as-feature-event` has them, and hoteling.

The names are those of ECMA-323 (CSTA, third edition) in the selection of the BroadSoft documents "Device
Feature Key Synchronization" (11-BD5196) and "SIP Access Side Extensions", which phones follow: Yealink,
Polycom, Cisco, AudioCodes. `device` must be there and is read by nobody. A phone may restart at a document
without its namespace, so the namespace is always written out in full.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from switch.preferences import Preferences, When
from switch.records import AgentState

FEATURE_EVENT: Final = "application/x-as-feature-event+xml"
HOTELING_EVENT: Final = "application/x-broadworks-hoteling+xml"
CSTA: Final = "http://www.ecma-international.org/standards/ecma-323/csta/ed3"
PRIVATE: Final = "http://schema.broadsoft.com/CSTAPrivateData"
HOTELING: Final = "http://schema.broadsoft.com/hoteling"

RING_S: Final = 5
"""A phone counts rings, we count seconds: about one of ringing and four of silence (ITU-T E.180)."""
MAX_RINGS: Final = 100

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_BOUNDARY: Final = "centralita-keys"

FORWARDING_TYPES: Final[Mapping[When, str]] = {
    When.ALWAYS: "forwardImmediate",
    When.BUSY: "forwardBusy",
    When.NO_ANSWER: "forwardNoAns",
}

_AGENT_EVENTS: Final[Mapping[AgentState, str]] = {
    AgentState.OFFLINE: "AgentLoggedOffEvent",
    AgentState.PAUSED: "AgentNotReadyEvent",
    AgentState.READY: "AgentReadyEvent",
    AgentState.RINGING: "AgentReadyEvent",
    AgentState.ON_CALL: "AgentReadyEvent",
    AgentState.WRAP_UP: "AgentWorkingAfterCallEvent",
    AgentState.UNREACHABLE: "AgentNotReadyEvent",
}
"""A phone's agent keys know five states; that it rings or talks it knows by itself."""


@dataclass(frozen=True, slots=True)
class KeyAgent:
    """Who sits at a phone: `reason` is why he is paused, `id` what the phone calls it by."""

    name: str
    state: AgentState
    reason: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Keys:
    """All that the soft keys of a phone show. `nonce` asks who logs in to prove that he knows his PIN."""

    device: str
    preferences: Preferences
    agent: KeyAgent | None = None
    guest: str = ""
    nonce: str = ""


def feature_events(keys: Keys) -> dict[str, bytes]:
    """The documents of `as-feature-event`, by what they tell of, in the order in which phones take them."""
    wanted = keys.preferences
    told = {"do not disturb": _do_not_disturb(keys.device, wanted)}
    told |= {when.value: _forwarding(keys.device, when, wanted) for when in When}
    told["agent"] = _agent(keys.device, keys.agent or KeyAgent("", AgentState.OFFLINE))
    return told


def hoteling_event(keys: Keys) -> bytes:
    """Who sits here as a guest, and what he has to answer who wants to."""
    guest = f"<guestAddress>{escape(keys.guest)}</guestAddress>" if keys.guest else "<guestAddress/>"
    asked = ""
    if keys.nonce:
        asked = (
            f"<authenticationData><nonce>{escape(keys.nonce)}</nonce><algorithm>MD5</algorithm>"
            "</authenticationData>\n"
        )
    return _document("HotelingEvent", HOTELING, f"{guest}\n{asked}")


def multipart(documents: list[bytes]) -> tuple[str, bytes]:
    """Content type and body of several documents of `as-feature-event` at once."""
    head = f"--{_BOUNDARY}\r\nContent-Type: {FEATURE_EVENT}\r\nContent-Length: "
    parts = [f"{head}{len(document)}\r\n\r\n".encode() + document + b"\r\n" for document in documents]
    return f"multipart/mixed;boundary={_BOUNDARY}", b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def rings(seconds: float) -> int:
    """How often a phone rings in that time, for people."""
    return min(max(round(seconds / RING_S), 1), MAX_RINGS)


def _do_not_disturb(device: str, wanted: Preferences) -> bytes:
    on = _truth(wanted.do_not_disturb)
    return _event("DoNotDisturbEvent", device, f"<doNotDisturbOn>{on}</doNotDisturbOn>\n")


def _forwarding(device: str, when: When, wanted: Preferences) -> bytes:
    number = wanted.forwarding(when)
    lines = [
        f"<forwardingType>{FORWARDING_TYPES[when]}</forwardingType>",
        f"<forwardStatus>{_truth(number is not None)}</forwardStatus>",
    ]
    if number is not None:
        lines.append(f"<forwardTo>{escape(number)}</forwardTo>")
    if when is When.NO_ANSWER:
        lines.append(f"<ringCount>{rings(wanted.no_answer_after)}</ringCount>")
    return _event("ForwardingEvent", device, "".join(f"{line}\n" for line in lines))


def _agent(device: str, agent: KeyAgent) -> bytes:
    name = _AGENT_EVENTS[agent.state]
    reason = ""
    if name == "AgentNotReadyEvent" and (agent.id or agent.reason):
        value = escape(agent.id or agent.reason)
        reason = (
            f'<extensions><privateData><private xmlns:pri="{PRIVATE}">'
            f"<pri:AgentNotReadyReasonValue>{value}</pri:AgentNotReadyReasonValue>"
            "</private></privateData></extensions>\n"
        )
    return _event(name, device, f"<agentID>{escape(agent.name)}</agentID>\n{reason}")


def _event(name: str, device: str, content: str) -> bytes:
    return _document(name, CSTA, f"<device>{escape(device)}</device>\n{content}")


def _document(name: str, namespace: str, content: str) -> bytes:
    return f'{_HEAD}<{name} xmlns="{namespace}">\n{content}</{name}>\n'.encode()


def _truth(whether: bool) -> str:
    return "true" if whether else "false"
