"""Why each offer of a call was made, as the API shows it."""

from datetime import datetime

import msgspec

from switch.config.schema import Language
from switch.records import OfferResult


class HindranceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What kept an agent from the call: `bar` names it, `text` says it."""

    bar: str
    text: str
    requires: str | None = None
    until: datetime | None = None
    reason: str | None = None
    call: str | None = None


class AgentWhyRow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as a candidate. `terms` are what the strategy goes by, of those who were free."""

    agent: str
    chosen: bool
    state: str
    since: datetime
    levels: dict[str, int]
    terms: dict[str, float]
    hindrances: tuple[HindranceRow, ...]


class CallerWhyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A caller in line at that moment, whom the agent could, or could not, have had."""

    call: str
    queue: str
    chosen: bool
    priority: int
    waited_s: float
    text: str


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest change of one fact with which the router, asked again, decided otherwise."""

    change: str
    text: str
    who: str
    by_s: float | None
    skill: str | None
    level: int | None
    was: int | None
    then_agent: str | None
    then_call: str | None


class OfferWhyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One offer. `intact`: the ledger's entry has its seal; `same`: decided again it is the same to the byte,
    null where the journal does not reach back. The lists are empty where nothing could be found out."""

    offer: str
    queue: str
    agent: str
    offered_at: datetime
    result: OfferResult | None
    text: str
    rule: str
    strategy: str
    relaxed: int
    policy: str
    position: int
    number: int
    seal: str
    previous: str
    intact: bool
    same: bool | None
    requires: str | None
    agents: tuple[AgentWhyRow, ...]
    agents_left_out: dict[str, int]
    callers: tuple[CallerWhyRow, ...]
    callers_left_out: int
    would_change: ChangeRow | None


class WhyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call's offers, oldest first, and one sentence for those who want no more."""

    call: str
    language: Language
    text: str
    offers: tuple[OfferWhyRow, ...]


class FindingRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong in the ledger: `altered`, `unreadable`, `unlinked`, or a `gap` before it."""

    fault: str
    number: int
    offer: str
    seal: str
    node: str


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger, followed from its first decision to its last. `seal` is the last one's: who keeps a copy
    of it elsewhere can recognise this ledger by it. Of many findings the first hundred are told."""

    decisions: int
    whole: bool
    seal: str | None
    findings: tuple[FindingRow, ...]
    findings_left_out: int
