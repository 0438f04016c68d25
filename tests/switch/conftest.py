"""Tests with a stage run on a loop whose time is moved."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.switch.stage import Stage
from tests.switch.timeline import MovedLoop

Factory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Factory]:
    """pytest-asyncio asks which loops a test is to run on."""
    if "stage" in getattr(item, "fixturenames", ()):
        return {"moved": MovedLoop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture
def sections() -> dict[str, Any]:
    """Sections of the configuration that replace those of `stage.centre`; tests parametrize it."""
    return {}


@pytest.fixture
async def stage(tmp_path: Path, sections: dict[str, Any]) -> AsyncIterator[Stage]:
    """A switch in memory."""
    stage = Stage(tmp_path, sections)
    await stage.settle()
    yield stage
    await stage.close()
