"""Whom an event is about: what listeners choose by, and what they may see."""

from typing import NamedTuple

from switch.events.rows import Kind


class Subject(NamedTuple):
    """A queue or an agent."""

    kind: Kind
    name: str


def queue(name: str) -> Subject:
    """A queue."""
    return Subject(Kind.QUEUE, name)


def agent(name: str) -> Subject:
    """An agent."""
    return Subject(Kind.AGENT, name)
