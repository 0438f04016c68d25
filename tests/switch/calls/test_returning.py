"""Calls that a crash has cut come back: to their place in line, to their party, or to a booked end."""

import asyncio
import base64
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from acd.commands import Offer
from acd.events import CallsRecovered
from acd.router import Router
from media.aio.plane import NoPorts
from media.aio.recording import header
from media.port import Relay
from sip.events import IncomingInvite, Reinvited, SessionEnded
from switch.access.store import TokenStore
from switch.calls import registry
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.legs.returning import ReturningLeg
from switch.calls.returning import PATIENCE_S, TOGETHER_S
from switch.history.reader import Reader
from switch.persistence.survivors import end_survivors, stop_ringing
from switch.records import Encryption
from switch.server import Server
from tests.switch.far_end import FarEnd, answering, sdp
from tests.switch.flows.test_preferring import PREFERS, Past
from tests.switch.persistence.test_survivors import crashed
from tests.switch.plane import NotingPlane
from tests.switch.stage import NUMBER, Stage, centre


async def restarted(stage: Stage, folder: Path, *ends: FarEnd, **sections: Any) -> Stage:
    """The switch that follows one that was killed, with the far ends of both."""
    router = Router.restore(stage.exchange.dispatch.router.snapshot())
    after = await crashed(stage, folder / "after", sections or None, router)
    after.take_over(*ends)
    stop_ringing(after.exchange, after.logbook.take_ringing())
    end_survivors(after.exchange, after.survivors, after.may_return, after.returning.is_returning)
    after.returning.start()
    await after.settle()
    return after


async def closed(after: Stage) -> None:
    """A minute later nothing is left."""
    await after.pass_by(60)
    after.assert_nothing_left()
    await after.close()


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their time is not the test's."""

    async def at_once(work: Callable[..., object], *arguments: object) -> object:
        return work(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", at_once)


class NobodyKnown:
    """What a start reads of the database."""

    async def bindings(self, now: datetime) -> list[Any]:
        return []

    async def read(self) -> dict[str, Any]:
        return {}


def takes_offers(end: FarEnd) -> FarEnd:
    """A far end that answers re-INVITEs."""

    def hear(event: object) -> None:
        FarEnd.hear(end, event)  # type: ignore[arg-type]
        if isinstance(event, Reinvited):
            end.endpoint.answer_offer(event.session, 200, end.wire.now(), sdp=end.sdp)

    end.hear = hear  # type: ignore[method-assign]
    return end


async def test_who_waited_waits_at_his_place_and_hears_music(stage: Stage, tmp_path: Path) -> None:
    takes_offers(stage.carrier)
    await stage.carrier.dial(NUMBER)
    first = stage.call.id
    port = stage.port(stage.call.caller)
    await stage.pass_by(5)
    second = await stage.carrier.dial(NUMBER)
    await stage.pass_by(5)
    after = await restarted(stage, tmp_path, stage.carrier)

    assert next(event for event in after.posted if isinstance(event, CallsRecovered)).calls[0] == first
    call = after.registry.calls[first]
    again = after.port(call.caller)
    assert (again.number, again.ssrc) == (port.number, port.ssrc)
    assert again.stream.sequence - port.stream.sequence == pytest.approx(600, abs=10)
    assert after.heard(call.caller) == "music default"
    assert again.peer is not None
    assert again.peer.address == stage.carrier.address[0]
    assert after.logbook.survivors()[0].call.id == first, "another crash finds it again"

    phone = after.add(FarEnd(after, "1001", ("192.0.2.21", 5060), ("192.0.2.1", 5060), "secret of 1001"))
    phone.behave = answering
    await phone.register()
    (offer,) = [command for command in after.commands if isinstance(command, Offer)]
    assert offer.call == first
    assert after.heard(call.caller) == f"relay {after.port(call.party).number}"
    await phone.hang_up()
    (record,) = after.history.calls
    assert (record.id, record.result, record.agent) == (first, Result.ANSWERED, "ana")
    assert record.wait_s == pytest.approx(10.2, abs=0.3)
    await stage.carrier.hang_up(second)
    await closed(after)


@pytest.mark.parametrize("fails", ["__init__", "resume"])
async def test_a_call_over_which_we_stumble_keeps_nobody_from_returning(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    takes_offers(stage.carrier)
    await stage.carrier.dial(NUMBER)
    first = stage.call.id
    await stage.carrier.dial(NUMBER)
    well = getattr(ReturningLeg, fails)

    def stumbles(leg: ReturningLeg, *given: Any) -> None:
        if not stumbled:
            stumbled.append(fails)
            raise KeyError("a fault of ours")
        well(leg, *given)

    stumbled: list[str] = []
    monkeypatch.setattr(ReturningLeg, fails, stumbles)
    after = await restarted(stage, tmp_path, stage.carrier)
    await after.pass_by(1)
    assert after.heard(after.call.caller) == "music default"
    assert stage.carrier.endpoint.counts().dialogs == 1, "no phone is left in a dead call"
    assert len(after.logbook.survivors()) == len(after.logbook._dialogs) == 1
    (record,) = after.history.calls
    assert {record.id, after.call.id} == {first, *stage.registry.calls}
    assert (record.result, record.reason) == (Result.FAILED, Reason.SWITCH_RESTARTED)
    await after.close()


async def test_who_talked_talks_with_the_same_agent(stage: Stage, tmp_path: Path) -> None:
    phone = takes_offers(await stage.phone())
    phone.behave = answering
    takes_offers(stage.carrier)
    session = await stage.carrier.dial(NUMBER)
    call = stage.call.id
    await stage.pass_by(60)
    after = await restarted(stage, tmp_path, stage.carrier, phone)

    back = after.call
    assert (back.id, back.agent, after.agent()) == (call, "ana", "on_call")
    assert isinstance(after.port(back.caller).source, Relay)
    assert after.heard(back.party) == f"relay {after.port(back.caller).number}"
    recording = after.port(back.caller).recording
    assert recording is not None
    assert recording.path.name == f"{call}.wav"
    assert len(phone.all(IncomingInvite)) == 1, "nothing rang"
    await after.pass_by(30)
    await stage.carrier.hang_up(session)
    await after.settle()
    assert after.agent() == "wrap_up"
    await after.pass_by(1)
    (record,) = after.history.calls
    assert (record.result, record.reason) == (Result.ANSWERED, Reason.CALLER_HUNG_UP)
    assert [segment.kind.value for segment in record.segments] == ["talk", "talk"]
    assert record.talk_s == pytest.approx(90, abs=1)
    assert [leg.role.value for leg in record.legs] == ["caller", "agent"]
    await closed(after)


async def test_a_caller_who_is_gone_is_booked_and_his_agent_is_freed(stage: Stage, tmp_path: Path) -> None:
    phone = takes_offers(await stage.phone())
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    stage.lose = lambda data: data.startswith(b"BYE")
    await stage.carrier.hang_up(session)
    await stage.pass_by(33)
    after = await restarted(stage, tmp_path, stage.carrier, phone)
    assert not after.registry.calls
    assert phone.all(SessionEnded)
    (record,) = after.history.calls
    assert (record.result, record.reason) == (Result.ANSWERED, Reason.SWITCH_RESTARTED)
    assert after.agent() == "wrap_up"
    await closed(after)


async def test_an_agent_s_phone_that_is_gone_costs_him_the_call_and_the_caller_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    await stage.reload(queues={"support": {"requires": "support >= 1", "on_agent_lost": "requeue"}})
    phone = await stage.phone()
    phone.behave = answering
    takes_offers(stage.carrier)
    session = await stage.carrier.dial(NUMBER)
    queues = {"support": {"requires": "support >= 1", "on_agent_lost": "requeue"}}
    router = Router.restore(stage.exchange.dispatch.router.snapshot())
    after = await crashed(stage, tmp_path / "after", {"queues": queues}, router)
    after.take_over(stage.carrier)
    after.returning.start()
    await after.settle()
    assert after.heard(after.call.caller) == "music default", "until it is known"
    assert after.agent() == "on_call"
    await after.pass_by(PATIENCE_S)
    assert after.call.agent is None
    assert after.exchange.dispatch.router.facts.calls[after.call.id].state == "waiting"
    assert after.heard(after.call.caller) == "music default"
    await stage.carrier.hang_up(session)
    await closed(after)


async def test_who_answers_nothing_is_ended_and_booked(stage: Stage, tmp_path: Path) -> None:
    await stage.carrier.dial(NUMBER)
    stage.carrier.takes = lambda data: True  # type: ignore[method-assign]
    after = await restarted(stage, tmp_path, stage.carrier)
    assert after.exchange.dispatch.router.facts.calls[after.call.id].state == "doubted"
    await after.pass_by(PATIENCE_S + 1)
    (record,) = after.history.calls
    assert (record.result, record.reason) == (Result.FAILED, Reason.SWITCH_RESTARTED)
    (visit,) = record.visits
    assert visit.reason is Reason.SWITCH_RESTARTED
    await closed(after)


async def test_a_refusal_ends_the_call_with_bye(stage: Stage, tmp_path: Path) -> None:
    session = await stage.carrier.dial(NUMBER)
    stage.carrier.hear = lambda event: (  # type: ignore[method-assign]
        stage.carrier.endpoint.answer_offer(event.session, 488, stage.carrier.wire.now())
        if isinstance(event, Reinvited)
        else None
    )
    after = await restarted(stage, tmp_path, stage.carrier)
    assert stage.carrier.endpoint.dialog(session) is None
    assert [record.reason for record in after.history.calls] == [Reason.SWITCH_RESTARTED]
    await closed(after)


async def test_a_call_out_over_a_trunk_goes_on_and_keeps_its_room(stage: Stage, tmp_path: Path) -> None:
    phone = takes_offers(await stage.phone())
    takes_offers(stage.carrier).behave = answering
    session = await phone.dial("0600111222")
    after = await restarted(stage, tmp_path, stage.carrier, phone)
    assert after.heard(after.call.caller) == f"relay {after.port(after.call.party).number}"
    assert after.exchange.limits.active("carrier") == 1
    await phone.hang_up(session)
    await closed(after)


async def test_who_hangs_up_as_soon_as_we_listen_has_hung_up(stage: Stage, tmp_path: Path) -> None:
    """Every dialog that may return is taken up before a packet can come: nobody hears 481."""
    one, other = takes_offers(await stage.phone("1001")), takes_offers(await stage.phone("1002"))
    other.behave = answering
    session = await one.dial("1002")
    await stage.pass_by(10)
    after = await crashed(stage, tmp_path / "after")
    after.take_over(one, other)
    after.switch.reader = cast(Reader, NobodyKnown())
    after.switch.tokens = cast(TokenStore, NobodyKnown())
    await Server(tmp_path / "none.yaml", after.switch).take_up()
    after.lose = lambda data: data.startswith(b"INVITE")
    await one.hang_up(session)
    assert not any(data.startswith(b"SIP/2.0 481") for data in one.received)
    (record,) = after.history.calls
    assert (record.result, record.reason) == (Result.COMPLETED, Reason.CALLER_HUNG_UP)
    await after.pass_by(60)
    after.assert_nothing_left()
    await after.close()


@pytest.mark.parametrize("answers", [True, False])
async def test_who_comes_after_the_crash_comes_behind_who_came_before(
    stage: Stage, tmp_path: Path, answers: bool
) -> None:
    """Although an agent is free, and it is not known yet who is back; but no longer than a second."""
    asked: list[Reinvited] = []
    end = stage.carrier
    end.hear = lambda event: (  # type: ignore[method-assign]
        asked.append(event) if isinstance(event, Reinvited) else FarEnd.hear(end, event)
    )
    await end.dial(NUMBER)
    first = stage.call.id
    after = await restarted(stage, tmp_path, end)
    phone = after.add(FarEnd(after, "1001", ("192.0.2.21", 5060), ("192.0.2.1", 5060), "secret of 1001"))
    await phone.register()
    await end.dial(NUMBER)
    (fresh,) = after.registry.calls.keys() - {first}
    assert not phone.all(IncomingInvite)
    if answers:
        end.endpoint.answer_offer(asked[0].session, 200, after.now(), sdp=end.sdp)
        after.moved(end)
        await after.settle()
    else:
        await after.pass_by(TOGETHER_S)
    (offer,) = [command for command in after.commands if isinstance(command, Offer)]
    assert offer.call == (first if answers else fresh)
    await after.close()


async def test_who_has_lost_his_agent_comes_before_who_came_after_the_crash(
    stage: Stage, tmp_path: Path
) -> None:
    """Although another agent is free, and it is not known yet whether the first one is back."""
    queues = {"support": {"requires": "support >= 1", "on_agent_lost": "requeue"}}
    await stage.reload(queues=queues)
    asked: list[Reinvited] = []
    phone = await stage.phone()
    phone.behave = answering
    phone.hear = lambda event: (  # type: ignore[method-assign]
        asked.append(event) if isinstance(event, Reinvited) else FarEnd.hear(phone, event)
    )
    await takes_offers(stage.carrier).dial(NUMBER)
    lost = stage.call.id
    after = await restarted(stage, tmp_path, stage.carrier, phone, queues=queues)
    other = await after.phone("1002")
    await stage.carrier.dial(NUMBER)
    assert not other.all(IncomingInvite)
    phone.endpoint.answer_offer(asked[0].session, 488, after.now())
    after.moved(phone)
    await after.settle()
    (offer,) = [command for command in after.commands if isinstance(command, Offer)]
    assert (offer.call, offer.agent) == (lost, "luis")
    await after.close()


async def test_two_phones_that_talked_talk_on(stage: Stage, tmp_path: Path) -> None:
    one, other = takes_offers(await stage.phone("1001")), takes_offers(await stage.phone("1002"))
    other.behave = answering
    session = await one.dial("1002")
    await stage.pass_by(10)
    after = await restarted(stage, tmp_path, one, other)
    assert after.heard(after.call.caller) == f"relay {after.port(after.call.party).number}"
    assert (after.agent("ana"), after.agent("luis")) == ("on_call", "on_call")
    await one.hang_up(session)
    (record,) = after.history.calls
    assert (record.result, record.reason) == (Result.COMPLETED, Reason.CALLER_HUNG_UP)
    await closed(after)


async def test_who_held_still_holds(stage: Stage, tmp_path: Path) -> None:
    phone = takes_offers(await stage.phone())
    phone.behave = answering
    takes_offers(stage.carrier)
    await stage.carrier.dial(NUMBER)
    phone.sdp = sdp(phone.address[0], direction="sendonly", version=2)
    await phone.reinvite(phone.invited.session, phone.sdp)
    assert stage.call.party is not None
    assert stage.call.party.held
    after = await restarted(stage, tmp_path, stage.carrier, phone)
    assert after.call.party is not None
    assert after.call.party.held
    assert after.heard(after.call.caller) == "music default"
    await after.close()


async def test_a_port_that_another_program_has_taken_ends_the_call(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await stage.carrier.dial(NUMBER)

    def taken(*_: object) -> None:
        raise NoPorts

    monkeypatch.setattr(NotingPlane, "reopen", taken)
    after = await restarted(stage, tmp_path, stage.carrier)
    assert stage.carrier.endpoint.dialog(session) is None
    assert [record.reason for record in after.history.calls] == [Reason.SWITCH_RESTARTED]
    await after.close()


async def test_a_phone_that_rang_is_stopped_and_rung_again(stage: Stage, tmp_path: Path) -> None:
    phone = await stage.phone()
    takes_offers(stage.carrier)
    await stage.carrier.dial(NUMBER)
    former = phone.invited.session
    after = await restarted(stage, tmp_path, stage.carrier, phone)
    assert phone.last(SessionEnded, former) is not None
    assert after.logbook.take_ringing() == []
    await phone.register()
    assert len(phone.all(IncomingInvite)) == 2
    await phone.answer()
    assert after.heard(after.call.caller) == f"relay {after.port(after.call.party).number}"
    await phone.hang_up()
    await closed(after)


async def test_a_200_that_crossed_the_crash_gets_ack_and_bye(stage: Stage, tmp_path: Path) -> None:
    phone = await stage.phone()
    takes_offers(stage.carrier)
    session = await stage.carrier.dial(NUMBER)
    stage.lose = lambda data: data.startswith(b"SIP/2.0 200")
    await phone.answer()
    assert phone.endpoint.dialog(phone.invited.session) is not None
    after = await restarted(stage, tmp_path, stage.carrier, phone)
    await after.pass_by(5)
    assert phone.endpoint.counts().sessions == 0, "no phone is left in a dead call"
    await stage.carrier.hang_up(session)
    await closed(after)


async def test_who_hangs_up_before_he_has_answered_has_hung_up(stage: Stage, tmp_path: Path) -> None:
    session = await stage.carrier.dial(NUMBER)
    stage.carrier.hear = lambda event: None  # type: ignore[method-assign]
    after = await restarted(stage, tmp_path, stage.carrier)
    await stage.carrier.hang_up(session)
    (record,) = after.history.calls
    assert (record.result, record.reason) == (Result.ABANDONED, Reason.CALLER_HUNG_UP)
    await closed(after)


async def test_offers_that_cross_are_made_again(stage: Stage, tmp_path: Path) -> None:
    session = await stage.carrier.dial(NUMBER)
    asked: list[Reinvited] = []

    def hear(event: object) -> None:
        if isinstance(event, Reinvited):
            asked.append(event)
            status = 491 if len(asked) == 1 else 200
            end = stage.carrier
            end.endpoint.answer_offer(event.session, status, end.wire.now(), sdp=end.sdp)

    stage.carrier.hear = hear  # type: ignore[method-assign]
    after = await restarted(stage, tmp_path, stage.carrier)
    assert after.heard(after.call.caller) == "silence"
    await after.pass_by(5)
    assert len(asked) == 2
    assert after.heard(after.call.caller) == "music default"
    await stage.carrier.hang_up(session)
    await closed(after)


async def test_a_second_crash_is_outlived_like_the_first(stage: Stage, tmp_path: Path) -> None:
    phone = takes_offers(await stage.phone())
    phone.behave = answering
    takes_offers(stage.carrier)
    talk, wait = await stage.carrier.dial(NUMBER), await stage.carrier.dial(NUMBER)
    calls = list(stage.registry.calls)
    once = await restarted(stage, tmp_path, stage.carrier, phone)
    (tmp_path / "again").mkdir()
    twice = await restarted(once, tmp_path / "again", stage.carrier, phone)
    assert list(twice.registry.calls) == calls
    assert twice.agent() == "on_call"
    assert twice.heard(twice.registry.calls[calls[1]].caller) == "music default"
    for session in (talk, wait):
        await stage.carrier.hang_up(session)
    await twice.pass_by(60)
    assert {record.result for record in twice.history.calls} == {Result.ANSWERED, Result.ABANDONED}
    twice.assert_nothing_left()
    await once.close()
    await twice.close()


async def test_a_recording_that_was_paused_stays_paused(stage: Stage, tmp_path: Path) -> None:
    phone = takes_offers(await stage.phone())
    phone.behave = answering
    takes_offers(stage.carrier)
    await stage.carrier.dial(NUMBER)
    assert stage.call.keep(False, EndedBy.AGENT)
    await stage.settle()
    after = await restarted(stage, tmp_path, stage.carrier, phone)
    recording = after.port(after.call.caller).recording
    assert recording is not None
    assert recording.asked == ["record", "blank"]
    await after.close()


async def test_what_was_said_before_and_after_is_one_file(stage: Stage, tmp_path: Path) -> None:
    phone = takes_offers(await stage.phone())
    phone.behave = answering
    takes_offers(stage.carrier)
    session = await stage.carrier.dial(NUMBER)
    first = stage.call.ledger.recording
    assert first is not None
    after_dir = tmp_path / "after"
    part = after_dir / first.path
    part.parent.mkdir(parents=True)
    part.write_bytes(header(0) + b"\1\0" * 1600)
    after = await restarted(stage, tmp_path, stage.carrier, phone)
    second = after.call.ledger.recording
    assert second is not None
    assert second.path == first.path.replace(".wav.part", ".2.wav.part")
    (after_dir / second.path.removesuffix(".part")).write_bytes(header(800) + b"\2\0" * 800)
    await stage.carrier.hang_up(session)
    await after.pass_by(1)
    (record,) = after.history.calls
    assert record.recording is not None
    assert record.recording.path == first.path
    assert part.read_bytes() == header(4800) + b"\1\0" * 1600 + b"\2\0" * 800
    assert record.recording.duration_s == pytest.approx(0.15)
    assert sorted(part.parent.iterdir()) == [part]
    await after.close()


async def test_an_encrypted_call_is_ended_for_its_keys_are_noted_nowhere(
    stage: Stage, tmp_path: Path
) -> None:
    media = {"srtp_keys_in_clear": "yes"}
    trunk = {**centre()["trunks"]["carrier"], "srtp": "offered"}
    await stage.reload(media=media, trunks={"carrier": trunk})
    key = base64.b64encode(bytes(range(30))).decode()
    stage.carrier.sdp = sdp(stage.carrier.address[0]) + (
        f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n".encode()
    )
    session = await stage.carrier.dial(NUMBER)
    assert stage.call.caller.record().encryption is Encryption.SDES
    assert b"inline:" not in (stage.folder / "journal" / "logbook.jsonl").read_bytes()
    after = await restarted(stage, tmp_path, stage.carrier)
    assert stage.carrier.endpoint.dialog(session) is None
    assert [record.reason for record in after.history.calls] == [Reason.SWITCH_RESTARTED]
    await after.close()


async def test_a_caller_without_a_200_is_refused_and_his_party_rings_no_more(
    stage: Stage, tmp_path: Path
) -> None:
    one, other = await stage.phone("1001"), await stage.phone("1002")
    session = await one.dial("1002")
    assert (one.status(session), len(other.all(IncomingInvite))) == (None, 1)
    after = await restarted(stage, tmp_path, one, other)
    assert one.status(session) == 503
    assert other.last(SessionEnded, other.invited.session) is not None
    (record,) = after.history.calls
    assert (record.result, record.reason) == (Result.FAILED, Reason.SWITCH_RESTARTED)
    await closed(after)


@pytest.mark.parametrize("sections", [PREFERS])
async def test_who_joined_the_line_long_after_our_200_waits_in_it(stage: Stage, tmp_path: Path) -> None:
    stage.exchange.reader = cast(Reader, Past("luis", takes_s=0.15))
    takes_offers(stage.carrier)
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(5)
    after = await restarted(stage, tmp_path, stage.carrier, **PREFERS)
    assert [visit.queue for visit in after.call.ledger.visits] == ["support"]
    assert after.metrics().value("centralita_queue_offered_total", queue="support") == 1
    await stage.carrier.hang_up(session)
    (record,) = after.history.calls
    assert [visit.result for visit in record.visits] == [Result.ABANDONED]
    assert after.metrics().value("centralita_queue_abandoned_total", queue="support") == 1
    await closed(after)


ONWARD = {"support": {"max_wait": "5s", "overflow": "queue:sales"}, "sales": {"requires": "sales >= 1"}}


@pytest.mark.parametrize("sections", [{"queues": ONWARD}])
async def test_who_was_sent_on_before_is_counted_where_he_stands(stage: Stage, tmp_path: Path) -> None:
    takes_offers(stage.carrier)
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(8)
    after = await restarted(stage, tmp_path, stage.carrier, queues=ONWARD)
    scrape = after.metrics()
    offered = {name: scrape.value("centralita_queue_offered_total", queue=name) for name in ONWARD}
    assert offered == {"support": 0, "sales": 1}
    await stage.carrier.hang_up(session)
    assert after.metrics().value("centralita_queue_abandoned_total", queue="sales") == 1
    (record,) = after.history.calls
    assert [(visit.queue, visit.result, visit.reason) for visit in record.visits] == [
        ("support", Result.OVERFLOWED, Reason.MAX_WAIT),
        ("sales", Result.ABANDONED, Reason.CALLER_HUNG_UP),
    ]
    await after.close()


async def test_a_visit_that_the_crash_kept_from_the_logbook_is_made_up_for(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is written first: the router may know more than the logbook."""
    takes_offers(stage.carrier)
    session = await stage.carrier.dial(NUMBER)
    ledger = stage.call.ledger
    visits, ledger.visits = ledger.visits, []
    stage.registry.call_changed(stage.call)
    await stage.settle()
    ledger.visits = visits
    after = await restarted(stage, tmp_path, stage.carrier)
    assert after.heard(after.call.caller) == "music default"
    phone = after.add(FarEnd(after, "1001", ("192.0.2.21", 5060), ("192.0.2.1", 5060), "secret of 1001"))
    phone.behave = answering
    await phone.register()
    assert after.call.agent == "ana"
    await stage.carrier.hang_up(session)
    await after.pass_by(1)
    (record,) = after.history.calls
    assert [visit.agent for visit in record.visits] == ["ana"]
    await after.close()


async def test_a_caller_whose_agent_s_leg_is_not_known_hears_music(stage: Stage, tmp_path: Path) -> None:
    phone = await stage.phone()
    phone.behave = answering
    takes_offers(stage.carrier)
    session = await stage.carrier.dial(NUMBER)
    assert stage.call.party is not None
    stage.logbook.dialog_closed(stage.call.party.id)
    await stage.settle()
    after = await restarted(stage, tmp_path, stage.carrier, phone)
    assert after.exchange.dispatch.router.facts.calls[after.call.id].state == "waiting"
    assert after.heard(after.call.caller) == "music default"
    await stage.carrier.hang_up(session)
    await after.close()


async def test_a_stream_goes_on_over_two_crashes(stage: Stage, tmp_path: Path) -> None:
    takes_offers(stage.carrier)
    await stage.carrier.dial(NUMBER)
    first = stage.port(stage.call.caller).stream.sequence
    await stage.pass_by(60)
    once = await restarted(stage, tmp_path, stage.carrier)
    await once.pass_by(60)
    (tmp_path / "again").mkdir()
    twice = await restarted(once, tmp_path / "again", stage.carrier)
    gone_on = twice.port(twice.call.caller).stream.sequence - first
    assert gone_on == pytest.approx(2 * 60 * 50 + 2 * 100, abs=20), "50 a second, and 2 s ahead at each"
    await once.close()
    await twice.close()


async def test_a_second_crash_finds_who_has_not_answered_yet(stage: Stage, tmp_path: Path) -> None:
    phone = takes_offers(await stage.phone())
    phone.behave = answering
    hear = stage.carrier.hear
    stage.carrier.hear = lambda event: None  # type: ignore[method-assign]
    await stage.carrier.dial(NUMBER)
    call = stage.call.id
    once = await restarted(stage, tmp_path, stage.carrier, phone)
    once.registry.leg_refreshed(once.call.caller)
    await once.settle()
    stage.carrier.hear = hear  # type: ignore[method-assign]
    takes_offers(stage.carrier)
    (tmp_path / "again").mkdir()
    twice = await restarted(once, tmp_path / "again", stage.carrier, phone)
    assert list(twice.registry.calls) == [call]
    await once.close()
    await twice.close()


async def test_a_recording_that_cannot_be_mended_costs_no_record(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(registry, "mended", broken)
    phone = takes_offers(await stage.phone())
    phone.behave = answering
    takes_offers(stage.carrier)
    session = await stage.carrier.dial(NUMBER)
    after = await restarted(stage, tmp_path, stage.carrier, phone)
    await stage.carrier.hang_up(session)
    await after.pass_by(60)
    assert [record.result for record in after.history.calls] == [Result.ANSWERED]
    after.assert_nothing_left()
    await after.close()
