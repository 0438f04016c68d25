"""Fixtures of the media tests."""

from typing import Any

import pytest

from tests.media.builds import BUILDS


@pytest.fixture(params=list(BUILDS))
def build(request: pytest.FixtureRequest) -> Any:
    """The media kernels, once compiled and once pure."""
    return BUILDS[request.param]
