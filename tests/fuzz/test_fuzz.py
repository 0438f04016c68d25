"""Anything at all as a message, session description, stream and multipart body: coverage decides what next.

A few seconds each here, an hour each with `--long` (CENTRALITA_FUZZ_S for another length). What an hour finds
lies in pytest's folder until it is kept (`tests.fuzz.keep`).
"""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.keep import CORPUS, arcs
from tests.fuzz.targets import TARGETS
from tests.fuzz.watch import MOST_S, cost_s, growth
from tests.sip.syntax.test_mutations import damaged

ROOT = Path(__file__).parents[2]
SHORT_S = 3
LONG_S = int(os.environ.get("CENTRALITA_FUZZ_S", "3600"))
SETTLED_S = 300
MOST_GROWTH = 1.05


def seeds(name: str) -> list[bytes]:
    found = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    assert found
    return found


def fuzz(name: str, seconds: int, folder: Path) -> None:
    """Run the fuzzer in a process of its own, and judge what it leaves."""
    corpus, out = folder / "corpus", folder / "out"
    shutil.copytree(CORPUS / name, corpus)
    out.mkdir()
    command = [sys.executable, "-m", "tests.fuzz", name, str(corpus), str(out), str(seconds)]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + 120, check=False
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-6000:]
    for path in out.glob("slow-*"):
        took = cost_s(TARGETS[name], path.read_bytes())
        assert took <= MOST_S, (took, path.read_bytes())
    grown = growth(out / "memory", SETTLED_S) if (out / "memory").exists() else None
    assert grown is None or grown <= MOST_GROWTH, (out / "memory").read_text()


@pytest.mark.parametrize("name", TARGETS)
def test_each_seed_takes_a_way_of_its_own(name: str) -> None:
    """The first was written by hand, the others were found or show a fault that was mended."""
    ways = [arcs(name, data) for data in seeds(name)]
    assert all(ways)
    assert len(set.union(*ways)) > max(map(len, ways))


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read_in_time(name: str) -> None:
    for data in seeds(name):
        assert cost_s(TARGETS[name], data) <= MOST_S


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_seeds_are_read_in_time(name: str) -> None:
    """Without coverage to guide it, but without what coverage costs: the time is the true one."""
    for seed in range(300):
        chance = random.Random(seed)
        data = damaged(chance, chance.choice(seeds(name)))
        assert cost_s(TARGETS[name], data) <= MOST_S, data


@pytest.mark.parametrize("name", TARGETS)
def test_fuzzed_for_seconds(name: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    fuzz(name, SHORT_S, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(LONG_S + 600)
@pytest.mark.parametrize("name", TARGETS)
def test_fuzzed_for_an_hour(name: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    fuzz(name, LONG_S, tmp_path)
