"""A phone's own log: what was done with it and what it saw, by the clock on the wall."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

What = Literal[
    "keys", "calls", "rung", "answered", "held", "resumed", "transferred", "ended", "lamp", "state"
]


@dataclass(frozen=True)
class Entry:
    """`at` is seconds since 1970; `call` a SIP Call-ID, where it is about one."""

    at: float
    what: What
    call: str = ""
    detail: str = ""


@dataclass
class Log:
    """Entries in order."""

    entries: list[Entry] = field(default_factory=list)

    def note(self, what: What, call: str = "", detail: str = "") -> None:
        """Now."""
        self.entries.append(Entry(time.time(), what, call, detail))

    def of(self, call: str) -> Sequence[Entry]:
        """What became of a call."""
        return [entry for entry in self.entries if entry.call == call]

    def when(self, what: What, call: str = "") -> list[float]:
        """Each time that this happened, of one call or of any."""
        return [each.at for each in self.entries if each.what == what and call in ("", each.call)]
