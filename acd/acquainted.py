"""Callers in line by the agent whom they know, where that counts (`acd.routing.Weights.sticky`): so that he
who becomes free need not look for them behind others."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from acd.aging import CallKey, Waiting
from acd.queued_call import QueuedCall

if TYPE_CHECKING:
    from acd.eligibility import SkillClass


class Acquainted:
    """Beside the lines of the classes, whose tokens (`live`) it shares: an index, as these are."""

    __slots__ = ("_lines", "_live")

    def __init__(self, live: Mapping[str, object]) -> None:
        self._live = live
        self._lines: dict[str, dict[SkillClass, Waiting]] = {}

    def put(self, call: QueuedCall, skill_class: "SkillClass", token: int) -> None:
        """The call, which knows somebody, waits in that class from now on."""
        lines = self._lines.setdefault(call.knows, {})
        if skill_class not in lines:
            for one in [one for one, line in lines.items() if not line]:
                del lines[one]
            lines[skill_class] = Waiting(skill_class.aging, self._live)
        lines[skill_class].put(call, token)

    def firsts(self, agent: str, now_us: int) -> Iterator[tuple["SkillClass", CallKey]]:
        """The first of each class who knows this agent, as of now."""
        for skill_class, line in self._lines.get(agent, {}).items():
            first = line.first(now_us)
            if first is not None:
                yield skill_class, first

    def clear(self) -> None:
        """Nobody waits."""
        self._lines.clear()
