"""The messages of the last calls and of no call: bounded in number and in bytes, and quick to add to.

Messages of one SIP Call-ID are a strand. A call has a strand for each of its legs; what belongs to no call
(REGISTER, OPTIONS, strangers) has its own, smaller share of the memory, so that no flood drives calls out.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeAlias

from sip.flow import Address, Flow, Transport

Way: TypeAlias = Literal["in", "out"]
"""Which way a message went: towards us, or from us."""
Entry: TypeAlias = tuple[int, float, Way, bytes, Transport, Address, Address, int]
"""Number, monotonic seconds, way and bytes of a message, then the fields of its flow.

An exact tuple of values that refer to nothing further: the collector looks at it once and then never again.
"""
Observer: TypeAlias = "Callable[[Strand, Entry], None]"

CALLS_BYTES: Final = 64 * 1024 * 1024
OTHERS: Final = 1000
"""Strands of no call."""
OTHERS_BYTES: Final = 8 * 1024 * 1024
STRAND_MESSAGES: Final = 400
STRAND_BYTES: Final = 512 * 1024
HEAD: Final = 20
"""How many messages at the beginning of a strand stay when later ones must go: they tell how it began."""
OVERHEAD_BYTES: Final = 450
"""What keeping a message takes besides its bytes, measured on 64-bit CPython 3.11."""

_USUAL: Final = b"\r\nCall-ID: "
_UNUSUAL: Final = re.compile(rb"\r?\n(?:call-id|i)[ \t]*+:[ \t]*+([^\r\n]*+)", re.IGNORECASE)


class Strand:
    """The messages of one SIP Call-ID. `party` says whose leg it is; `omitted` messages were too many."""

    __slots__ = ("entries", "group", "omitted", "opened_at", "opened_us", "party", "sip_call_id", "size")

    def __init__(self, sip_call_id: bytes, group: "Group", opened_at: float, opened_us: int) -> None:
        self.sip_call_id = sip_call_id
        self.group = group
        self.party = ""
        self.entries: deque[Entry] = deque()
        self.omitted = 0
        self.size = len(sip_call_id) + OVERHEAD_BYTES
        self.opened_at = opened_at
        self.opened_us = opened_us

    def us(self, at: float) -> int:
        """A monotonic time of this strand as UTC microseconds."""
        return self.opened_us + round((at - self.opened_at) * 1e6)


class Group:
    """What leaves the ring at once: a call with all its strands, or one strand of no call."""

    __slots__ = ("call", "pool", "strands")

    def __init__(self, call: str | None, pool: "_Pool") -> None:
        self.call = call
        self.pool = pool
        self.strands: list[Strand] = []


class _Pool:
    """Groups, the oldest first, and what they may take."""

    __slots__ = ("groups", "most", "most_bytes", "size")

    def __init__(self, most: int, most_bytes: int) -> None:
        self.groups: OrderedDict[str | bytes, Group] = OrderedDict()
        self.most = most
        self.most_bytes = most_bytes
        self.size = 0


class Ring:
    """Keeps what `saw` is shown; `on_message` hears of each message, kept or not.

    `now_us` gives UTC microseconds. With no calls to keep nothing is kept, but strands are still known by
    their call, for those who listen.
    """

    def __init__(self, calls: int, now_us: Callable[[], int], now: Callable[[], float]) -> None:
        self.number = 0
        """Of the last message."""
        self.on_message: Observer | None = None
        self._now_us = now_us
        self._now = now
        self._keeps = calls > 0
        self._strands: dict[bytes, Strand] = {}
        self._calls = _Pool(calls or OTHERS, CALLS_BYTES)
        self._others = _Pool(OTHERS, OTHERS_BYTES)

    def resize(self, calls: int) -> None:
        """Keep so many calls from now on."""
        self._keeps = calls > 0
        self._calls.most = calls or OTHERS
        while len(self._calls.groups) > (calls if self._keeps else 0):
            self._evict(self._calls)
        while self._others.groups and not self._keeps:
            self._evict(self._others)

    def saw(self, way: Way, data: bytes, flow: Flow, now: float) -> None:
        """A message passed. Every message comes here: a microsecond of CPU, five where a strand begins."""
        start = data.find(_USUAL)
        key = data[start + 11 : data.find(b"\r\n", start + 11)].strip() if start > 0 else _unusual(data)
        strand = self._strands.get(key)
        if strand is None:
            if not key and data[:1] < b" ":
                return  # a double line end or a STUN request, which keeps a way open (RFC 5626 section 4.4)
            strand = self._open(key, now)
        self.number += 1
        entry: Entry = (self.number, now, way, data) + flow  # noqa: RUF005 - twice as quick as unpacking it
        if self._keeps:
            strand.entries.append(entry)
            size = len(data) + OVERHEAD_BYTES
            strand.size += size
            pool = strand.group.pool
            pool.size += size
            if (
                pool.size > pool.most_bytes
                or strand.size > STRAND_BYTES
                or len(strand.entries) > STRAND_MESSAGES
            ):
                self._trim(strand, pool)
        if self.on_message is not None:
            self.on_message(strand, entry)

    def claim(self, call: str, sip_call_id: str, party: str = "") -> None:
        """The messages with this SIP Call-ID, past and to come, are a leg of our call `call`."""
        key = sip_call_id.encode("utf-8", "surrogateescape")
        group = self._calls.groups.get(call)
        if group is None:
            group = self._calls.groups[call] = Group(call, self._calls)
        strand = self._strands.get(key)
        if strand is None or (strand.group.call is not None and strand.group is not group):
            strand = self._renew(key, strand, group)
        elif strand.group is not group:
            del self._others.groups[key]
            self._others.size -= strand.size
            self._calls.size += strand.size
            strand.group = group
            group.strands.append(strand)
        strand.party = party
        while len(self._calls.groups) > self._calls.most:
            self._evict(self._calls)

    def call(self, call: str) -> list[Strand] | None:
        """The strands of one of our calls, first leg first; None where it is not kept, or not any more."""
        group = self._calls.groups.get(call)
        return None if group is None or not self._keeps else list(group.strands)

    def strands(self) -> list[Strand]:
        """All that is kept."""
        return list(self._strands.values())

    @property
    def size(self) -> int:
        """Bytes of memory that it takes, about."""
        return self._calls.size + self._others.size

    # Inside

    def _open(self, key: bytes, now: float) -> Strand:
        group = Group(None, self._others)
        self._others.groups[key] = group
        strand = self._add(key, group, now)
        while len(self._others.groups) > self._others.most:
            self._evict(self._others)
        return strand

    def _add(self, key: bytes, group: Group, now: float) -> Strand:
        strand = self._strands[key] = Strand(key, group, now, self._now_us())
        group.strands.append(strand)
        group.pool.size += strand.size
        return strand

    def _renew(self, key: bytes, former: Strand | None, group: Group) -> Strand:
        """A strand of `group`; if a former call had the same Call-ID, with what came since its INVITE.

        A caller whom we refused may try again with the same Call-ID (RFC 3261 section 8.1.3.5).
        """
        strand = self._add(key, group, self._now())
        if former is None:
            return strand
        moved: list[Entry] = []
        while former.entries and not (moved and _invites(moved[-1])):
            moved.append(former.entries.pop())
        if not moved or not _invites(moved[-1]):
            former.entries.extend(reversed(moved))
            return strand
        size = sum(len(entry[3]) + OVERHEAD_BYTES for entry in moved)
        former.size -= size
        strand.size += size
        strand.opened_at, strand.opened_us = former.opened_at, former.opened_us
        strand.entries.extend(reversed(moved))
        return strand

    def _trim(self, strand: Strand, pool: _Pool) -> None:
        entries = strand.entries
        while (len(entries) > STRAND_MESSAGES or strand.size > STRAND_BYTES) and len(entries) > HEAD + 1:
            size = len(entries[HEAD][3]) + OVERHEAD_BYTES
            del entries[HEAD]
            strand.omitted += 1
            strand.size -= size
            pool.size -= size
        while pool.size > pool.most_bytes and len(pool.groups) > 1:
            self._evict(pool)

    def _evict(self, pool: _Pool) -> None:
        _, group = pool.groups.popitem(last=False)
        for strand in group.strands:
            pool.size -= strand.size
            if self._strands.get(strand.sip_call_id) is strand:
                del self._strands[strand.sip_call_id]
        group.strands.clear()  # a circle, which the collector would find much too late


def _unusual(data: bytes) -> bytes:
    """The Call-ID however it is written; empty where there is none."""
    found = _UNUSUAL.search(data)
    return found[1].strip() if found is not None else b""


def _invites(entry: Entry) -> bool:
    return entry[2] == "in" and entry[3].startswith(b"INVITE ")


def in_order(strands: Sequence[Strand]) -> list[tuple[Strand, Entry]]:
    """The messages of several strands as they passed."""
    entries = [(strand, entry) for strand in strands for entry in strand.entries]
    entries.sort(key=lambda pair: pair[1][0])
    return entries
