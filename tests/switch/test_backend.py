"""The running switch as its API sees it."""

import pytest

from switch.api.backend import Refused, Unknown
from switch.calls.ending import EndedBy, Reason, Result
from switch.records import AgentState
from tests.switch.far_end import answering
from tests.switch.stage import NUMBER, PHONES, Stage


async def test_a_queue_shows_who_waits_and_who_may_serve(stage: Stage) -> None:
    await stage.phone()
    stage.running.set_agent_state("ana", AgentState.PAUSED, "lunch")
    await stage.carrier.dial(NUMBER)
    await stage.pass_by(12)
    row = stage.running.queue("support")
    assert (row.waiting, row.offered, row.answered, row.abandoned) == (1, 1, 0, 0)
    assert row.longest_wait_s == pytest.approx(12, abs=0.2)
    assert row.agents == {**dict.fromkeys(AgentState, 0), AgentState.PAUSED: 1, AgentState.OFFLINE: 1}
    assert row.service_level is None, "there is nothing to divide by"
    assert stage.running.queues() == [row]


async def test_a_service_level_once_a_call_was_answered(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    await stage.carrier.dial(NUMBER)
    assert stage.running.queue("support").service_level == 1.0


async def test_an_agents_row_follows_him_through_a_call(stage: Stage) -> None:
    assert stage.running.agent("ana").state is AgentState.OFFLINE
    phone = await stage.phone()
    row = stage.running.agent("ana")
    assert (row.state, row.phone, row.skills, row.call) == (AgentState.READY, "1001", {"support": 5}, None)
    session = await stage.carrier.dial(NUMBER)
    assert stage.running.agent("ana").state is AgentState.RINGING
    await phone.answer()
    row = stage.running.agent("ana")
    assert (row.state, row.call) == (AgentState.ON_CALL, stage.call.id)
    await stage.carrier.hang_up(session)
    assert [each.state for each in stage.running.agents()] == [AgentState.WRAP_UP, AgentState.OFFLINE]


async def test_setting_an_agents_state_shows_what_follows(stage: Stage) -> None:
    await stage.phone()
    row = stage.running.set_agent_state("ana", AgentState.PAUSED, "lunch")
    assert (row.state, row.reason) == (AgentState.PAUSED, "lunch")
    assert stage.running.set_agent_state("ana", AgentState.READY, None).state is AgentState.READY
    assert stage.running.set_agent_state("ana", AgentState.OFFLINE, None).state is AgentState.OFFLINE


@pytest.mark.parametrize(
    "state", [AgentState.RINGING, AgentState.ON_CALL, AgentState.WRAP_UP, AgentState.UNREACHABLE]
)
async def test_a_state_that_is_a_fact_cannot_be_set(stage: Stage, state: AgentState) -> None:
    with pytest.raises(Refused, match="ready, paused or offline"):
        stage.running.set_agent_state("ana", state, None)


async def test_what_there_is_not_is_unknown(stage: Stage) -> None:
    for ask in (
        lambda: stage.running.queue("sales"),
        lambda: stage.running.agent("eva"),
        lambda: stage.running.set_agent_state("eva", AgentState.READY, None),
        lambda: stage.running.hangup("01NOCALL"),
    ):
        with pytest.raises(Unknown):
            ask()
    assert stage.running.active_call("01NOCALL") is None


@pytest.mark.parametrize(
    ("number", "agents", "result"),
    [
        (NUMBER, 0, Result.FAILED),
        (NUMBER, 1, Result.ANSWERED),
        ("600", 0, Result.COMPLETED),
        ("81001", 1, Result.FAILED),
    ],
    ids=["waiting", "talking", "echo", "ringing"],
)
async def test_the_administrator_ends_a_call(stage: Stage, number: str, agents: int, result: Result) -> None:
    if agents:
        phone = await stage.phone()
        if number == NUMBER:
            phone.behave = answering
    await stage.carrier.dial(number)
    (call,) = stage.running.active_ids()
    active = stage.running.active_call(call)
    assert active is not None
    assert active.result is None
    stage.running.hangup(call)
    await stage.pass_by(60)
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.ended_by) == (
        result,
        Reason.ADMINISTRATOR,
        EndedBy.ADMINISTRATOR,
    )
    stage.assert_nothing_left()


async def test_the_newest_call_comes_first(stage: Stage) -> None:
    await stage.carrier.dial("600")
    first = stage.call.id
    await stage.carrier.dial("600")
    assert stage.running.active_ids()[-1] == first


async def test_phones_show_their_agents_and_bindings(stage: Stage) -> None:
    await stage.phone("1001")
    with_phone, without = stage.running.phones()
    assert (with_phone.name, with_phone.agent, with_phone.registered) == ("1001", "ana", True)
    (contact,) = with_phone.contacts
    host, port = PHONES["1001"]
    assert (contact.source, contact.transport, contact.reachable) == (f"{host}:{port}", "udp", True)
    assert (without.name, without.agent, without.registered, without.contacts) == ("1002", "luis", False, ())


async def test_trunks_show_their_calls(stage: Stage) -> None:
    await stage.carrier.dial("600")
    (trunk,) = stage.running.trunks()
    assert (trunk.name, trunk.calls, trunk.max_calls, trunk.proxy) == (
        "carrier",
        1,
        200,
        "sip:192.0.2.10:5060",
    )


async def test_ready_is_between_the_start_and_the_drain(stage: Stage) -> None:
    assert not stage.running.readiness().ready
    stage.running.ready = True
    assert stage.running.readiness().ready
    await stage.carrier.dial("600")
    assert stage.running.drain().calls == 1
    readiness = stage.running.readiness()
    assert (readiness.ready, readiness.detail) == (False, "draining, 1 calls left")


async def test_a_scrape_asks_every_part(stage: Stage) -> None:
    await stage.phone()
    await stage.carrier.dial("600")
    scrape = stage.metrics()
    assert scrape.value("centralita_agents_by_state", state="ready") == 1
    assert scrape.value("centralita_agents", queue="support", state="ready") == 1
    assert scrape.value("centralita_registrations", transport="udp") == 1
    assert scrape.value("centralita_rtp_ports", state="open") == 1
    assert scrape.value("centralita_sip_dialogs_active") == 1
    assert scrape.value("centralita_sip_messages_total", direction="in", method="INVITE", code="") == 1
    assert scrape.value("centralita_trunk_up", trunk="carrier") == 1


async def test_bans_are_shown_with_their_times_and_lifted_by_address(stage: Stage) -> None:
    bans = stage.exchange.gate.bans
    for _ in range(10):
        bans.failed("203.0.113.66", "1001", stage.now())
    (row,) = stage.running.bans()
    assert (row.address, row.user, row.failures) == ("203.0.113.66", "1001", 10)
    assert (row.until - row.since).total_seconds() == 3600
    assert stage.metrics().value("centralita_bans_active") == 1
    stage.running.remove_bans("203.0.113.66")
    assert stage.running.bans() == []
    for nobody in ("203.0.113.66", "nowhere"):
        with pytest.raises(Unknown):
            stage.running.remove_bans(nobody)
