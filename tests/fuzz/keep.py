"""Keep what a long run found: python -m tests.fuzz.keep TARGET FOLDER.

Of the inputs in FOLDER those go to the corpus that take a way through the pure parsers that no input in it
takes yet: from one line to another. The smallest come first, so few are needed.
"""

import sys
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
SOURCES = tuple(str(Path(__file__).parents[2] / package) for package in ("sip", "media"))

Arc = tuple[str, int, int]


def arcs(name: str, data: bytes) -> set[Arc]:
    """Every step from line to line that reading this input takes."""
    taken: set[Arc] = set()

    def within(source: str) -> Any:
        line = 0

        def step(frame: FrameType, event: str, _: object) -> Any:
            nonlocal line
            taken.add((source, line, frame.f_lineno))
            line = frame.f_lineno
            return step

        return step

    def called(frame: FrameType, event: str, _: object) -> Any:
        source = frame.f_code.co_filename
        return within(source) if source.startswith(SOURCES) else None

    sys.settrace(called)
    try:
        TARGETS[name](data)
    finally:
        sys.settrace(None)
    return taken


def keep(name: str, found: Path) -> list[Path]:
    """Copy what is new to the corpus; the files that were written."""
    known: set[Arc] = set()
    for path in (CORPUS / name).iterdir():
        known |= arcs(name, path.read_bytes())
    kept = []
    for path in sorted(found.iterdir(), key=lambda each: each.stat().st_size):
        data = path.read_bytes()
        new = arcs(name, data) - known
        if new:
            known |= new
            target = CORPUS / name / f"found-{sha256(data).hexdigest()[:12]}"
            target.write_bytes(data)
            kept.append(target)
    return kept


if __name__ == "__main__":
    print(*keep(sys.argv[1], Path(sys.argv[2])), sep="\n")
