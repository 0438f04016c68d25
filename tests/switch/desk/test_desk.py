"""Wishes of agents in a whole switch: seats, PINs, and that every door hears what changes."""

import pytest

from switch.api.backend import Refused
from switch.desk.desk import Desk
from switch.desk.wishes import Answer, EndWrapUp, ExtendWrapUp, LogIn, LogOut, Pause, Ready
from switch.records import AgentState
from tests.switch.desk.offices import PIN, office
from tests.switch.far_end import answering
from tests.switch.stage import NUMBER, SPARE_PHONE, Stage

pytestmark = pytest.mark.parametrize("sections", [office()], ids=["office"])


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return stage.exchange.desk


class TestLoggingIn:
    async def test_at_his_own_phone_no_pin_is_needed(self, stage: Stage, desk: Desk) -> None:
        await stage.phone()
        desk.ask(LogOut("ana"))
        assert stage.agent() == "offline"
        assert desk.ask(LogIn("ana", "1001")) is Answer.DONE
        assert desk.ask(LogIn("ana", "1001")) is Answer.AS_BEFORE
        assert stage.agent() == "ready"

    async def test_elsewhere_his_pin_proves_him_and_calls_come_there(self, stage: Stage, desk: Desk) -> None:
        own, spare = await stage.phone(), await stage.phone(SPARE_PHONE)
        assert desk.ask(LogIn("ana", SPARE_PHONE)) is Answer.WRONG_PIN
        assert desk.ask(LogIn("ana", SPARE_PHONE, "4712")) is Answer.WRONG_PIN
        assert desk.ask(LogIn("nobody", SPARE_PHONE, PIN)) is Answer.WRONG_PIN
        assert desk.ask(LogIn("ana", SPARE_PHONE, PIN)) is Answer.DONE
        assert (stage.agent(), stage.running.agent("ana").phone) == ("ready", SPARE_PHONE)
        await stage.carrier.dial(NUMBER)
        assert spare.invited
        assert not [data for data in own.received if data.startswith(b"INVITE")]

    async def test_without_a_pin_nobody_comes_to_the_phone_of_another(self, stage: Stage, desk: Desk) -> None:
        await stage.phone(SPARE_PHONE)
        for pin in ("", "0", PIN):
            assert desk.ask(LogIn("eva", SPARE_PHONE, pin)) is Answer.WRONG_PIN
        assert desk.ask(LogIn("eva", SPARE_PHONE, vouched=True)) is Answer.DONE

    async def test_too_many_wrong_ones_lock_agent_and_phone(self, stage: Stage, desk: Desk) -> None:
        own = await stage.phone()
        await stage.phone(SPARE_PHONE)
        for _ in range(5):
            assert desk.ask(LogIn("ana", SPARE_PHONE, "0000")) is Answer.WRONG_PIN
        assert desk.ask(LogIn("ana", SPARE_PHONE, PIN)) is Answer.LOCKED
        assert desk.ask(LogIn("ana", "1002", PIN)) is Answer.LOCKED
        assert desk.ask(LogIn("luis", SPARE_PHONE, "0815")) is Answer.LOCKED
        assert desk.ask(LogIn("ana", "1001")) is Answer.AS_BEFORE, "her own phone proves her"
        await stage.pass_by(500)
        await own.register()
        await stage.pass_by(101)
        assert desk.ask(LogIn("ana", SPARE_PHONE, PIN)) is Answer.DONE

    async def test_a_phone_that_there_is_not(self, desk: Desk) -> None:
        assert desk.ask(LogIn("ana", "1009", PIN)) is Answer.NOBODY
        assert desk.ask(Ready("nobody")) is Answer.NOBODY


class TestSeats:
    async def test_the_newcomer_has_the_seat_and_the_other_is_logged_out(
        self, stage: Stage, desk: Desk
    ) -> None:
        await stage.phone()
        await stage.phone("1002")
        assert desk.ask(LogIn("ana", "1002", PIN)) is Answer.DONE
        assert (stage.agent("ana"), stage.agent("luis")) == ("ready", "offline")
        assert stage.running.agent("luis").phone is None
        assert desk.ask(LogIn("luis", "1002")) is Answer.DONE, "it is his own"
        assert (stage.agent("ana"), stage.agent("luis")) == ("offline", "ready")
        assert stage.running.agent("ana").phone == "1001"

    async def test_who_logs_out_gives_the_seat_back_and_its_owner_stays_as_he_was(
        self, stage: Stage, desk: Desk
    ) -> None:
        await stage.phone()
        await stage.phone("1002")
        desk.ask(LogIn("ana", "1002", PIN))
        assert desk.ask(LogOut("ana")) is Answer.DONE
        assert desk.agent_at("1002") == "luis"
        assert (stage.agent("ana"), stage.agent("luis")) == ("offline", "offline")

    async def test_what_rings_where_he_was_rings_where_he_is(self, stage: Stage, desk: Desk) -> None:
        own, spare = await stage.phone(), await stage.phone(SPARE_PHONE)
        await stage.carrier.dial(NUMBER)
        assert stage.agent() == "ringing"
        assert desk.ask(LogIn("ana", SPARE_PHONE, PIN)) is Answer.DONE
        await stage.settle()
        assert any(data.startswith(b"CANCEL") for data in own.received)
        await spare.answer()
        assert (stage.agent(), stage.call.agent) == ("on_call", "ana")
        assert stage.call.party is not None
        assert stage.call.party.peer.name == SPARE_PHONE

    async def test_in_a_call_nobody_moves_and_nobody_is_moved(self, stage: Stage, desk: Desk) -> None:
        own = await stage.phone()
        await stage.phone("1002")
        desk.ask(LogOut("luis"))
        own.behave = answering
        session = await stage.carrier.dial(NUMBER)
        assert desk.ask(LogIn("ana", SPARE_PHONE, PIN)) is Answer.TALKING
        assert desk.ask(LogIn("luis", "1001", "0815")) is Answer.TAKEN
        assert stage.running.agent("ana").phone == "1001"
        await stage.carrier.hang_up(session)
        assert desk.ask(LogIn("ana", SPARE_PHONE, PIN)) is Answer.DONE
        assert (stage.agent(), desk.phone_of("ana")) == ("wrap_up", SPARE_PHONE)

    async def test_who_logs_out_in_a_call_leaves_when_it_is_over(self, stage: Stage, desk: Desk) -> None:
        spare = await stage.phone(SPARE_PHONE)
        desk.ask(LogIn("ana", SPARE_PHONE, PIN))
        spare.behave = answering
        session = await stage.carrier.dial(NUMBER)
        assert desk.ask(LogOut("ana")) is Answer.LATER
        assert (stage.agent(), desk.phone_of("ana")) == ("on_call", SPARE_PHONE)
        await stage.carrier.hang_up(session)
        assert (stage.agent(), desk.phone_of("ana")) == ("offline", "1001")

    async def test_who_comes_back_before_his_call_is_over_has_not_left(
        self, stage: Stage, desk: Desk
    ) -> None:
        spare = await stage.phone(SPARE_PHONE)
        desk.ask(LogIn("ana", SPARE_PHONE, PIN))
        spare.behave = answering
        session = await stage.carrier.dial(NUMBER)
        desk.ask(LogOut("ana"))
        assert desk.ask(LogIn("ana", SPARE_PHONE, PIN)) is Answer.AS_BEFORE
        await stage.carrier.hang_up(session)
        assert (stage.agent(), desk.phone_of("ana")) == ("wrap_up", SPARE_PHONE)

    async def test_what_rings_for_who_makes_room_looks_for_another(self, stage: Stage, desk: Desk) -> None:
        own, luis = await stage.phone(), await stage.phone("1002")
        desk.ask(Pause("luis"))
        await stage.carrier.dial(NUMBER)
        assert stage.agent() == "ringing"
        assert desk.ask(LogIn("luis", "1001", "0815")) is Answer.DONE
        await stage.settle()
        assert any(data.startswith(b"CANCEL") for data in own.received)
        assert (stage.agent("ana"), stage.agent("luis")) == ("offline", "paused")
        desk.ask(Ready("luis"))
        await stage.settle()
        assert (stage.agent("luis"), desk.phone_of("luis")) == ("ringing", "1001")
        assert not [data for data in luis.received if data.startswith(b"INVITE")]

    async def test_a_seat_of_somebody_who_is_offline_is_free_after_a_restart(
        self, stage: Stage, desk: Desk
    ) -> None:
        stage.staffing.sit("ana", "1002")
        desk.start()
        assert desk.phone_of("ana") == "1001"


class TestStates:
    async def test_pause_ready_and_the_end_of_a_wrap_up(self, stage: Stage, desk: Desk) -> None:
        phone = await stage.phone()
        assert desk.ask(Pause("ana", "lunch")) is Answer.DONE
        assert stage.running.agent("ana").reason == "lunch"
        assert desk.ask(EndWrapUp("ana")) is Answer.NOT_NOW
        assert desk.ask(ExtendWrapUp("ana")) is Answer.NOT_NOW
        assert desk.ask(Ready("ana")) is Answer.DONE
        phone.behave = answering
        session = await stage.carrier.dial(NUMBER)
        assert desk.ask(Pause("ana", "lunch")) is Answer.LATER
        assert desk.ask(ExtendWrapUp("ana")) is Answer.LATER
        await stage.carrier.hang_up(session)
        await stage.pass_by(39)
        assert stage.agent() == "wrap_up"
        assert desk.ask(EndWrapUp("ana")) is Answer.DONE
        assert stage.agent() == "paused"

    async def test_no_wrap_up_follows_a_call_of_his_own(self, stage: Stage, desk: Desk) -> None:
        phone = await stage.phone()
        await stage.phone("1002")
        await phone.dial("1002")
        assert stage.agent() == "on_call"
        assert desk.ask(ExtendWrapUp("ana")) is Answer.NOT_NOW

    async def test_whoever_listens_hears_of_every_change_in_its_turn(self, stage: Stage, desk: Desk) -> None:
        await stage.phone()
        heard: list[tuple[str, str, str | None]] = []
        desk.listen(lambda agent: heard.append((agent, stage.agent(agent), desk.phone_of(agent))))
        desk.ask(Pause("ana", "lunch"))
        assert heard == [("ana", "paused", "1001")]
        stage.running.set_agent_state("ana", AgentState.READY, None)
        assert heard[-1] == ("ana", "ready", "1001")
        desk.ask(LogIn("ana", SPARE_PHONE, PIN))
        assert heard[-1] == ("ana", "unreachable", SPARE_PHONE)


class TestTheApi:
    async def test_an_administrator_needs_no_pin(self, stage: Stage) -> None:
        await stage.phone(SPARE_PHONE)
        row = stage.running.set_agent_state("eva", AgentState.PAUSED, "training", SPARE_PHONE)
        assert (row.state, row.phone, row.reason) == (AgentState.PAUSED, SPARE_PHONE, "training")
        row = stage.running.set_agent_state("eva", AgentState.OFFLINE, None)
        assert (row.state, row.phone) == (AgentState.OFFLINE, None)

    async def test_what_cannot_be_is_refused_in_words(self, stage: Stage) -> None:
        own = await stage.phone()
        own.behave = answering
        await stage.carrier.dial(NUMBER)
        for agent, phone, words in (
            ("eva", "1009", "no phone '1009'"),
            ("ana", "1003", "agent 'ana' is in a call at another phone"),
            ("eva", "1001", "whoever sits at phone '1001' is in a call there"),
        ):
            with pytest.raises(Refused, match=words):
                stage.running.set_agent_state(agent, AgentState.READY, None, phone)
        with pytest.raises(Refused, match="goes to no phone"):
            stage.running.set_agent_state("ana", AgentState.OFFLINE, None, "1003")
