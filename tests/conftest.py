"""What every test shares: the header, and the story of the switch beside a failure."""

from collections.abc import Callable, Generator

import pytest

from ext.build import KERNELS

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
