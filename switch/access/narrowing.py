"""Reports for who has a scope: of his own queues and agents, or refused where they are told by neither."""

from typing import Final

from msgspec.structs import replace

from switch.access.sight import Sight
from switch.events.rows import Kind
from switch.events.subject import Subject
from switch.reports.catalogue import REPORTS
from switch.reports.question import Name, Question, Scope

_KINDS: Final = (Kind.QUEUE, Kind.AGENT)


class NoPart(Exception):
    """Nothing of the report is of anybody in the scope."""


def narrowed(question: Question, sight: Sight) -> Question:
    """The same about what he sees alone. Raises NoPart; Unknown where it names what he does not see."""
    scope = sight.holder.scope
    if scope is None:
        return question
    parts = _parts(question.report, scope)
    if not parts:
        kinds = " or ".join(f"{kind}s" for kind in _KINDS if kind.value in REPORTS[question.report].filters)
        others = ", ".join(name for name in Name if _parts(name, scope))
        raise NoPart(
            f"the report {question.report.value} is told by {kinds}, and this token's scope names none:"
            f" ask for {others}"
        )
    if question.filters.queue is not None:
        sight.check_queue(question.filters.queue)
    if question.filters.agent is not None:
        sight.check_agent(question.filters.agent)
    names = {kind: tuple(sorted(each.name for each in parts if each.kind is kind)) for kind in _KINDS}
    return replace(question, scope=Scope(queues=names[Kind.QUEUE], agents=names[Kind.AGENT]))


def _parts(report: Name, scope: frozenset[Subject]) -> list[Subject]:
    """Of whom in the scope it has rows: of queues if queues narrow it down, and likewise of agents."""
    return [each for each in scope if each.kind.value in REPORTS[report].filters]
