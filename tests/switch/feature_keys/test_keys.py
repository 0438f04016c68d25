"""A phone's soft keys: each is pressed at the phone, and each shows what came by another door."""

import re
from hashlib import md5
from pathlib import Path

import pytest

from switch.feature_keys.documents import CSTA
from switch.preferences import NONE, Preferences
from switch.records import AgentState
from tests.switch.far_end import answering
from tests.switch.persistence.test_survivors import crashed
from tests.switch.stage import NUMBER, OURS, PHONES, Stage
from tests.switch.watcher import Lamp, Watcher

WITH_PINS = {
    "agents": {
        "ana": {"phone": "1001", "skills": {"support": "5"}, "pin": "1234"},
        "luis": {"phone": "1002", "skills": {"support": "5"}, "pin": "4711", "number": "502"},
    }
}
SEVERAL = "Accept: application/x-as-feature-event+xml, multipart/mixed"


@pytest.fixture
async def ana(stage: Stage) -> Watcher:
    """Ana's phone, which has soft keys."""
    phone = stage.add(Watcher(stage, "1001", PHONES["1001"], OURS, "secret of 1001"))
    assert await phone.register() == 200
    return phone


def events(lamp: Lamp, since: int = 0) -> list[str]:
    """The names of the documents that a phone was told."""
    return [name for body in lamp.bodies[since:] for name in re.findall(r"<(\w+Event) xmlns", body)]


def value(lamp: Lamp, name: str, since: int = 0) -> list[str]:
    return [found for body in lamp.bodies[since:] for found in re.findall(rf"<{name}>([^<]*)<", body)]


async def press(phone: Watcher, lamp: Lamp, service: str, content: str) -> list[str]:
    """Press a key; the documents that follow."""
    told = len(lamp.told)
    body = f'<?xml version="1.0"?><{service} xmlns="{CSTA}"><device/>{content}</{service}>'
    lines = ("Content-Type: application/x-as-feature-event+xml", SEVERAL)
    assert (await phone.subscribe(lamp, 600, *lines, body=body)).status == 200
    return events(lamp, told)


def forwarding(when: str, on: str, number: str = "", rings: str = "") -> str:
    return (
        f"<forwardingType>{when}</forwardingType><activateForward>{on}</activateForward>"
        f"<forwardDN>{number}</forwardDN><ringCount>{rings}</ringCount>"
    )


async def test_a_phone_is_told_all_of_its_keys_in_one_body(stage: Stage, ana: Watcher) -> None:
    lamp = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    (told,) = lamp.told
    assert (told.headers.get("Content-Type") or "").startswith("multipart/mixed;boundary=")
    assert events(lamp) == ["DoNotDisturbEvent", *["ForwardingEvent"] * 3, "AgentReadyEvent"]


async def test_a_phone_that_reads_one_document_at_a_time_gets_them_so(stage: Stage, ana: Watcher) -> None:
    lamp = await ana.watch("1001", "as-feature-event")
    assert [events(lamp)[: len(lamp.told)], len(lamp.told)] == [
        ["DoNotDisturbEvent", *["ForwardingEvent"] * 3, "AgentReadyEvent"],
        5,
    ]
    assert {told.content_type for told in lamp.told} == {"application/x-as-feature-event+xml"}


@pytest.mark.parametrize(("accepts", "count"), [(SEVERAL, 5), ("Accept: text/plain", 1)])
async def test_who_leaves_is_told_as_much_as_he_reads_at_once(
    stage: Stage, ana: Watcher, accepts: str, count: int
) -> None:
    lamp = await ana.watch("1001", "as-feature-event", 600, accepts)
    told = len(lamp.told)
    await ana.subscribe(lamp, 0)
    assert (len(lamp.told) - told, len(events(lamp, told))) == (1, count)
    assert lamp.state == "terminated;reason=timeout"
    assert not stage.exchange.endpoint.subscriptions.by_id


async def test_do_not_disturb_from_the_phone_and_from_the_api(stage: Stage, ana: Watcher) -> None:
    lamp = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    assert "DoNotDisturbEvent" in await press(
        ana, lamp, "SetDoNotDisturb", "<doNotDisturbOn>true</doNotDisturbOn>"
    )
    assert stage.running.preferences("1001").do_not_disturb
    told = len(lamp.told)
    stage.running.set_preferences("1001", NONE)
    await stage.settle()
    assert value(lamp, "doNotDisturbOn", told) == ["false"]


@pytest.mark.parametrize("door", ["key", "api", "code"])
async def test_every_door_sees_what_came_by_another(stage: Stage, ana: Watcher, door: str) -> None:
    keys = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    boss = stage.add(Watcher(stage, "1002", PHONES["1002"], OURS, "secret of 1002"))
    lamp, agent = await boss.watch("1001"), await boss.watch("ana", "presence")
    assert await ana.register() == 200
    told = len(keys.told)
    if door == "key":
        await press(ana, keys, "SetDoNotDisturb", "<doNotDisturbOn>true</doNotDisturbOn>")
    elif door == "api":
        stage.running.set_preferences("1001", Preferences(do_not_disturb=True))
        await stage.settle()
    else:
        await ana.dial("*78")
    assert value(keys, "doNotDisturbOn", told)[-1] == "true"
    assert value(keys, "pri:AgentNotReadyReasonValue", told)[-1] == "do-not-disturb"
    assert 'id="do-not-disturb"' in "".join(lamp.bodies)
    assert "<note>paused: do-not-disturb</note>" in agent.body
    assert [row.name for row in stage.running.phones() if row.do_not_disturb] == ["1001"]
    assert stage.running.agent("ana").reason == "do-not-disturb"


async def test_each_forwarding_from_the_phone(stage: Stage, ana: Watcher) -> None:
    lamp = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    for when, number, rings in (
        ("forwardImmediate", "1002", ""),
        ("forwardBusy", "sip:1002@pbx.example", ""),
        ("forwardNoAns", "0600111222", "3"),
    ):
        told = len(lamp.told)
        assert await press(ana, lamp, "SetForwarding", forwarding(when, "true", number, rings)) == [
            "ForwardingEvent"
        ]
        assert value(lamp, "forwardingType", told) == [when]
        assert value(lamp, "forwardStatus", told) == ["true"]
    row = stage.running.preferences("1001")
    assert (row.always, row.busy, row.no_answer, row.no_answer_after) == ("1002", "1002", "0600111222", 15)
    await press(ana, lamp, "SetForwarding", forwarding("forwardBusy", "false"))
    assert stage.running.preferences("1001").busy is None


@pytest.mark.parametrize("number", ["", "1001", "112", "999", "a b"])
async def test_a_forwarding_that_leads_nowhere_is_refused_and_the_key_shows_it(
    stage: Stage, ana: Watcher, number: str
) -> None:
    lamp = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    told = len(lamp.told)
    await press(ana, lamp, "SetForwarding", forwarding("forwardImmediate", "true", number))
    assert value(lamp, "forwardStatus", told) == ["false"]
    assert stage.running.preferences("1001").always is None


async def test_the_agents_keys_both_ways(stage: Stage, ana: Watcher) -> None:
    lamp = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    wanted = "<requestedAgentState>{}</requestedAgentState>"
    reason = "<x><AgentNotReadyReasonValue>lunch</AgentNotReadyReasonValue></x>"
    assert await press(ana, lamp, "SetAgentState", wanted.format("notReady") + reason) == [
        "AgentNotReadyEvent"
    ]
    assert (stage.agent(), stage.running.agent("ana").reason) == ("paused", "lunch")
    assert "AgentNotReadyReasonValue>2<" in lamp.body, "by the number that the phone has for it"
    assert await press(ana, lamp, "SetAgentState", wanted.format("ready")) == ["AgentReadyEvent"]
    assert await press(ana, lamp, "SetAgentState", wanted.format("loggedOff")) == ["AgentLoggedOffEvent"]
    assert stage.agent() == "offline"
    assert await press(ana, lamp, "SetAgentState", wanted.format("loggedOn")) == ["AgentReadyEvent"]
    two = "<x><AgentNotReadyReasonValue>2</AgentNotReadyReasonValue></x>"
    await press(ana, lamp, "SetAgentState", wanted.format("notReady") + two)
    assert stage.running.agent("ana").reason == "lunch"
    told = len(lamp.told)
    stage.running.set_agent_state("ana", AgentState.PAUSED, "told to")
    await stage.settle()
    assert events(lamp, told) == ["AgentNotReadyEvent"]
    assert "AgentNotReadyReasonValue>told to<" in lamp.body
    assert await press(ana, lamp, "GetAgentState", "") == ["AgentNotReadyEvent"]


async def test_a_phone_may_name_itself_for_who_sits_there(stage: Stage, ana: Watcher) -> None:
    lamp = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    wanted = "<agentID>{}</agentID><requestedAgentState>{}</requestedAgentState>"
    await press(ana, lamp, "SetAgentState", wanted.format("1001", "notReady"))
    assert stage.agent() == "paused"
    await press(ana, lamp, "SetAgentState", wanted.format("luis", "ready"))
    assert stage.agent() == "paused", "he does not sit there"
    await press(ana, lamp, "SetAgentState", wanted.format("sip:1001@pbx.example", "ready"))
    assert stage.agent() == "ready"


async def test_a_subscription_to_keys_outlives_the_switch(stage: Stage, ana: Watcher, tmp_path: Path) -> None:
    lamp, one = [await ana.watch("1001", "as-feature-event", 600, line) for line in (SEVERAL, "Accept: */*")]
    await stage.settle()
    told = len(lamp.told), len(one.told)
    after = await crashed(stage, tmp_path / "after")
    after.take_over(ana)
    after.exchange.lamps.start()
    await after.settle()
    assert (len(lamp.told) - told[0], len(one.told) - told[1]) == (1, 5)
    after.running.set_preferences("1001", Preferences(do_not_disturb=True))
    await after.settle()
    assert "<doNotDisturbOn>true<" in lamp.body
    await after.close()


async def test_wrap_up_is_longer_by_the_key(stage: Stage, ana: Watcher) -> None:
    ana.behave = answering
    lamp = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    await stage.carrier.hang_up(await stage.carrier.dial(NUMBER))
    assert events(lamp)[-1] == "AgentWorkingAfterCallEvent"
    await stage.pass_by(8)
    after_call = "<requestedAgentState>workingAfterCall</requestedAgentState>"
    await press(ana, lamp, "SetAgentState", after_call)
    await stage.pass_by(25)
    assert stage.agent() == "wrap_up"
    await press(ana, lamp, "SetAgentState", "<requestedAgentState>ready</requestedAgentState>")
    assert (stage.agent(), events(lamp)[-1]) == ("ready", "AgentReadyEvent")
    assert await press(ana, lamp, "SetAgentState", after_call) == ["AgentReadyEvent"], "there was no call"


@pytest.mark.parametrize("sections", [WITH_PINS])
async def test_an_agent_logs_on_at_the_phone_of_another(stage: Stage, ana: Watcher) -> None:
    lamp = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    await stage.phone("1002")
    on = "<requestedAgentState>loggedOn</requestedAgentState><agentID>{}</agentID><password>{}</password>"
    assert await press(ana, lamp, "SetAgentState", on.format("502", "1111")) == ["AgentReadyEvent"]
    assert stage.running.agent("luis").phone == "1002"
    await press(ana, lamp, "SetAgentState", on.format("502", "4711"))
    assert "<agentID>luis</agentID>" in lamp.body
    assert (stage.running.agent("luis").phone, stage.agent("ana")) == ("1001", "offline")
    off = "<requestedAgentState>loggedOff</requestedAgentState>"
    assert await press(ana, lamp, "SetAgentState", off) == ["AgentLoggedOffEvent"]
    assert (stage.running.agent("luis").phone, stage.running.agent("ana").phone) == ("1002", "1001")


@pytest.mark.parametrize("sections", [WITH_PINS])
async def test_a_guest_is_asked_for_his_pin_and_sits_there(stage: Stage, ana: Watcher) -> None:
    keys = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    hosting = await ana.watch("1001", "x-broadworks-hoteling")
    assert "<guestAddress>ana</guestAddress>" in hosting.body
    await press(ana, hosting, "SetHoteling", "<guestAddress>luis</guestAddress>")
    (nonce,) = value(hosting, "nonce")
    await host(ana, hosting, "luis", nonce, "0000")
    assert "<guestAddress>ana</guestAddress>" in hosting.body
    assert "nonce" not in hosting.body, "a question is asked once"
    await host(ana, hosting, "luis", nonce, "4711")
    assert stage.running.agent("luis").phone == "1002", "an answer is good for its own question"
    await press(ana, hosting, "SetHoteling", "<guestAddress>sip:502@pbx.example</guestAddress>")
    await host(ana, hosting, "luis", value(hosting, "nonce")[-1], "4711")
    assert "<guestAddress>luis</guestAddress>" in hosting.body
    assert stage.running.agent("luis").phone == "1001"
    assert "<agentID>luis</agentID>" in keys.body
    await press(ana, hosting, "SetHoteling", "<guestAddress/>")
    assert "<guestAddress/>" in hosting.body
    assert stage.running.agent("luis").phone == "1002"


async def host(phone: Watcher, lamp: Lamp, guest: str, nonce: str, pin: str) -> None:
    """Answer what hoteling asked."""
    response = md5(f"{nonce}:{pin}".encode()).hexdigest()
    proof = f"<nonce>{nonce}</nonce><algorithm>MD5</algorithm><response>{response}</response>"
    content = f"<guestAddress>{guest}</guestAddress><authenticationData>{proof}</authenticationData>"
    await press(phone, lamp, "SetHoteling", content)


async def test_what_is_not_understood_is_answered_by_the_truth(stage: Stage, ana: Watcher) -> None:
    lamp = await ana.watch("1001", "as-feature-event", 600, SEVERAL)
    assert len(await press(ana, lamp, "SetTheTable", "")) == 5


async def test_a_phone_presses_no_key_of_another(stage: Stage, ana: Watcher) -> None:
    lamp = await ana.watch("1002", "as-feature-event")
    assert lamp.told == []
    assert b"SIP/2.0 403 " in ana.received[-1]


async def test_a_key_in_the_first_subscribe_counts(stage: Stage, ana: Watcher) -> None:
    lamp = Lamp("first", "as-feature-event", "1001")
    ana.lamps.append(lamp)
    await press(ana, lamp, "SetDoNotDisturb", "<doNotDisturbOn>true</doNotDisturbOn>")
    assert stage.running.preferences("1001").do_not_disturb
    assert "<doNotDisturbOn>true<" in lamp.bodies[0]


async def test_keys_outlive_the_switch(stage: Stage, ana: Watcher, tmp_path: Path) -> None:
    wanted = Preferences(do_not_disturb=True, busy="1002", no_answer="1002", no_answer_after=30)
    stage.running.set_preferences("1001", wanted)
    stage.running.set_preferences("1002", Preferences(always="1001"))
    stage.running.set_preferences("1002", NONE)
    await stage.settle()
    after = await crashed(stage, tmp_path / "after")
    assert after.exchange.preferences.of("1001") == wanted
    assert after.exchange.preferences.of("1002") == NONE
    await after.close()


async def test_a_phone_that_is_configured_no_more_wants_nothing(stage: Stage) -> None:
    stage.running.set_preferences("1002", Preferences(do_not_disturb=True))
    phones = {"1001": {"secret": "x"}}
    await stage.reload(phones=phones, agents={})
    assert stage.logbook.preferences() == {}


async def test_a_lamp_shows_who_does_not_want_to_be_disturbed(stage: Stage, ana: Watcher) -> None:
    lamp, presence = await ana.watch("1002"), await ana.watch("1002", "presence")
    stage.running.set_preferences("1002", Preferences(do_not_disturb=True))
    await stage.settle()
    assert '<dialog id="do-not-disturb"' in lamp.body
    assert "<state>confirmed</state>" in lamp.body
    assert "<note>do not disturb</note>" in presence.body
    stage.running.set_preferences("1002", NONE)
    await stage.settle()
    assert "<state>terminated</state>" in lamp.body
