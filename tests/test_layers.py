"""The floors of the house and the arrows between them, read from the imports themselves."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "ext": set(),
    "acd": {"ext"},
    "sip": {"ext"},
    "media": {"ext"},
    "switch": {"acd", "sip", "media"},
}
FLOORS = set(MAY_IMPORT)

# Inside the protocol: syntax knows nothing of transactions, these nothing of dialogs.
SIP_MAY_IMPORT = {
    "syntax": set(),
    "transactions": {"syntax"},
    "accounts": {"syntax"},
    "dialogs": {"syntax", "transactions", "accounts"},
    "subscriptions": {"syntax", "transactions", "dialogs"},
}

# What a pure module has no business with; its shell (sip/aio, media/aio, switch) does.
IMPURE = {
    "asyncio",
    "concurrent",
    "multiprocessing",
    "os",
    "random",
    "secrets",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "uvloop",
}

# XML is read in one place, by a reader that takes no DTD: who reads none cannot be hurt by any.
XML = {"defusedxml", "lxml", "pyexpat", "xml", "xmltodict"}
READS_XML = {ROOT / "switch/feature_keys/requests.py": {"defusedxml.ElementTree", "xml.etree.ElementTree"}}

CIMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+c?import\b|c?import\s+([\w.]+))", re.MULTILINE)


class Import(NamedTuple):
    line: int
    module: str


def python_imports(source: str, package: str) -> Iterator[Import]:
    """Absolute names of all that Python source in `package` imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield Import(node.lineno, module)
            if "." not in module:  # `from switch import history`
                yield from (Import(node.lineno, f"{module}.{alias.name}") for alias in node.names)


def cython_imports(source: str) -> Iterator[Import]:
    """Names that Cython source imports or cimports; its grammar is not Python's, so by pattern."""
    for match in CIMPORT.finditer(source):
        yield Import(source.count("\n", 0, match.start()) + 1, match[1] or match[2])


def imports(path: Path) -> Iterator[Import]:
    source = path.read_text()
    if path.suffix in {".pyx", ".pxd"}:
        return cython_imports(source)
    return python_imports(source, ".".join(path.relative_to(ROOT).parent.parts))


def sources(floor: str) -> list[Path]:
    return sorted(p for p in (ROOT / floor).rglob("*") if p.suffix in {".py", ".pyi", ".pyx", ".pxd"})


def where(path: Path, found: Import) -> str:
    return f"{path.relative_to(ROOT)}:{found.line} imports {found.module}"


@pytest.mark.parametrize("floor", sorted(FLOORS))
def test_every_arrow_points_where_the_house_allows(floor: str) -> None:
    forbidden = FLOORS - {floor} - MAY_IMPORT[floor]
    wrong = [
        where(path, found)
        for path in sources(floor)
        for found in imports(path)
        if found.module.split(".")[0] in forbidden | {"tests", "scripts"}
    ]
    assert wrong == []


@pytest.mark.parametrize("part", sorted(SIP_MAY_IMPORT))
def test_every_arrow_inside_the_protocol_points_down(part: str) -> None:
    forbidden = set(SIP_MAY_IMPORT) - {part} - SIP_MAY_IMPORT[part]
    wrong = [
        where(path, found)
        for path in sources(f"sip/{part}")
        for found in imports(path)
        if found.module.startswith(tuple(f"sip.{each}" for each in forbidden))
    ]
    assert wrong == []


@pytest.mark.parametrize("core", ["acd", "sip", "media"])
def test_pure_modules_touch_no_socket_clock_thread_or_chance(core: str) -> None:
    impure = IMPURE | {"datetime"} if core == "acd" else IMPURE
    wrong = [
        where(path, found)
        for path in (ROOT / core).rglob("*.py")
        if "aio" not in path.parts
        for found in imports(path)
        if found.module.split(".")[0] in impure or found.module.startswith(f"{core}.aio")
    ]
    assert wrong == []


@pytest.mark.parametrize("floor", sorted(FLOORS))
def test_xml_is_read_in_one_place(floor: str) -> None:
    wrong = [
        where(path, found)
        for path in sources(floor)
        for found in imports(path)
        if found.module.split(".")[0] in XML and found.module not in READS_XML.get(path, set())
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "package", "modules"),
    [
        ("import acd.router", "switch", ["acd.router"]),
        ("def f():\n    from sip.message import parse", "switch", ["sip.message"]),
        ("from . import leg", "switch.calls", ["switch.calls"]),
        ("from ..history import Writer", "switch.calls", ["switch.history"]),
        ("from switch import history", "tests", ["switch", "switch.history"]),
    ],
)
def test_python_imports_are_seen_in_every_form(source: str, package: str, modules: list[str]) -> None:
    assert [found.module for found in python_imports(source, package)] == modules


def test_cython_imports_are_seen_in_every_form() -> None:
    source = "from ext.mixing cimport mix\ncimport ext.rtp\nfrom libc.math cimport sin\nimport media\n"
    assert list(cython_imports(source)) == [
        Import(1, "ext.mixing"),
        Import(2, "ext.rtp"),
        Import(3, "libc.math"),
        Import(4, "media"),
    ]
