"""Days of calls for a database: python -m tests.history_days URL [--calls N] [--seed N]."""

import argparse
import asyncio
import time
from pathlib import Path

from tests.history_days.filling import filled


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("url", help="sqlite:///FILE (relative to --folder), or postgresql://user@host/name")
    options.add_argument("--folder", type=Path, default=Path())
    options.add_argument("--calls", type=int, default=50_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    began = time.monotonic()
    async with filled(asked.url, asked.folder, calls=asked.calls, seed=asked.seed):
        print(f"{asked.calls} calls in {time.monotonic() - began:.1f} s")


asyncio.run(main())
