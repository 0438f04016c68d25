"""`queues.NAME.steps`: what a queue asks of agents less and less while a caller waits."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from pydantic import BeforeValidator, Field

from acd import recipe
from acd.recipe import MOST_STEPS, Bound
from acd.skills import SkillError, parse
from switch.config import targets, values
from switch.config.document import Path
from switch.config.section import Duration, Section, Whole, Words
from switch.config.targets import Overflow, PhoneTarget, QueueTarget

if TYPE_CHECKING:
    from switch.config.queue import Queue

Compared: TypeAlias = Annotated[Bound, BeforeValidator(values.compared)]
ComparedShare: TypeAlias = Annotated[Bound, BeforeValidator(values.compared_share)]


class When(Section):
    """All of these have to hold."""

    waited: Duration = 0.0
    """Since the caller came to the queue."""
    position: Compared | None = None
    """The caller's; 1 is next."""
    agents: Compared | None = None
    """How many who may serve him are logged in at a phone that answers."""
    waiting: Compared | None = None
    """How many callers there are in the queue."""
    service_level: ComparedShare | None = None
    """Of the last 30 minutes."""


class Do(Section):
    """What then happens to the caller."""

    requires: Words | None = None
    """In place of the queue's expression; '' takes every agent."""
    priority: Whole = 0
    """So much is added to his."""
    agents: Annotated[tuple[Words, ...], BeforeValidator(values.one_or_several)] = ()
    """They may serve him too, whatever their skills."""
    announce: Words | None = None
    """A prompt, between two pieces of music; it delays no agent."""
    overflow: Annotated[Overflow, BeforeValidator(targets.overflow)] | None = None


class Step(Section):
    """One of `queues.NAME.steps`: each is taken once"""

    when: When = When()
    do: Annotated[Do, Field()]


Finding: TypeAlias = tuple[Path, str, int | None]
_NOTHING: Final = Do()


def settings(steps: tuple[Step, ...]) -> tuple[recipe.Step, ...]:
    """The steps, as the router takes them."""
    return tuple(
        recipe.Step(
            waited_us=round(step.when.waited * 1e6),
            position=step.when.position,
            agents=step.when.agents,
            waiting=step.when.waiting,
            service_level=step.when.service_level,
            requires=step.do.requires,
            priority=step.do.priority,
            add=step.do.agents,
            announce=step.do.announce or "",
            overflow="" if step.do.overflow is None else str(step.do.overflow),
        )
        for step in steps
    )


def faults(
    queues: Mapping[str, "Queue"], has: Callable[[str, str], bool]
) -> Iterator[tuple[Path, str, int | None]]:
    """Every mistake in the recipes: where, what, and from which character of the value on. `has` says whether
    a section has a name.
    """
    for name, queue in queues.items():
        path: Path = ("queues", name, "steps")
        if len(queue.steps) > MOST_STEPS:
            yield path, f"has more than {MOST_STEPS} steps; join some of them", None
        for i, step in enumerate(queue.steps):
            yield from _step((*path, i, "do"), step.do, has)


def _step(path: Path, do: Do, has: Callable[[str, str], bool]) -> Iterator[Finding]:
    if do == _NOTHING:
        known = ", ".join(Do.model_fields)
        yield path, f"does nothing; give it one of {known}", None
    if do.requires is not None:
        try:
            parse(do.requires)
        except SkillError as error:
            yield (*path, "requires"), error.message, error.column - 1
    for i, agent in enumerate(do.agents):
        if not has("agents", agent):
            yield (*path, "agents", i), f"no agent is called '{agent}'", None
    match do.overflow:
        case QueueTarget(target) if not has("queues", target):
            yield (*path, "overflow"), f"no queue is called '{target}'", None
        case PhoneTarget(target) if not has("phones", target):
            yield (*path, "overflow"), f"no phone is called '{target}'", None


def doubts(queues: Mapping[str, "Queue"]) -> Iterator[tuple[Path, str]]:
    """Steps that nobody will take, and those after which callers may go round."""
    yield from _circles(queues)
    for name, queue in queues.items():
        for i, step in enumerate(queue.steps):
            if step.when.waited >= queue.max_wait:
                message = "warning: nobody waits so long: the queue's max_wait is not longer"
                yield ("queues", name, "steps", i, "when", "waited"), message


def _circles(queues: Mapping[str, "Queue"]) -> Iterator[tuple[Path, str]]:
    """Steps that send callers to where overflows and steps lead back; each circle once. Conditions are not
    looked at, so it may be meant."""
    ways = {name: _ways(queue) for name, queue in queues.items()}
    seen: set[frozenset[str]] = set()
    for name, queue in queues.items():
        for i, step in enumerate(queue.steps):
            if not isinstance(step.do.overflow, QueueTarget):
                continue
            circle = _way(ways, step.do.overflow.name, name)
            if circle and frozenset(circle) not in seen:
                seen.add(frozenset(circle))
                message = (
                    f"warning: callers may go round for ever, last in line each time: "
                    f"{' -> '.join([name, *circle])}; let one of these lead to phone:NAME or hangup"
                )
                yield ("queues", name, "steps", i, "do", "overflow"), message


def _ways(queue: "Queue") -> list[str]:
    """The queues that a queue sends callers on to."""
    targets = [queue.overflow, *(step.do.overflow for step in queue.steps)]
    return [target.name for target in targets if isinstance(target, QueueTarget)]


def _way(ways: Mapping[str, list[str]], start: str, end: str) -> list[str]:
    """One of the shortest ways, both ends included; empty where there is none."""
    found = {start: [start]}
    ahead = [start]
    for name in ahead:  # grows meanwhile
        if name == end:
            return found[name]
        for after in ways.get(name, ()):
            if after not in found:
                found[after] = [*found[name], after]
                ahead.append(after)
    return []
