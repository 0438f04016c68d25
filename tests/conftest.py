"""What every test shares: the header, the order of files, and the story of the switch beside a failure."""

import gc
import sys
from collections.abc import Callable, Generator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import settings

import acd.board
from ext.build import KERNELS

settings.register_profile("calm", deadline=None)  # how long an example takes says more of the machine
settings.load_profile("calm")

# pjsua2-python has no wheel for Python 3.13; baresip plays every other part there, too.
collect_ignore_glob = ["*/test_pjsua.py"] if sys.version_info >= (3, 13) else []

TESTS = Path(__file__).parent
COMPUTING = {"acd", "sip", "switch"}
"""Folders of tests that keep a core busy; those of the others wait for calls most of the time."""

STORIES = pytest.StashKey[list[tuple[str, Callable[[], str]]]]()


def pytest_configure(config: pytest.Config) -> None:
    """What is compiled stands in for its source: an older one would be tested in its place."""
    for built in (TESTS.parent / "acd").glob("*.so"):
        source = built.with_name(f"{built.name.partition('.')[0]}.py")
        if not source.exists() or source.stat().st_mtime_ns > built.stat().st_mtime_ns:
            pytest.exit(
                f"{built} is older than its source: rm acd/*.so; python setup.py build_ext --inplace",
                returncode=pytest.ExitCode.USAGE_ERROR,
            )


def pytest_report_header() -> str:
    router = "plain" if acd.board.__file__.endswith(".py") else "compiled"
    return f"centralita: {KERNELS} kernels, {router} router"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files that wait and files that compute take turns, so that no core is ever idle.

    Only where several workers take file after file, in this order: first come those that ask for the most
    time, then those with the most tests, so the last to begin are soon over.
    """
    if not hasattr(config, "workerinput"):
        return
    files = {path: list(tests) for path, tests in groupby(items, key=lambda item: item.path)}

    def length(path: Path) -> tuple[float, int]:
        timeouts = [mark.args[0] for test in files[path] for mark in test.iter_markers("timeout")]
        return max(timeouts, default=0.0), len(files[path])

    kinds: tuple[list[Path], list[Path]] = ([], [])
    for path in sorted(files, key=length, reverse=True):
        kinds[path.relative_to(TESTS).parts[0] in COMPUTING].append(path)
    place = {path: (n + 0.5) / len(kind) for kind in kinds for n, path in enumerate(kind)}
    items.sort(key=lambda item: place[item.path])


def pytest_collection_finish() -> None:
    """Ten thousand tests stay to the end: whoever collects garbage later need not look at them each time."""
    gc.freeze()


@pytest.fixture
def tell_on_failure(request: pytest.FixtureRequest) -> Callable[[str, Callable[[], str]], None]:
    """Registers `story() -> str` under a title; what it tells is printed if the test fails.

    The switch registers its log and the ladder of its calls, a phone what it heard.
    """
    stories = request.node.stash.setdefault(STORIES, [])

    def register(title: str, story: Callable[[], str]) -> None:
        stories.append((title, story))

    return register


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        for title, story in item.stash.get(STORIES, []):
            report.sections.append((title, story()))
    return report
