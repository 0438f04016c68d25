"""How a call ends: one result and one reason, both from these closed lists.

Logs, metrics, records and the API share them: what an operator counts in one place he finds in the others.
"""

from enum import StrEnum


class Result(StrEnum):
    """What became of the call, or of its visit to a queue."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOWED = "overflowed"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    COMPLETED = "completed"
    """No queue was meant: an echo, a tone, a phone that called another."""
    REJECTED = "rejected"
    FAILED = "failed"


class Reason(StrEnum):
    """Why it ended."""

    AGENT_ANSWERED = "agent_answered"
    """Of a visit to a queue: an agent took the call."""
    CALLER_HUNG_UP = "caller_hung_up"
    AGENT_HUNG_UP = "agent_hung_up"
    CALLEE_HUNG_UP = "callee_hung_up"
    SUPERVISOR_HUNG_UP = "supervisor_hung_up"
    """A supervisor who had taken the call over."""
    ADMINISTRATOR = "administrator"
    MAX_WAIT = "max_wait"
    MAX_WAITING = "max_waiting"
    NO_AGENTS = "no_agents"
    CLOSED_HOURS = "closed_hours"
    """The queue, or the route, is closed at this hour..."""
    CLOSED_HOLIDAY = "closed_holiday"
    """...or on this day..."""
    CLOSED_EMERGENCY = "closed_emergency"
    """...or until somebody opens it again who has closed it out of turn."""
    AGENT_LOST = "agent_lost"
    MEDIA_LOST = "media_lost"
    ENCRYPTION_FAILED = "encryption_failed"
    """The keys of a side's media were to come by a handshake, which failed or was not over in time."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    NOT_FOUND = "not_found"
    NO_ROUTE = "no_route"
    NOT_ACCEPTABLE = "not_acceptable"
    LIMIT = "limit"
    TOLL_LIMIT = "toll_limit"
    """The phone or trunk may not spend (any more) on calls to trunks."""
    NOT_ALLOWED = "not_allowed"
    """What the phone wants to take is not for it."""
    IDENTITY = "identity"
    """The caller's signed identity is missing or does not hold, and the trunk wants it."""
    REDIRECTED = "redirected"
    """Whoever was called sent the caller elsewhere, where his routes do not lead."""
    REDIRECTED_TOO_OFTEN = "redirected_too_often"
    DRAINING = "draining"
    NO_PORTS = "no_ports"
    SWITCH_STOPPED = "switch_stopped"
    SWITCH_RESTARTED = "switch_restarted"
    SESSION_EXPIRED = "session_expired"
    ACK_TIMEOUT = "ack_timeout"
    PRACK_TIMEOUT = "prack_timeout"
    DIALOG_LOST = "dialog_lost"
    """The peer does not know the dialog any more, or does not answer in it."""
    TRANSFERRED = "transferred"
    """A consultation: whoever made it has handed its other party over to the call that it was about."""
    FLOW_ENDED = "flow_ended"
    """Whoever directed the call was done with it."""
    ERROR = "error"


class EndedBy(StrEnum):
    """Who ended the call: the side whose BYE, CANCEL or refusal came first, or we."""

    CALLER = "caller"
    AGENT = "agent"
    CALLEE = "callee"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    SWITCH = "switch"
