"""A message in a few words: for a ladder's arrow, for one line of a live trace."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from switch.trace.row import MessageRow

_STATUS: Final = re.compile(r"SIP/2\.0 ([1-6])([0-9]{2}) ?([^\r\n]*)", re.IGNORECASE)
_REQUEST: Final = re.compile(r"(\S+) (?:sips?|tel):([^@;?>\s]*)", re.IGNORECASE)
_CREDENTIALS: Final = re.compile(r"^(?:proxy-)?authorization\s*:", re.IGNORECASE | re.MULTILINE)
_TO_TAG: Final = re.compile(r"^(?:to|t)[ \t]*:.*;[ \t]*tag[ \t]*=", re.IGNORECASE | re.MULTILINE)
_CAUSE: Final = re.compile(r"^reason\s*:.*?cause\s*=\s*([0-9]+)", re.IGNORECASE | re.MULTILINE)
_MEDIA: Final = re.compile(r"^m=(\w+) ([0-9]+)\S* (\S+) ?([^\r\n]*)", re.MULTILINE)
_CONNECTION: Final = re.compile(r"^c=IN IP[46] ([^\s/]+)", re.MULTILINE)
_RTPMAP: Final = re.compile(r"^a=rtpmap:([0-9]+) ([^/\s]+)", re.MULTILINE)
_DIRECTION: Final = re.compile(r"^a=(sendonly|recvonly|inactive)\b", re.MULTILINE)
_STATIC: Final = {"0": "PCMU", "3": "GSM", "4": "G723", "8": "PCMA", "9": "G722", "18": "G729"}
"""RFC 3551 section 6."""
_NO_CODECS: Final = ("telephone-event", "CN")


class Tone(Enum):
    """What kind of message it is: where there are colours, its colour."""

    REQUEST = auto()
    PROVISIONAL = auto()
    SUCCESS = auto()
    REDIRECTION = auto()
    FAILURE = auto()
    OTHER = auto()


_TONES: Final = {
    "1": Tone.PROVISIONAL,
    "2": Tone.SUCCESS,
    "3": Tone.REDIRECTION,
    "4": Tone.FAILURE,
    "5": Tone.FAILURE,
    "6": Tone.FAILURE,
}


@dataclass(frozen=True, slots=True)
class Summary:
    """`title` is the start line in short; `media` what the SDP offers or answers, empty without one."""

    title: str
    media: str
    tone: Tone


def summary(row: MessageRow) -> Summary:
    """The message in a few words."""
    head, _, body = row.text.partition("\r\n\r\n")
    media = _media(body)
    if (status := _STATUS.match(head)) is not None:
        which = "" if row.method == "INVITE" else f" ({row.method})"
        title = f"{status[1]}{status[2]} {status[3]}".rstrip() + which
        return Summary(title + _notes(head), media, _TONES[status[1]])
    request = _REQUEST.match(head)
    if request is None:
        return Summary(head.split("\r\n", 1)[0], media, Tone.OTHER)
    return Summary(_asked(row.method, request[2], head) + _notes(head), media, Tone.REQUEST)


def _asked(method: str, whom: str, head: str) -> str:
    """A request in short: outside of dialogs with whom it is for."""
    if method in ("ACK", "CANCEL"):
        return method
    if _TO_TAG.search(head):
        return "re-INVITE" if method == "INVITE" else method
    return f"{method} {whom}"


def _notes(head: str) -> str:
    """What changes the meaning of a message of its kind: credentials, and the Q.850 or SIP cause."""
    cause = _CAUSE.search(head)
    return (" +auth" if _CREDENTIALS.search(head) else "") + (f" cause={cause[1]}" if cause else "")


def _media(body: str) -> str:
    """`192.0.2.10:4000 PCMA PCMU sendonly` for each medium, with SRTP and the kind where it is no audio."""
    session, *media = re.split(r"(?=^m=)", body, flags=re.MULTILINE)
    home, way = _CONNECTION.search(session), _DIRECTION.search(session)
    return ", ".join(filter(None, (_medium(each, home, way) for each in media)))


def _medium(text: str, home: re.Match[str] | None, way: re.Match[str] | None) -> str:
    line = _MEDIA.match(text)
    if line is None:
        return ""
    kind, port, profile, formats = line.groups()
    names = _STATIC | dict(_RTPMAP.findall(text))
    codecs = [name for name in (names.get(each, each) for each in formats.split()) if name not in _NO_CODECS]
    connection, direction = _CONNECTION.search(text) or home, _DIRECTION.search(text) or way
    words = [
        "" if kind == "audio" else kind,
        "SRTP" if "SAVP" in profile else "",
        f"{connection[1] if connection else '?'}:{port}",
        *codecs,
        direction[1] if direction else "",
    ]
    return " ".join(filter(None, words))
