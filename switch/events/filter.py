"""Which events a listener wants, and which he may see."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Self

from switch.events import subject
from switch.events.rows import Kind
from switch.events.subject import Subject
from switch.events.types import KINDS, EventType


class UnknownType(ValueError):
    """No event is called so."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What passes: these types, about one of these queues and agents (None: about anything), and only what
    is about somebody that is `allowed` (None: everything is).
    """

    types: frozenset[EventType] = frozenset(EventType)
    kinds: frozenset[Kind] = frozenset(Kind)
    """Of the rows in the snapshot: those that its events have."""
    about: frozenset[Subject] | None = None
    allowed: frozenset[Subject] | None = None

    @classmethod
    def of(
        cls,
        types: Iterable[str] = (),
        queues: Iterable[str] = (),
        agents: Iterable[str] = (),
        allowed: frozenset[Subject] | None = None,
    ) -> Self:
        """What `narrowed` leaves of everything that is `allowed`. Raises UnknownType."""
        return cls(allowed=allowed).narrowed(types, queues, agents)

    def narrowed(
        self, types: Iterable[str] = (), queues: Iterable[str] = (), agents: Iterable[str] = ()
    ) -> Self:
        """Of this only what is asked for: types are names or patterns such as `call.*`; none of a sort is all
        of them. Raises UnknownType.
        """
        patterns = list(types)
        chosen = self.types
        if patterns:
            chosen &= frozenset(each for pattern in patterns for each in _types(pattern))
        about = frozenset([*map(subject.queue, queues), *map(subject.agent, agents)])
        kinds = frozenset(kind for each in chosen if each is not EventType.SNAPSHOT for kind in KINDS[each])
        return replace(self, types=chosen, kinds=kinds & self.kinds, about=about or None)

    def passes(self, type: EventType, about: frozenset[Subject]) -> bool:
        """Whether an event is to be told."""
        return type in self.types and self.concerns(about)

    def concerns(self, about: frozenset[Subject]) -> bool:
        """Whether what is about these is wanted, and may be seen."""
        return (self.about is None or not self.about.isdisjoint(about)) and (
            self.allowed is None or not self.allowed.isdisjoint(about)
        )


ALL = Filter()


def _types(pattern: str) -> list[EventType]:
    found = [each for each in EventType if fnmatchcase(each, pattern)]
    if not found:
        raise UnknownType(f"no event is called {pattern!r}: see docs/reference/events.md")
    return found
