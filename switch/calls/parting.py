"""How a call ends when one of its sides is gone, or never came: for its record, and for the other side."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from sip.events import EndCause
from switch.calls.causes import NORMAL_CLEARING, Farewell, crossing, refusal
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.ledger import Ledger
from switch.calls.legs.events import Ended, Lost, Refused
from switch.calls.ringing.unreachable import Unreachable
from switch.records import LegRole

_REASONS: Final[Mapping[EndCause, Reason]] = {
    EndCause.ACK_TIMEOUT: Reason.ACK_TIMEOUT,
    EndCause.SESSION_EXPIRED: Reason.SESSION_EXPIRED,
    EndCause.PRACK_TIMEOUT: Reason.PRACK_TIMEOUT,
    EndCause.DIALOG_LOST: Reason.DIALOG_LOST,
}
"""Of ends that are no side's wish."""


class Parting(NamedTuple):
    """The end of a call; without `told` the other side is told what belongs to the reason."""

    result: Result
    reason: Reason
    ended_by: EndedBy
    told: Farewell | None = None


def cut_off(ledger: Ledger, agent: str | None) -> Result:
    """What becomes of a call that ends now; `agent` is whom the caller talks to. Without our 200 it never was
    one, though an agent has answered.
    """
    if ledger.connected_us is None or ledger.waiting:
        return Result.FAILED
    return Result.ANSWERED if agent is not None or ledger.was_served else Result.COMPLETED


def caller_gone(event: Ended | Lost, ledger: Ledger, agent: str | None) -> Parting:
    """The caller's end. Only who hangs up before our 200, or in line, has abandoned."""
    reason, by = _why(event, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    result = cut_off(ledger, agent)
    if result is Result.FAILED and reason is Reason.CALLER_HUNG_UP:
        result = Result.ABANDONED
    return Parting(result, reason, by, _told(event))


def hung_up(event: Ended | Lost) -> bool:
    """Whether a side wanted to leave."""
    return isinstance(event, Ended) and event.cause is EndCause.REMOTE_BYE


def agent_gone(event: Ended | Lost, ledger: Ledger) -> Parting | None:
    """The agent's end; None where he is lost, which need not be the call's end."""
    return agent_hung_up(ledger, _told(event)) if hung_up(event) else None


def agent_hung_up(ledger: Ledger, told: Farewell | None = None) -> Parting:
    """The agent answered, and hung up."""
    result = Result.FAILED if ledger.connected_us is None else Result.ANSWERED
    return Parting(result, Reason.AGENT_HUNG_UP, EndedBy.AGENT, told)


def callee_gone(event: Ended | Lost, ledger: Ledger) -> Parting:
    """The end of whoever was dialled."""
    return Parting(cut_off(ledger, None), *_why(event, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE), _told(event))


def supervisor_gone(event: Ended | Lost, ledger: Ledger) -> Parting:
    """The end of a supervisor who has taken the call over."""
    why = _why(event, Reason.SUPERVISOR_HUNG_UP, EndedBy.SUPERVISOR)
    return Parting(cut_off(ledger, None), *why, _told(event))


def party_gone(role: LegRole, event: Ended | Lost, ledger: Ledger) -> Parting | None:
    """The end of whoever the caller talked to; None where that need not be the call's end."""
    match role:
        case LegRole.AGENT:
            return agent_gone(event, ledger)
        case LegRole.SUPERVISOR:
            return supervisor_gone(event, ledger)
        case _:
            return callee_gone(event, ledger)


def refused(event: Refused) -> Parting:
    """Whoever was dialled has refused, or did not answer at all."""
    told = Farewell(status=crossing(event.status), q850=event.q850)
    return Parting(*refusal(event.status), EndedBy.SWITCH if event.timed_out else EndedBy.CALLEE, told)


def unreachable(error: Unreachable) -> Parting:
    """Nobody could be dialled."""
    q850 = 20 if error.status == 480 else None  # subscriber absent
    told = Farewell(status=error.status, phrase=error.phrase, q850=q850)
    return Parting(*refusal(error.status), EndedBy.SWITCH, told)


def _why(event: Ended | Lost, hung_up: Reason, by: EndedBy) -> tuple[Reason, EndedBy]:
    """Why a side is gone, and who ended it."""
    if isinstance(event, Lost):
        return event.reason, EndedBy.SWITCH
    reason = _REASONS.get(event.cause)
    return (hung_up, by) if reason is None else (reason, EndedBy.SWITCH)


def _told(event: Ended | Lost) -> Farewell | None:
    """What the other side is told where one side has hung up: its cause, if it gave one (RFC 3326)."""
    if isinstance(event, Lost) or event.cause not in (EndCause.REMOTE_BYE, EndCause.CANCELLED):
        return None
    return Farewell(q850=event.q850 or NORMAL_CLEARING, elsewhere=event.elsewhere)
