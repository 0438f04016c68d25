"""`hours`, and who is open by them: one exact line for each mistake."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from switch.config.hours import public_holidays
from switch.config.load import load
from switch.config.schema import Config
from switch.config.targets import HangupTarget, PhoneTarget
from tests.switch.config.conftest import Mistakes

OFFICE = "hours: {office: {weekly: 'Mo-Fr 09:00-18:00'}}\n"


def test_a_calendar(write: Any) -> None:
    path: Path = write(
        """
hours:
  office:
    timezone: Atlantic/Canary
    weekly: Mo-Fr 09:00-14:00,16:00-20:00; Sa 10:00-14:00
    holidays: ES-CN
    on_holidays: 10:00-12:00
    exceptions:
      2026-12-24: 09:00-13:00
      2026-12-25: closed
queues:
  support: {hours: office, closed: phone:"1001", at_closing: send}
  night: {hours: office, closed_prompt: night}
phones: {"1001": {secret: x}}
routes:
  - {phone: "*", to: "1*", hours: office, go: queue:support, else: hangup}
""".replace('phone:"1001"', '"phone:1001"')
    )
    config = load(path)
    office = config.hours["office"]
    assert office.timezone == "Atlantic/Canary"
    assert [rule.days for rule in office.weekly] == ["Mo-Fr", "Sa"]
    assert office.special[date(2026, 12, 24)] == ((540, 780),)
    assert office.special[date(2026, 12, 25)] == ()
    assert office.special[date(2026, 5, 30)] == ((600, 720),)  # of the Canary Islands
    assert config.queues["support"].closed == PhoneTarget("1001")
    assert config.queues["night"].closed_prompt == "night"
    assert config.routes[0].otherwise == HangupTarget()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hours: {o: {}}", ["1:9: hours.o.weekly: is missing"]),
        (
            "hours: {o: {weekly: 9 to 5}}",
            [
                "1:21: hours.o.weekly: '9 to 5' is no rule; write it as Mo-Fr 09:00-14:00,16:00-18:00",
            ],
        ),
        (
            "hours: {o: {weekly: closed, timezone: Europe/Vallecas}}",
            [
                "1:39: hours.o.timezone: 'Europe/Vallecas' is not a timezone of this machine "
                "(package tzdata); write it as Europe/Madrid or UTC",
            ],
        ),
        (
            "hours: {o: {weekly: closed, holidays: [ES, FA]}}",
            ["1:44: hours.o.holidays[1]: 'FA' is no country whose holidays are known; did you mean 'FRA'?"],
        ),
        (
            "hours: {o: {weekly: closed, holidays: ES-MAD}}",
            ["1:39: hours.o.holidays: 'ES-MAD': 'MAD' is no region of ES; did you mean 'MD'?"],
        ),
        (
            "hours: {o: {weekly: closed, exceptions: {24 December: closed}}}",
            ["1:55: hours.o.exceptions.24 December: '24 December' is not a date; write it as 2026-12-24"],
        ),
        (
            "hours: {o: {weekly: closed, exceptions: {2026-12-24: noon}}}",
            [
                "1:54: hours.o.exceptions.2026-12-24: 'noon' is no time of day; write 09:00-14:00, or closed",
            ],
        ),
        (
            OFFICE + "queues: {a: {hours: offce}}",
            ["2:21: queues.a.hours: no calendar of hours is called 'offce'; did you mean 'office'?"],
        ),
        (
            OFFICE + "queues: {a: {closed: queue:b}, b: {closed: queue:a}}",
            ["2:22: queues.a.closed: callers would go round: a -> b -> a"],
        ),
        (OFFICE + "queues: {a: {closed: queue:b}, b: {overflow: queue:a}}", []),
        (OFFICE + "queues: {a: {closed: queue:c}}", ["2:22: queues.a.closed: no queue is called 'c'"]),
        (
            OFFICE + "routes: [{phone: '*', go: echo, else: tone}]",
            ["2:33: routes[0].else: needs 'hours' beside it: else than when?"],
        ),
        (
            OFFICE + "routes: [{phone: '*', go: echo, hours: office, else: queue:x}]",
            ["2:54: routes[0].else: no queue is called 'x'"],
        ),
        (
            OFFICE + "routes: [{phone: '*', to: ['112'], go: echo, hours: office, emergency: true}]",
            ["2:46: routes[0].hours: an emergency number is open at every hour"],
        ),
        (
            "routes: [{phone: '*', go: echo, ilse: tone}]",
            ["1:33: routes[0].ilse: unknown key; did you mean 'else'?"],
        ),
    ],
)
def test_mistakes(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text) == found


def test_public_holidays_of_a_region() -> None:
    found = public_holidays("ES-MD")
    days = getattr(found, "days")  # noqa: B009 - it may be anything that can be read
    assert date(2027, 5, 2) not in days  # a Sunday: Madrid has its Monday off
    assert date(2027, 1, 6) in days
    assert date(2027, 5, 30) not in days


def test_the_same_file_is_no_change() -> None:
    one = {"hours": {"o": {"weekly": "Mo 09:00-10:00", "holidays": "ES"}}}
    assert Config.model_validate(one) == Config.model_validate(one)
