"""Which events somebody may hear."""

from collections.abc import Mapping
from typing import Final

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.events.filter import Filter
from switch.events.rows import Kind
from switch.events.types import KINDS, EventType

NEEDS: Final[Mapping[Kind, Right]] = {
    Kind.CALL: Right.CALLS_SEE,
    Kind.QUEUE: Right.QUEUES_SEE,
    Kind.AGENT: Right.AGENTS_SEE,
    Kind.PHONE: Right.PHONES_SEE,
    Kind.TRUNK: Right.TRUNKS_SEE,
}
"""To hear of such a row; what is of the machine as a whole, and of no row, is the administrator's."""


def visible(holder: Holder) -> Filter:
    """Events all of whose rows he may see, about his scope."""
    return Filter(
        types=frozenset(each for each in EventType if _hears(holder, each)),
        kinds=frozenset(kind for kind, right in NEEDS.items() if holder.may(right)),
        allowed=holder.scope,
    )


def _hears(holder: Holder, type: EventType) -> bool:
    if type is EventType.SNAPSHOT:
        return True
    needed = [NEEDS[kind] for kind in KINDS[type]] or [Right.ADMINISTER]
    return all(map(holder.may, needed))
