"""Alarms: what somebody should look at. One that lasts is told when it begins and again when it is over."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import structs

from switch.events.types import Alarm, AlarmData, AlarmState
from switch.records import utc


class AlarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong now: with whom, a line for people, and since when."""

    alarm: Alarm
    subject: str
    detail: str
    since: datetime


class Alarms:
    """Those that last, and since when. Every method is called in the loop's thread, and returns at once."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        """`now_us` is UTC."""
        self.tell: Callable[[AlarmData], object] = lambda data: None
        """Who is told of each."""
        self._now_us = now_us
        self._standing: dict[tuple[Alarm, str], AlarmRow] = {}

    def once(self, alarm: Alarm, subject: str, detail: str) -> None:
        """Something happened, and has no end that anybody would see."""
        self._tell(alarm, subject, detail, AlarmState.HAPPENED)

    def begin(self, alarm: Alarm, subject: str, detail: str) -> bool:
        """Something is wrong from now on; whether that is new. However often it is found, it is told once;
        what is listed is the latest `detail`.
        """
        if (before := self._standing.get((alarm, subject))) is not None:
            self._standing[alarm, subject] = structs.replace(before, detail=detail)
            return False
        row = AlarmRow(alarm=alarm, subject=subject, detail=detail, since=utc(self._now_us()))
        self._standing[alarm, subject] = row
        self._tell(alarm, subject, detail, AlarmState.BEGUN)
        return True

    def over(self, alarm: Alarm, subject: str) -> None:
        """It is not wrong, or not any more."""
        if (row := self._standing.pop((alarm, subject), None)) is not None:
            self._tell(alarm, subject, row.detail, AlarmState.OVER)

    def stands(self, alarm: Alarm) -> bool:
        """Whether it has begun, with whomever, and is not over."""
        return any(known is alarm for known, _ in self._standing)

    def standing(self) -> list[AlarmRow]:
        """Those that are not over, the oldest first."""
        return list(self._standing.values())

    def _tell(self, alarm: Alarm, subject: str, detail: str, state: AlarmState) -> None:
        self.tell(AlarmData(alarm=alarm, state=state, subject=subject, detail=detail))
