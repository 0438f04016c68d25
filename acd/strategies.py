"""The strategies by which a queue chooses among free agents, under the names by which they are known."""

import enum


class Strategy(enum.StrEnum):
    """Who of several free agents gets a call."""

    LONGEST_IDLE = "longest-idle"
    RING_ALL = "ring-all"
    ROUND_ROBIN = "round-robin"
    FEWEST_CALLS = "fewest-calls"
    LEAST_TALK_TIME = "least-talk-time"
    RANDOM = "random"
    LINEAR = "linear"
    RING_PROGRESSIVELY = "ring-progressively"
    BEST_SKILL = "best-skill"


class Ranking(enum.StrEnum):
    """What free agents are ordered by, the smallest first; equals go by idle time, then by name."""

    IDLE = enum.auto()  # since when the agent is available
    LAST_OFFER = enum.auto()  # when he was offered a call last
    CALLS = enum.auto()  # that he took since he logged in
    TALK = enum.auto()  # how long he talked since he logged in
    PLACE = enum.auto()  # in the configuration
    SKILL = enum.auto()  # minus his levels in what is asked for
    CHANCE = enum.auto()  # nothing: each is as likely as the others, at every decision anew


RANKINGS: dict[Strategy, Ranking] = {
    Strategy.LONGEST_IDLE: Ranking.IDLE,
    Strategy.RING_ALL: Ranking.IDLE,
    Strategy.ROUND_ROBIN: Ranking.LAST_OFFER,
    Strategy.FEWEST_CALLS: Ranking.CALLS,
    Strategy.LEAST_TALK_TIME: Ranking.TALK,
    Strategy.RANDOM: Ranking.CHANCE,
    Strategy.LINEAR: Ranking.PLACE,
    Strategy.RING_PROGRESSIVELY: Ranking.IDLE,
    Strategy.BEST_SKILL: Ranking.SKILL,
}

SEVERAL = frozenset({Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY})  # phones may ring for one call
