"""A message as the API shows it."""

from datetime import datetime
from typing import Literal

import msgspec

from sip.flow import Address
from switch.records import utc
from switch.trace.message import Message


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One SIP message that passed the switch, secrets masked."""

    number: int
    """Counts messages since the switch started."""
    time: datetime
    direction: Literal["in", "out"]
    transport: str
    source: str
    """Address and port."""
    destination: str
    call: str | None
    """Our call's id; None where it belongs to none that is kept."""
    party: str | None
    """Whose leg it is."""
    sip_call_id: str
    method: str
    """Of the request; a response has that of the request it answers."""
    repeats: bool
    """The same bytes went the same way before: a retransmission."""
    omitted: int = 0
    """So many messages of its leg before it were too many to keep."""
    text: str


def row(message: Message) -> MessageRow:
    """The row of a message."""
    return MessageRow(
        number=message.number,
        time=utc(message.us),
        direction=message.way,
        transport=message.transport,
        source=_end(message.source),
        destination=_end(message.destination),
        call=message.call,
        party=message.party or None,
        sip_call_id=message.sip_call_id,
        method=message.method,
        repeats=message.repeats,
        omitted=message.omitted,
        text=message.text,
    )


def _end(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
