"""Fixtures of the media tests."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from media.aio.plane import MediaPlane
from tests.media.builds import BUILDS
from tests.media.stage import HOST, Stage


@pytest.fixture(params=list(BUILDS))
def build(request: pytest.FixtureRequest) -> Any:
    """The media kernels, once compiled and once pure."""
    return BUILDS[request.param]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A running media plane with one worker, and peers for it."""
    plane = MediaPlane(HOST, range(21000, 21100), seed=1)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane)
    yield stage
    await stage.close()
