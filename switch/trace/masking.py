"""Secrets made unreadable before a message leaves the process: each byte of one becomes a star.

What is masked keeps its length, so a Content-Length stays true and a capture stays a SIP message. Nothing is
left out because of where it stands: a digest in a body of type message/sip is as good as one in a header.

Masked are the credentials of RFC 3261 and RFC 7616 (`response`, `cnonce`, `rspauth`; every other scheme as a
whole), passwords in URIs (RFC 3261 section 19.1.1) and headers in URIs that hold credentials; keys of SDES
(RFC 4568), MIKEY (RFC 4567), `k=` (RFC 4566) and ICE (RFC 8839); the signature of a PASSporT (RFC 8224), with
which it could be used again; PINs, and what proves them, in the XML of soft keys; the PIN behind a feature
code that was dialled; and digits that a caller pressed, which may be his card's (SIP INFO).

It takes a millisecond or two at the worst, whatever somebody writes: who writes more that looks like secrets
than any message has is not read any further, and what is left of his message is hidden.
"""

import re
from collections.abc import Iterator
from typing import Final

MOST: Final = 128
"""Of each kind, in one message."""
_MOST_DIGITS_BODY: Final = 1024
"""Bytes; a digit takes some thirty."""
_Span = tuple[int, int]
"""Where a secret begins, and where it has ended."""

_STARS: Final = bytes(byte if byte in b"\r\n\t " else ord("*") for byte in range(256))
_DIGITS: Final = bytes(ord("x") if byte in b"0123456789abcdABCD*#" else byte for byte in range(256))
"""They become x, since a star is one of them."""
_LINE: Final = rb"(?<![^\r\n])"
"""At the start of a line, whatever ends the one before."""
_DIGEST: Final = rb'%b\s*+=\s*+"?+((?<=")(?:[^"\\]*+\\.){0,64}+(?:[^"\\]*+(?!\\)|.*+)|(?<!")[^\s,;"]++)'
"""What has more escapes than 64 is not looked at to its end: all that follows is hidden."""
_OTHER_SCHEME: Final = (
    rb"authorization[ \t]*+:\s*+(?!digest\s)(?:[a-z0-9-]++[ \t]++)?"
    rb"([^\r\n]++(?:\r?\n[ \t]++[^\r\n]*+)*+)"
)

_RULES: Final = tuple(
    (word, re.compile(pattern, re.S))
    for word, pattern in (
        (b"response", _DIGEST % b"response"),
        (b"cnonce", _DIGEST % b"cnonce"),
        (b"rspauth", _DIGEST % b"rspauth"),
        (b"authorization", _OTHER_SCHEME),
        (b"authorization=", rb"authorization=([^&>\s\"]++)"),
        (b"password>", rb"password>([^<]++)"),
        (b"response>", rb"response>([^<]++)"),
        (b"inline:", rb"inline:\s*+([^|\s;]++)"),
        (b"a=key-mgmt:", _LINE + rb"a=key-mgmt:\S++[ \t]++([^\r\n]++)"),
        (b"a=ice-pwd:", _LINE + rb"a=ice-pwd:([^\r\n]++)"),
        (b"k=", _LINE + rb"k=[a-z0-9]++:([^\r\n]++)"),
        (b"eyj", rb"(?:(?<![\w-])|(?<=%[0-9a-f]{2}))eyj[\w-]*+\.[\w-]*+\.([\w-]++)"),
        (b"..", rb"(?<=[:\s])\.\.([\w-]++)"),
    )
)
"""Words, in small letters, and how a secret is written from there on; its first group is the secret.

A JSON web token begins with `eyJ`, in the compact form of a PASSporT (RFC 8224 section 7) with two dots.
"""
_DELIMITER: Final = re.compile(rb"[\s<>\"]")
_DIGITS_TYPE: Final = re.compile(
    rb"\n(?:content-type|c)[ \t]*+:\s*+application/(?:dtmf|vnd\.nortelnetworks\.digits)"
)
_PIN: Final = re.compile(rb"(?:[*#]|%2a|%23)[0-9]{1,20}((?:(?:\*|%2a){1,4}[0-9]{1,32}){1,8})")
"""`*60*501*4711`, `*60501*4711`: a code, and all that is behind a star: an agent's number, his PIN."""
_BLANK: Final = re.compile(rb"\n\r?\n")
_PRESSED: Final = re.compile(_LINE + rb"(?:signal|d)[ \t]*+=[ \t]*+([^\s]++)")


def mask(data: bytes) -> bytes:
    """The message without its secrets; the same object where it has none."""
    small = data.lower()
    secrets = [span for word, pattern in _RULES if word in small for span in _found(small, word, pattern)]
    if b"@" in small and b"sip" in small:
        secrets += _passwords(small)
    secrets += [found.span(1) for found in _PIN.finditer(small)]
    hidden = [(span, _STARS) for span in secrets] + [(span, _DIGITS) for span in _digits(small)]
    if not hidden:
        return data
    masked = bytearray(data)
    for (start, end), table in hidden:
        masked[start:end] = data[start:end].translate(table)
    return bytes(masked)


def _found(small: bytes, word: bytes, pattern: re.Pattern[bytes]) -> Iterator[_Span]:
    at = small.find(word)
    for _ in range(MOST):
        if at < 0:
            return
        found = pattern.match(small, at)
        if found is not None:
            yield found.span(1)
        at = small.find(word, at + len(word) if found is None else found.end())
    if at >= 0:
        yield at, len(small)


def _passwords(small: bytes) -> Iterator[_Span]:
    """`sip:user:password@host`: between the last `sip:` or `sips:` and each @, in one pass."""
    begin = 0
    for _ in range(MOST):
        at = small.find(b"@", begin)
        if at < 0:
            return
        start = max(small.rfind(b"sip:", begin, at), small.rfind(b"sips:", begin, at))
        user = small.find(b":", start, at) + 1 if start >= 0 else at
        colon = small.find(b":", user, at)
        if colon >= 0 and not _DELIMITER.search(small, user, at):
            yield colon + 1, at
        begin = at + 1
    if b"@" in small[begin:]:
        yield begin, len(small)


def _digits(small: bytes) -> Iterator[_Span]:
    """The values in a body that tells digits, or all of a body that is one."""
    kind = _DIGITS_TYPE.search(small) if b"digits" in small or b"dtmf" in small else None
    head = None if kind is None else _BLANK.search(small, kind.end())
    if head is None:
        return
    body = head.end()
    if small.find(b"=", body) < 0 or len(small) - body > _MOST_DIGITS_BODY:
        yield body, len(small)
        return
    for found in _PRESSED.finditer(small, body):
        yield found.span(1)
