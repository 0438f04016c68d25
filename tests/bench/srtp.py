"""`python -m tests.bench.srtp`: what each suite costs a packet of 172 octets, in microseconds of CPU."""

from statistics import median
from typing import Final

from ext.srtp import SUITES
from tests.compiling import ensure_compiled

RUNS: Final = 5
ROUNDS: Final = 200


def main() -> None:
    """Print the table that docs/explanation/performance.md shows."""
    ensure_compiled("tests.bench")
    from tests.bench.srtp_cost import microseconds  # only now it is compiled

    print(f"| {'suite':<23} | {'protect, µs':>11} | {'unprotect, µs':>13} | {'both, µs':>8} |")
    print("|---|---:|---:|---:|")
    for suite in SUITES:
        microseconds(suite, 20)
        runs = [microseconds(suite, ROUNDS) for _ in range(RUNS)]
        protect, unprotect = (median(run[way] for run in runs) for way in (0, 1))
        print(f"| {suite:<23} | {protect:>11.2f} | {unprotect:>13.2f} | {protect + unprotect:>8.2f} |")


if __name__ == "__main__":
    main()
