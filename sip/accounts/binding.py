"""A binding as a value (RFC 3261 section 10.3): one contact of a user, and how it is reached."""

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from sip.flow import DEFAULT_PORTS, Flow
from sip.syntax.headers import NameAddr
from sip.syntax.message import Request
from sip.syntax.uri import Uri

_INSTANCE: Final = re.compile(r'<[^<>"\\\x00-\x20\x7f-\U0010ffff]{1,255}>\Z')
"""A URN in angle brackets (RFC 5626 section 4.1), of nothing that would have to be escaped."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of a user. `uri` is for the Request-URI, `flow` is where to send; times are those of `now`.

    `natted`: the contact's address is not the one the request came from, so only `flow` reaches it.
    `instance` is the device's own name, "" where it has told none, and `reg_id` which of its flows this is, 0
    where it keeps no more than one (RFC 5626). `path` are the proxies on the way to it (RFC 3327).
    """

    user: str
    uri: str
    flow: Flow
    natted: bool
    q: float
    expires_at: float
    call_id: str
    cseq: int
    user_agent: str
    reachable: bool = True
    instance: str = ""
    reg_id: int = 0
    path: tuple[str, ...] = ()

    @classmethod
    def of_request(
        cls, request: Request, user: str, contact: NameAddr, flow: Flow, expires_at: float
    ) -> "Binding":
        """What one Contact of a REGISTER asks for that came by `flow`."""
        natted, target = _reached_by(request, contact.uri, flow)
        instance, reg_id = device(contact)
        return cls(
            user=user,
            uri=str(contact.uri),
            flow=target,
            natted=natted,
            q=contact.q,
            expires_at=expires_at,
            call_id=request.call_id,
            cseq=request.cseq.number,
            user_agent=request.headers.get("User-Agent") or "",
            instance=instance,
            reg_id=reg_id if keeps_flows(request) else 0,
            path=tuple(request.headers.all("Path")),
        )

    @property
    def key(self) -> str:
        """By which the user's bindings are told apart: flows of one device may share a URI (RFC 5626 6)."""
        return f"{self.instance};reg-id={self.reg_id}" if self.reg_id else self.uri

    @property
    def target(self) -> str:
        """The Request-URI that reaches it: its URI without headers and method (RFC 3261 19.1.1)."""
        plain = "?" not in self.uri and "method" not in self.uri
        return self.uri if plain else str(Uri.parse(self.uri).target)

    def contact(self, now: float) -> str:
        """As the answer to a REGISTER lists it (section 10.3 step 8)."""
        q = "" if self.q == 1.0 else f";q={self.q:g}"
        device = f';+sip.instance="{self.instance}"' if self.instance else ""
        flow = f";reg-id={self.reg_id}" if self.reg_id else ""
        return f"<{self.uri}>;expires={max(0, round(self.expires_at - now))}{q}{device}{flow}"

    def outdates(self, request: Request) -> bool:
        """Section 10.3 step 7: within one Call-ID only a higher CSeq changes a binding."""
        return self.call_id == request.call_id and request.cseq.number <= self.cseq

    def reconnected(self) -> Flow:
        """Without its TCP connection a phone is reached at its contact's port (section 18.1.1)."""
        flow = self.flow._replace(connection=0)
        if flow.transport == "udp" or self.natted:
            return flow
        uri = Uri.parse(self.uri)
        return flow._replace(remote=(uri.host, uri.port or DEFAULT_PORTS[flow.transport]))

    def to_dict(self, now: float) -> dict[str, Any]:
        """Plain JSON types only, the expiry as seconds left."""
        return {
            "user": self.user,
            "uri": self.uri,
            "flow": self.flow.to_list(),
            "natted": self.natted,
            "q": self.q,
            "expires_in_s": self.expires_at - now,
            "call_id": self.call_id,
            "cseq": self.cseq,
            "user_agent": self.user_agent,
            "reachable": self.reachable,
            "instance": self.instance,
            "reg_id": self.reg_id,
            "path": list(self.path),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any], expires_at: float) -> "Binding":
        """The inverse, whose connection is gone; KeyError, TypeError or ValueError for anything else."""
        binding = cls(
            user=str(saved["user"]),
            uri=str(saved["uri"]),
            flow=Flow.from_list(saved["flow"]),
            natted=bool(saved["natted"]),
            q=float(saved["q"]),
            expires_at=expires_at,
            call_id=str(saved["call_id"]),
            cseq=int(saved["cseq"]),
            user_agent=str(saved["user_agent"]),
            reachable=bool(saved["reachable"]),
            instance=str(saved.get("instance", "")),
            reg_id=int(saved.get("reg_id", 0)),
            path=tuple(str(proxy) for proxy in saved.get("path", ())),
        )
        return replace(binding, flow=binding.reconnected())


def keeps_flows(request: Request) -> bool:
    """Whether a REGISTER is of RFC 5626: the phone says so, and so does the proxy next to it, if any."""
    if not request.has_option("outbound", "Supported"):
        return False
    return len(request.vias) == 1 or any(";ob" in proxy for proxy in request.headers.all("Path")[-1:])


def device(contact: NameAddr) -> tuple[str, int]:
    """The device that a contact names, "" for none, and which of its flows it is, 0 for its only one.

    A `reg-id` without `+sip.instance` means nothing (RFC 5626 section 6).
    """
    instance = contact.params.get("+sip.instance") or ""
    if not _INSTANCE.match(instance):
        return "", 0
    reg_id = contact.params.get("reg-id") or ""
    return instance, int(reg_id) if reg_id.isascii() and reg_id.isdigit() and len(reg_id) < 10 else 0


def _reached_by(request: Request, uri: Uri, flow: Flow) -> tuple[bool, Flow]:
    """Whether the contact hides behind a NAT, and where to send.

    A contact on another host than the source is natted. On UDP another port is too, when the phone asks for
    symmetric responses (`rport`, RFC 3581); a phone that does not may listen on its contact's port only.
    A phone on TLS has no certificate by which we could know it again: only its own connection leads to it.
    """
    if uri.host != flow.remote[0] or flow.transport == "tls":
        return True, flow
    port = uri.port or DEFAULT_PORTS[flow.transport]
    if flow.transport == "tcp" or port == flow.remote[1]:
        return False, flow
    if request.top_via.wants_rport:
        return True, flow
    return False, flow._replace(remote=(uri.host, port))
