"""Loops, found without memory (RFC 3261 section 16.3): our own branch comes back for the same number.

A request that returns for another number is a spiral, which Max-Forwards ends.
"""

from hashlib import blake2b

from sip.syntax.headers import Via
from sip.syntax.message import Malformed, Request
from sip.transactions.writing import BRANCH_COOKIE

_DIGEST_BYTES = 5


class LoopMark:
    """Signs the branches of our INVITEs and knows them again."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """`secret`: at most 64 bytes that nobody else knows."""
        self._secret = secret

    def sign(self, token: str, uri: str) -> str:
        """A branch for an INVITE to `uri`."""
        return f"{BRANCH_COOKIE}{token}.{self._digest(token, uri)}"

    def is_loop(self, request: Request) -> bool:
        """Whether one of its Vias is of an INVITE of ours to the same user."""
        if request.headers.count("Via") < 2 and "," not in request.headers.lines("Via")[0]:
            return False  # nobody but the sender has seen it
        return any(self._is_ours(branch, request.uri) for branch in _branches(request))

    def _is_ours(self, branch: str, uri: str) -> bool:
        token, dot, digest = branch.removeprefix(BRANCH_COOKIE).rpartition(".")
        return bool(dot) and digest == self._digest(token, uri)

    def _digest(self, token: str, uri: str) -> str:
        user = uri.partition(":")[2].partition("@")[0]
        text = f"{token} {user}".encode("utf-8", "surrogateescape")
        return blake2b(text, digest_size=_DIGEST_BYTES, key=self._secret).hexdigest()


def _branches(request: Request) -> list[str]:
    try:
        return [Via.parse(via).branch or "" for via in request.headers.all("Via")[1:]]
    except Malformed:
        return []  # only the topmost must be readable
