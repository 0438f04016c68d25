"""Lamps of a phone: what it is told of other phones, of agents and of queues, and when."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from switch.lamps.lamps import MOST_OF_A_PHONE, TOLD_IN_A_TURN
from switch.records import AgentState
from tests.switch.far_end import answering
from tests.switch.persistence.test_survivors import crashed
from tests.switch.stage import NUMBER, OURS, Stage
from tests.switch.watcher import Lamp, Watcher


def lit(lamp: Lamp, document: int = -1) -> list[str]:
    """The states of the dialogs of a document, the last."""
    return re.findall(r"<state>(\w+)</state>", lamp.bodies[document])


def versions(lamp: Lamp) -> list[tuple[int, str]]:
    found = [re.search(r'version="(\d+)" state="(\w+)"', body) for body in lamp.bodies]
    return [(int(match[1]), match[2]) for match in found if match]


async def test_a_lamp_follows_a_phone_through_a_call(stage: Stage, boss: Watcher) -> None:
    ana = await stage.phone("1001")
    lamp = await boss.watch("1001")
    assert (lit(lamp), versions(lamp)) == ([], [(0, "full")])
    session = await stage.carrier.dial("81001")
    assert lit(lamp) == ["early"]
    assert 'direction="recipient"' in lamp.body
    assert "sip:+34600111222@pbx.example" in lamp.body
    await ana.answer()
    assert lit(lamp) == ["confirmed"]
    await stage.carrier.hang_up(session)
    assert lit(lamp) == ["terminated"]
    numbers = versions(lamp)
    assert [number for number, _ in numbers] == list(range(len(numbers)))
    assert {state for _, state in numbers[1:]} == {"partial"}


@pytest.mark.parametrize(
    "sections",
    [
        {
            "phones": {name: {"secret": f"secret of {name}"} for name in ("1001", "1002", "1009")},
            "queues": {"support": {"strategy": "ring-all"}},
        }
    ],
)
async def test_lamps_of_phones_that_ring_for_the_same_caller(stage: Stage, boss: Watcher) -> None:
    phones = [await stage.phone("1001"), await stage.phone("1002")]
    lamps = [await boss.watch(name) for name in ("1001", "1002", "ana", "luis")]
    session = await stage.carrier.dial(NUMBER)
    assert [lit(lamp) for lamp in lamps] == [["early"]] * 4
    await phones[0].answer()
    assert [lit(lamp) for lamp in lamps[:2]] == [["confirmed"], ["terminated"]]
    await stage.carrier.hang_up(session)
    assert lit(lamps[0]) == ["terminated"]


async def test_a_lamp_names_the_dialog_as_the_phone_does(stage: Stage, boss: Watcher) -> None:
    ana = await stage.phone("1001")
    lamp = await boss.watch("1001")
    await stage.carrier.dial("81001")
    invite = ana.invited.request
    assert f'call-id="{invite.call_id}"' in lamp.body
    assert f'remote-tag="{invite.from_tag}"' in lamp.body
    assert re.search(r'local-tag="alice|local-tag="1001', lamp.body)


async def test_two_calls_of_a_phone_are_two_dialogs(stage: Stage, boss: Watcher) -> None:
    ana = await stage.phone("1001")
    ana.behave = answering
    lamp = await boss.watch("1001")
    first = await stage.carrier.dial("81001")
    await stage.carrier.dial("81001")
    await stage.carrier.hang_up(first)
    assert lit(lamp) == ["terminated"], "a partial document has what changed only"
    again = await boss.watch("1001")
    assert lit(again) == ["confirmed"]


async def test_what_changes_in_one_turn_is_told_once(stage: Stage, boss: Watcher) -> None:
    ana = await stage.phone("1001")
    ana.behave = answering
    lamp = await boss.watch("1001")
    await stage.carrier.dial("81001")
    assert [lit(lamp, document) for document in range(len(lamp.told))] == [[], ["trying"], ["confirmed"]]


async def test_many_watchers_are_told_a_few_in_each_turn(stage: Stage, boss: Watcher) -> None:
    lamps = [await boss.watch("ana") for _ in range(3 * TOLD_IN_A_TURN)]
    lamps += [await boss.watch("ana", "presence") for _ in range(TOLD_IN_A_TURN)]
    turns: list[int] = []

    def turn() -> None:
        turns.append(stage.kinds().count("NOTIFY"))
        if len(turns) < 40:
            stage.loop.call_soon(turn)

    await stage.phone("1001")
    told = stage.kinds().count("NOTIFY")
    turn()
    stage.running.set_agent_state("ana", AgentState.PAUSED, "lunch")
    await stage.settle()
    assert turns[-1] - told == len(lamps)
    assert max(after - before for before, after in pairwise(turns)) <= TOLD_IN_A_TURN
    assert all("confirmed" in lamp.body or "paused: lunch" in lamp.body for lamp in lamps)


async def test_a_slow_watcher_is_told_the_newest_state(stage: Stage, boss: Watcher) -> None:
    await stage.phone("1001")
    lamp = await boss.watch("1001")
    boss.answers = None
    session = await stage.carrier.dial("81001")
    await stage.carrier.hang_up(session)
    told = {notify.cseq.number for notify in lamp.told}
    assert len(told) == 2, "the second is repeated, and no third overtakes it"
    boss.answers = 200
    await stage.pass_by(1.0)
    assert lit(lamp) == ["terminated"]


async def test_a_lamp_shows_an_agents_state_from_any_door(stage: Stage, boss: Watcher) -> None:
    lamp = await boss.watch("ana")
    assert lit(lamp) == ["confirmed"], "nobody is there"
    ana = await stage.phone("1001")
    assert lit(lamp) == ["terminated"]
    stage.running.set_agent_state("ana", AgentState.PAUSED, "lunch")
    await stage.settle()
    assert lit(lamp) == ["confirmed"]
    stage.running.set_agent_state("ana", AgentState.READY, None)
    await stage.settle()
    assert lit(lamp) == ["terminated"]
    await stage.carrier.dial(NUMBER)
    assert lit(lamp) == ["early"]
    await ana.answer()
    assert lit(lamp) == ["confirmed"]


async def test_a_lamp_shows_who_waits_in_a_queue(stage: Stage, boss: Watcher) -> None:
    lamp = await boss.watch("support")
    assert lit(lamp) == ["confirmed"], "nobody would answer"
    await stage.phone("1001")
    assert lit(lamp) == ["terminated"]
    session = await stage.carrier.dial(NUMBER)
    assert lit(lamp) == ["early"]
    await stage.carrier.hang_up(session)
    assert lit(lamp) == ["terminated"]


async def test_presence_says_in_words_what_somebody_does(stage: Stage, boss: Watcher) -> None:
    phone = await boss.watch("1001", "presence")
    assert "<basic>closed</basic>" in phone.body
    await stage.phone("1001")
    assert "<basic>open</basic>" in phone.body
    agent = await boss.watch("ana", "presence")
    stage.running.set_agent_state("ana", AgentState.PAUSED, "lunch")
    await stage.settle()
    assert "<note>paused: lunch</note>" in agent.body


async def test_no_message_waits(stage: Stage, boss: Watcher) -> None:
    lamp = await boss.watch("1009", "message-summary")
    assert lamp.body == (
        "Messages-Waiting: no\r\nMessage-Account: sip:1009@pbx.example\r\nVoice-Message: 0/0\r\n"
    )


async def test_a_renewal_is_told_all_and_a_leave_ends_it(stage: Stage, boss: Watcher) -> None:
    ana = await stage.phone("1001")
    ana.behave = answering
    lamp = await boss.watch("1001")
    await stage.carrier.dial("81001")
    await boss.subscribe(lamp, 600)
    assert (lit(lamp), versions(lamp)[-1]) == (["confirmed"], (3, "full"))
    await boss.subscribe(lamp, 0)
    assert (lit(lamp), lamp.state) == (["confirmed"], "terminated;reason=timeout")
    told = len(lamp.told)
    await stage.carrier.dial("81001")
    assert len(lamp.told) == told


async def test_who_asks_once_is_told_once(stage: Stage, boss: Watcher) -> None:
    lamp = await boss.watch("1001", expires_s=0)
    assert lamp.state == "terminated;reason=timeout"
    assert not stage.exchange.endpoint.subscriptions.by_id


@pytest.mark.parametrize(
    ("user", "package", "status"), [("1001", "ua-profile", 489), ("nobody", "dialog", 404)]
)
async def test_what_cannot_be_watched(
    stage: Stage, boss: Watcher, user: str, package: str, status: int
) -> None:
    lamp = await boss.watch(user, package)
    assert lamp.told == []
    assert f"SIP/2.0 {status} ".encode() in boss.received[-1]


async def test_a_carrier_watches_nobody(stage: Stage) -> None:
    carrier = stage.add(Watcher(stage, "c", ("192.0.2.10", 5060), OURS, ""))
    lamp = await carrier.watch("1001")
    assert lamp.told == []
    assert b"SIP/2.0 403 " in carrier.received[-1]


async def test_a_phone_cannot_watch_without_end(
    stage: Stage, boss: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switch.lamps.lamps.MOST_OF_A_PHONE", 1)
    assert MOST_OF_A_PHONE > 1
    await boss.watch("1001")
    assert (await boss.watch("1002")).told == []
    assert b"SIP/2.0 503 " in boss.received[-1]


async def test_who_is_configured_no_more_is_watched_no_more(
    stage: Stage, boss: Watcher, sections: dict[str, object]
) -> None:
    lamp = await boss.watch("luis")
    await stage.reload(**sections, agents={})
    assert lamp.state == "terminated;reason=noresource"
    assert not stage.exchange.endpoint.subscriptions.by_id


async def test_who_does_not_know_of_his_lamp_any_more_is_forgotten(stage: Stage, boss: Watcher) -> None:
    boss.answers = 481
    await boss.watch("1001")
    assert not stage.exchange.endpoint.subscriptions.by_id
    boss.answers = 200
    lamp = await boss.watch("1001")
    await stage.phone("1001")
    await stage.carrier.dial("81001")
    assert lit(lamp) == ["early"]


async def test_lamps_outlive_the_switch(
    stage: Stage, boss: Watcher, sections: dict[str, object], tmp_path: Path
) -> None:
    await stage.phone("1001")
    lamp = await boss.watch("1001")
    gone = await boss.watch("1002")
    await boss.subscribe(gone, 0)
    await stage.carrier.dial("81001")
    before = len(lamp.told)
    after = await crashed(stage, tmp_path / "after", sections)
    after.take_over(boss)
    after.exchange.lamps.start()
    await after.settle()
    assert (lit(lamp), len(lamp.told), len(gone.told)) == ([], before + 1, 2)
    numbers = [number for number, _ in versions(lamp)]
    assert numbers == sorted(set(numbers))
    assert versions(lamp)[-1][1] == "full"
    assert lamp.told[-1].cseq.number > lamp.told[-2].cseq.number
    assert (await boss.subscribe(lamp, 600)).status == 200
    await after.close()


async def test_a_lamp_that_cannot_be_read_costs_the_others_nothing(
    stage: Stage, boss: Watcher, sections: dict[str, object], tmp_path: Path
) -> None:
    damaged = {"phone": "1009", "subject": "1001", "package": "dialog", "entity": "sip:1001@example.com"}
    stage.exchange.logbook.lamp_opened("damaged", damaged, stage.exchange.now_us())
    lamp = await boss.watch("1001")
    after = await crashed(stage, tmp_path / "after", sections)
    after.take_over(boss)
    with capture_logs() as logs:
        after.exchange.lamps.start()
    await after.settle()
    assert [(line["event"], line["phone"]) for line in logs] == [("a lamp of the former run is lost", "1009")]
    assert len(lamp.told) == 2
    assert await crashed(after, tmp_path / "once more", sections)
    await after.close()


async def test_who_was_removed_while_the_switch_was_down_is_watched_no_more(
    stage: Stage, boss: Watcher, sections: dict[str, object], tmp_path: Path
) -> None:
    lamp = await boss.watch("luis")
    after = await crashed(stage, tmp_path / "after", sections | {"agents": {}})
    after.take_over(boss)
    after.exchange.lamps.start()
    await after.settle()
    assert lamp.state == "terminated;reason=noresource"
    assert not after.exchange.endpoint.subscriptions.by_id
    await after.close()
