"""The figures of an overload, from what its callers logged."""

from tests.bench.overload import Answers, Storm


def calls(rate: int, seconds: int) -> dict[int, float]:
    """When each of so many calls a second was dialled."""
    return {n: n / rate for n in range(rate * seconds)}


def test_what_is_carried_at_three_times_the_limit() -> None:
    dialled = calls(300, 10)
    answered = {n: at_s + 0.05 for n, at_s in dialled.items() if n % 3 == 0}
    refused = {n: at_s + 0.02 for n, at_s in dialled.items() if n % 3 == 1}
    storm = Storm(100, 300, Answers(dialled, answered, refused), Answers({0: 0.0}, {0: 0.01}, {}))
    assert storm.rows() == {
        "overload_goodput_ratio": 1.0,
        "overload_refused_p99_ms": 20.0,
        "overload_recovery_s": 0.0,
    }
    assert "1000 answered" in str(storm)
    assert "1000 neither" in str(storm)


def test_recovery_ends_with_the_last_call_that_waited_or_was_refused() -> None:
    dialled = calls(10, 5)
    answered = {n: at_s + (0.3 if at_s < 2 else 0.01) for n, at_s in dialled.items() if n != 5}
    assert Answers(dialled, answered, {5: 0.6}).recovered_after_s() == 1.9
