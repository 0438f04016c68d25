"""Whether a caller waits in vain: found out from the facts alone, without the indexes that decisions go by.

So a fault in an index shows, however it came about. Costs as much as there are agents and callers: it is for
who looks now and then, not for a step.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from acd.agent import Agent
from acd.queued_call import CallState, QueuedCall
from acd.recipe import demand
from acd.skills import SkillError, both, parse
from acd.state import State
from acd.work import Channel

Levels = frozenset[tuple[str, int]]


def skills_of(agent: Agent) -> Levels:
    """What agents who may serve the same callers have in common."""
    return frozenset(agent.settings.skills.items())


def kept_waiting(
    state: State, calls: Iterable[QueuedCall], free: dict[Levels, list[str]]
) -> Iterator[tuple[str, str]]:
    """Those of the calls who wait beside a free agent (`free`: names by skills), and that agent."""
    for call in calls:
        if call.state is not CallState.WAITING or call.queue not in state.queues:
            continue
        if call.reserved is not None:
            if _is_free(state, call.reserved, call.channel):
                yield call.id, call.reserved
            continue
        settings = state.queues[call.queue].settings
        requires, added = demand(settings.steps, call.steps, settings.requires)
        accepting = (names for skills, names in free.items() if _accepts(requires, call.requires, skills))
        first = next(
            (name for names in (*accepting, added) for name in names if _is_free(state, name, call.channel)),
            None,
        )
        if first is not None:
            yield call.id, first


def _is_free(state: State, name: str, channel: Channel) -> bool:
    agent = state.agents.get(name)
    return agent is not None and agent.may_take(channel)


@lru_cache(maxsize=4096)
def _accepts(queue: str, call: str, skills: Levels) -> bool:
    """Whether an agent with these skills may serve. A wish of the call's own that cannot be read is none."""
    try:
        required = both(parse(queue), parse(call))
    except SkillError:
        required = parse(queue)
    return required.accepts(dict(skills))
