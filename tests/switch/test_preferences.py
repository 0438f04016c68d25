"""What phones want: set, refused, told, kept."""

import pytest
from msgspec.structs import replace

from switch.config.schema import Config
from switch.preferences import EMERGENCY_S, NONE, NotForwardable, PhonePreferences, Preferences, When
from switch.routes import Routes
from tests.switch.stage import centre

KEPT = Preferences(always="1002", no_answer_after=30)


class Notes:
    """What was noted, and who was told what."""

    def __init__(self, noted: dict[str, Preferences] | None = None) -> None:
        self.noted: list[tuple[str, Preferences | None]] = []
        self.told: list[tuple[str, Preferences, Preferences]] = []
        config = Config.model_validate(centre())
        routes = Routes(config.routes)
        self.phones = PhonePreferences(lambda: routes, lambda *note: self.noted.append(note), noted or {})
        self.phones.listen(lambda *news: self.told.append(news))


def test_what_is_set_is_noted_and_told_once() -> None:
    notes = Notes()
    notes.phones.set("1001", KEPT, "test")
    notes.phones.set("1001", KEPT, "test")
    notes.phones.set("1001", NONE, "test")
    assert notes.noted == [("1001", KEPT), ("1001", None)]
    assert notes.told == [("1001", NONE, KEPT), ("1001", KEPT, NONE)]


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("1001", "to itself"),
        ("999", "no route"),
        ("112", "emergency number"),
        ("", "no route"),
        ("10\n02", "no route"),
    ],
)
@pytest.mark.parametrize("when", When)
def test_what_leads_nowhere_changes_nothing(when: When, number: str, why: str) -> None:
    notes = Notes()
    wanted = replace(Preferences(do_not_disturb=True), **{when.value: number})
    with pytest.raises(NotForwardable, match=why):
        notes.phones.set("1001", wanted, "test")
    assert (notes.phones.of("1001"), notes.noted, notes.told) == (NONE, [], [])


def test_what_leads_nowhere_any_more_stands_in_nobodys_way() -> None:
    notes = Notes({"1001": Preferences(always="gone")})
    notes.phones.set("1001", Preferences(always="gone", do_not_disturb=True), "test")
    assert notes.phones.of("1001").do_not_disturb


def test_who_called_for_help_rings_for_an_hour() -> None:
    notes = Notes({"1001": KEPT})
    notes.phones.called_for_help("1001", 100.0)
    assert notes.phones.in_force("1001", 99.0 + EMERGENCY_S) == NONE
    assert notes.phones.in_force("1001", 101.0 + EMERGENCY_S) == KEPT
    assert notes.phones.of("1001") == KEPT, "its keys show it all the same"


def test_who_is_there_no_more_wants_nothing() -> None:
    notes = Notes({"1001": KEPT, "1009": KEPT})
    notes.phones.configure(["1001"])
    assert notes.noted == [("1009", None)]
