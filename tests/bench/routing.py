"""What a step of the router costs, by how many agents and callers there are and by strategy.

    python -m tests.bench.routing [--short] [--passes 3] [--plot docs/explanation/routing.svg]

prints the tables of docs/explanation/routing.md: microseconds of this process's CPU for each step, journal
encoding included, the best of twenty rounds (of as many passes: a busy machine has slow minutes). A turn is
four steps: a caller comes, a phone rings, it is answered, a conversation ends. Where callers wait, the agent
who becomes free chooses; where agents are free, the caller who comes.
"""

import argparse
import gc
import time
from pathlib import Path

from acd.strategies import Strategy
from tests.bench.router import Load
from tests.plots import lines

ROUNDS = 20
TURNS = 300
SIZES = (10, 100, 1_000, 10_000, 100_000)
VARIED = ("wait for 1,000 agents", "agents, for whom 5,000 wait", "agents, nine tenths free")


def step_us(agents: int, waiting: int, strategy: Strategy = Strategy.LONGEST_IDLE) -> float:
    """CPU microseconds of a step. With nobody waiting the agents are free, a tenth of them aside."""
    load = Load(1, agents, waiting, strategy)
    load.open()
    if not waiting:
        for _ in range(max(1, min(agents // 10, 1_000))):
            load.caller()
    gc.disable()
    gc.collect()
    gc.freeze()
    best = float("inf")
    for _ in range(ROUNDS):
        load.records.clear()
        before = time.process_time()
        for _ in range(TURNS):
            if load.talking:
                load.end_one()
            load.caller()
        best = min(best, (time.process_time() - before) * 1e6 / len(load.records))
    gc.unfreeze()
    gc.enable()
    return best


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="only up to 1,000")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="an SVG of the first table besides")
    parser.add_argument("--passes", type=int, default=3, help="the least of so many counts")
    arguments = parser.parse_args()
    sizes = SIZES[: 3 if arguments.short else None]
    rows = {size: [float("inf")] * len(VARIED) for size in sizes}
    for _ in range(arguments.passes):
        for size, row in rows.items():
            again = (step_us(1_000, size), step_us(size, 5_000), step_us(size, 0))
            row[:] = map(min, row, again)
    print(f"| so many | {' | '.join(VARIED)} |\n|---|---|---|---|")
    for size, row in rows.items():
        print(f"| {size:,} | {' | '.join(f'{us:.1f} µs' for us in row)} |", flush=True)
    if arguments.plot is not None:
        series = {name: [(size, row[n]) for size, row in rows.items()] for n, name in enumerate(VARIED)}
        title = "What a step of the router costs, CPU"
        arguments.plot.write_text(lines(title, "so many callers, or agents", "µs a step", series))
    print("\n| strategy | 1,000 agents, free | 10,000 |\n|---|---|---|", flush=True)
    for strategy in Strategy:
        if strategy is not Strategy.RING_ALL:  # rings all of them: as many offers as agents
            few, many = (step_us(size, 0, strategy) for size in (1_000, 10_000))
            print(f"| {strategy} | {few:.1f} µs | {many:.1f} µs |", flush=True)


if __name__ == "__main__":
    main()
