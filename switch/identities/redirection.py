"""Who a call was first meant for: Diversion (RFC 5806) and History-Info (RFC 7044), and one as the other.

Nothing is routed by it, and nobody is believed more because of it: it is read to be written on, and so that
a call which goes round between two switches comes to an end.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from sip.syntax.headers import NameAddr
from sip.syntax.message import Malformed, Request
from sip.syntax.uri import Uri
from switch.identities.numbers import number_of

MAX_REDIRECTIONS: Final = 5
"""Diversions after which a call is not passed on any more (ITU-T Q.732.2 section 2.5.2.1.1: up to five)."""

_COUNTER = re.compile(r"[0-9]{1,8}\Z")
_MAX_COUNTER: Final = 99
"""Two digits (RFC 5806 section 4)."""
_INDEX = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,30}\Z")
_CAUSE = re.compile(r"[ \t]*SIP[ \t]*;(?:.*;)?[ \t]*cause[ \t]*=[ \t]*([1-6][0-9]{2})(?![0-9])", re.I)
_ANONYMOUS: Final = Uri("sip", "anonymous", host="anonymous.invalid")
_HIDDEN: Final = ("full", "name", "uri")


class Cause(StrEnum):
    """Why the call went on, in the words of Diversion (RFC 5806 section 4)."""

    UNKNOWN = "unknown"
    USER_BUSY = "user-busy"
    NO_ANSWER = "no-answer"
    UNAVAILABLE = "unavailable"
    UNCONDITIONAL = "unconditional"
    TIME_OF_DAY = "time-of-day"
    DO_NOT_DISTURB = "do-not-disturb"
    DEFLECTION = "deflection"
    FOLLOW_ME = "follow-me"
    OUT_OF_SERVICE = "out-of-service"
    AWAY = "away"


_STATUS: Final[Mapping[Cause, int]] = {  # RFC 7544 section 6.2; the codes are those of RFC 4458
    Cause.USER_BUSY: 486,
    Cause.NO_ANSWER: 408,
    Cause.UNAVAILABLE: 503,
    Cause.UNCONDITIONAL: 302,
    Cause.DEFLECTION: 480,
}
_UNKNOWN_STATUS: Final = 404
_REASONS: Final[Mapping[str, Cause]] = {cause.value: cause for cause in Cause}
_CAUSES: Final[Mapping[str, Cause]] = {  # RFC 7544 section 6.1
    **{str(status): cause for cause, status in _STATUS.items()},
    "487": Cause.DEFLECTION,
}


@dataclass(frozen=True, slots=True)
class Redirection:
    """One time that a call was passed on: from whom and why.

    `counter` is how many diversions it stands for; `withheld` says that the number is not to be shown.
    """

    number: str
    cause: Cause = Cause.UNKNOWN
    counter: int = 1
    withheld: bool = False


Redirections = tuple[Redirection, ...]
"""The oldest first: the first one's number is the one that the caller dialled."""


def read_redirections(request: Request, inbound: Callable[[str], str]) -> Redirections:
    """What a request tells of its way here; numbers go through `inbound`. What cannot be read is left out:
    no call fails because of its history.
    """
    diversions = [*_each(request, "Diversion")]
    if diversions:
        return tuple(_of_diversion(value, inbound) for value in reversed(diversions))
    return _of_history([*_each(request, "History-Info")], inbound)


def count(redirections: Iterable[Redirection]) -> int:
    """Diversions so far."""
    return sum(one.counter for one in redirections)


def diversion(redirections: Redirections, domain: str, write: Callable[[str], str], trusted: bool) -> str:
    """The value of Diversion, the latest first (RFC 5806 section 9.1)."""
    values = []
    for one in reversed(redirections):
        params = {"reason": one.cause.value, "counter": str(one.counter)}
        if one.withheld:
            params["privacy"] = "full"
        values.append(str(NameAddr("", _uri(one, domain, write, trusted), params)))
    return ", ".join(values)


def history_info(
    redirections: Redirections, target: str, domain: str, write: Callable[[str], str], trusted: bool
) -> str:
    """The value of History-Info: everyone the call was meant for, the oldest first, and at the end
    `target`, the number that it goes to now (RFC 7044 section 10, RFC 7544 section 6.2).
    """
    index, values, cause = "1", [], None
    for one in _spread(redirections):
        uri = _caused(_uri(one, domain, write, trusted), cause)
        if one.withheld and trusted:
            uri = Uri(uri.scheme, uri.user, host=uri.host, params=uri.params, headers={"Privacy": "history"})
        values.append(_entry(uri, index, cause is not None))
        index, cause = f"{index}.1", one.cause
    values.append(_entry(_caused(Uri("sip", target, host=domain), cause), index, cause is not None))
    return ", ".join(values)


# Reading


def _each(request: Request, name: str) -> Iterable[NameAddr]:
    """Every value that can be read, as it stands."""
    try:
        written = request.headers.all(name)
    except Malformed:
        return
    for value in written[:MAX_VALUES]:
        try:
            yield NameAddr.parse(value)
        except Malformed:
            continue


MAX_VALUES: Final = 20
"""Of Diversion or History-Info that are looked at: a call that went on so often is not passed on anyway."""


def _of_diversion(value: NameAddr, inbound: Callable[[str], str]) -> Redirection:
    reason = (value.params.get("reason") or "").lower()
    counter = value.params.get("counter") or ""
    return Redirection(
        _number(value.uri, inbound),
        _REASONS.get(reason, Cause.UNKNOWN),
        max(1, min(int(counter), _MAX_COUNTER)) if _COUNTER.match(counter) else 1,
        (value.params.get("privacy") or "").lower() in _HIDDEN,
    )


def _of_history(entries: Sequence[NameAddr], inbound: Callable[[str], str]) -> Redirections:
    """An entry with a cause (RFC 4458) was reached from the one that its `mp` names, or that stands before
    it; where no entry has one, those count that a Reason in themselves says were left (RFC 4244).
    """
    by_index = {index: entry for entry in entries if _INDEX.match(index := entry.params.get("index") or "")}
    found = []
    for before, entry in pairwise(entries):
        cause = entry.uri.params.get("cause")
        if cause is not None:
            left = by_index.get(entry.params.get("mp") or "", before)
            found.append(_left(left, _CAUSES.get(cause, Cause.UNKNOWN), inbound))
    if not found:
        for entry in entries[:-1]:
            reason = _CAUSE.match(entry.uri.headers.get("Reason", ""))
            if reason is not None:
                found.append(_left(entry, _CAUSES.get(reason[1], Cause.UNKNOWN), inbound))
    return tuple(found)


def _left(entry: NameAddr, cause: Cause, inbound: Callable[[str], str]) -> Redirection:
    privacy = entry.uri.headers.get("Privacy", "").lower()
    withheld = bool(privacy) and privacy != "none"
    return Redirection(_number(entry.uri, inbound), cause, withheld=withheld)


def _number(uri: Uri, inbound: Callable[[str], str]) -> str:
    number = "" if uri.host.lower() == _ANONYMOUS.host else number_of(uri)
    return inbound(number) if number.isprintable() else ""


# Writing


def _uri(one: Redirection, domain: str, write: Callable[[str], str], trusted: bool) -> Uri:
    """Whoever does not want to be known is told to those only whom we trust (RFC 7044 section 10.1.2)."""
    if not one.number or (one.withheld and not trusted):
        return _ANONYMOUS
    try:
        return Uri("sip", write(one.number), host=domain)
    except ValueError:
        return _ANONYMOUS


def _spread(redirections: Redirections) -> Iterable[Redirection]:
    """One for each diversion: those that a counter stands for and nobody named have no number."""
    for one in redirections:
        for _ in range(min(one.counter, MAX_REDIRECTIONS) - 1):
            yield Redirection("")
        yield one


def _caused(uri: Uri, cause: Cause | None) -> Uri:
    """The URI with the reason why it was reached (RFC 4458 section 2)."""
    if cause is None:
        return uri
    return Uri(
        uri.scheme, uri.user, host=uri.host, params={"cause": str(_STATUS.get(cause, _UNKNOWN_STATUS))}
    )


def _entry(uri: Uri, index: str, mapped: bool) -> str:
    params = {"index": index}
    if mapped:
        params["mp"] = index.rpartition(".")[0]  # RFC 7044 section 10.1.1: the entry whose user changed
    return str(NameAddr("", uri, params))
