"""Every link of the documentation leads somewhere, and to every page leads a way from the README."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.peers.switch import ROOT

README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.S | re.M)
FENCED = re.compile(r"^```.*?^```", re.S | re.M)
LINK = re.compile(r"\[[^]]*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def links(page: Path) -> list[tuple[Path, str]]:
    """Where it leads: a file, and a heading in it."""
    found = LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))
    return [((page.parent / path).resolve() if path else page, heading) for path, heading in found]


@cache
def anchors(page: Path) -> set[str]:
    """By the rule of the sites that show such pages: lower case, hyphens for spaces, no signs."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_its_links_lead_somewhere(page: Path) -> None:
    for target, heading in links(page):
        assert target.exists(), target
        assert not heading or heading in anchors(target), f"{target} has no #{heading}"


def test_every_page_is_found_from_the_readme() -> None:
    seen, new = {README}, [README]
    while new:
        ahead = {target for target, _ in links(new.pop()) if target.suffix == ".md" or target.is_dir()}
        ahead |= {
            page for folder in ahead if folder.is_dir() for page in folder.glob("*.md")
        }  # as sites show it
        new += [target for target in ahead - seen if target.is_file()]
        seen |= ahead
    assert [str(page.relative_to(ROOT)) for page in PAGES[2:] if page not in seen] == []
