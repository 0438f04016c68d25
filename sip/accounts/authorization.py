"""The credentials that one request of ours carries, as often as it is challenged (RFC 3261 section 22)."""

from sip.accounts.authentication import HEADERS, Authorizer
from sip.syntax.message import Response


class Authorization:
    """At most one Authorization and one Proxy-Authorization."""

    __slots__ = ("_authorizer", "_carried", "_sent")

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer
        self._carried: dict[str, str] = {}
        self._sent: dict[str, list[str]] = {}

    def ahead(self, method: str, uri: str, body: bytes, now: float) -> None:
        """Carry what the peer asked for last, without being asked."""
        self._carry(self._authorizer.ahead(method, uri, now, body))

    def take(self, response: Response, method: str, uri: str, body: bytes, now: float) -> bool:
        """Whether a response is a challenge that another try may answer."""
        if response.status not in HEADERS:
            return False
        sent = self._sent.get(HEADERS[response.status][1], ())
        header = self._authorizer.prove(response, method, uri, now, body=body, sent=sent)
        self._carry(header)
        return header is not None

    def _carry(self, header: tuple[str, str] | None) -> None:
        if header is not None:
            name, value = header
            self._carried[name] = value
            self._sent.setdefault(name, []).append(value)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What to send."""
        return tuple(self._carried.items())

    @property
    def lines(self) -> str:
        """The same as header lines."""
        return "".join([f"{name}: {value}\r\n" for name, value in self._carried.items()])
