"""An agent's rank among those who are free, by what a strategy orders them by."""

from collections.abc import Callable
from typing import TypeAlias

from acd.agent import Agent
from acd.skills import Requirement
from acd.strategies import Ranking

# Rank, idle since (UTC microseconds), agent's name, and which time that he is free: see `acd.line`.
AgentKey: TypeAlias = tuple[int, int, str, int]
Rank: TypeAlias = Callable[[Agent], int]


def _idle(agent: Agent) -> int:
    return agent.idle_since_us or 0


def _last_offer(agent: Agent) -> int:
    return agent.last_offer_us


def _calls(agent: Agent) -> int:
    return agent.calls


def _talk(agent: Agent) -> int:
    return agent.talk_us


def _place(agent: Agent) -> int:
    return agent.place


# Those that are the same whatever is asked for. None of them changes while the agent is free.
_RANKS: dict[Ranking, Rank] = {
    Ranking.IDLE: _idle,
    Ranking.LAST_OFFER: _last_offer,
    Ranking.CALLS: _calls,
    Ranking.TALK: _talk,
    Ranking.PLACE: _place,
    Ranking.CHANCE: _place,
}


def rank_by(ranking: Ranking, requirement: Requirement) -> Rank:
    """How agents who may serve the requirement are ranked; the same function for the same rank."""
    if ranking is not Ranking.SKILL:
        return _RANKS[ranking]
    wanted = requirement.wanted()

    def levels(agent: Agent) -> int:
        skills = agent.settings.skills
        return -sum(skills.get(skill, 0) for skill in wanted)

    return levels
