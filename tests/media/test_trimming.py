"""Silence is cut from the ends of speech, and from nowhere else."""

import pytest

from media.trimming import trim
from tests.media.waves import sine

TONE = sine(400, -10, seconds=0.1)
FAINT = sine(400, -50, seconds=0.1)


def silence(seconds: float) -> bytes:
    return bytes(2 * round(8000 * seconds))


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (silence(0.3) + TONE + silence(0.5), silence(0.01) + TONE + silence(0.02)),
        (TONE, TONE),
        (TONE + silence(0.01), TONE + silence(0.01)),
        (silence(0.1) + TONE + silence(1.0) + TONE, silence(0.01) + TONE + silence(1.0) + TONE),
        (FAINT + silence(0.1), FAINT + silence(0.02)),
        (silence(0.1) + TONE + FAINT + silence(0.1), silence(0.01) + TONE + FAINT + silence(0.02)),
        (silence(0.25), silence(0.25)),
        (b"", b""),
    ],
    ids=[
        "both ends",
        "no silence",
        "little",
        "a pause within",
        "softly spoken",
        "a soft end",
        "a pause",
        "nothing",
    ],
)
def test_what_is_left(given: bytes, left: bytes) -> None:
    assert trim(given) == left
    assert trim(left) == left
