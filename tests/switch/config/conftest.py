"""A configuration in a file of its own, and what `load` says of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from switch.config.errors import ConfigErrors
from switch.config.load import load
from switch.config.schema import Config

Mistakes = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a file and says where."""

    def writing(text: str) -> Path:
        path = tmp_path / "test.yaml"
        path.write_text(text, "utf-8")
        return path

    return writing


@pytest.fixture
def mistakes(write: Callable[[str], Path]) -> Mistakes:
    """The lines of the errors in a text, without the name of the file; none where it is right."""

    def finding(text: str, running: Config | None = None, **environment: str) -> list[str]:
        path = write(text)
        try:
            load(path, environment, running)
        except ConfigErrors as errors:
            return [str(error).removeprefix(f"{path}:") for error in errors.errors]
        return []

    return finding
