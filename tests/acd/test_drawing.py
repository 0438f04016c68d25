"""Free agents who are drawn."""

import random

from acd.drawing import Drawn


def test_the_number_that_is_drawn_is_a_place_among_those_who_are_free() -> None:
    dice = random.Random(5)
    number = 0
    drawn = Drawn(lambda count: number % count)
    free: set[int] = set()
    for turn in range(5_000):
        place = dice.randrange(1 << dice.randrange(1, 9))
        if dice.random() < 0.6:
            drawn.put((place, turn, f"a{place}", turn))
            free.add(place)
        else:
            drawn.take(place)
            free.discard(place)
        number = dice.randrange(1_000)
        first = drawn.first()
        assert (first and first[0]) == (sorted(free)[number % len(free)] if free else None)
