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
        for _, name in HEADERS.values():
            value = self._authorizer.ahead(name, method, uri, now, body)
            if value is not None:
                self._carry(name, value)

    def take(self, response: Response, method: str, uri: str, body: bytes, now: float) -> bool:
        """Whether a response is a challenge that another try may answer."""
        if response.status not in HEADERS:
            return False
        sent = self._sent.get(HEADERS[response.status][1], ())
        answer = self._authorizer.prove(response, method, uri, now, body=body, sent=sent)
        if answer is None:
            return False
        for name in self._carried:
            if name != answer[0]:  # another use of that nonce (RFC 7616 section 3.3, `nc`)
                again = self._authorizer.ahead(name, method, uri, now, body)
                self._carried[name] = again or self._carried[name]
        self._carry(*answer)
        return True

    def _carry(self, name: str, value: str) -> None:
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
