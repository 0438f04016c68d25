"""Which calls a page of the history has: the newest first, of a queue, of an agent, or in a token's scope.

Calls of a few are found by the indexes of their visits, and of who placed them, which are in the order of
the page: a queue of few calls costs as little as a busy one. Whoever may see many finds enough among the last
calls of all.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Column, ColumnElement, Select, exists, false, or_, select, tuple_, union

from switch.events.rows import Kind
from switch.events.subject import Subject
from switch.history.tables import calls, queue_visits

AnyOf: TypeAlias = Collection[Subject]
"""Queues that a call has visited, agents who took or placed it: one of them is enough."""


class _Way(NamedTuple):
    """By which a subject's calls are found: its name, their ends and ids."""

    kind: Kind
    name: Column[str]
    at: Column[datetime]
    call: Column[str]


_WAYS: Final = (
    _Way(Kind.QUEUE, queue_visits.c.queue, queue_visits.c.call_ended_at, queue_visits.c.call),
    _Way(Kind.AGENT, queue_visits.c.agent, queue_visits.c.call_ended_at, queue_visits.c.call),
    _Way(Kind.AGENT, calls.c.placed_by, calls.c.ended_at, calls.c.id),
)
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
    others = [each for each in wanted if each is not fewest]
    ways = []
    for kind, name, at, call in _WAYS:
        if names := [each.name for each in fewest if each.kind is kind]:
            page = _first(_page(at, call, tenant, others, since, before).distinct(), at, call, limit)
            ways += [page.where(name == each) for each in names]
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
    page = page.where(*(_was_with(call, each) for each in wanted))
    if since is not None:
        page = page.where(at >= since)
    return page if before is None else page.where(tuple_(at, call) < tuple_(*before))


def _first(page: Select[Any], at: Any, call: Any, limit: int) -> Select[Any]:
    return page.order_by(at.desc(), call.desc()).limit(limit)


def _was_with(call: Column[Any], any_of: AnyOf) -> ColumnElement[bool]:
    either: list[ColumnElement[bool]] = []
    for kind, name, _, id in _WAYS:
        if names := [each.name for each in any_of if each.kind is kind]:
            table = id.table.alias()
            either.append(exists().where(table.c[id.key] == call, table.c[name.key].in_(names)))
    return or_(false(), *either)
