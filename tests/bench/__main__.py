"""`python -m tests.bench NAME [--json]`: run a benchmark, print goal beside today's figure."""

import argparse
import importlib
import json
import sys
import time

from tests.bench.goals import BENCHMARKS, Progress, Rows, table
from tests.compiling import ensure_compiled


def main() -> None:
    """Run the benchmark that the command line names, or all of them."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="What one core does today.")
    parser.add_argument("name", choices=[*BENCHMARKS, "all"])
    parser.add_argument("--json", action="store_true", help="last line: one JSON object with every key")
    arguments = parser.parse_args()
    ensure_compiled("tests.bench")
    names = list(BENCHMARKS) if arguments.name == "all" else [arguments.name]
    results: dict[str, Rows] = {}
    for name in names:
        results[name] = measure(name, tell)
        print(table(name, results[name]), end="\n\n", flush=True)
    if arguments.json:
        print(json.dumps({key: value for rows in results.values() for key, value in rows.items()}))


def measure(name: str, progress: Progress) -> Rows:
    """Every key of the benchmark `name`, None where it was not measured. What it measured besides is told."""
    rows: Rows = importlib.import_module(f"tests.bench.{name}").run(progress)
    for key in rows.keys() - BENCHMARKS[name].keys():
        progress(f"{name}: {key} {rows[key]}")
    return {key: rows.get(key) for key in BENCHMARKS[name]}


def tell(words: str) -> None:
    """Progress goes to standard error: what is printed there is nobody's input."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
