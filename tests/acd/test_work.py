"""What may run beside what: the table of pre-emption, walked whole."""

import itertools
from typing import Any

import pytest

from acd.agent import Agent
from acd.settings import AgentSettings
from acd.work import BESIDE, CAPACITY, Channel, Work, room

VOICE, CHAT = Channel.VOICE, Channel.CHAT
READY: dict[str, Any] = {"logged_in": True, "registered": True}


def test_the_table_says_of_each_channel_what_may_run_beside_each() -> None:
    assert set(BESIDE) == set(itertools.product(Channel, repeat=2))
    assert set(CAPACITY) == set(Channel)


@pytest.mark.parametrize(
    ("calls", "chats", "capacity", "call", "chat"),
    [
        (0, 0, 0, True, False),
        (1, 0, 0, False, False),
        (0, 0, 1, True, True),
        (0, 1, 1, True, False),
        (0, 2, 1, True, False),  # a reload took one away: nobody is sent off
        (0, 0, 3, True, True),
        (0, 1, 3, True, True),
        (0, 2, 3, True, True),
        (0, 3, 3, True, False),
        (1, 0, 3, False, False),
        (1, 1, 3, False, False),
        (1, 3, 3, False, False),
    ],
)
def test_a_call_goes_before_chats_and_chats_wait_for_the_call(
    calls: int, chats: int, capacity: int, call: bool, chat: bool
) -> None:
    running = {VOICE: calls, CHAT: chats}
    assert room(VOICE, running, {CHAT: capacity}) is call
    assert room(CHAT, running, {CHAT: capacity}) is chat
    agent = Agent(
        AgentSettings("ana", capacity={CHAT: capacity}),
        offer="o" if calls else None,
        chats=[Work(conversation=f"c{n}") for n in range(chats)],
        **READY,
    )
    assert agent.may_take(VOICE) is call
    assert agent.may_take(CHAT) is chat


def test_whoever_has_no_capacity_of_his_own_takes_one_call_and_no_chat() -> None:
    agent = Agent(AgentSettings("ana"), **READY)
    assert agent.may_take(VOICE)
    assert not agent.may_take(CHAT)


@pytest.mark.parametrize(
    "works",
    [
        {"offer": "o"},
        {"conversation": "o"},
        {"wrap_up_until_us": 9},
        {"dialogs": 1},
    ],
)
def test_whatever_voice_work_runs_keeps_chats_away(works: dict[str, Any]) -> None:
    agent = Agent(AgentSettings("ana", capacity={CHAT: 2}), **READY, **works)
    assert agent.calling
    assert not agent.may_take(CHAT)
