"""What is shipped: packages named one by one, no GPL beside the server, locks that name no host."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

# The LGPL lets a program beside it keep its own terms; the GPL and the AGPL do not.
GPL = re.compile(r"(?<!L)\bA?GPL|(?<!Lesser )General Public License", re.IGNORECASE)


def locked(name: str) -> list[str]:
    text = (ROOT / "requirements" / name).read_text()
    return re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)


def licences(distribution: str) -> list[str]:
    about = metadata.metadata(distribution)
    classifiers = about.get_all("Classifier") or []
    declared = [*(about.get_all("License-Expression") or []), *(about.get_all("License") or [])]
    # Some put the whole text into License: its first line is the name.
    return [text.strip().splitlines()[0] for text in declared if text.strip()] + [
        line for line in classifiers if line.startswith("License ::")
    ]


def test_the_package_list_is_exactly_the_folders() -> None:
    floors = ["acd", "ext", "media", "sip", "switch"]
    folders = [p.parent for floor in floors for p in (ROOT / floor).rglob("__init__.py")]
    assert sorted(PYPROJECT["tool"]["setuptools"]["packages"]) == sorted(
        ".".join(folder.relative_to(ROOT).parts) for folder in folders
    )


def test_every_folder_of_code_is_a_package() -> None:
    bare = {
        p.parent.relative_to(ROOT).as_posix()
        for top in ["acd", "ext", "media", "sip", "switch", "tests"]
        for p in (ROOT / top).rglob("*.py")
        if not (p.parent / "__init__.py").exists()
    }
    # Alembic loads its scripts by path, not by import.
    assert {folder for folder in bare if "migrations" not in folder} == set()


@pytest.mark.parametrize("distribution", locked("run.txt"))
def test_no_gpl_distribution_runs_beside_the_server(distribution: str) -> None:
    assert [text for text in licences(distribution) if GPL.search(text)] == []


@pytest.mark.parametrize(
    ("text", "is_gpl"),
    [
        ("GPL-3.0-only", True),
        ("GPLv2+", True),
        ("AGPL-3.0", True),
        ("License :: OSI Approved :: GNU General Public License v2 (GPLv2)", True),
        ("LGPL-2.1-or-later", False),
        ("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", False),
        ("MIT AND PSF-2.0", False),
    ],
)
def test_gpl_is_told_from_lgpl(text: str, is_gpl: bool) -> None:
    assert bool(GPL.search(text)) is is_gpl


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_pin_and_hash_everything_and_name_no_index(lock: Path) -> None:
    text = lock.read_text()
    requirements = re.findall(r"^(?![#\s])\S.*(?:\n\s+--hash=\S+.*)*", text, re.MULTILINE)
    assert requirements
    assert [r for r in requirements if "==" not in r or "--hash=sha256:" not in r] == []
    assert re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text) is None


def test_what_the_server_needs_is_locked() -> None:
    declared = [re.split(r"[\[><=;~! ]", need)[0] for need in PYPROJECT["project"]["dependencies"]]
    names = {name.lower().replace("_", "-") for name in locked("run.txt")}
    assert {name.lower().replace("_", "-") for name in declared} - names == set()


def test_extensions_are_built_by_what_is_locked() -> None:
    wanted = {re.split(r"[><=]", need)[0] for need in PYPROJECT["build-system"]["requires"]}
    assert wanted == {"setuptools", "cython", "mypy", "msgspec"} == wanted & set(locked("build.txt"))
