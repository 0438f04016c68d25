"""What phones are told of their keys, word for word."""

import pytest

from switch.feature_keys.documents import (
    CSTA,
    FEATURE_EVENT,
    KeyAgent,
    Keys,
    feature_events,
    hoteling_event,
    multipart,
    rings,
)
from switch.preferences import NONE, Preferences
from switch.records import AgentState

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def told(keys: Keys) -> dict[str, str]:
    return {name: document.decode() for name, document in feature_events(keys).items()}


def agent_event(state: AgentState, reason: str = "", code: str = "") -> str:
    return told(Keys("1001", NONE, KeyAgent("ana", state, reason, code)))["agent"]


def test_do_not_disturb() -> None:
    assert told(Keys("1001", Preferences(do_not_disturb=True)))["do not disturb"] == (
        f'{HEAD}<DoNotDisturbEvent xmlns="{CSTA}">\n<device>1001</device>\n'
        "<doNotDisturbOn>true</doNotDisturbOn>\n</DoNotDisturbEvent>\n"
    )


def test_a_forwarding_that_is_off_says_no_more() -> None:
    assert told(Keys("1001", NONE))["busy"] == (
        f'{HEAD}<ForwardingEvent xmlns="{CSTA}">\n<device>1001</device>\n'
        "<forwardingType>forwardBusy</forwardingType>\n<forwardStatus>false</forwardStatus>\n"
        "</ForwardingEvent>\n"
    )


def test_a_forwarding_says_where_to_and_after_how_many_rings() -> None:
    keys = Keys("1001", Preferences(always="1002", no_answer="0600111222", no_answer_after=15))
    assert told(keys)["always"] == (
        f'{HEAD}<ForwardingEvent xmlns="{CSTA}">\n<device>1001</device>\n'
        "<forwardingType>forwardImmediate</forwardingType>\n<forwardStatus>true</forwardStatus>\n"
        "<forwardTo>1002</forwardTo>\n</ForwardingEvent>\n"
    )
    assert told(keys)["no_answer"] == (
        f'{HEAD}<ForwardingEvent xmlns="{CSTA}">\n<device>1001</device>\n'
        "<forwardingType>forwardNoAns</forwardingType>\n<forwardStatus>true</forwardStatus>\n"
        "<forwardTo>0600111222</forwardTo>\n<ringCount>3</ringCount>\n</ForwardingEvent>\n"
    )


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (AgentState.OFFLINE, "AgentLoggedOffEvent"),
        (AgentState.PAUSED, "AgentNotReadyEvent"),
        (AgentState.READY, "AgentReadyEvent"),
        (AgentState.RINGING, "AgentReadyEvent"),
        (AgentState.ON_CALL, "AgentReadyEvent"),
        (AgentState.WRAP_UP, "AgentWorkingAfterCallEvent"),
        (AgentState.UNREACHABLE, "AgentNotReadyEvent"),
    ],
)
def test_every_state_of_an_agent_is_one_of_the_five_that_phones_know(state: AgentState, event: str) -> None:
    assert agent_event(state) == (
        f'{HEAD}<{event} xmlns="{CSTA}">\n<device>1001</device>\n<agentID>ana</agentID>\n</{event}>\n'
    )


def test_why_an_agent_is_not_ready_is_told_by_the_code_where_there_is_one() -> None:
    value = "<pri:AgentNotReadyReasonValue>{}</pri:AgentNotReadyReasonValue>"
    assert value.format("lunch") in agent_event(AgentState.PAUSED, "lunch")
    assert value.format("7") in agent_event(AgentState.PAUSED, "lunch", "7")
    assert "Reason" not in agent_event(AgentState.PAUSED)
    assert "Reason" not in agent_event(AgentState.READY)


def test_nobody_at_a_phone_is_nobody_logged_on() -> None:
    assert "<AgentLoggedOffEvent " in told(Keys("1001", NONE))["agent"]


def test_nothing_that_somebody_wrote_becomes_markup() -> None:
    event = agent_event(AgentState.PAUSED, '<a b="c">&')
    assert "<pri:AgentNotReadyReasonValue>&lt;a b=&quot;c&quot;&gt;&amp;</pri" in event


def test_hoteling() -> None:
    space = "http://schema.broadsoft.com/hoteling"
    assert hoteling_event(Keys("1001", NONE)).decode() == (
        f'{HEAD}<HotelingEvent xmlns="{space}">\n<guestAddress/>\n</HotelingEvent>\n'
    )
    assert hoteling_event(Keys("1001", NONE, guest="ana", nonce="n1")).decode() == (
        f'{HEAD}<HotelingEvent xmlns="{space}">\n<guestAddress>ana</guestAddress>\n<authenticationData>'
        "<nonce>n1</nonce><algorithm>MD5</algorithm></authenticationData>\n</HotelingEvent>\n"
    )


def test_several_documents_in_one_body_are_read_by_our_own_reader() -> None:
    from sip.syntax.multipart import read_body

    documents = list(feature_events(Keys("1001", NONE)).values())
    content_type, body = multipart(documents)
    parts = read_body({"Content-Type": content_type}, body).parts
    assert [part.content for part in parts] == documents
    assert {part.media_type.name for part in parts} == {FEATURE_EVENT}


def test_seconds_are_rings_for_people() -> None:
    assert [rings(seconds) for seconds in (1, 5, 20, 23, 9999)] == [1, 1, 4, 5, 100]
