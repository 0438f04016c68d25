"""Fuzz one target for some seconds: python -m tests.fuzz TARGET CORPUS OUT SECONDS.

Coverage is that of the pure build, which atheris can instrument; the compiled one reads each input beside it.
New inputs go to CORPUS; crashes, slow inputs and samples of the memory to OUT. Exits 0 if nothing broke.
"""

import sys
from pathlib import Path

import atheris

from tests.fuzz.watch import MOST_S, Samples, cost_s

with atheris.instrument_imports(include=["sip", "media", "aioice.stun"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Run until the time is over or something breaks."""
    name, corpus, out, seconds = sys.argv[1:]
    target, samples = TARGETS[name], Samples(Path(out, "memory"))
    slow = 0

    def one(data: bytes) -> None:
        nonlocal slow
        if cost_s(target, data) > MOST_S and slow < 100:  # instrumented, it may only seem so: judged later
            slow += 1
            Path(out, f"slow-{slow}").write_bytes(data)
        samples.take()

    options = [f"-max_total_time={seconds}", "-max_len=8192", "-timeout=10", "-rss_limit_mb=1024"]
    atheris.Setup([sys.argv[0], corpus, f"-artifact_prefix={out}/", "-verbosity=0", *options], one)
    atheris.Fuzz()


main()
