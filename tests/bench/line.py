"""`python -m tests.bench.line [--rate N] [--waiting N] [--seconds S]`: the standing line by itself."""

import argparse
import sys

from tests.bench import cores
from tests.bench.__main__ import tell
from tests.bench.searching import NoLimit
from tests.bench.signalling import Bench
from tests.bench.standing import Line


def main() -> None:
    """Let it stand; what came of it is told on standard error."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.line", description="Free agent to INVITE.")
    parser.add_argument("--rate", type=int, default=Line().rate, help="calls a second")
    parser.add_argument("--waiting", type=int, default=Line().waiting, help="callers in line")
    parser.add_argument("--seconds", type=float, default=Line().seconds, help="how long it is measured")
    arguments = parser.parse_args()
    cores.stay(cores.LOAD)
    with Bench.running(tell) as bench:
        try:
            bench.standing(Line(arguments.rate, arguments.waiting, arguments.seconds))
        except NoLimit:
            sys.exit("no figure: calls were lost, or the load came late")


if __name__ == "__main__":
    main()
