"""`queues.NAME`: who waits there, who takes them, and what happens meanwhile."""

from typing import Annotated

from pydantic import BeforeValidator

from acd.strategies import Strategy
from media.prompts import CLOSED
from switch.config import targets, values
from switch.config.choices import Answer, AtClosing, NoAgents, OnAgentLost, OnNoAnswer, RecordDigits
from switch.config.decision import DecisionHook
from switch.config.preferring import PreferAgent
from switch.config.recipes import Step
from switch.config.section import Count, Duration, Flag, Positive, Section, Share, Words
from switch.config.targets import HangupTarget, Overflow


class PriorityAging(Section):
    """`queues.NAME.priority_aging`: how callers' priority grows while they wait"""

    per_minute: Count = 1
    """Points; 0: not at all."""
    cap: Count = 100
    """Nobody grows beyond it; who is above it stays as he is."""


class ServiceLevel(Section):
    """`queues.NAME.service_level`"""

    target: Share = 0.8
    """From 0 to 1."""
    within: Positive = 20.0
    short_abandon: Duration = 5.0


class Queue(Section):
    """`queues.NAME`"""

    answer: Answer = Answer.AT_ONCE
    strategy: Strategy = Strategy.LONGEST_IDLE
    """Which of several free agents gets the call."""
    priority_aging: PriorityAging = PriorityAging()
    ring_next: Positive = 5.0
    """After how long one more phone rings, where they ring progressively."""
    requires: Words | None = None
    """A skill expression (`acd.skills`); None takes every agent."""
    service_level: ServiceLevel = ServiceLevel()
    music: Words = "default"
    ring_timeout: Positive = 15.0
    unreachable_after: Positive = 4.0
    retry_busy: Positive = 5.0
    retry_reject: Positive = 10.0
    on_no_answer: OnNoAnswer = OnNoAnswer.PAUSE
    on_agent_lost: OnAgentLost = OnAgentLost.REQUEUE
    wrap_up: Duration = 10.0
    wrap_up_max: Duration = 300.0
    """No extension goes beyond; 0 is no limit."""
    redial_within: Duration = 0.0
    """Who gives up and calls again within that, with the same number, has his place back; 0 is off."""
    max_wait: Positive = 600.0
    max_waiting: Count = 100
    no_agents: NoAgents = NoAgents.WAIT
    overflow: Annotated[Overflow, BeforeValidator(targets.overflow)] = HangupTarget()
    prefer_agent: PreferAgent | None = None
    """Whether one agent comes first for a caller; None: none does."""
    steps: tuple[Step, ...] = ()
    """A recipe: what changes for a caller while he waits."""
    hours: Words | None = None
    """The calendar by which it opens and closes; None is always open."""
    closed: Annotated[Overflow, BeforeValidator(targets.overflow)] = HangupTarget()
    """Where callers go while it is closed, by its calendar or out of turn."""
    closed_prompt: Words = CLOSED
    """What they hear before they are hung up on."""
    at_closing: AtClosing = AtClosing.KEEP
    decision: DecisionHook | None = None
    """The outside program that is asked about each caller who comes; None asks nobody."""
    caller_display: Annotated[str, BeforeValidator(values.display)] = "{queue} {number}"
    ring: Annotated[str, BeforeValidator(values.ring)] | None = None
    """The name of a ring that the agents' phones know; None rings as for everybody."""
    auto_answer: Flag = False
    """Whether the agents' phones answer its calls by themselves."""
    announce_to_agent: Annotated[
        tuple[Annotated[str, BeforeValidator(values.announced)], ...], BeforeValidator(values.one_or_several)
    ] = ()
    """Prompts and facts of the caller, such as {wait}: what an agent hears before he is connected."""
    recording_notice: Words | None = None
    record: Flag = True
    record_digits: RecordDigits = RecordDigits.MASKED
    fork: Words | None = None
    """A WebSocket that hears each call from its first bridge on."""
