"""The recording's file: where it lies."""

from datetime import UTC, datetime, timedelta

import pytest

from switch.calls.recording import recording_path
from switch.records import to_us

MIDNIGHT = datetime(2026, 7, 31, 22, 0, tzinfo=UTC)
"""In Madrid."""


@pytest.mark.parametrize(
    ("started_at", "timezone", "folder"),
    [
        (MIDNIGHT, "Europe/Madrid", "2026/08/01"),
        (MIDNIGHT - timedelta(microseconds=1), "Europe/Madrid", "2026/07/31"),
        (MIDNIGHT, "UTC", "2026/07/31"),
    ],
)
def test_the_day_is_that_of_the_calls_start_where_the_centre_is(
    started_at: datetime, timezone: str, folder: str
) -> None:
    path = recording_path("c1", to_us(started_at), timezone)
    assert str(path) == f"recordings/{folder}/c1.wav"
