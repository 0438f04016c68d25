"""By which way a message may go: what the top Via of its sender allows (RFC 3261 18.2.2, RFC 5923)."""

import re
from ipaddress import ip_address
from typing import Final

from sip.flow import DEFAULT_PORTS, Flow
from sip.syntax.headers import Via
from sip.syntax.malformed import Malformed

_TOP_VIA: Final = re.compile(rb"\r\n(?:via|v)[ \t]*+:[ \t]*+([^\r\n]++)", re.IGNORECASE)
_RESPONSE: Final = b"SIP/2.0 "


def alias(message: bytes, flow: Flow) -> Via | None:
    """The top Via of a request whose sender offers its connection for requests of ours (RFC 5923 section 5).

    What it says is a claim only: `sip.aio.connections` asks what is known of the peer.
    """
    via = None if is_response(message) else top_via(message)
    if via is None or "alias" not in via.params or via.transport != flow.transport.upper():
        return None
    return via


def return_port(message: bytes, flow: Flow) -> int:
    """Where a response goes whose connection is gone: the port of the Via's sent-by (section 18.2.2).

    The host is the one the request came from.
    """
    via = top_via(message)
    return DEFAULT_PORTS[flow.transport] if via is None or via.port is None else via.port


def introduces(message: bytes) -> bool:
    """Whether a message of ours tells that we know the peer: a request, or a response below 300.

    What strangers can get of us are challenges and refusals.
    """
    return not is_response(message) or message[len(_RESPONSE) : len(_RESPONSE) + 1] in (b"1", b"2")


def return_flow(via: Via, flow: Flow) -> Flow:
    """By which a request that came by `flow` is answered (section 18.2.2, RFC 3581 section 4).

    On UDP that is the source's address, and the port that the Via names unless `rport` asks for the source's.
    A Via with another address than the source speaks of the far side of a NAT: there only the source's port
    leads back.
    """
    if flow.transport != "udp" or via.wants_rport:
        return flow
    port = via.port or DEFAULT_PORTS["udp"]
    if port == flow.remote[1] or _is_behind_nat(via, flow):
        return flow
    return flow._replace(remote=(flow.remote[0], port))


def _is_behind_nat(via: Via, flow: Flow) -> bool:
    try:
        return ip_address(via.host) != ip_address(flow.remote[0])
    except ValueError:
        return False  # a name


def is_response(message: bytes) -> bool:
    """By its first word."""
    return message.startswith(_RESPONSE)


def top_via(message: bytes) -> Via | None:
    """The first Via of a message that has not been parsed; None where it cannot be read."""
    match = _TOP_VIA.search(message)
    if match is None:
        return None
    try:
        return Via.parse(match[1].decode("utf-8", "surrogateescape").partition(",")[0].rstrip())
    except Malformed:
        return None
