"""Each loop has its turn."""

import pytest


@pytest.fixture(params=["uvloop", "asyncio"])
def loop_kind(request: pytest.FixtureRequest) -> str:
    """Which event loop runs the test."""
    return str(request.param)
