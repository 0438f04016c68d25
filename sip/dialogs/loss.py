"""What a refusal of one of our requests says of its dialog (RFC 5057 section 5.1).

A dialog of ours has one usage, the session: what ends either ends both. Most refusals end neither; so do 405
and 501, which refuse a method and leave the session as it was (RFC 3261 section 14.1).
"""

from typing import Final

from sip.syntax.message import Response

ENDS_DIALOG: Final = frozenset({404, 410, 416, 482, 483, 484, 485, 502, 604})
"""The remote target or the route set leads nowhere, and so would every later request."""
ENDS_USAGE: Final = frozenset({480, 481})
"""The peer has no such session, or wants to hear of it no more."""


def is_lost(response: Response) -> bool:
    """Whether the session is over. 480 with Retry-After asks only for a pause."""
    status = response.status
    return (status in ENDS_DIALOG or status in ENDS_USAGE) and not (
        status == 480 and "Retry-After" in response.headers
    )
