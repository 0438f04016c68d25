"""The router's words for how visits, offers and calls end, and ours."""

from collections.abc import Mapping
from typing import Final

from acd.commands import OfferResult as Offered
from acd.commands import VisitReason, VisitResult
from acd.events import ConversationEnd, GoneReason
from switch.calls.ending import Reason, Result
from switch.records import OfferResult

RESULTS: Final[Mapping[VisitResult, Result]] = {
    VisitResult.ANSWERED: Result.ANSWERED,
    VisitResult.ABANDONED: Result.ABANDONED,
    VisitResult.OVERFLOWED: Result.OVERFLOWED,
    VisitResult.ENDED_OTHERWISE: Result.FAILED,
}
REASONS: Final[Mapping[VisitReason, Reason]] = {
    VisitReason.AGENT_ANSWERED: Reason.AGENT_ANSWERED,
    VisitReason.CALLER_HUNG_UP: Reason.CALLER_HUNG_UP,
    VisitReason.MAX_WAIT: Reason.MAX_WAIT,
    VisitReason.MAX_WAITING: Reason.MAX_WAITING,
    VisitReason.NO_AGENTS: Reason.NO_AGENTS,
    VisitReason.CLOSED_HOURS: Reason.CLOSED_HOURS,
    VisitReason.CLOSED_HOLIDAY: Reason.CLOSED_HOLIDAY,
    VisitReason.CLOSED_EMERGENCY: Reason.CLOSED_EMERGENCY,
    VisitReason.AGENT_LOST: Reason.AGENT_LOST,
    VisitReason.UNKNOWN_QUEUE: Reason.NO_ROUTE,
    VisitReason.QUEUE_CLOSED: Reason.NO_ROUTE,
    VisitReason.CALLER_LOST: Reason.MEDIA_LOST,
    VisitReason.HUNG_UP_BY_OPERATOR: Reason.ADMINISTRATOR,
    VisitReason.ANSWERED_ELSEWHERE: Reason.FLOW_ENDED,
    VisitReason.TAKEN_BY_FLOW: Reason.FLOW_ENDED,
    VisitReason.SHUTDOWN: Reason.SWITCH_STOPPED,
    VisitReason.FAILED: Reason.ERROR,
    VisitReason.SWITCH_RESTARTED: Reason.SWITCH_RESTARTED,
    VisitReason.DECIDED: Reason.DECIDED,
    VisitReason.MOVED_BY_OPERATOR: Reason.ADMINISTRATOR,
    VisitReason.STEP: Reason.STEP,
}
OFFERS: Final[Mapping[Offered, OfferResult]] = {
    Offered.ANSWERED: OfferResult.ANSWERED,
    Offered.NO_ANSWER: OfferResult.NO_ANSWER,
    Offered.BUSY: OfferResult.BUSY,
    Offered.REJECTED: OfferResult.REJECTED,
    Offered.UNREACHABLE: OfferResult.UNREACHABLE,
    Offered.CALLER_GONE: OfferResult.CANCELLED,
    Offered.ANSWERED_ELSEWHERE: OfferResult.ANSWERED_ELSEWHERE,
    Offered.LEFT_QUEUE: OfferResult.CANCELLED,
    Offered.AGENT_GONE: OfferResult.CANCELLED,
    Offered.SWITCH_RESTARTED: OfferResult.CANCELLED,
}
GONE: Final[Mapping[Reason, GoneReason]] = {
    Reason.CALLER_HUNG_UP: GoneReason.CALLER_HUNG_UP,
    Reason.MEDIA_LOST: GoneReason.CALLER_LOST,
    Reason.ENCRYPTION_FAILED: GoneReason.CALLER_LOST,
    Reason.SESSION_EXPIRED: GoneReason.CALLER_LOST,
    Reason.ACK_TIMEOUT: GoneReason.CALLER_LOST,
    Reason.PRACK_TIMEOUT: GoneReason.CALLER_LOST,
    Reason.DIALOG_LOST: GoneReason.CALLER_LOST,
    Reason.ADMINISTRATOR: GoneReason.HUNG_UP_BY_OPERATOR,
    Reason.SWITCH_STOPPED: GoneReason.SHUTDOWN,
    Reason.SWITCH_RESTARTED: GoneReason.SWITCH_RESTARTED,
    Reason.TRANSFERRED: GoneReason.TAKEN_BY_FLOW,
}
"""Why a caller leaves a queue without an agent; FAILED for every other reason."""
CONVERSATION: Final[Mapping[Reason, ConversationEnd]] = {
    Reason.CALLER_HUNG_UP: ConversationEnd.CALLER_HUNG_UP,
    Reason.AGENT_HUNG_UP: ConversationEnd.AGENT_HUNG_UP,
    Reason.ADMINISTRATOR: ConversationEnd.HUNG_UP_BY_OPERATOR,
    Reason.TRANSFERRED: ConversationEnd.TRANSFERRED,
}
"""Why caller and agent part; FAILED for every other reason."""
