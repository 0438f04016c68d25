"""What calls, agents, queues and phones do becomes events; who has heard them knows what the switch knows."""

import json
from typing import Any

import pytest

from switch.calls.ending import EndedBy
from switch.events.filter import ALL, Filter
from switch.events.looking import Looking
from switch.events.types import Alarm
from switch.records import AgentState
from tests.switch.events.follower import Follower
from tests.switch.events.test_stream import read
from tests.switch.far_end import answering, ringing, sdp
from tests.switch.stage import NUMBER, Stage


class Ear:
    """Hears all that a stage tells, from now on."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stream = stage.exchange.news.stream
        self.looking = Looking(stage.exchange, stage.exchange.news)
        self.looking.take_in()
        self.follower = Follower()
        self.heard: list[dict[str, Any]] = []
        self.follower.hear(self.snapshot())

    def snapshot(self) -> dict[str, Any]:
        return read(self.stream.snapshot(ALL)[1])[0]

    def listen(self) -> list[str]:
        """The types of what was told since the last time."""
        before = len(self.heard)
        since = self.follower.seq
        while since < self.stream.last:
            since, frames = self.stream.after(since, ALL)
            for message in read(b"".join(frames)):
                self.heard.append(message)
                self.follower.hear(message)
        fresh = Follower()
        fresh.hear(self.snapshot())
        assert self.follower.rows == fresh.rows, "snapshot and events are a later snapshot"
        return [message["type"] for message in self.heard[before:]]

    def last(self, type: str) -> dict[str, Any]:
        """The data of the last of that type."""
        data: dict[str, Any] = next(each for each in reversed(self.heard) if each["type"] == type)["data"]
        return data

    async def look(self) -> list[str]:
        """What a look around finds."""
        await self.looking.look(everything=True)
        return self.listen()


@pytest.fixture
def ear(stage: Stage) -> Ear:
    return Ear(stage)


async def test_who_had_a_call_placed_hears_of_it(stage: Stage, ear: Ear) -> None:
    """From its start to its end, though it is in no queue."""
    (await stage.phone()).behave = answering
    stage.carrier.behave = answering
    since = ear.stream.last
    call = stage.running.originate("1001", "0600111222", answers=False, ring_s=30.0, variables={})
    await stage.settle()
    stage.running.hangup(call.id)
    await stage.settle()
    await stage.pass_by(5)
    heard = {}
    for name in ("ana", "luis"):
        told = read(b"".join(ear.stream.after(since, Filter.of(["call.*"], agents=[name]))[1]))
        heard[name] = [message["type"] for message in told if message["data"]["call"]["id"] == call.id]
    assert (heard["ana"][0], heard["ana"][-1]) == ("call.started", "call.ended")
    assert heard["luis"] == []


async def test_a_call_from_queue_to_end(stage: Stage, ear: Ear) -> None:
    phone = await stage.phone()
    phone.behave = ringing
    assert ear.listen() == ["phone.registered", "agent.state"]
    session = await stage.carrier.dial(NUMBER)
    assert ear.listen() == ["call.started", "call.queued", "offer.made", "agent.state"]
    made = ear.last("offer.made")
    assert made["offer"]["agent"] == "ana"
    assert made["offer"]["display"] == "support +34600111222", "as her phone shows it"
    assert (made["call"]["from"], made["call"]["state"], made["call"]["ringing"]) == (
        "+34600111222",
        "ringing",
        ["ana"],
    )
    await phone.answer()
    assert ear.listen() == ["call.answered", "recording.started", "offer.ended", "agent.state"]
    call = ear.last("call.answered")["call"]
    assert (call["agent"], call["party"], call["state"], call["recording"]) == (
        "ana",
        "1001",
        "talking",
        "recorded",
    )
    await stage.carrier.hang_up(session)
    assert ear.listen() == ["agent.state", "call.ended"]
    record = ear.last("call.ended")["call"]
    assert record["result"] == "answered"
    assert record["recording"]["path"].endswith(f"{record['id']}.wav")
    assert ear.follower.rows["call"] == {}


async def test_hold_resume_and_a_paused_recording(stage: Stage, ear: Ear) -> None:
    phone = await stage.phone()
    phone.behave = answering
    await stage.carrier.dial(NUMBER)
    ear.listen()
    talk = phone.invited.session
    await phone.reinvite(talk, sdp(phone.address[0], direction="sendonly"))
    assert ear.listen() == ["call.held"]
    await phone.reinvite(talk, sdp(phone.address[0]))
    assert ear.listen() == ["call.resumed"]
    stage.call.keep(False, EndedBy.ADMINISTRATOR)
    await stage.settle()
    assert ear.listen() == ["recording.paused"]
    stage.call.keep(True, EndedBy.ADMINISTRATOR)
    await stage.settle()
    assert ear.listen() == ["recording.resumed"]


async def test_a_transfer_is_told_with_who_has_the_caller_now(stage: Stage, ear: Ear) -> None:
    first, second = await stage.phone("1001"), await stage.phone("1002")
    stage.running.set_agent_state("luis", AgentState.PAUSED, "lunch")
    first.behave = second.behave = answering
    await stage.carrier.dial(NUMBER)
    ear.listen()
    stage.running.transfer(stage.call.id, "1002")
    await stage.settle()
    assert "call.transferred" in ear.listen()
    call = ear.last("call.transferred")["call"]
    assert (call["agent"], call["party"]) == (None, "1002")


async def test_who_is_refused_has_a_record_and_no_beginning(stage: Stage, ear: Ear) -> None:
    await stage.carrier.dial("999")
    assert ear.listen() == ["call.ended"]
    assert ear.last("call.ended")["call"]["reason"] == "no_route"


async def test_queues_are_told_of_at_each_look_and_closed_at_once(stage: Stage, ear: Ear) -> None:
    await ear.look()
    await stage.carrier.dial(NUMBER)
    ear.listen()
    assert await ear.look() == ["queue.changed"]
    row = ear.last("queue.changed")["queue"]
    assert (row["waiting"], row["offered"], row["agents"]["offline"]) == (1, 1, 2)
    assert await ear.look() == [], "nothing is told twice"
    stage.running.close_queues("support", "marta", "fire drill")
    assert ear.listen() == ["queue.closed"]
    said = ear.last("queue.closed")
    assert (said["by"], said["why"], said["queue"]["closed"]) == ("marta", "fire drill", "emergency")
    stage.running.open_queues("support", "marta", "")
    assert ear.listen() == ["queue.opened"]


async def test_what_a_reload_takes_away_is_told(stage: Stage, ear: Ear) -> None:
    await stage.reload(agents={"ana": {"phone": "1001", "skills": {"support": "5"}}}, trunks={})
    found = await ear.look()
    assert sorted(found) == ["agent.removed", "phone.changed", "queue.changed", "trunk.removed"]
    assert ear.follower.rows["agent"].keys() == {"ana"}


async def test_the_board_is_what_the_api_says(stage: Stage, ear: Ear) -> None:
    phone = await stage.phone()
    phone.behave = answering
    await stage.carrier.dial(NUMBER)
    await stage.carrier.dial(NUMBER)
    await ear.look()
    for agent in stage.running.agents():
        row = ear.follower.rows["agent"][agent.name]
        assert (row["state"], row["call"], row["phone"]) == (agent.state, agent.call, agent.phone)
    for queue in stage.running.queues():
        row = ear.follower.rows["queue"][queue.name]
        figures = ("waiting", "offered", "answered", "abandoned", "service_level")
        assert {key: row[key] for key in figures} == {key: getattr(queue, key) for key in figures}
        assert row["agents"] == queue.agents
    assert ear.follower.rows["call"].keys() == set(stage.running.active_ids())


async def test_who_hears_of_a_call_of_his_hears_of_its_end(stage: Stage, ear: Ear) -> None:
    session = await stage.carrier.dial(NUMBER)
    await stage.carrier.dial("600")
    await stage.carrier.hang_up(session)
    _, frames = ear.stream.after(ear.follower.seq, Filter.of(queues=["support"]))
    assert [each["type"] for each in read(b"".join(frames))] == ["call.queued", "call.ended"]
    assert json.loads(ear.stream.board.snapshot(Filter.of(queues=["support"])))["calls"] == []


async def test_an_alarm(stage: Stage, ear: Ear) -> None:
    stage.exchange.alarms.once(Alarm.TOLL_LIMIT, "phone 1001", "calls_at_once")
    await stage.settle()
    assert ear.listen() == ["alarm"]
    assert ear.last("alarm") == {
        "alarm": "toll_limit",
        "state": "happened",
        "subject": "phone 1001",
        "detail": "calls_at_once",
    }
