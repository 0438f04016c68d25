"""Both builds of the scanner in one process: whoever took its kernels at import is given the other ones."""

import sys
from types import ModuleType

import pytest

import ext.scanner
import sip.syntax.scanner

BUILDS: dict[str, ModuleType] = {"pure": sip.syntax.scanner, "compiled": ext.scanner}
KERNELS = ("parameters", "scan", "split_address", "split_list", "unquote")


def users() -> list[tuple[ModuleType, str]]:
    """Every module of `sip` that holds a kernel, and its name there."""
    return [
        (module, name)
        for path, module in sorted(sys.modules.items())
        if path.startswith("sip.") and path != "sip.syntax.scanner"
        for name in KERNELS
        if getattr(module, name, None) in (getattr(build, name) for build in BUILDS.values())
    ]


def use(build: str, patch: pytest.MonkeyPatch) -> None:
    """Let all of `sip` read with this build until the patch is undone."""
    for module, name in users():
        patch.setattr(module, name, getattr(BUILDS[build], name))
