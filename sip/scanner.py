"""The kernels of the message layer, in Python: the reference that `ext/scanner.pyx` must equal.

Each is stateless. Bad grammar raises ValueError, a limit passed raises OverflowError; the text of either is
fit for a reason phrase. Which of the two builds runs is decided in `sip/kernels.py`.
"""

import re

from sip.limits import MAX_HEADER_CHARS, MAX_HEADERS, MAX_LIST_ITEMS, MAX_PARAMETERS

_TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]"
_FOLD = re.compile(r"\r\n[ \t]++")
_FIELD = re.compile(rf"\r\n({_TOKEN}++)[ \t]*+:[ \t]*+([^\r\n]*+)")
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_ITEM = re.compile(rf'(?:[^,"<]|{_QUOTED}|<[^>]*+>)++', re.DOTALL)
_PARAMETER = re.compile(
    rf'[ \t]*+;[ \t]*+({_TOKEN}++)[ \t]*+(?:=[ \t]*+({_QUOTED}|[^;" \t]*+)[ \t]*+)?+', re.DOTALL
)
_ADDRESS = re.compile(rf'[ \t]*+(?:({_QUOTED})|([^"<]*+))[ \t]*+<([^<>]*+)>(.*+)\Z', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def scan(message: bytes, names: dict[str, str]) -> tuple[str, list[str], list[str], int]:
    """Split `message` into (start line, header names, header values, offset of the body).

    `names` maps spellings of header names (as written, or in lower case) to the one that we use; a name that
    it does not hold is put in title case. Values are unfolded (RFC 3261 7.3.1) and stripped; bytes that are
    not UTF-8 become surrogates (PEP 383) and so survive until written.
    """
    end = message.find(b"\r\n\r\n")
    if end < 0:
        raise ValueError("Headers Not Ended")
    head = message[:end].decode("utf-8", "surrogateescape")
    if "\r\n " in head or "\r\n\t" in head:
        head = _unfold(head)
    start, _, _ = head.partition("\r\n")
    fields = _FIELD.findall(head, len(start))
    lines = head.count("\n")
    if lines > MAX_HEADERS:
        raise OverflowError("Too Many Headers")
    if len(start) > MAX_HEADER_CHARS:
        raise OverflowError("Start Line Too Long")
    if len(fields) != lines or head.count("\r") != lines:
        raise ValueError("Malformed Header Line")
    values = [value.rstrip(" \t") for _, value in fields]
    if len(head) > MAX_HEADER_CHARS and max(map(len, values), default=0) > MAX_HEADER_CHARS:
        raise OverflowError("Header Too Long")
    keys = [names.get(name) or names.get(name.lower()) or name.title() for name, _ in fields]
    return start, keys, values, end + 4


def _unfold(head: str) -> str:
    start, separator, fields = head.partition("\r\n")
    if fields.startswith((" ", "\t")):
        raise ValueError("Folded Start Line")
    return start + separator + _FOLD.sub(" ", fields)


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
            raise ValueError("Empty Value In List")
        if len(items) == MAX_LIST_ITEMS:
            raise OverflowError("Too Many Values In List")
        items.append(item)
        position = match.end()
        if position == len(text):
            return items
        if text[position] != ",":
            raise ValueError("Quote Or Bracket Not Closed")
        position += 1


def parameters(text: str) -> dict[str, str | None]:
    """`;name=value;flag` as a mapping: names in lower case, quoted values without quotes, None for a flag.

    A name may come twice only with the same value: else the next hop might take the other one.
    """
    found: dict[str, str | None] = {}
    position = 0
    text = text.rstrip(" \t")
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            raise ValueError("Malformed Parameter")
        name = match[1].lower()
        value = match[2]
        if value is not None and value.startswith('"'):
            value = unquote(value)
        if name in found:
            if found[name] != value:
                raise ValueError("Conflicting Parameters")
        elif len(found) == MAX_PARAMETERS:
            raise OverflowError("Too Many Parameters")
        found[name] = value
        position = match.end()
    return found


def split_address(text: str) -> tuple[str, str, str]:
    """`"Display" <uri>;params` or `uri;params` as (display, URI, text of the parameters) (RFC 3261 20.10).

    Without angle brackets the parameters belong to the header, and the URI may hold neither comma nor
    question mark. An unquoted display name is taken as it is, whatever it holds: PBXs forget to quote.
    """
    if "<" not in text:
        uri, semicolon, rest = text.partition(";")
        uri = uri.strip(" \t")
        if not uri or any(mark in uri for mark in '?," \t>'):
            raise ValueError("Malformed Address")
        return "", uri, semicolon + rest
    match = _ADDRESS.match(text)
    if match is None:
        raise ValueError("Malformed Address")
    quoted, plain, uri, rest = match.groups()
    return unquote(quoted) if quoted is not None else plain.strip(" \t"), uri, rest


def unquote(quoted: str) -> str:
    """The text of a quoted string, escapes resolved (RFC 3261 25.1)."""
    inner = quoted[1:-1]
    return _ESCAPE.sub(r"\1", inner) if "\\" in inner else inner
