"""Which port number is given out next: media/aio/numbers.py."""

import pytest

from media.aio.numbers import PortNumbers


def take(numbers: PortNumbers, taken: frozenset[int] = frozenset()) -> int | None:
    found = numbers.take(lambda number: None if number in taken else number)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("ports", "evens"),
    [
        (range(10, 16), [10, 12, 14]),
        (range(11, 16), [12, 14]),
        (range(10, 15), [10, 12]),
        (range(10, 11), []),
    ],
)
def test_an_even_port_needs_its_successor(ports: range, evens: list[int]) -> None:
    numbers = PortNumbers(ports)
    assert [take(numbers) for _ in evens] == evens
    assert take(numbers) is None
    assert numbers.total == len(evens)


def test_a_taken_number_goes_to_the_end() -> None:
    numbers = PortNumbers(range(10, 16))
    assert take(numbers, frozenset({10})) == 12
    assert [take(numbers), take(numbers)] == [14, 10]


def test_one_that_rests_is_taken_before_a_call_is_refused() -> None:
    numbers = PortNumbers(range(10, 14))
    assert [take(numbers), take(numbers)] == [10, 12]
    numbers.give_back(12, now=1.0)
    numbers.give_back(10, now=2.0)
    assert numbers.resting(now=3.0) == 2
    assert numbers.resting(now=6.5) == 1
    assert [take(numbers), take(numbers), take(numbers)] == [12, 10, None]


def test_an_error_of_binding_keeps_the_number() -> None:
    numbers = PortNumbers(range(10, 12))

    def fails(_number: int) -> int:
        raise OSError

    with pytest.raises(OSError):
        numbers.take(fails)
    assert take(numbers) == 10
