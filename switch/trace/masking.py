"""Secrets made unreadable before a message leaves the process: each byte of one becomes a star.

What is masked keeps its length, so a Content-Length stays true and a capture stays a SIP message. Nothing is
left out because of where it stands: a digest in a body of type message/sip is as good as one in a header.

Masked are the credentials of RFC 3261 and RFC 7616 (`response`, `cnonce`, `rspauth`; every other scheme as a
whole), passwords in URIs (RFC 3261 section 19.1.1) and headers in URIs that hold credentials; keys of SDES
(RFC 4568), MIKEY (RFC 4567), `k=` (RFC 4566) and ICE (RFC 8839); the signature of a PASSporT (RFC 8224), with
which it could be used again; and digits that a caller pressed, which may be his card's (SIP INFO).
"""

import re
from collections.abc import Callable
from typing import Final

_Substitute = Callable[[re.Match[bytes]], bytes]

_STAR: Final = re.compile(rb"[^\r\n\t ]")
_LINE: Final = rb"(?<![^\r\n])"
"""At the start of a line, whatever ends the one before."""
_QUOTED: Final = re.compile(rb'((?:response|cnonce|rspauth)\s*+=\s*+")((?:\\.|[^"\\])*+)', re.I | re.S)
_BARE: Final = re.compile(rb'((?:response|cnonce|rspauth)\s*+=\s*+)([^\s,;"]++)', re.I)
_OTHER_SCHEME: Final = re.compile(
    _LINE
    + rb"((?:proxy-)?authorization[ \t]*+:\s*+(?!digest\s)(?:[a-z0-9-]++[ \t]++)?)"
    + rb"([^\r\n]++(?:\r?\n[ \t]++[^\r\n]*+)*+)",
    re.I,
)
_IN_URI: Final = re.compile(rb"([?&](?:proxy-)?authorization=)([^&>\s\"]++)", re.I)
_INLINE: Final = re.compile(rb"(inline:\s*+)([^|\s;]++)", re.I)
_KEY: Final = re.compile(_LINE + rb"(a=key-mgmt:\S++[ \t]++|a=ice-pwd:|k=[a-z0-9]++:)([^\r\n]++)", re.I)
_JWT: Final = re.compile(rb"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))(eyJ[\w-]*+\.[\w-]*+\.)([\w-]++)")
"""From the beginning of a word only: a flood of `eyJ` in one word would cost the square of its length."""
_COMPACT_JWT: Final = re.compile(_LINE + rb"((?:identity|y)[ \t]*+:\s*+\.\.)([\w-]++)", re.I)
_SIGNAL: Final = re.compile(_LINE + rb"(signal[ \t]*+=[ \t]*+)([^\s]++)", re.I)
_DIGITS: Final = re.compile(rb"[0-9a-d*#]", re.I)
_DELIMITER: Final = re.compile(rb"[\s<>\"]")

_RULES: Final[tuple[tuple[bytes, tuple[re.Pattern[bytes], ...]], ...]] = (
    (b"response", (_QUOTED, _BARE)),
    (b"cnonce", (_QUOTED, _BARE)),
    (b"rspauth", (_QUOTED, _BARE)),
    (b"authorization", (_OTHER_SCHEME, _IN_URI)),
    (b"inline:", (_INLINE,)),
    (b"a=key-mgmt:", (_KEY,)),
    (b"a=ice-pwd:", (_KEY,)),
    (b"k=", (_KEY,)),
    (b"eyj", (_JWT,)),
    (b"..", (_COMPACT_JWT,)),
)
"""Words, in small letters, without which a message holds nothing of what the patterns look for."""


def mask(data: bytes) -> bytes:
    """The message without its secrets; the same object where it has none."""
    small = data.lower()
    patterns = dict.fromkeys(pattern for word, some in _RULES if word in small for pattern in some)
    for pattern in patterns:
        data = pattern.sub(_hidden, data)
    if b"@" in small and b"sip" in small:
        data = _without_passwords(data, small)
    if b"application/dtmf" in small:
        data = _without_digits(data)
    return data


def _hidden(found: re.Match[bytes]) -> bytes:
    return found[1] + _STAR.sub(b"*", found[2])


def _without_passwords(data: bytes, small: bytes) -> bytes:
    """`sip:user:password@host`: between the last `sip:` or `sips:` and each @, in one pass."""
    masked: bytearray | None = None
    begin = 0
    while (at := small.find(b"@", begin)) >= 0:
        start = max(small.rfind(b"sip:", begin, at), small.rfind(b"sips:", begin, at))
        user = small.find(b":", start, at) + 1 if start >= 0 else at
        colon = small.find(b":", user, at)
        if colon >= 0 and not _DELIMITER.search(small, user, at):
            masked = masked or bytearray(data)
            masked[colon + 1 : at] = b"*" * (at - colon - 1)
        begin = at + 1
    return data if masked is None else bytes(masked)


def _without_digits(data: bytes) -> bytes:
    """The body of an INFO with digits. They become x, since a star is one of them."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if b"=" not in body:
        return head + gap + _DIGITS.sub(b"x", body)
    return head + gap + _SIGNAL.sub(lambda found: found[1] + b"x" * len(found[2]), body)
