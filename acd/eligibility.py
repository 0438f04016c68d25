"""Who may serve whom, computed once: requirements interned into classes, agents' skills into signatures.

Queues whose expressions have one normal form share a class; agents with the same levels share a
signature. Whether a signature satisfies a class is computed when either is born, never for a call.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from acd.line import Line
from acd.queued_call import LineKey
from acd.settings import AgentSettings
from acd.skills import Requirement, parse

IdleKey: TypeAlias = tuple[int, str]  # idle since (UTC microseconds), agent's name
Levels: TypeAlias = frozenset[tuple[str, int]]


class SkillClass:
    """One requirement: the calls that wait for it and the agents who are free for it, each in order."""

    __slots__ = ("free", "present", "requirement", "waiting")

    def __init__(self, requirement: Requirement, waiting: Line[LineKey], free: Line[IdleKey]) -> None:
        self.requirement = requirement
        self.waiting = waiting
        self.free = free
        self.present = 0  # agents logged in, with a phone that answers


class Eligibility:
    """The classes and signatures in use.

    `calls` and `agents` are the live keys of calls in line and of free agents (see `acd.line`).
    """

    def __init__(self) -> None:
        self.calls: dict[str, LineKey] = {}
        self.agents: dict[str, IdleKey] = {}
        self._classes: dict[str, SkillClass] = {}  # by normal form
        self._by_text: dict[str, SkillClass] = {}
        self._signatures: dict[Levels, tuple[SkillClass, ...]] = {}
        self._by_agent: dict[str, tuple[SkillClass, ...]] = {}

    def intern(self, texts: Iterable[str]) -> None:
        """Make these requirements the classes in use. Raises `SkillError` and changes nothing if one
        cannot be read."""
        parsed = {text: parse(text) for text in texts}
        self._by_text.clear()
        self._classes.clear()
        self._signatures.clear()
        self._by_agent.clear()
        self.calls.clear()
        self.agents.clear()
        for text, requirement in parsed.items():
            form = str(requirement)
            if form not in self._classes:
                self._classes[form] = SkillClass(requirement, Line(self.calls), Line(self.agents))
            self._by_text[text] = self._classes[form]

    def of_requirement(self, text: str) -> SkillClass:
        """The class of an interned requirement."""
        return self._by_text[text]

    def of_agent(self, settings: AgentSettings) -> tuple[SkillClass, ...]:
        """The classes that the agent satisfies; looked up by name until requirements are interned anew."""
        found = self._by_agent.get(settings.name)
        if found is None:
            found = self._by_agent[settings.name] = self._of_skills(settings.skills)
        return found

    def _of_skills(self, skills: Mapping[str, int]) -> tuple[SkillClass, ...]:
        levels: Levels = frozenset(skills.items())
        found = self._signatures.get(levels)
        if found is None:
            found = tuple(one for one in self._classes.values() if one.requirement.accepts(skills))
            self._signatures[levels] = found
        return found
