"""One message as everybody outside of the ring sees it: whole, with its time and its ends, secrets masked."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address
from typing import Final

from sip.flow import Address, Transport
from switch.trace.masking import mask
from switch.trace.ring import HEAD, Entry, Strand, Way, in_order
from switch.trace.waiting import AT_ONCE_BYTES

_LOOK: Final = 8 * 1024
"""Bytes of a message in which its method and users are looked for."""
_HEADER: Final = rb"\n(?:%b)[ \t]*+:[ \t]*+([^\r\n]*+)"
_CSEQ: Final = re.compile(_HEADER % rb"cseq", re.IGNORECASE)
_NAMED: Final = re.compile(_HEADER % rb"from|f|to|t|p-asserted-identity", re.IGNORECASE)
_NUMBER: Final = re.compile(rb"(?:sips?|tel):([^@;?>\s]++)(@|)", re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """A SIP message that passed the switch.

    `number` counts messages since the start; `at` is monotonic seconds, `us` UTC microseconds. `call` is our
    call's id, `party` whose leg it was. `repeats`: the same bytes went the same way before.
    """

    number: int
    at: float
    us: int
    way: Way
    transport: Transport
    source: Address
    destination: Address
    connection: int
    call: str | None
    party: str
    sip_call_id: str
    data: bytes
    """As it passed, secrets masked by stars: as many bytes as there were."""
    repeats: bool = False
    omitted: int = 0
    """How many messages of its leg before it were too many to keep."""

    @property
    def text(self) -> str:
        """The message as text; what is no UTF-8 is replaced."""
        return self.data.decode("utf-8", "replace")

    @cached_property
    def method(self) -> str:
        """Of a request, or of the request that a response answers; empty where neither can be read."""
        first = self.data.split(b"\r\n", 1)[0].split(b" ", 1)[0]
        if not first.upper().startswith(b"SIP/"):
            return first.decode("ascii", "replace") if len(first) < 32 else ""
        cseq = _CSEQ.search(self.data, 0, _LOOK)
        words = cseq[1].split() if cseq is not None else []
        return words[1].decode("ascii", "replace") if len(words) == 2 else ""

    @cached_property
    def users(self) -> tuple[str, ...]:
        """The users and numbers of Request-URI, From, To and P-Asserted-Identity."""
        head = self.data[:_LOOK].split(b"\r\n\r\n", 1)[0]
        lines = [head.split(b"\r\n", 1)[0], *_NAMED.findall(head)]
        found = [match for line in lines for match in _NUMBER.finditer(line)]
        return tuple(
            match[1].split(b":")[0].decode("utf-8", "replace")
            for match in found
            if match[2] or match[0][:4].lower() == b"tel:"
        )


LocalAddress = Callable[[str], str]
"""The address that the kernel sends from to a peer: what stands for ours where we listen on all."""


def message(strand: Strand, entry: Entry, local_address: LocalAddress) -> Message:
    """What an entry of the ring tells."""
    number, at, way, data, transport, local, remote, connection = entry
    if ip_address(local[0]).is_unspecified:
        local = (local_address(remote[0]), local[1])
    source, destination = (remote, local) if way == "in" else (local, remote)
    return Message(
        number=number,
        at=at,
        us=strand.us(at),
        way=way,
        transport=transport,
        source=source,
        destination=destination,
        connection=connection,
        call=strand.group.call,
        party=strand.party,
        sip_call_id=strand.sip_call_id.decode("utf-8", "replace"),
        data=mask(data),
    )


def messages(
    strands: Sequence[Strand], local_address: LocalAddress, *, after: int = 0, most: int
) -> list[Message]:
    """Messages of a call in order, `most` of those behind number `after`, fewer where they are large.

    Those that went the same way before are marked, and those before which others are missing.
    """
    seen: set[tuple[Way, Address, bytes]] = set()
    found: list[Message] = []
    size = 0
    for strand, entry in in_order(strands):
        key = (entry[2], entry[6], entry[3])
        if entry[0] > after:
            gap = strand.omitted if strand.omitted and entry is strand.entries[HEAD] else 0
            made = message(strand, entry, local_address)
            found.append(replace(made, repeats=key in seen, omitted=gap) if gap or key in seen else made)
            size += len(entry[3])
            if len(found) == most or size >= AT_ONCE_BYTES:
                break
        seen.add(key)
    return found
