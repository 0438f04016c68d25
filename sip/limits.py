"""How much of anything we read before we call it an attack; each is far above what real peers send."""

MAX_MESSAGE_BYTES = 65536
"""A whole message; also the largest UDP datagram (RFC 3261 18.1.1)."""

MAX_HEADERS = 256
"""Header fields in one message, before comma lists are split."""

MAX_HEADER_CHARS = 8192
"""One header value after unfolding, and the start line."""

MAX_LIST_ITEMS = 128
"""Values in one comma list, and Via values in one message: Max-Forwards starts at 70."""

MAX_PARAMETERS = 64
"""Parameters of one header value or URI."""

MAX_URI_CHARS = 2048

MAX_SDP_BYTES = 16384
MAX_SDP_LINES = 512
MAX_SDP_MEDIA = 16
MAX_SDP_FORMATS = 64
