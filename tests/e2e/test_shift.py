"""What a shift leaves in the books: every second of every agent in one state, and the phones' logs."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.shift import WRAP_UP_S, Agent, Plan, Shift, Size, plan
from tests.peers.makers.call import DeskCall
from tests.peers.makers.log import What

AGREES_S = 2.0


async def test_three_agents_take_twelve_calls() -> None:
    await a_shift(Size(agents=3, calls=12))


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_twenty_agents_take_two_hundred_calls() -> None:
    await a_shift(Size(agents=20, calls=200, pace=4.0))


async def a_shift(size: Size) -> None:
    async with Shift.begun(size) as shift:
        await shift.work()
        records = await shift.switch.until(
            lambda: queued(shift),
            lambda found: sum(each["wrap_up_s"] is not None for each in found) == size.calls,
        )
        assert len(records) == size.calls
        assert {each["result"] for each in records} == {"answered"}
        assert sum(len(agent.talks) for agent in shift.agents) == size.calls
        sent_on = [each for each in records if plan(each["from"]) is Plan.TRANSFERRED]
        assert sum(len(agent.transferred) for agent in shift.agents) == len(sent_on) >= size.calls // 3
        assert all("callee" in [leg["role"] for leg in each["legs"]] for each in sent_on)
        metrics = await shift.switch.metrics()
        assert metrics.by("centralita_agents_by_state", "state")["offline"] == size.agents
        for agent in shift.agents:
            every_second_is_in_one_state(shift, agent)
            for call in agent.talks:
                agrees(records, call)


async def queued(shift: Shift) -> list[dict[str, Any]]:
    """The records of all that came to the queue."""
    found, cursor = [], ""
    while True:
        page = await shift.switch.get(f"/api/v1/calls?state=ended&queue=support{cursor}")
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def every_second_is_in_one_state(shift: Shift, agent: Agent) -> None:
    """From login to logout: he is in each state until the next, and on a call just when his phone is."""
    rows = shift.switch.rows(
        "SELECT state, since, call FROM agent_states WHERE agent = ? ORDER BY since", agent.name
    )
    rows = [row for n, row in enumerate(rows) if n or row["state"] != "offline"]
    assert (rows[0]["state"], rows[-1]["state"]) == ("ready", "offline")
    assert not [row for row in rows[1:-1] if row["state"] == "offline"]
    assert all(before["state"] != after["state"] for before, after in pairwise(rows)), rows
    entered = {(row["state"], at(row["since"])) for row in rows}
    seen = {(state, at(since)) for name, state, since in shift.seen if name == agent.name}
    assert {each for each in seen if each[0] != "offline"} <= entered, "what the API said at the time"
    keys = agent.phone.log.when("keys")
    assert abs(at(rows[0]["since"]) - keys[0]) < AGREES_S
    assert abs(at(rows[-1]["since"]) - keys[-1]) < AGREES_S
    stays = [(row["state"], at(row["since"]), at(then["since"])) for row, then in pairwise(rows)]
    talks = [(since, until) for state, since, until in stays if state == "on_call"]
    assert len(talks) == len(agent.talks)
    for call, (since, until) in zip(agent.talks, talks, strict=True):
        (answered,) = call.phone.log.when("answered", call.dialog.call_id)
        (ended,) = call.phone.log.when("ended", call.dialog.call_id)
        assert abs(since - answered) < AGREES_S
        assert abs(until - ended) < AGREES_S
    wraps = [until - since for state, since, until in stays if state == "wrap_up"]
    assert len(wraps) == len(talks)
    assert all(each < WRAP_UP_S + AGREES_S for each in wraps), "a key may end it"


def agrees(records: list[dict[str, Any]], call: DeskCall) -> None:
    """The phone's log of a call and the books' record of its leg."""
    (leg,) = [leg for each in records for leg in each["legs"] if leg["sip_call_id"] == call.dialog.call_id]
    pairs: tuple[tuple[What, str], ...] = (
        ("rung", "ringing_at"),
        ("answered", "answered_at"),
        ("ended", "ended_at"),
    )
    for what, key in pairs:
        (when,) = call.phone.log.when(what, call.dialog.call_id)
        assert abs(at(leg[key]) - when) < AGREES_S, what


def at(text: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()
