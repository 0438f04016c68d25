"""What the configuration says of queues and agents, as the router needs it.

Durations are whole microseconds: the router knows no float time. The defaults are those of the
configuration reference.
"""

import enum

import msgspec

from acd.recipe import Step
from acd.strategies import Strategy
from acd.work import Channel

SECOND_US = 1_000_000


class OnNoAnswer(enum.StrEnum):
    """What becomes of an agent who let a call ring."""

    PAUSE = "pause"
    RETRY = "retry"


class OnAgentLost(enum.StrEnum):
    """What becomes of a caller whose agent vanished in mid-call."""

    REQUEUE = "requeue"
    HANGUP = "hangup"


class NoAgents(enum.StrEnum):
    """What becomes of callers while no agent who may serve them is present."""

    WAIT = "wait"
    OVERFLOW = "overflow"


class AtClosing(enum.StrEnum):
    """What becomes of callers in line when their queue closes: they wait on, or go where `closed` leads."""

    KEEP = "keep"
    SEND = "send"


class Aging(msgspec.Struct, frozen=True, omit_defaults=True):
    """How priority grows while callers wait: so many points a minute, up to the cap. A `per_minute` of 0: not
    at all. Neither is negative."""

    per_minute: int = 1
    cap: int = 100


class QueueSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """One queue. `requires` is a skill expression (see `acd.skills`); empty takes every agent.

    `overflow` is `hangup`, `queue:NAME` or `phone:NAME`.
    A `max_wait_us` of 0 is no limit. A changed `max_wait_us` counts for visits that start after the change.
    `ring_next_us` is after how long ring-progressively lets one more phone ring.
    """

    name: str
    requires: str = ""
    ring_timeout_us: int = 15 * SECOND_US
    unreachable_after_us: int = 4 * SECOND_US
    retry_busy_us: int = 5 * SECOND_US
    retry_reject_us: int = 10 * SECOND_US
    on_no_answer: OnNoAnswer = OnNoAnswer.PAUSE
    on_agent_lost: OnAgentLost = OnAgentLost.REQUEUE
    wrap_up_us: int = 10 * SECOND_US
    wrap_up_max_us: int = 300 * SECOND_US  # no extension goes beyond; 0 is no limit
    prefer_us: int = 0  # for so long a preferred agent comes first
    redial_within_us: int = 0  # who gave up and calls again within that has his place back
    max_wait_us: int = 600 * SECOND_US
    max_waiting: int = 100
    no_agents: NoAgents = NoAgents.WAIT
    overflow: str = "hangup"
    steps: tuple[Step, ...] = ()
    answer_within_us: int = 20 * SECOND_US  # the service level's target; only recipes ask for it
    short_abandon_us: int = 5 * SECOND_US
    closed: str = "hangup"  # where callers go while the queue is closed; as `overflow`
    at_closing: AtClosing = AtClosing.KEEP
    ask_us: int = 0  # so long an outside program is asked what to do with who comes; 0 asks nobody
    strategy: Strategy = Strategy.LONGEST_IDLE
    aging: Aging = Aging()
    ring_next_us: int = 5 * SECOND_US


class AgentSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """One agent. `skills` maps a skill to its level; a skill not named is level 0. `capacity` is how much he
    may do at a time, by channel: what is not named is as in `acd.work.CAPACITY`, and voice is always 1.

    `login_on_register`: the first fresh registration of the agent's phone logs the agent in, an
    explicit un-registration logs the agent out.
    """

    name: str
    skills: dict[str, int] = {}
    login_on_register: bool = True
    capacity: dict[Channel, int] = {}
