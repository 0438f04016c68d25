"""Days, moments and filters as people write them, and every mistake in words."""

from datetime import UTC, datetime, timedelta

import pytest

from switch.language import Language
from switch.reports.asking import NoQuestion, Wish, question
from switch.reports.question import Name


def ask(report: Name = Name.CALLS, **wish: str | int | None) -> list[str]:
    """The mistakes."""
    with pytest.raises(NoQuestion) as caught:
        question(report, Wish(**({"from_": "2026-11-02", "to": "2026-11-02"} | wish)), "UTC", Language.EN)  # type: ignore[arg-type]
    return list(caught.value.lines)


def test_days_are_of_the_zone_and_both_included() -> None:
    today = question(Name.CALLS, Wish(), "Pacific/Kiritimati", Language.EN)
    assert (today.end - today.start, today.start <= datetime.now(UTC) <= today.end) == (
        timedelta(days=1),
        True,
    )
    asked = question(Name.CALLS, Wish(from_="2026-10-25", to="2026-10-25"), "Europe/Madrid", Language.ES)
    assert asked.start == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert asked.end == datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert (asked.zone, asked.language, asked.interval_min) == ("Europe/Madrid", Language.ES, 30)


def test_moments_stand_as_they_are() -> None:
    wish = Wish(from_="2026-11-02T08:00:00+01:00", to="2026-11-02T08:30:00Z", zone="America/Bogota")
    asked = question(Name.CALLS, wish, "Europe/Madrid", Language.ES)
    assert (asked.start.isoformat(), asked.end.isoformat()) == (
        "2026-11-02T07:00:00+00:00",
        "2026-11-02T08:30:00+00:00",
    )
    assert asked.zone == "America/Bogota"


def test_what_is_no_question() -> None:
    assert ask(from_="yesterday", interval=20) == [
        "from: 'yesterday' is no day such as 2026-11-02, nor a moment such as 2026-11-02T08:00:00+01:00",
        "interval: has 15, 30 or 60 minutes",
    ]
    assert ask(to="2026-11-01") == ["to: must come after from, and at most ten years later"]
    assert "nor a moment" in ask(to="2026-11-02T08:00:00")[0]  # of which zone?
    assert ask(zone="Mars/Base") == ["zone: 'Mars/Base' is no zone such as Europe/Madrid"]
    assert ask(Name.ABANDONS, agent="ana") == [
        "agent: the report abandons is narrowed down by queue, number, caller"
    ]
