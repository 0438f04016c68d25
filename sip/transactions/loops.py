"""Loops, found without memory (RFC 3261 section 16.3): our own branch comes back for the same number.

A request that returns for another number is a spiral, which Max-Forwards ends.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from typing import Final

from sip.syntax.message import Request
from sip.transactions.writing import BRANCH_COOKIE

_DIGEST_BYTES: Final = 5
_OURS: Final = re.compile(
    rf";[ \t]*+branch[ \t]*+=[ \t]*+{BRANCH_COOKIE}([^;,. \t]++)\.([0-9a-f]{{{2 * _DIGEST_BYTES}}})"
    r"(?=[;, \t]|\Z)",
    re.IGNORECASE,
)
"""What our branches look like; nobody's signature is computed for any other."""
_MOST: Final = 8
"""Of such branches: who has more has made them up, or has passed us so often that it is no matter."""


class LoopMark:
    """Signs the branches of our INVITEs and knows them again."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """`secret`: at most 64 bytes that nobody else knows."""
        self._secret = secret

    def sign(self, token: str, uri: str) -> str:
        """A branch for an INVITE to `uri`; there is no dot in a `token`."""
        return f"{BRANCH_COOKIE}{token}.{self._digest(token, uri)}"

    def is_loop(self, request: Request) -> bool:
        """Whether one of its Vias is of an INVITE of ours to the same user.

        Asked before anybody has proved who he is: the text is searched, and nothing parsed.
        """
        lines = request.headers.lines("Via")
        if len(lines) < 2 and "," not in lines[0]:
            return False  # nobody but the sender has seen it
        top = request.top_via.branch
        return any(
            digest == self._digest(token, request.uri)
            for token, digest in islice(_branches(lines), _MOST)
            if f"{BRANCH_COOKIE}{token}.{digest}" != top
        )

    def _digest(self, token: str, uri: str) -> str:
        user = uri.partition(":")[2].partition("@")[0]
        text = f"{token} {user}".encode("utf-8", "surrogateescape")
        return blake2b(text, digest_size=_DIGEST_BYTES, key=self._secret).hexdigest()


def _branches(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Token and digest of what may be branches of ours, the last hop first."""
    for line in lines:
        for match in _OURS.finditer(line):
            yield match[1], match[2]
