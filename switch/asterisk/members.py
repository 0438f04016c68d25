"""Members of queues as phones and agents."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from switch.asterisk.conf import Setting
from switch.asterisk.options import YES

_DEVICE: Final = re.compile(r"(?i:PJSIP|SIP|IAX2|SCCP)/(?P<name>[A-Za-z0-9_.+-]+)")
_BEST: Final = 10
"""The level of those without a penalty."""


class NoMember(ValueError):
    """The line is not carried over; the message says why."""


@dataclass(slots=True)
class Member:
    """A person at a phone, with a penalty in each queue."""

    phone: str
    name: str
    penalties: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Members:
    """All of them, each once, whatever queues they are in."""

    by_phone: dict[str, Member] = field(default_factory=dict)

    def add(self, queue: str, setting: Setting) -> list[str]:
        """`member => INTERFACE[,PENALTY[,NAME[,STATE_INTERFACE[,RINGINUSE[,WRAPUPTIME[,PAUSED]]]]]]`.

        What of it is lost, in words. Raises NoMember.
        """
        interface, penalty, name, state, in_use, wrap_up, paused, *_ = [
            *(part.strip() for part in setting.value.split(",")),
            *[""] * 7,
        ]
        device = _DEVICE.fullmatch(interface)
        if device is None:
            raise NoMember(
                f"{interface} is no SIP phone: give its agent one (agents.NAME.phone), or let him log in at "
                "any"
            )
        member = self.by_phone.setdefault(device["name"], Member(device["name"], ""))
        lost = []
        if member.name and name and name != member.name:
            lost.append(f"{device['name']} is {member.name} elsewhere; one agent sits at one phone")
        member.name = member.name or name
        member.penalties[queue] = _penalty(penalty)
        if state and state != interface:
            lost.append(f"the state of {state} does not count: an agent's own phone does")
        if in_use.lower() in YES:
            lost.append("an agent in a call is never offered another")
        if paused.lower() in YES:
            lost.append("nobody begins in a pause: centralita agent pause NAME")
        if wrap_up:
            lost.append("wrap-up is the queue's (wrap_up), not a member's")
        return lost

    def levels(self, queue: str) -> Mapping[str, int]:
        """Skill levels in a queue by phone: 10 without a penalty, 1 less for each, at least 1."""
        penalties = {
            phone: one.penalties[queue] for phone, one in self.by_phone.items() if queue in one.penalties
        }
        steps = sorted(set(penalties.values()))
        if not steps or steps[-1] < _BEST:
            return {phone: _BEST - penalty for phone, penalty in penalties.items()}
        return {phone: max(1, _BEST - steps.index(penalty)) for phone, penalty in penalties.items()}


def _penalty(text: str) -> int:
    try:
        return max(0, int(text or 0))
    except ValueError:
        raise NoMember(f"{text} is no penalty") from None
