"""The words for a line of the configuration that asks for what this machine cannot do."""

from collections.abc import Sequence


def absent(feature: str, packages: Sequence[str]) -> str:
    """`packages` are those that are missing, of the operating system's or Python's."""
    return f"{feature} is not on this machine: install {' and '.join(packages)}, then scripts/run"
