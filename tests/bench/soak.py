"""`python -m tests.bench.soak KEY [LIMIT]`: ten minutes at four fifths of the limit of a row of `media`.

The limit is searched for first, unless it is known. What came of it is printed as one line of JSON.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import Final

from tests.bench import cores
from tests.bench.goals import Progress
from tests.compiling import ensure_compiled

ensure_compiled("tests.bench")

from tests.bench.legs import KINDS, Kind  # noqa: E402
from tests.bench.media import DRAIN_S, SETTLE_S, MediaBench, loaded, raise_descriptor_limit  # noqa: E402
from tests.bench.plane_process import PlaneProcess  # noqa: E402

MINUTES: Final = 10
MINUTE_S: Final = 60.0
PART: Final = 0.8
SEARCH_S: Final = 240.0


@dataclass(frozen=True, slots=True)
class Soak:
    """What became of so much of a load in `MINUTES`."""

    limit: int
    load: int
    sent: int
    lost: int
    p99_ms: float
    latest_ms: float
    """Delay of a relayed packet; where audio is made anew, how far it lagged behind the quickest."""
    drift_ppm: float
    """Of the stream made anew that drifted most, from the first minute to the last; 0 where none is made."""
    grown_kb: int
    """From the end of the first minute to the end."""
    resident_kb: int
    cpu_pct: float
    """Of the plane's core."""
    generator_p99_ms: float
    """How late our own packets left."""
    errors: tuple[str, ...]


def main() -> None:
    """Search, soak, print."""
    kind = next(kind for kind in KINDS if kind.key == sys.argv[1])
    raise_descriptor_limit()
    cores.stay(cores.LOAD)
    cores.go_first()
    with PlaneProcess(cores.MEASURED) as plane:
        known = [int(limit) for limit in sys.argv[2:]]
        limit = known[0] if known else _searched(plane, kind)
        print(json.dumps(asdict(soak(plane, kind, limit, _tell))))


def _searched(plane: PlaneProcess, kind: Kind) -> int:
    return MediaBench(plane, _tell, time.monotonic() + SEARCH_S).search(kind, 1).load


def soak(plane: PlaneProcess, kind: Kind, limit: int, progress: Progress) -> Soak:
    """Load the plane with its part of the limit, whole rooms where there are any."""
    load = int(limit * PART) // kind.least * kind.least if kind.made_anew else int(limit * PART)
    with loaded(plane, kind, load) as generator:
        generator.start()
        generator.run(SETTLE_S, measured=False)
        generator.quickest_ms()
        first = plane.usage()
        for minute in range(1, MINUTES + 1):
            generator.run(MINUTE_S, measured=True)
            usage, quickest_ms = plane.usage(), generator.quickest_ms()
            if minute == 1:
                begun_kb, begun_ms = usage.resident_kb, quickest_ms
            progress(
                f"{kind.key} {load}, minute {minute}: {generator.lost} lost, latest"
                f" {generator.delay_ms(1.0):.2f} ms, {usage.resident_kb} kB"
            )
        generator.drain(DRAIN_S)
        drifts_ms = [abs(end - begin) for begin, end in zip(begun_ms, quickest_ms, strict=True)]
        return Soak(
            limit=limit,
            load=load,
            sent=generator.sent,
            lost=generator.lost,
            p99_ms=generator.delay_ms(0.99),
            latest_ms=generator.delay_ms(1.0),
            drift_ppm=1e3 * max(drifts_ms) / ((MINUTES - 1) * MINUTE_S) if kind.made_anew else 0.0,
            grown_kb=usage.resident_kb - begun_kb,
            resident_kb=usage.resident_kb,
            cpu_pct=100 * (usage.cpu_s - first.cpu_s) / (MINUTES * MINUTE_S),
            generator_p99_ms=generator.lag_ms(0.99),
            errors=tuple(plane.close_all()),
        )


def _tell(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
