"""A queue's service level of late, in whole numbers, for the conditions of recipes."""

import msgspec

MINUTE_US = 60_000_000
MINUTES = 30


class Minute(msgspec.Struct, array_like=True):
    """What ended in one minute, counted from the epoch: visits answered in time, and all that count."""

    minute: int
    in_time: int = 0
    counted: int = 0


class ServiceLevel(msgspec.Struct):
    """Of the visits that ended in the last `MINUTES` minutes, the one that runs included."""

    minutes: list[Minute] = []

    def count(self, now_us: int, in_time: bool) -> None:
        """A visit ended that counts."""
        minute = now_us // MINUTE_US
        if not self.minutes or self.minutes[-1].minute != minute:
            self.minutes = [one for one in self.minutes if one.minute > minute - MINUTES]
            self.minutes.append(Minute(minute))
        self.minutes[-1].in_time += in_time
        self.minutes[-1].counted += 1

    def thousandths(self, now_us: int) -> int | None:
        """Answered in time of all that count, rounded down; None while there is nothing to divide by."""
        after = now_us // MINUTE_US - MINUTES
        recent = [one for one in self.minutes if one.minute > after]
        counted = sum(one.counted for one in recent)
        return sum(one.in_time for one in recent) * 1000 // counted if counted else None
