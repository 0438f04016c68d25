"""Port numbers: which is given out next. A closed one rests, lest a new call inherit an old one's packets."""

from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

REST_S: Final = 5.0

Bound = TypeVar("Bound")


class PortNumbers:
    """The even numbers of a range, oldest first.

    A number that was given back rests for five seconds. It is passed over as long as the range has another;
    when it has none, the one that rested longest is taken rather than a call refused.
    """

    def __init__(self, ports: range) -> None:
        """Of `ports` those even numbers whose successor, for RTCP, is in the range too."""
        self._waiting: deque[tuple[int, float]] = deque(
            (number, float("-inf")) for number in ports if number % 2 == 0 and number + 1 in ports
        )
        self.total: Final = len(self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, bind: Callable[[int], Bound | None]) -> tuple[int, Bound] | None:
        """The first number that can be bound; one that another program has goes to the end.

        None: not one can be.
        """
        for _ in range(len(self._waiting)):
            number, since = self._waiting[0]
            bound = bind(number)
            self._waiting.popleft()
            if bound is not None:
                return number, bound
            self._waiting.append((number, since))
        return None

    def take_again(self, number: int, bind: Callable[[int], Bound | None]) -> Bound | None:
        """That number, which is waiting; None where it is not, or cannot be bound."""
        waiting = next((each for each in self._waiting if each[0] == number), None)
        bound = None if waiting is None else bind(number)
        if waiting is not None and bound is not None:
            self._waiting.remove(waiting)
        return bound

    def give_back(self, number: int, now: float) -> None:
        self._waiting.append((number, now))

    def resting(self, now: float) -> int:
        """How many were given back less than five seconds ago."""
        return sum(1 for _, since in self._waiting if now - since < REST_S)
