"""What the writer can be told: small frozen values that also make up the lines of its spool."""

from datetime import datetime
from typing import Self, TypeAlias

import msgspec

from acd.commands import Offer
from acd.why import encode
from switch.records import AgentStateRecord, CallRecord, OfferRecord, TransferRecord, utc

OUTCOMES = ("written", "spooled", "replayed", "refused", "lost")
"""What becomes of entries: in the database; in the spool; from the spool to the database; not taken by a
database that takes others (kept in a file beside the spool); lost, because the spool's disk was full."""


class _Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry"):
    """One thing to write."""

    tenant: str = "default"


class CallEnded(_Entry, frozen=True, kw_only=True, tag="call_ended"):
    """A call's record, whole."""

    call: CallRecord
    offers: tuple[OfferRecord, ...] = ()
    transfers: tuple[TransferRecord, ...] = ()


class WrapUpEnded(_Entry, frozen=True, kw_only=True, tag="wrap_up_ended"):
    """The wrap-up of a call whose record was written before; it says that of the agent whom it names, and of
    nobody else. An entry without an agent is of a former version's spool.
    """

    call: str
    wrap_up_s: float
    agent: str = ""


class OfferEnded(_Entry, frozen=True, kw_only=True, tag="offer_ended"):
    """An offer that ended after its call."""

    call: str
    offer: OfferRecord


class Decided(_Entry, frozen=True, kw_only=True, tag="decided"):
    """Why an offer was made: `text` is the decision as `acd.why` encodes it, `seal` its link of the chain."""

    seal: str
    decided_at: datetime
    number: int
    offer: str
    call: str
    text: str

    @classmethod
    def of(cls, offer: Offer) -> Self | None:
        """Of an offer; None where it kept nothing."""
        decision = offer.decision
        if decision is None:
            return None
        return cls(
            seal=offer.seal,
            decided_at=utc(decision.at_us),
            number=decision.number,
            offer=decision.offer,
            call=decision.call,
            text=encode(decision).decode(),
        )


class AgentChanged(_Entry, frozen=True, kw_only=True, tag="agent_changed"):
    """An agent entered a state."""

    change: AgentStateRecord


class BindingPut(_Entry, frozen=True, kw_only=True, tag="binding_put"):
    """A binding was made or refreshed; `state` is the registrar's own JSON."""

    phone: str
    contact: str
    expires_at: datetime
    state: str


class BindingRemoved(_Entry, frozen=True, kw_only=True, tag="binding_removed"):
    """A binding expired or was removed."""

    phone: str
    contact: str


class Audited(_Entry, frozen=True, kw_only=True, tag="audited"):
    """Something that was asked of the API: see `switch.access.rows.AuditRow`."""

    id: str
    at: datetime
    who: str
    token: str
    role: str
    method: str
    path: str
    address: str
    status: int
    detail: str


Entry: TypeAlias = (
    CallEnded | WrapUpEnded | OfferEnded | Decided | AgentChanged | BindingPut | BindingRemoved | Audited
)
"""Whatever the writer can be told."""
