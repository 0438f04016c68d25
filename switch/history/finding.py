"""Which calls a page of the history has: the newest first, of a queue, of an agent, or in a token's scope.

Calls of a few are found by the indexes of their visits, which are in the order of the page: a queue of few
calls costs as little as a busy one. Whoever may see many finds enough among the last calls of all.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Column, Exists, Select, exists, false, or_, select, tuple_, union

from switch.events.rows import Kind
from switch.events.subject import Subject
from switch.history.tables import calls, queue_visits

AnyOf: TypeAlias = Collection[Subject]
"""Queues that a call has visited, agents who took it: one of them is enough."""

_FEW: Final = 8
"""So many are looked up one by one."""


def newest(
    tenant: str,
    wanted: Sequence[AnyOf],
    *,
    since: datetime | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Select[Any]:
    """`ended_at` and `call` of so many calls that have all that is wanted, ended at `since` or later, and
    come after that place in the order of pages.
    """
    fewest = min(wanted, key=len, default=())
    if not 0 < len(fewest) <= _FEW:
        page = _page(calls.c.ended_at, calls.c.id, tenant, wanted, since, before)
        return _first(page, calls.c.ended_at, calls.c.id, limit)
    at, call = queue_visits.c.call_ended_at, queue_visits.c.call
    others = [each for each in wanted if each is not fewest]
    visits = _page(at, call, tenant, others, since, before).distinct()
    ways = [_first(visits.where(_is(queue_visits.c, each)), at, call, limit) for each in fewest]
    if len(ways) == 1:
        return ways[0]
    found = union(*(select(way.subquery()) for way in ways)).subquery()
    return _first(select(found), found.c.ended_at, found.c.call, limit)


def _page(
    at: Column[Any],
    call: Column[Any],
    tenant: str,
    wanted: Sequence[AnyOf],
    since: datetime | None,
    before: tuple[datetime, str] | None,
) -> Select[Any]:
    page = select(at.label("ended_at"), call.label("call")).where(at.table.c.tenant == tenant)
    page = page.where(*(_visited(call, each) for each in wanted))
    if since is not None:
        page = page.where(at >= since)
    return page if before is None else page.where(tuple_(at, call) < tuple_(*before))


def _first(page: Select[Any], at: Any, call: Any, limit: int) -> Select[Any]:
    return page.order_by(at.desc(), call.desc()).limit(limit)


def _visited(call: Column[Any], any_of: AnyOf) -> Exists:
    visits = queue_visits.alias()
    named = {kind: [each.name for each in any_of if each.kind is kind] for kind in (Kind.QUEUE, Kind.AGENT)}
    either = [visits.c[kind.value].in_(names) for kind, names in named.items() if names]
    return exists().where(visits.c.call == call, or_(false(), *either))


def _is(visits: Any, subject: Subject) -> Any:
    return visits[subject.kind.value] == subject.name
