"""Two other parsers, and what all three say of a message in one form.

`sipmessage` is strict and small; `sippy` runs in production, forgives nearly everything, and reads a header
only when it is asked for it. Both say what is wrong by whatever exception they stumble over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sipmessage
from sippy.SipRequest import SipRequest
from sippy.SipResponse import SipResponse

from sip.syntax.headers import STAR, NameAddr
from sip.syntax.message import Malformed, Request, parse


@dataclass(frozen=True, slots=True)
class Party:
    """Who: of From, To and each Contact."""

    display: str
    scheme: str
    user: str | None
    host: str
    port: int | None
    tag: str | None


@dataclass(frozen=True, slots=True)
class Hop:
    """One Via."""

    transport: str
    host: str
    port: int | None
    branch: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message means. `start` is the method and the target's user, host and port, or the status."""

    start: tuple[object, ...]
    from_: Party
    to: Party
    call_id: str
    cseq: tuple[int, str]
    vias: tuple[Hop, ...]
    contacts: tuple[Party, ...]


def ours(data: bytes) -> Reading | Malformed:
    """What we say."""
    try:
        message = parse(data)
        message.check()
    except Malformed as fault:
        return fault
    contacts = message.contacts
    return Reading(
        _target(message.method, message.target) if isinstance(message, Request) else (message.status,),
        _party(message.from_),
        _party(message.to),
        message.call_id,
        (message.cseq.number, message.cseq.method),
        tuple(Hop(via.transport, via.host.lower(), via.port, via.branch) for via in message.vias),
        () if contacts is STAR else tuple(map(_party, contacts)),
    )


def _party(value: NameAddr) -> Party:
    uri = value.uri
    return Party(value.display, uri.scheme, uri.user, uri.host.lower(), uri.port, value.tag)


def _target(method: str, uri: Any) -> tuple[object, ...]:
    return method, uri.user, uri.host.strip("[]").lower(), uri.port


def by_sipmessage(data: bytes) -> Reading | Exception:
    """What `sipmessage` says."""
    try:
        message = sipmessage.Message.parse(data)
        return Reading(
            _target(message.method, message.uri)
            if isinstance(message, sipmessage.Request)
            else (message.code,),
            _sipmessage_party(message.from_address),
            _sipmessage_party(message.to_address),
            message.call_id,
            (message.cseq.sequence, message.cseq.method),
            tuple(
                Hop(via.transport, via.host.strip("[]").lower(), via.port, via.parameters.get("branch"))
                for via in message.via
            ),
            tuple(map(_sipmessage_party, message.contact)),
        )
    except Exception as error:  # noqa: BLE001 (theirs, whatever it is)
        return error


def _sipmessage_party(value: Any) -> Party:
    uri = value.uri
    host = uri.host.strip("[]").lower()
    return Party(value.name, uri.scheme, uri.user, host, uri.port, value.parameters.get("tag"))


def by_sippy(data: bytes) -> Reading | Exception:
    """What `sippy` says, once it has read all of it."""
    try:
        text = data.decode()
        message = SipResponse(text) if text.startswith("SIP/") else SipRequest(text)
        body: Callable[[str], Any] = message.getHFBody
        if isinstance(message, SipRequest):
            uri = message.getRURI()
            start: tuple[object, ...] = (message.method, _sippy_user(uri), _sippy_host(uri.host), uri.port)
        else:
            start = (message.scode,)
        cseq = body("cseq")
        return Reading(
            start,
            _sippy_party(body("from")),
            _sippy_party(body("to")),
            str(body("call-id")),
            (cseq.getCSeqNum(), cseq.getCSeqMethod()),
            tuple(
                Hop(via.transport, _sippy_host(via.hostname), via.port, via.params.get("branch"))
                for via in message.getHFBodys("via")
            ),
            tuple(_sippy_party(contact) for contact in message.getHFBodys("contact")),
        )
    except Exception as error:  # noqa: BLE001 (theirs, whatever it is)
        return error


def _sippy_party(header: Any) -> Party:
    if not header.parsed:
        header.parse()
    address = header.address
    uri = address.url
    tag = address.params.get("tag")
    return Party(address.name or "", uri.scheme, _sippy_user(uri), _sippy_host(uri.host), uri.port, tag)


def _sippy_user(uri: Any) -> str | None:
    return None if uri.username is None else ";".join([uri.username, *uri.userparams])


def _sippy_host(host: str) -> str:
    return str(host).strip("[]").lower()


ORACLES: dict[str, Callable[[bytes], Reading | Exception]] = {"sipmessage": by_sipmessage, "sippy": by_sippy}
