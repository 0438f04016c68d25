"""The router's compiled modules and their plain sources: the same steps of both, the same tests green."""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

import acd.board
from tests.acd.history import History

ROOT = Path(__file__).parents[2]
EVENTS = 2_000
SEEDS = (1, 2, 3)
HEAVY = (
    "exhaustive",
    "counterfactual",
    "history",
    "several_history",
    "aging",
    "compiled",
    "optimal",
    "router",
)
"""Files of tests that search or play for long, which is compared here, or that start processes."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree in which `acd` is its sources alone, with these tests beside it."""
    tree = tmp_path_factory.mktemp("plain")
    shutil.copytree(ROOT / "acd", tree / "acd", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    for folder in ("ext", "sip", "media", "switch"):
        (tree / folder).symlink_to(ROOT / folder)
    shutil.copytree(
        ROOT / "tests" / "acd", tree / "tests" / "acd", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("tests/__init__.py", "tests/conftest.py", "pyproject.toml"):
        shutil.copyfile(ROOT / name, tree / name)
    return tree


def in_plain(tree: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def played(seed: int) -> str:
    """All that a random history's router was told, ordered and became, as one seal."""
    history = History(seed)
    history.play(EVENTS)
    seal = sha256()
    for step in history.steps:
        seal.update(repr(step).encode())
    seal.update(str(history.router.state_hash()).encode())
    return seal.hexdigest()


def test_the_same_events_give_the_same_steps(plain: Path) -> None:
    assert acd.board.__file__.endswith(".so"), "not compiled: python setup.py build_ext --inplace"
    code = (
        "import acd.board; from tests.acd.test_compiled import SEEDS, played\n"
        "assert acd.board.__file__.endswith('.py')\n"
        "print(*map(played, SEEDS), sep='\\n')"
    )
    assert in_plain(plain, "-c", code).splitlines() == [played(seed) for seed in SEEDS]


@pytest.mark.timeout(180)
def test_the_unit_tests_pass_on_the_plain_sources(plain: Path) -> None:
    left_out = [f"--ignore=tests/acd/test_{name}.py" for name in HEAVY]
    told = in_plain(
        plain, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "tests/acd",
        "--ignore=tests/acd/simulation", *left_out,
    )  # fmt: skip
    assert "plain router" in told
    assert " passed" in told
