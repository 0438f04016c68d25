"""The kernels of the message layer, in Python: the reference that `ext/scanner.pyx` must equal.

Each is stateless. Bad grammar raises ValueError, a limit passed raises OverflowError; the text of either is
the value of a `sip.syntax.malformed.Fault`. Which of the two builds runs is decided in `sip.syntax.kernels`.
"""

import re

from sip.syntax.grammar import LETTERS
from sip.syntax.limits import MAX_HEADER_CHARS, MAX_HEADERS, MAX_LIST_ITEMS, MAX_PARAMETERS
from sip.syntax.malformed import Fault

_TOKEN = f"[{LETTERS}]"
_FOLD = re.compile(r"\r\n[ \t]++")
_FOLDED_NAME = re.compile(r"\r\n(?![ \t])[^:\r\n]*+\r\n[ \t]")
_FIELD = re.compile(rf"\r\n({_TOKEN}++)[ \t]*+:[ \t]*+([^\r\n]*+)")
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
_CONTROL = re.compile(f"[{_CONTROLS}]")
_ESCAPED_CONTROL = re.compile(rf"\\[{_CONTROLS}]")
_ESCAPED = r"\\[\x00-\x7f]"
_QUOTED = rf'"(?:[^"\\]|{_ESCAPED})*+"'
_QUOTED_CONTROLS = re.compile(rf'"(?:[^"\\{_CONTROLS}]|{_ESCAPED})*+"')
_ITEM = re.compile(rf'(?:[^,"<]|{_QUOTED}|<[^>]*+>)++')
_PARAMETER = re.compile(
    rf"[ \t]*+;[ \t]*+({_TOKEN}++)[ \t]*+(?:=[ \t]*+({_QUOTED}|[{LETTERS}:\[\]]++)[ \t]*+)?+(?=;|\Z)"
)
_ADDRESS = re.compile(
    rf"[ \t]*+(?:({_QUOTED})|([{LETTERS} \t\x80-\U0010ffff]*+))[ \t]*+<([^<>]*+)>(.*+)\Z", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def scan(message: bytes, names: dict[str, str]) -> tuple[str, list[str], list[str], int]:
    """Split `message` into (start line, header names, header values, offset of the body).

    `names` maps spellings of header names (as written, or in lower case) to the one that we use; a name that
    it does not hold is put in title case. Values are unfolded (RFC 3261 7.3.1) and stripped; bytes that are
    not UTF-8 become surrogates (PEP 383) and so survive until written. A control character may only stand in
    a quoted string, behind a backslash (section 25.1, quoted-pair), and is dropped: we never repeat one.
    """
    end = message.find(b"\r\n\r\n")
    if end < 0:
        raise ValueError(Fault.HEADERS_NOT_ENDED)
    head = message[:end].decode("utf-8", "surrogateescape")
    folded_name = False
    if "\r\n " in head or "\r\n\t" in head:
        folded_name = _FOLDED_NAME.search(head) is not None
        head = _unfold(head)
    start, _, _ = head.partition("\r\n")
    fields = _FIELD.findall(head, len(start))
    lines = head.count("\n")
    if lines > MAX_HEADERS:
        raise OverflowError(Fault.TOO_MANY_HEADERS)
    if len(start) > MAX_HEADER_CHARS:
        raise OverflowError(Fault.START_LINE_TOO_LONG)
    if folded_name or len(fields) != lines or head.count("\r") != lines:
        raise ValueError(Fault.MALFORMED_HEADER_LINE)
    values = [value.rstrip(" \t") for _, value in fields]
    if _CONTROL.search(head):
        if _CONTROL.search(start) or any(map(_has_control, values)):
            raise ValueError(Fault.CONTROL_CHARACTER)
        values = [_ESCAPED_CONTROL.sub("", value) for value in values]
    if len(head) > MAX_HEADER_CHARS and max(map(len, values), default=0) > MAX_HEADER_CHARS:
        raise OverflowError(Fault.HEADER_TOO_LONG)
    keys = [names.get(name) or names.get(name.lower()) or name.title() for name, _ in fields]
    return start, keys, values, end + 4


def _unfold(head: str) -> str:
    start, separator, fields = head.partition("\r\n")
    if fields.startswith((" ", "\t")):
        raise ValueError(Fault.FOLDED_START_LINE)
    return start + separator + _FOLD.sub(" ", fields)


def _has_control(value: str) -> bool:
    return _CONTROL.search(value) is not None and bool(_CONTROL.search(_QUOTED_CONTROLS.sub("", value)))


def split_list(text: str) -> list[str]:
    """The values of a comma list (RFC 3261 7.3.1); commas inside quotes and angle brackets do not count.

    Empty text is no value; an empty value between commas is an error.
    """
    if "," not in text:
        text = text.strip(" \t")
        return [text] if text else []
    items: list[str] = []
    position = 0
    while True:
        match = _ITEM.match(text, position)
        item = match[0].strip(" \t") if match else ""
        if match is None or not item:
            raise ValueError(Fault.EMPTY_VALUE)
        if len(items) == MAX_LIST_ITEMS:
            raise OverflowError(Fault.TOO_MANY_VALUES)
        items.append(item)
        position = match.end()
        if position == len(text):
            return items
        if text[position] != ",":
            raise ValueError(Fault.NOT_CLOSED)
        position += 1


def parameters(text: str) -> dict[str, str | None]:
    """`;name=value;flag` as a mapping: names in lower case, quoted values without quotes, None for a flag.

    No name may come twice (RFC 3261 7.3.1): the next hop might take the other one.
    """
    found: dict[str, str | None] = {}
    position = 0
    text = text.rstrip(" \t")
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            raise ValueError(Fault.MALFORMED_PARAMETER)
        name = match[1].lower()
        value = match[2]
        if value is not None and value.startswith('"'):
            value = unquote(value)
        if name in found:
            raise ValueError(Fault.DUPLICATE_PARAMETER)
        if len(found) == MAX_PARAMETERS:
            raise OverflowError(Fault.TOO_MANY_PARAMETERS)
        found[name] = value
        position = match.end()
    return found


def split_address(text: str) -> tuple[str, str, str]:
    """`"Display" <uri>;params` or `uri;params` as (display, URI, text of the parameters) (RFC 3261 20.10).

    Without angle brackets the parameters belong to the header, and the URI may hold neither comma nor
    question mark. An unquoted display name is made of tokens; letters beyond ASCII, which PBXs forget to
    quote, are taken too.
    """
    if "<" not in text:
        uri, semicolon, rest = text.partition(";")
        uri = uri.strip(" \t")
        if not uri or any(mark in uri for mark in '?," \t>'):
            raise ValueError(Fault.MALFORMED_ADDRESS)
        return "", uri, semicolon + rest
    match = _ADDRESS.match(text)
    if match is None:
        raise ValueError(Fault.MALFORMED_ADDRESS)
    quoted, plain, uri, rest = match.groups()
    return unquote(quoted) if quoted is not None else plain.strip(" \t"), uri, rest


def unquote(quoted: str) -> str:
    """The text of a quoted string, escapes resolved (RFC 3261 25.1)."""
    inner = quoted[1:-1]
    return _ESCAPE.sub(r"\1", inner) if "\\" in inner else inner
