"""Our INVITE, as often as it must be sent before somebody takes it (RFC 3261 section 8.1.3.5).

Challenged, it goes again with credentials (section 22); refused for its session interval, with a longer one
(RFC 4028 section 7.3); for an extension that the peer insists on, with that (421, section 21.4.16).
"""

from typing import Final

from sip.accounts.authentication import Authorizer
from sip.accounts.authorization import Authorization
from sip.dialogs.session_interval import MAX_INTERVAL_S, least_s
from sip.events import Outgoing
from sip.flow import Flow
from sip.refusal import EXTENSIONS
from sip.syntax.limits import MAX_DATAGRAM_BYTES
from sip.syntax.message import Response
from sip.transactions.layer import Layer
from sip.transactions.loops import LoopMark
from sip.transactions.transaction import Owner, Transaction
from sip.transactions.writing import RequestHead, body_lines, contact_value, header_lines

_MAX_TRIES: Final = 6


class Invitation:
    """One INVITE and its repetitions: same Call-ID and From, the next CSeq, a transaction of its own."""

    __slots__ = (
        "_authorization",
        "_from",
        "_interval_s",
        "_layer",
        "_least_s",
        "_lines",
        "_supported",
        "_wide_flow",
        "call_id",
        "cseq",
        "flow",
        "outgoing",
        "transaction",
    )  # fmt: skip

    def __init__(
        self,
        layer: Layer,
        outgoing: Outgoing,
        call_id: str,
        local_tag: str,
        lines: str,
        interval_s: int,
        authorizer: Authorizer | None,
    ) -> None:
        """`lines` say what we allow; `interval_s` is the session interval to ask for, 0 for none."""
        self._layer = layer
        self.outgoing = outgoing
        self.call_id = call_id
        self.cseq = 0
        self.transaction: Transaction | None = None
        self.flow = outgoing.flow
        """By which it went last."""
        self._wide_flow = outgoing.wide_flow
        self._from = f"{outgoing.from_};tag={local_tag}"
        self._lines = lines
        self._interval_s = interval_s
        self._least_s = 0
        self._authorization = Authorization(authorizer) if authorizer is not None else None
        self._supported = ["timer"] if interval_s else []
        if outgoing.supports_reliable or outgoing.require_reliable:
            self._supported.append("100rel")

    def send(self, owner: Owner, marks: LoopMark, now: float) -> None:
        """Send it, or send it again: by a stream what is too large for a datagram (section 18.1.1)."""
        self.cseq += 1
        if self._authorization is not None and self.cseq == 1:
            self._authorization.ahead("INVITE", self.outgoing.uri, self.outgoing.sdp or b"", now)
        head, message = self._written(self.flow, marks)
        if len(message) > MAX_DATAGRAM_BYTES and self._wide_flow is not None:
            self.flow = self._wide_flow
            head, message = self._written(self.flow, marks)
        self.transaction = self._layer.call("INVITE", head, message, self.flow, owner, now)

    def narrow(self) -> bool:
        """The stream cannot be had: whether it may go as a datagram after all (section 18.1.1)."""
        if self.flow != self._wide_flow:
            return False
        self.flow, self._wide_flow = self.outgoing.flow, None
        return True

    def _written(self, flow: Flow, marks: LoopMark) -> tuple[RequestHead, bytes]:
        layer, outgoing = self._layer, self.outgoing
        via = layer.via(flow, marks.sign(layer.token(), outgoing.uri))
        head = RequestHead(
            outgoing.uri, via, outgoing.routes, self._from, outgoing.to, self.call_id, self.cseq
        )
        body = outgoing.sdp or b""
        contact = contact_value(flow, layer.advertise(flow), outgoing.uri.startswith("sips:"))
        lines = (
            f"Contact: {contact}\r\n{self._lines}{self._option_lines()}"
            f"{self.authorization_lines}{header_lines(outgoing.headers)}{body_lines(body)}"
        )
        return head, head.write("INVITE", outgoing.to, lines, body, outgoing.max_forwards)

    def _option_lines(self) -> str:
        """What we support and ask for."""
        if not self._supported:
            return ""
        lines = f"Supported: {', '.join(self._supported)}\r\n"
        if self.outgoing.require_reliable:
            lines += "Require: 100rel\r\n"
        if self._interval_s:
            lines += f"Session-Expires: {self._interval_s}\r\n"
        if self._least_s:
            lines += f"Min-SE: {self._least_s}\r\n"
        return lines

    @property
    def authorization_lines(self) -> str:
        """The credentials, which the ACK of a 2xx carries too (RFC 3261 section 22.1)."""
        return self._authorization.lines if self._authorization is not None else ""

    def repair(self, response: Response, now: float) -> bool:
        """Whether a refusal says what to change, so that another try may fare better."""
        if self.cseq >= _MAX_TRIES:
            return False
        match response.status:
            case 401 | 407:
                outgoing = self.outgoing
                return self._authorization is not None and self._authorization.take(
                    response, "INVITE", outgoing.uri, outgoing.sdp or b"", now
                )
            case 421:
                return self._extend(response)
            case 422:
                return self._lengthen(response)
            case _:
                return False

    def _extend(self, response: Response) -> bool:
        wanted = [tag.lower() for tag in response.headers.all("Require")]
        missing = [tag for tag in wanted if tag not in self._supported]
        self._supported += [tag for tag in missing if tag in EXTENSIONS]
        return bool(missing) and all(tag in self._supported for tag in wanted)

    def _lengthen(self, response: Response) -> bool:
        least = least_s(response)
        if not self._interval_s or least <= self._interval_s or least > MAX_INTERVAL_S:
            return False
        self._interval_s = self._least_s = least
        return True
