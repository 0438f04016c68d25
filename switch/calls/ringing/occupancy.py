"""What the sides of a call occupy on trunks: the caller's until the end, the party's until it leaves."""

from dataclasses import dataclass, field

from switch.limits import Room


class Occupancy:
    """The room of one side, and its talk: whoever pays for a call to a trunk pays for this
    (`switch.toll.account.Talk`). Once released it is empty, as if new.
    """

    __slots__ = ("answered_us", "ended_us", "rooms")

    def __init__(self) -> None:
        self.rooms: list[Room] = []
        self.answered_us: int | None = None
        self.ended_us: int | None = None

    def answered(self, now_us: int) -> None:
        """From here on it costs."""
        if self.answered_us is None:
            self.answered_us = now_us

    def release(self, now_us: int) -> None:
        """The side has left."""
        self.ended_us = now_us
        for room in self.rooms:
            room.release()
        self.rooms.clear()
        self.answered_us = self.ended_us = None

    def turn_away(self) -> None:
        """It never came; in place of `release`."""
        for room in self.rooms:
            room.turn_away()
        self.rooms.clear()


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of a call."""

    caller: Occupancy = field(default_factory=Occupancy)
    party: Occupancy = field(default_factory=Occupancy)

    def turn_away(self) -> None:
        """The call is refused and has not begun."""
        self.caller.turn_away()
        self.party.turn_away()
