"""A dialog as a value (RFC 3261 section 12): what both sides remember of each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final

from sip.flow import DEFAULT_PORTS, Flow, Transport
from sip.syntax.headers import STAR, NameAddr
from sip.syntax.message import Message, Request, Response
from sip.syntax.uri import Uri
from sip.transactions.writing import RequestHead

_UNSAVED_REQUESTS: Final = 10_000
"""More than a process sends in one dialog; a CSeq may skip, but never return (RFC 3261 section 12.2.2)."""

_PLAIN: Final[Mapping[str, Transport]] = {"udp": "udp", "tcp": "tcp"}


@dataclass(slots=True)
class Dialog:
    """Serialises with `to_dict`, so that a restarted switch can end what the dead one left.

    `local` and `remote` are From and To values with their tags; `routes` is the route set in the order in
    which we write it; the CSeq numbers are the last ones used, `remote_cseq` None before their first request.
    `flow` is the way by which the dialog began; `natted` says that the remote target cannot be reached and
    every request keeps to `flow`.
    """

    call_id: str
    local_tag: str
    remote_tag: str
    local: str
    remote: str
    local_cseq: int
    remote_cseq: int | None
    target: str
    routes: tuple[str, ...]
    flow: Flow
    natted: bool = False
    _way: tuple[str, Flow, Flow] | None = field(default=None, init=False, repr=False, compare=False)
    """The last answer of `hop` and what it was for."""

    @classmethod
    def of_request(cls, invite: Request, flow: Flow, local_tag: str) -> "Dialog":
        """The callee's side (section 12.1.1): the route set is Record-Route as written."""
        return cls(
            call_id=invite.call_id,
            local_tag=local_tag,
            remote_tag=invite.from_tag or "",  # RFC 2543 peers: section 12.1.1
            local=f"{invite.headers.get('To')};tag={local_tag}",
            remote=invite.headers.get("From") or "",
            local_cseq=0,
            remote_cseq=invite.cseq.number,
            target=remote_target(invite) or str(invite.from_.uri),
            routes=tuple(invite.headers.all("Record-Route")),
            flow=flow,
            natted=_hides_behind_nat(invite, flow),
        )

    @classmethod
    def of_response(cls, response: Response, flow: Flow, uri: str, natted: bool) -> "Dialog":
        """The caller's side (section 12.1.2): Record-Route reversed; `uri` is the target if none came."""
        return cls(
            call_id=response.call_id,
            local_tag=response.from_tag or "",
            remote_tag=response.to_tag or "",
            local=response.headers.get("From") or "",
            remote=response.headers.get("To") or "",
            local_cseq=response.cseq.number,
            remote_cseq=None,
            target=remote_target(response) or uri,
            routes=tuple(reversed(response.headers.all("Record-Route"))),
            flow=flow,
            natted=natted,
        )

    def request_head(self, via: str, cseq: int) -> RequestHead:
        """The head of a request in this dialog."""
        uri, routes = self._routed()
        return RequestHead(uri, via, routes, self.local, self.remote, self.call_id, cseq)

    @property
    def request_uri(self) -> str:
        """What the next request is addressed to: what its credentials are for."""
        return self._routed()[0]

    def _routed(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route as section 12.2.1.1 wants them, for loose and for strict routers."""
        uri, routes = self.target, self.routes
        if routes:
            first = NameAddr.parse(routes[0]).uri
            if "lr" not in first.params:
                return str(first), (*routes[1:], f"<{uri}>")
        return uri, routes

    @property
    def stays(self) -> bool:
        """Whether the next request goes to the very host that the dialog was made with.

        Credentials are for that host: who challenges has put himself on the route (RFC 3261 section 16.6), so
        a Contact elsewhere is nobody who could ask for them.
        """
        return self.hop().remote[0] == self.flow.remote[0]

    def takes(self, cseq: int) -> bool:
        """Whether a request of theirs comes in its order (section 12.2.2); it is the last one then."""
        if self.remote_cseq is not None and cseq <= self.remote_cseq:
            return False
        self.remote_cseq = cseq
        return True

    def skip_unsaved(self) -> None:
        """Our next request follows all that the process that saved the dialog may have sent since."""
        self.local_cseq += _UNSAVED_REQUESTS

    def hop(self) -> Flow:
        """Where the next request goes: the first route or the remote target, when that is an address.

        `maddr` and `transport` count (RFC 3261 section 19.1.1), but names are never looked up here, and TLS
        is neither left nor begun: its certificate is good for the flow that has it. An open connection of
        that transport to that host is used again (RFC 5923). TCP needs no listener of ours: the response
        comes back on the connection of the request (section 18.2.2), and our Contact stays where it was.
        """
        if self.natted:
            return self.flow
        way = self._way
        if way is None or way[0] is not self.target or way[1] is not self.flow:
            way = self._way = (self.target, self.flow, self._find_hop())
        return way[2]

    def _find_hop(self) -> Flow:
        uri = NameAddr.parse(self.routes[0]).uri if self.routes else Uri.parse(self.target)
        flow = self.flow
        if flow.transport == "tls" and flow.connection:
            return flow  # whose certificate was the right one; another's would name another host
        host = (uri.params.get("maddr") or uri.host).strip("[]")
        transport = _transport(uri, flow.transport)
        if host != flow.remote[0]:
            if not _is_address(host):
                return flow
        elif flow.connection and transport == flow.transport:
            return flow
        return Flow(transport, flow.local, (host, uri.port or DEFAULT_PORTS[transport]))

    def refresh(self, invite: Request, flow: Flow) -> None:
        """A re-INVITE that we accept moves the remote target (section 12.2.2), and on UDP the peer itself."""
        self.target = remote_target(invite) or self.target
        if not flow.connection:
            self.flow = flow
            self.natted = self.natted or _hides_behind_nat(invite, flow)

    def answered(self, response: Response) -> None:
        """A 2xx to our re-INVITE or UPDATE moves the remote target (section 12.2.1.2)."""
        self.target = remote_target(response) or self.target

    def confirm(self, confirmed: "Dialog") -> None:
        """The 2xx to the INVITE of this early dialog sets its route set anew (section 13.2.2.4)."""
        self.remote, self.target, self.routes = confirmed.remote, confirmed.target, confirmed.routes

    def lose_connection(self) -> None:
        """The TCP connection closed: the next request opens another."""
        self.flow = self.flow._replace(connection=0)
        self.flow = self.hop()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {
            "call_id": self.call_id,
            "local_tag": self.local_tag,
            "remote_tag": self.remote_tag,
            "local": self.local,
            "remote": self.remote,
            "local_cseq": self.local_cseq,
            "remote_cseq": self.remote_cseq,
            "target": self.target,
            "routes": list(self.routes),
            "flow": self.flow.to_list(),
            "natted": self.natted,
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Dialog":
        """The inverse of `to_dict`; raises KeyError, TypeError or ValueError for anything else."""
        remote_cseq = saved["remote_cseq"]
        return cls(
            call_id=str(saved["call_id"]),
            local_tag=str(saved["local_tag"]),
            remote_tag=str(saved["remote_tag"]),
            local=str(saved["local"]),
            remote=str(saved["remote"]),
            local_cseq=int(saved["local_cseq"]),
            remote_cseq=None if remote_cseq is None else int(remote_cseq),
            target=str(saved["target"]),
            routes=tuple(str(route) for route in saved["routes"]),
            flow=Flow.from_list(saved["flow"]),
            natted=bool(saved["natted"]),
        )


def remote_target(message: Message) -> str | None:
    """The URI of the one Contact of an INVITE or of its response, if there is one."""
    contacts = message.contacts
    if contacts is STAR or not contacts:
        return None
    return str(contacts[0].uri.target)


def _hides_behind_nat(request: Request, flow: Flow) -> bool:
    """Whether the peer believes to be at another address than the one we see (RFC 3581 section 4)."""
    host = request.top_via.host
    return host != flow.remote[0] and _is_address(host)


def _transport(uri: Uri, known: Transport) -> Transport:
    """By which transport a URI wants to be reached: `known` where it does not say (RFC 3263 section 4.1)."""
    return known if known == "tls" else _PLAIN.get((uri.params.get("transport") or "").lower(), known)


def _is_address(host: str) -> bool:
    try:
        return not ip_address(host).is_unspecified
    except ValueError:
        return False
