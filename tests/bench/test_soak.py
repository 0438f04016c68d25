"""Ten minutes at four fifths of each limit: nothing lost, nothing late, no drift, no growth."""

import json
import subprocess
import sys

import pytest

from tests.compiling import ensure_compiled

ensure_compiled("tests.bench")

from tests.bench.legs import KINDS  # noqa: E402 - what it imports has just been compiled

LATEST_MS = 60.0
DRIFT_PPM = 5.0
GROWN_PART = 0.02
"""Of the memory after the first minute."""
MINUTE_S = 60


@pytest.mark.long
@pytest.mark.timeout(20 * MINUTE_S)
@pytest.mark.parametrize("key", [kind.key for kind in KINDS])
def test_ten_minutes_at_four_fifths_of_the_limit(key: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.soak", key], stdout=subprocess.PIPE, text=True, check=True
    )
    print(done.stdout)
    soak = json.loads(done.stdout)
    assert (soak["lost"], soak["errors"]) == (0, [])
    assert soak["sent"] > 0
    assert soak["latest_ms"] < LATEST_MS
    assert soak["drift_ppm"] < DRIFT_PPM
    assert soak["grown_kb"] < GROWN_PART * soak["resident_kb"]
