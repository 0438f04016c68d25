"""A call's messages as a ladder: time runs down, the peers stand side by side with the switch between them.

     A                       centralita                   B
0.0  |-- INVITE +34911 ----------->|                      |
     |   203.0.113.9:4000 PCMA     |                      |
0.8  |<-- 100 Trying --------------|                      |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final, TypeAlias

from switch.trace.row import MessageRow
from switch.trace.summary import Summary, Tone, summary

SWITCH: Final = "centralita"
_TIMES: Final = 12
"""Columns for times and what keeps them from the first line."""
_NARROWEST: Final = 22
_WIDEST: Final = 46
"""Columns from one line to the next."""
_Key: TypeAlias = tuple[str, str]
"""A peer's address and part in the call: a carrier that has both ends of it stands there twice."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, and what kind of message it shows."""

    text: str
    tone: Tone = Tone.OTHER


@dataclass(frozen=True, slots=True)
class _Peer:
    """Who stands at a line of the ladder."""

    letter: str
    address: str
    transport: str
    party: str

    def __str__(self) -> str:
        return f"{self.letter}  {self.address} {self.transport}  {self.party}".rstrip()


def ladder(rows: Sequence[MessageRow], width: int) -> list[Line]:
    """The ladder, `width` columns wide; peers for whom there is no room share the last line."""
    if not rows:
        return []
    peers = _peers(rows)
    rails = _Rails(peers, width)
    start = rows[0].time
    lines = [Line(f"{start:%Y-%m-%d %H:%M:%S.%f} UTC, {len(rows)} messages, times in ms")]
    lines += [*(Line(str(peer)) for peer in peers.values()), Line(""), Line(rails.heads())]
    for row in rows:
        if row.omitted:
            lines.append(Line(f"{'':{_TIMES}}... {row.omitted} messages that were too many to keep"))
        lines += rails.arrow(row, f"{(row.time - start).total_seconds() * 1000:.1f}", summary(row))
    return lines


def _peers(rows: Sequence[MessageRow]) -> dict[_Key, _Peer]:
    peers: dict[_Key, _Peer] = {}
    for row in rows:
        key = address, party = _key(row)
        if key not in peers:
            peers[key] = _Peer(_letter(len(peers)), address, row.transport, party)
    return peers


def _key(row: MessageRow) -> _Key:
    return (row.source if row.direction == "in" else row.destination), row.party or ""


def _letter(number: int) -> str:
    """A to Z, then AA and so on."""
    first, last = divmod(number, 26)
    return ("" if first == 0 else _letter(first - 1)) + ascii_uppercase[last]


def _several(letters: Sequence[str]) -> str:
    return ",".join(letters) if len(letters) < 4 else f"{letters[0]}-{letters[-1]}"


class _Rails:
    """Where the lines stand: the first peer at the left, the switch, then the others."""

    def __init__(self, peers: dict[_Key, _Peer], width: int) -> None:
        room = max(3, (width - _TIMES - 1) // _NARROWEST + 1)
        shown = min(len(peers) + 1, room)
        self._gap = max(_NARROWEST, min(_WIDEST, (width - _TIMES - len(SWITCH)) // (shown - 1)))
        self._at = [_TIMES + self._gap * number for number in range(shown)]
        self._of: dict[_Key, int] = {}
        self._shared = len(peers) + 1 > shown
        self._peers = peers
        for number, key in enumerate(peers):
            self._of[key] = self._at[0] if number == 0 else self._at[min(number + 1, shown - 1)]

    def heads(self) -> str:
        """The letters and the switch over their lines."""
        names: dict[int, list[str]] = {}
        for key, peer in self._peers.items():
            names.setdefault(self._of[key], []).append(peer.letter)
        heads = {at: _several(letters) for at, letters in names.items()}
        heads[self._at[1]] = SWITCH
        text = ""
        for at in self._at:
            name = heads.get(at, "")
            text = f"{text:<{max(0, at - len(name) // 2)}}{name}"
        return text

    def arrow(self, row: MessageRow, time: str, said: Summary) -> list[Line]:
        """The message's arrow, and below it what its SDP says."""
        key = _key(row)
        theirs, ours = self._of[key], self._at[1]
        left, right = min(theirs, ours), max(theirs, ours)
        title = said.title
        if self._shared and theirs == self._at[-1]:
            title = f"{self._peers[key].letter}: {title}"
        forward = (row.direction == "in") == (theirs < ours)
        shaft = _shaft(title, right - left - 1, forward, row)
        lines = [Line(f"{time:>{_TIMES - 2}}{self._over(left, shaft)}", said.tone)]
        if said.media and not row.repeats:
            media = _cut(f"   {said.media}", right - left - 1)
            lines.append(Line(f"{'':{_TIMES - 2}}{self._over(left, media)}", said.tone))
        return lines

    def _over(self, left: int, text: str) -> str:
        """The lines of the ladder with a text on them, from behind the line at `left`."""
        rails = [" "] * (self._at[-1] + 1)
        for at in self._at:
            rails[at] = "|"
        rails[left + 1 : left + 1 + len(text)] = text
        return "".join(rails[_TIMES - 2 :])


def _shaft(title: str, length: int, forward: bool, row: MessageRow) -> str:
    stroke, mark = (".", " (again)") if row.repeats else ("-", "")
    shaft = f"{stroke * 2} {_cut(title, length - 5 - len(mark))}{mark} ".ljust(length - 1, stroke)
    return f"{shaft}>" if forward else f"<{shaft}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: max(0, length - 2)]}.."
