"""`python -m tests.bench.kernels`: each media kernel against its pure twin, one 20 ms frame at a time.

A kernel that does not earn its keep here goes. The compiled figures include the call from Python and the
bytes object that it returns, some 0.05 microseconds; the engine, which calls from C, pays neither.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from media.resampling import low_pass
from tests.media.builds import COMPILED, PURE

SECONDS: Final = 0.2
ROUNDS: Final = 5

PCM: Final = COMPILED.tone(997.0, -10.0, 160)
OCTETS: Final = COMPILED.alaw_encode(PCM)
PACKET: Final = COMPILED.rtp_header(8, False, 7, 160, 99) + OCTETS
ROOM: Final = [COMPILED.tone(300.0 + 100 * n, -15.0, 160) for n in range(10)]
FAST: Final = COMPILED.tone(997.0 / 6, -10.0, 960)
"""20 ms at 48 kHz."""

FRAMES: Final[Mapping[str, tuple[Any, ...]]] = {
    "alaw_decode": (OCTETS,),
    "ulaw_decode": (OCTETS,),
    "alaw_encode": (PCM,),
    "ulaw_encode": (PCM,),
    "alaw_to_ulaw": (OCTETS,),
    "ulaw_to_alaw": (OCTETS,),
    "rtp_parse": (PACKET,),
    "rtp_header": (8, False, 7, 160, 99),
    "tone": (1004.0, 0.0, 160),
    "tone_power": (PCM, 697.0),
    "power": (PCM,),
    "mix": (ROOM,),
    "resample": (FAST, *low_pass(48000, 8000)),
}


def microseconds(function: Callable[..., object], arguments: tuple[Any, ...]) -> float:
    """The fastest of several rounds, for one call."""
    once = _seconds(function, arguments, 1)
    count = max(int(SECONDS / ROUNDS / max(once, 1e-7)), 1)
    return min(_seconds(function, arguments, count) for _ in range(ROUNDS)) / count * 1e6


def _seconds(function: Callable[..., object], arguments: tuple[Any, ...], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        function(*arguments)
    return time.perf_counter() - began


def main() -> None:
    """Print the table that docs/explanation/performance.md shows."""
    print(f"| {'kernel':<13} | {'pure, µs':>9} | {'compiled, µs':>12} | {'times':>6} |")
    print("|---|---:|---:|---:|")
    for name, arguments in FRAMES.items():
        pure = microseconds(getattr(PURE, name), arguments)
        compiled = microseconds(getattr(COMPILED, name), arguments)
        print(f"| {name:<13} | {pure:>9.2f} | {compiled:>12.2f} | {pure / compiled:>6.0f} |")


if __name__ == "__main__":
    main()
