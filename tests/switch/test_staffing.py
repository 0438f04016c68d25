"""Facts about phones become facts about the agents at them, whoever sits where."""

from typing import Any

from acd.events import (
    AgentMoved,
    Event,
    PhoneAtCode,
    PhoneBusy,
    PhoneReachable,
    PhoneRegistered,
    PhoneUnreachable,
    PhoneUnregistered,
)
from switch.config.schema import Config
from switch.staffing import Staffing


def config(**phones: str | None) -> Config:
    """Agents and their phones."""
    agents: dict[str, Any] = {
        name: {} if phone is None else {"phone": phone} for name, phone in phones.items()
    }
    return Config.model_validate({"agents": agents})


class Stage:
    """A staffing, and what it tells the router."""

    def __init__(self, *registered: str, **phones: str | None) -> None:
        self.told: list[Event] = []
        self.registered = set(registered)
        self.staffing = Staffing(self.told.append)
        self.staffing.configure(config(**phones), self.registered.__contains__)

    def reload(self, **phones: str | None) -> list[Event]:
        """What the router hears of the new seats."""
        self.told.clear()
        self.staffing.configure(config(**phones), self.registered.__contains__)
        return self.told


def test_a_phone_speaks_for_the_agent_at_it() -> None:
    stage = Stage(ana="1001")
    stage.staffing.phone_registered("1001", fresh=True)
    stage.staffing.phone_unreachable("1001")
    stage.staffing.phone_reachable("1001")
    stage.staffing.phone_busy("1001", 1)
    stage.staffing.phone_unregistered("1001", explicit=True)
    stage.staffing.phone_registered("1009", fresh=True)
    assert stage.told == [
        PhoneRegistered(agent="ana", fresh=True),
        PhoneUnreachable(agent="ana"),
        PhoneReachable(agent="ana"),
        PhoneBusy(agent="ana", dialogs=1),
        PhoneUnregistered(agent="ana", explicit=True),
    ]
    assert stage.staffing.agent_at("1001") == "ana"


def test_at_the_start_nothing_is_said_of_phones_that_are_not_known_yet() -> None:
    assert Stage(ana="1001", luis=None).told == []


def test_after_a_restart_phones_that_are_gone_are_told_too() -> None:
    stage = Stage(ana="1001", luis="1002", eva=None)
    stage.staffing.phones_known(["1001"])
    assert stage.told == [
        PhoneRegistered(agent="ana", fresh=False),
        PhoneUnregistered(agent="luis", explicit=False),
        PhoneUnregistered(agent="eva", explicit=False),
    ]


def test_a_reload_that_moves_nobody_says_nothing() -> None:
    assert Stage("1001", ana="1001").reload(ana="1001") == []


def test_who_changes_places_is_told_what_the_new_phone_is_doing() -> None:
    stage = Stage("1001", "1002", ana="1001")
    stage.staffing.phone_busy("1001", 1)
    stage.staffing.phone_busy("1002", 2)
    assert stage.reload(ana="1002") == [
        AgentMoved(agent="ana"),
        PhoneRegistered(agent="ana", fresh=True),
        PhoneBusy(agent="ana", dialogs=2),
    ]


def test_who_leaves_a_busy_phone_is_not_busy_any_more() -> None:
    stage = Stage("1001", ana="1001")
    stage.staffing.phone_busy("1001", 1)
    assert stage.reload(ana="1009") == [
        AgentMoved(agent="ana"),
        PhoneUnregistered(agent="ana", explicit=False),
        PhoneBusy(agent="ana", dialogs=0),
    ]


def test_who_has_no_phone_any_more_cannot_be_called() -> None:
    assert Stage("1001", ana="1001").reload(ana=None) == [
        AgentMoved(agent="ana"),
        PhoneUnregistered(agent="ana", explicit=False),
        PhoneBusy(agent="ana", dialogs=0),
    ]


def test_two_who_swap_are_told_both() -> None:
    told = Stage("1001", ana="1001", luis="1002").reload(ana="1002", luis="1001")
    assert [event for event in told if not isinstance(event, PhoneBusy | AgentMoved)] == [
        PhoneUnregistered(agent="ana", explicit=False),
        PhoneRegistered(agent="luis", fresh=True),
    ]


def test_who_comes_to_a_busy_phone_is_busy() -> None:
    stage = Stage("1001")
    stage.staffing.phone_busy("1001", 1)
    assert stage.reload(ana="1001") == [
        PhoneRegistered(agent="ana", fresh=True),
        PhoneBusy(agent="ana", dialogs=1),
    ]


# Who sits elsewhere


class Desks(Stage):
    """Two agents, two phones of theirs and one of nobody's; all registered but the last."""

    def __init__(self, noted: dict[str, str] | None = None) -> None:
        super().__init__("1001", "1002")
        self.noted: list[tuple[str, str | None]] = []
        self.staffing = Staffing(
            self.told.append, lambda agent, phone: self.noted.append((agent, phone)), noted or {}
        )
        self.agents: dict[str, Any] = {"ana": {"phone": "1001"}, "luis": {"phone": "1002"}}
        self.configure()

    def configure(self, *phones: str) -> None:
        all_of_them = {name: {"secret": "x"} for name in phones or ("1001", "1002", "1003")}
        config = Config.model_validate({"agents": self.agents, "phones": all_of_them})
        self.staffing.configure(config, self.registered.__contains__)
        self.told.clear()

    @property
    def seats(self) -> list[str | None]:
        return [self.staffing.agent_at(phone) for phone in ("1001", "1002", "1003")]


def test_who_logs_in_elsewhere_is_there_and_nowhere_else() -> None:
    desks = Desks()
    desks.staffing.sit("ana", "1003")
    assert desks.seats == [None, "luis", "ana"]
    assert desks.told == [
        AgentMoved(agent="ana"),
        PhoneUnregistered(agent="ana", explicit=False),
        PhoneBusy(agent="ana", dialogs=0),
    ]
    assert desks.noted == [("ana", "1003")]
    desks.staffing.rise("ana")
    assert (desks.seats, desks.noted[-1]) == (["ana", "luis", None], ("ana", None))
    assert PhoneRegistered(agent="ana", fresh=True) in desks.told


def test_who_moves_is_told_of() -> None:
    desks = Desks()
    moved: list[str] = []
    desks.staffing.on_moved = moved.append
    desks.staffing.sit("ana", "1002")
    assert moved == ["ana", "luis"]


def test_a_phone_at_a_code_speaks_for_whoever_comes_to_it() -> None:
    desks = Desks()
    desks.staffing.phone_at_code("1003", at_code=True)
    desks.staffing.sit("ana", "1003")
    assert PhoneAtCode(agent="ana", at_code=True) in desks.told
    desks.told.clear()
    desks.staffing.phone_at_code("1003", at_code=False)
    assert desks.told == [PhoneAtCode(agent="ana", at_code=False)]


def test_who_owns_the_phone_of_a_guest_sits_nowhere_until_he_has_gone() -> None:
    desks = Desks()
    desks.staffing.sit("ana", "1002")
    assert desks.seats == [None, "ana", None]
    assert desks.staffing.phone_of("luis") is None
    desks.staffing.sit("luis", "1001")
    assert desks.seats == ["luis", "ana", None]
    desks.staffing.rise("ana")
    assert desks.seats == ["luis", None, None], "her own phone is taken now"
    desks.staffing.rise("luis")
    assert desks.seats == ["ana", "luis", None]


def test_a_guest_makes_room_for_the_next() -> None:
    desks = Desks()
    desks.staffing.sit("ana", "1003")
    desks.staffing.sit("luis", "1003")
    assert desks.seats == ["ana", None, "luis"]


def test_who_sits_at_his_own_phone_is_no_guest() -> None:
    desks = Desks()
    desks.staffing.sit("ana", "1001")
    assert (desks.seats, desks.noted, desks.told) == (["ana", "luis", None], [], [])


def test_seats_outlive_the_switch_but_not_their_phones() -> None:
    desks = Desks({"ana": "1003", "gone": "1002"})
    assert desks.seats == [None, "luis", "ana"]
    assert desks.noted == [("gone", None)]
    desks.configure("1001", "1002")
    assert (desks.seats, desks.noted[-1]) == (["ana", "luis", None], ("ana", None))
