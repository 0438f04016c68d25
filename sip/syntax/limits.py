"""How much of anything we read before we call it an attack; each is far above what real peers send.

`LIMITS` says what a request that passes one is answered; each is counted as a parse error under its fault's
name. A response that passes one is dropped and counted.
"""

from dataclasses import dataclass
from typing import Final

from sip.syntax.malformed import Fault, Malformed, Partial

MAX_MESSAGE_BYTES: Final = 65536
"""A whole message; also the largest UDP datagram (RFC 3261 18.1.1)."""

MAX_DATAGRAM_BYTES: Final = 1300
"""A request of ours on UDP where there is another way, as nobody knows what the path carries (18.1.1)."""

MAX_HEADERS: Final = 256
"""Header fields in one message, before comma lists are split."""

MAX_HEADER_CHARS: Final = 8192
"""One header value after unfolding, and the start line."""

MAX_LIST_ITEMS: Final = 128
"""Values of one list header, whatever it means."""

MAX_VIAS: Final = 70
"""Vias of a request: Max-Forwards starts at 70, so nothing has come further (RFC 3261 8.1.1.6)."""

MAX_ROUTES: Final = 20
"""Route values of a request, and Record-Route values of a message."""

MAX_CONTACTS: Final = 10
"""Contacts of a request; responses list what a registrar or a redirection has, up to MAX_LIST_ITEMS."""

MAX_EARLY_DIALOGS: Final = 12
"""Early dialogs that one INVITE of ours may get (RFC 3261 12.1); responses of others change nothing."""

MAX_PARAMETERS: Final = 64
"""Parameters of one header value or URI, and headers of one URI."""

MAX_URI_CHARS: Final = 2048

MAX_BODY_DIGITS: Final = 9
"""Digits of a Content-Length, leading zeros aside."""

MAX_MULTIPART_DEPTH: Final = 4
"""Multipart bodies inside each other, the outermost included."""

MAX_PARTS: Final = 32
"""Parts of a body, at all depths."""

MAX_SDP_BYTES: Final = 16384
MAX_SDP_LINES: Final = 512
MAX_SDP_MEDIA: Final = 16
MAX_SDP_FORMATS: Final = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` is still taken; more is `fault`, answered with `status`."""

    most: int
    fault: Fault
    status: int


LIMITS: Final = (
    Limit(MAX_MESSAGE_BYTES, Fault.MESSAGE_TOO_LARGE, 513),
    Limit(MAX_HEADERS, Fault.TOO_MANY_HEADERS, 513),
    Limit(MAX_HEADER_CHARS, Fault.HEADER_TOO_LONG, 513),
    Limit(MAX_HEADER_CHARS, Fault.START_LINE_TOO_LONG, 414),  # only a Request-URI can be that long
    Limit(MAX_URI_CHARS, Fault.REQUEST_URI_TOO_LONG, 414),
    Limit(MAX_URI_CHARS, Fault.URI_TOO_LONG, 400),
    Limit(MAX_BODY_DIGITS, Fault.ENTITY_TOO_LARGE, 413),
    Limit(MAX_VIAS, Fault.TOO_MANY_VIAS, 483),  # it has come further than Max-Forwards lets any
    Limit(MAX_ROUTES, Fault.TOO_MANY_ROUTES, 400),
    Limit(MAX_CONTACTS, Fault.TOO_MANY_CONTACTS, 400),
    Limit(MAX_LIST_ITEMS, Fault.TOO_MANY_VALUES, 400),
    Limit(MAX_PARAMETERS, Fault.TOO_MANY_PARAMETERS, 400),
    Limit(MAX_PARAMETERS, Fault.TOO_MANY_URI_PARAMETERS, 400),
    Limit(MAX_PARAMETERS, Fault.TOO_MANY_URI_HEADERS, 400),
    Limit(MAX_MULTIPART_DEPTH, Fault.MULTIPART_TOO_DEEP, 400),
    Limit(MAX_PARTS, Fault.TOO_MANY_PARTS, 400),
)

_STATUS: Final = {limit.fault: limit.status for limit in LIMITS}
_BAD_REQUEST: Final = 400


def exceeded(fault: Fault, partial: Partial | None = None, where: str = "") -> Malformed:
    """The fault of passing a limit, to be raised with its status."""
    return Malformed(_STATUS[fault], fault, partial, where)


def refused(error: ValueError | OverflowError, where: str = "") -> Malformed:
    """What a kernel of `sip.syntax.kernels` raised, as the peer's fault."""
    fault = Fault(error.args[0])
    return Malformed(_STATUS.get(fault, _BAD_REQUEST), fault, None, where)
