"""Feature codes in a whole switch: what is dialled is done, and said in the agent's language."""

from collections.abc import Sequence
from typing import Any

import pytest

from acd.events import CallQueued
from media.events import Digit
from sip.events import SessionId
from switch.calls.ending import EndedBy, Reason, Result
from switch.preferences import Preferences
from switch.records import AgentState
from switch.trace.masking import mask
from tests.switch.desk.offices import PIN, office
from tests.switch.far_end import FarEnd, answering
from tests.switch.stage import NUMBER, SPARE_PHONE, Stage


def spanish(**sections: Any) -> dict[str, Any]:
    """The same, but Luis speaks Spanish."""
    centre = office(**sections)
    centre["agents"]["luis"]["language"] = "es"
    return centre


pytestmark = pytest.mark.parametrize("sections", [spanish()], ids=["office"])


def said(stage: Stage) -> str:
    """What the code's caller hears, the pauses left out."""
    code = next(call for call in stage.registry.calls.values() if call.caller.at_code)
    names = [name.partition(" ") for name in stage.heard(code.caller).split(", ")]
    return ", ".join(f"{language} {name}" for language, _, name in names if name != "pause")


async def over(stage: Stage) -> None:
    """What is said comes to its end."""
    code = next(call for call in stage.registry.calls.values() if call.caller.at_code)
    stage.played(code.caller)
    await stage.settle()


async def dial(stage: Stage, phone: FarEnd, number: str) -> str:
    """Dial a code; what is heard."""
    session = await phone.dial(number)
    assert phone.status(session) == 200
    heard = said(stage)
    await over(stage)
    return heard


async def press(stage: Stage, digits: str) -> None:
    code = next(call for call in stage.registry.calls.values() if call.caller.at_code)
    for digit in digits:
        stage.tell(Digit(code.caller.port, digit, 100))
        await stage.settle()


async def test_a_shift_by_codes(stage: Stage) -> None:
    phone = await stage.phone()
    assert await dial(stage, phone, "*61") == "en desk-logged-out"
    assert stage.agent() == "offline"
    assert await dial(stage, phone, "*60") == "en desk-logged-in"
    assert stage.agent() == "ready"
    assert await dial(stage, phone, "*632") == "en desk-paused, en reason-lunch"
    assert (stage.agent(), stage.running.agent("ana").reason) == ("paused", "lunch")
    assert await dial(stage, phone, "*639") == "en desk-unknown-reason"
    assert await dial(stage, phone, "*62") == "en desk-ready"
    assert await dial(stage, phone, "*64") == "en desk-not-now"
    assert stage.agent() == "ready"
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_what_is_to_become_of_calls_to_the_phone(stage: Stage) -> None:
    phone = await stage.phone(SPARE_PHONE)
    wanted = stage.exchange.preferences
    assert await dial(stage, phone, "*78") == "en desk-do-not-disturb-on"
    assert wanted.of(SPARE_PHONE) == Preferences(do_not_disturb=True)
    assert await dial(stage, phone, "*79") == "en desk-do-not-disturb-off"
    assert await dial(stage, phone, "*721002") == "en desk-forwarded"
    assert await dial(stage, phone, "*90*1002#") == "en desk-forwarded"
    assert await dial(stage, phone, "*921001") == "en desk-forwarded"
    assert wanted.of(SPARE_PHONE) == Preferences(always="1002", busy="1002", no_answer="1001")
    assert await dial(stage, phone, "*72999") == "en desk-not-forwardable"
    assert await dial(stage, phone, "*72") == "en desk-not-forwarded"
    assert wanted.of(SPARE_PHONE) == Preferences(busy="1002", no_answer="1001")


async def test_in_spanish_to_who_speaks_it(stage: Stage) -> None:
    phone = await stage.phone("1002")
    assert await dial(stage, phone, "*63*1#") == "es desk-paused, es reason-break"


@pytest.mark.parametrize("number", [f"*60*501*{PIN}#", f"*60501*{PIN}", f"*60**501*{PIN}"])
async def test_it_is_booked_as_completed_without_its_pin(stage: Stage, number: str) -> None:
    phone = await stage.phone(SPARE_PHONE)
    await dial(stage, phone, number)
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.ended_by) == (
        Result.COMPLETED,
        Reason.FLOW_ENDED,
        EndedBy.SWITCH,
    )
    assert (record.from_, record.to, record.queue) == (SPARE_PHONE, "*60", None)
    assert not [event for event in stage.posted if isinstance(event, CallQueued)]
    assert not [data for data in stage.sent if PIN.encode() in mask(data)]
    assert PIN not in (stage.folder / "journal" / "logbook.jsonl").read_text()
    assert not stage.logbook.survivors()


class TestLoggingIn:
    async def test_at_any_phone_with_a_number_and_a_pin(self, stage: Stage) -> None:
        await stage.phone()
        spare = await stage.phone(SPARE_PHONE)
        assert await dial(stage, spare, "*60*501*0000") == "en desk-wrong-pin"
        assert stage.running.agent("ana").phone == "1001"
        assert await dial(stage, spare, "*60*502*0815") == "es desk-logged-in"
        assert await dial(stage, spare, f"*60*501*{PIN}") == "en desk-logged-in"
        assert (stage.agent("luis"), stage.agent("ana")) == ("offline", "ready")
        assert await dial(stage, spare, "*61") == "en desk-logged-out"
        assert await dial(stage, spare, "*61") == "en desk-nobody"

    async def test_what_was_not_dialled_is_asked_for(self, stage: Stage) -> None:
        spare = await stage.phone(SPARE_PHONE)
        await spare.dial("*60")
        assert said(stage) == "en desk-ask-agent"
        await press(stage, "50")
        assert stage.heard(stage.call.caller) == "silence", "he has heard enough"
        await press(stage, "2#")
        assert said(stage) == "es desk-ask-pin"
        await over(stage)
        await press(stage, "0815")
        await stage.pass_by(5)
        assert said(stage) == "es desk-logged-in"
        assert stage.running.agent("luis").phone == SPARE_PHONE

    async def test_who_presses_nothing_proves_nothing(self, stage: Stage) -> None:
        spare = await stage.phone(SPARE_PHONE)
        await spare.dial("*60501")
        await over(stage)
        await stage.pass_by(9)
        assert said(stage) == "en desk-wrong-pin"

    async def test_who_guesses_is_locked_out_and_hears_so(self, stage: Stage) -> None:
        spare = await stage.phone(SPARE_PHONE)
        for pin in range(5):
            assert await dial(stage, spare, f"*60*501*000{pin}") == "en desk-wrong-pin"
        assert await dial(stage, spare, f"*60*501*{PIN}") == "en desk-locked"
        assert await dial(stage, spare, "*60*999*0000") == "en desk-locked"

    async def test_in_a_call_nobody_moves(self, stage: Stage) -> None:
        own, spare = await stage.phone(), await stage.phone(SPARE_PHONE)
        own.behave = answering
        await stage.carrier.dial(NUMBER)
        assert await dial(stage, spare, f"*60*501*{PIN}") == "en desk-talking"
        assert await dial(stage, own, "*60*502*0815") == "es desk-taken"

    async def test_who_hangs_up_when_asked_leaves_nothing(self, stage: Stage) -> None:
        spare = await stage.phone(SPARE_PHONE)
        session = await spare.dial("*60")
        await press(stage, "5")
        await spare.hang_up(session)
        (record,) = stage.history.calls
        assert (record.result, record.reason) == (Result.COMPLETED, Reason.CALLER_HUNG_UP)
        await stage.pass_by(60)
        stage.assert_nothing_left()


class TestStates:
    async def test_nobody_is_offered_a_caller_while_he_hears_what_he_asked_for(self, stage: Stage) -> None:
        phone = await stage.phone()
        await phone.dial("*62")
        await stage.carrier.dial(NUMBER)
        assert stage.agent() == "ready"
        assert not stage.orders.offerings
        await over(stage)
        assert stage.agent() == "ringing"

    async def test_a_wrap_up_is_extended_and_ended(self, stage: Stage) -> None:
        phone = await stage.phone()
        phone.behave = answering
        session = await stage.carrier.dial(NUMBER)
        await stage.carrier.hang_up(session)
        assert await dial(stage, phone, "*65") == "en desk-wrap-up-extended"
        await stage.pass_by(38)
        assert stage.agent() == "wrap_up"
        assert await dial(stage, phone, "*64") == "en desk-wrap-up-over"
        assert stage.agent() == "ready"

    async def test_the_recording_of_a_talk_that_is_held(self, stage: Stage) -> None:
        phone = await stage.phone()
        phone.behave = answering
        await stage.carrier.dial(NUMBER)
        talk = stage.call
        assert await dial(stage, phone, "*68") == "en desk-not-recording"
        assert talk.taps.recording is not None
        assert talk.taps.recording.paused
        assert await dial(stage, phone, "*66") == "en desk-recording"
        assert not talk.taps.recording.paused
        assert await dial(stage, phone, "*63") == "en desk-paused, en desk-later"

    async def test_where_nothing_is_recorded_nothing_is_paused(self, stage: Stage) -> None:
        phone = await stage.phone()
        assert await dial(stage, phone, "*68") == "en desk-not-now"


class TestNumbers:
    EMERGENCY: Sequence[dict[str, Any]] = (
        {"phone": "*", "to": ["[*]62"], "go": "trunk:carrier", "emergency": "yes"},
        {"phone": "*", "to": "*", "go": "phone"},
    )

    async def test_an_emergency_number_is_no_code(self, stage: Stage) -> None:
        await stage.reload(**spanish(routes=list(self.EMERGENCY)))
        phone = await stage.phone()
        await phone.dial("*62")
        assert stage.call.ledger.trunk == "carrier"

    async def test_one_that_is_turned_off_is_a_number(self, stage: Stage) -> None:
        await stage.reload(**spanish(routes=[], codes={"ready": "off"}))
        phone = await stage.phone()
        session: SessionId = await phone.dial("*62")
        assert phone.status(session) == 404

    async def test_a_carrier_has_no_codes(self, stage: Stage) -> None:
        session = await stage.carrier.dial("*62")
        assert stage.carrier.status(session) == 404


async def test_what_rings_at_another_phone_is_picked_up(stage: Stage) -> None:
    phones = {name: {"secret": f"secret of {name}", "pickup_group": "all"} for name in ("1001", "1002")}
    await stage.reload(**spanish(phones=phones))
    ana, luis = await stage.phone(), await stage.phone("1002")
    await stage.carrier.dial("81001")
    session = await luis.dial("*81001")
    assert luis.status(session) == 200
    assert stage.call.party is not None
    assert stage.call.party.peer.name == "1002"
    assert any(data.startswith(b"CANCEL") for data in ana.received)


class TestListening:
    """Eva, a supervisor, at the phone of nobody's."""

    @staticmethod
    async def talk(stage: Stage) -> tuple[SessionId, FarEnd]:
        """Ana talks, and Eva has come."""
        centre = spanish()
        centre["agents"]["eva"]["role"] = "supervisor"
        await stage.reload(**centre)
        ana, spare = await stage.phone(), await stage.phone(SPARE_PHONE)
        stage.running.set_agent_state("eva", AgentState.PAUSED, None, SPARE_PHONE)
        ana.behave = answering
        return await stage.carrier.dial(NUMBER), spare

    @pytest.mark.parametrize("number", ["*671001", "*67*501#"])
    async def test_to_the_talk_at_a_phone_or_of_an_agent(self, stage: Stage, number: str) -> None:
        session, spare = await self.talk(stage)
        listening = await spare.dial(number)
        talk = stage.call
        assert [stage.heard(leg) for leg in talk.ledger.legs] == ["room"] * 3
        assert talk.supervision is not None
        assert stage.port(talk.supervision.leg).near is talk.caller.port
        assert stage.agent("eva") == "on_call"
        (record,) = stage.history.calls
        assert (record.to, record.result) == (number.removesuffix("#"), Result.COMPLETED)
        await spare.hang_up(listening)
        assert stage.agent("eva") == "paused"
        assert stage.heard(talk.caller).startswith("relay")
        await stage.carrier.hang_up(session)
        record = stage.history.calls[-1]
        assert [leg.role.value for leg in record.legs] == ["caller", "agent", "supervisor"]
        assert [segment.kind.value for segment in record.segments] == ["talk", "listen"]
        await stage.pass_by(60)
        stage.assert_nothing_left()

    async def test_he_goes_when_the_talk_is_over(self, stage: Stage) -> None:
        session, spare = await self.talk(stage)
        await spare.dial("*671001")
        await stage.carrier.hang_up(session)
        await stage.pass_by(60)
        stage.assert_nothing_left()
        assert stage.agent("eva") == "paused"

    async def test_who_is_no_supervisor_may_not(self, stage: Stage) -> None:
        await self.talk(stage)
        luis = await stage.phone("1002")
        assert await dial(stage, luis, "*671001") == "es desk-not-allowed"
        assert len(stage.call.ledger.legs) == 2

    @pytest.mark.parametrize("number", ["*67", "*671002", "*671003", "*679"])
    async def test_where_nobody_talks_there_is_nothing_to_hear(self, stage: Stage, number: str) -> None:
        _, spare = await self.talk(stage)
        assert await dial(stage, spare, number) == "en desk-not-now"


class TestKeysInATalk:
    """Ana's codes, pressed while she talks."""

    @staticmethod
    async def press(stage: Stage, digits: str, apart_s: float = 0.2) -> None:
        assert stage.call.party is not None
        for digit in digits:
            stage.tell(Digit(stage.call.party.port, digit, 100))
            await stage.pass_by(apart_s)

    async def test_the_recording_is_paused_and_goes_on(self, stage: Stage) -> None:
        phone = await stage.phone()
        phone.behave = answering
        await stage.carrier.dial(NUMBER)
        recording = stage.call.taps.recording
        assert recording is not None
        await self.press(stage, "*68")
        assert recording.paused
        await self.press(stage, "1*66")
        assert not recording.paused
        await self.press(stage, "*68", apart_s=3.5)
        assert not recording.paused, "too slow for a code"
        stage.tell(Digit(stage.call.caller.port, "*", 100))
        for digit in "68":
            stage.tell(Digit(stage.call.caller.port, digit, 100))
        assert not recording.paused, "the caller has no codes"

    async def test_the_wrap_up_to_come_is_longer(self, stage: Stage) -> None:
        phone = await stage.phone()
        phone.behave = answering
        session = await stage.carrier.dial(NUMBER)
        await self.press(stage, "*65")
        await stage.carrier.hang_up(session)
        await stage.pass_by(39)
        assert stage.agent() == "wrap_up"
        await stage.pass_by(2)
        assert stage.agent() == "ready"
