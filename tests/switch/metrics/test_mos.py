"""The E-model at points that can be computed by hand."""

import pytest

from switch.metrics.mos import mos


@pytest.mark.parametrize(
    ("received", "lost", "jitter_s", "score"),
    [
        (0, 0, 0.0, None),
        (3210, 0, 0.0, 4.4),
        (3210, 0, 0.001, 4.4),
        (990, 10, 0.0, 3.81),
        (950, 50, 0.0, 2.15),
        (1000, -5, 0.0, 4.4),
        (1, 999, 0.0, 1.0),
        (1000, 0, 0.2, 2.91),
    ],
)
def test_mos(received: int, lost: int, jitter_s: float, score: float | None) -> None:
    assert mos(received, lost, jitter_s) == (score if score is None else pytest.approx(score, abs=0.005))


def test_more_loss_is_never_better() -> None:
    scores = [mos(1000 - lost, lost, 0.0) or 0.0 for lost in range(0, 1000, 10)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(4.4, abs=0.01)
    assert scores[-1] == 1.0
