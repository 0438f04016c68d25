"""The rules of RFC 3261 section 25.1 that several headers share, as regular expressions.

Every one is about bytes: digits are 0 to 9, letters A to Z, blanks SP and HTAB, whatever Unicode thinks.
Where peers that we must live with break the ABNF we follow them, and only there: `_` in host names, `#` in
the user of a URI, bytes beyond ASCII in texts for people, no space behind a status code without a reason.
"""

import re
from typing import Final

LETTERS: Final = r"A-Za-z0-9\-.!%*_+`'~"
"""The characters of a token, for a character class."""

TOKEN: Final = f"[{LETTERS}]++"

_LABEL: Final = r"[A-Za-z0-9_]++(?:-++[A-Za-z0-9_]++)*+"
_TOP_LABEL: Final = r"[A-Za-z_][A-Za-z0-9_]*+(?:-++[A-Za-z0-9_]++)*+"
_OCTET: Final = r"(?:1[0-9]{0,2}|2(?:[0-4][0-9]?|5[0-5]?|[6-9])?|[3-9][0-9]?|0)"

_IPV4: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}(?![A-Za-z0-9_.-])"

HOST: Final = rf"(?:\[[0-9A-Fa-f:.]++\]|{_IPV4}|(?:{_LABEL}\.)*{_TOP_LABEL}\.?)"
"""A name, an IPv4 address or an IPv6 reference, which `sip.syntax.uri.parse_host` still has to check.

What ends in digits is an IPv4 address of four decimal octets: nothing else that resolvers take for one.
"""

PORT: Final = "[0-9]{1,5}+"
"""`sip.syntax.uri.parse_port` still has to check the range."""


CONTROLS: Final = r"\x00-\x08\x0a-\x1f\x7f"
"""Every control character but HTAB, for a character class."""

_CONTROL = re.compile(f"[{CONTROLS}]")


def writable(text: str) -> str:
    """`text`; ValueError when it holds a control character.

    A line end would begin another header, NUL end the text for who reads C strings.
    """
    if not text.isprintable() and _CONTROL.search(text):
        raise ValueError(f"line end or another control character in {text!r}")
    return text
