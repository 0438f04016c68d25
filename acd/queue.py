"""A queue: its settings, who is in it, and whether it is closed."""

import enum

import msgspec

from acd.service_level import ServiceLevel
from acd.settings import QueueSettings


class ClosedReason(enum.StrEnum):
    """Why a queue takes no callers. Somebody's word (`EMERGENCY`) and the calendar's are facts apart: a queue
    is open when neither closes it."""

    HOURS = "hours"
    HOLIDAY = "holiday"
    EMERGENCY = "emergency"


class EmergencyClose(msgspec.Struct, frozen=True, gc=False):
    """Who closed a queue out of turn, why, and when (UTC microseconds)."""

    by: str
    why: str
    since_us: int


class Queue(msgspec.Struct):
    """One queue. `visits` holds the calls that wait or are offered, in the order in which they entered;
    `engaged` counts its offers and conversations that are not over."""

    settings: QueueSettings
    leaving: bool = False
    visits: dict[str, int] = {}  # call -> when its visit started, UTC microseconds
    engaged: int = 0
    shut: ClosedReason | None = None  # by its calendar: HOURS or HOLIDAY
    emergency: EmergencyClose | None = None
    level: ServiceLevel | None = None  # where its recipe asks for it

    @property
    def unused(self) -> bool:
        """No call waits, is offered or talks: a queue that is leaving may go."""
        return not self.visits and not self.engaged

    @property
    def closed(self) -> ClosedReason | None:
        """Why it takes no callers now; None while it is open."""
        return self.shut if self.emergency is None else ClosedReason.EMERGENCY
