"""What every test shares: the header, and the story of the switch beside a failure."""

import sys
from collections.abc import Callable, Generator

import pytest
from hypothesis import settings

from ext.build import KERNELS

settings.register_profile("calm", deadline=None)  # how long an example takes says more of the machine
settings.load_profile("calm")

# pjsua2-python has no wheel for Python 3.13; baresip plays every other part there, too.
collect_ignore_glob = ["*/test_pjsua.py"] if sys.version_info >= (3, 13) else []

STORIES = pytest.StashKey[list[tuple[str, Callable[[], str]]]]()


def pytest_report_header() -> str:
    return f"centralita: {KERNELS} kernels"


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
