"""A phone that watches others: it subscribes, and keeps what it is told."""

from dataclasses import dataclass

from sip.syntax.message import Request, Response, parse
from tests.switch.far_end import FarEnd, Wire


@dataclass
class Lamp:
    """One subscription: its tags, its sequence, and every NOTIFY."""

    call_id: str
    package: str
    user: str
    tag: str = ""
    cseq: int = 0
    told: list[Request] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.told = []

    @property
    def bodies(self) -> list[str]:
        return [notify.body.decode() for notify in self.told]

    @property
    def body(self) -> str:
        """What it was told last."""
        return self.bodies[-1]

    @property
    def state(self) -> str:
        """Subscription-State of the last NOTIFY."""
        return self.told[-1].headers.get("Subscription-State") or ""


class Watcher(FarEnd):
    """`answers` is the status of its responses to NOTIFY; None: it gives none."""

    def __init__(
        self, wire: Wire, name: str, address: tuple[str, int], switch: tuple[str, int], secret: str
    ) -> None:
        super().__init__(wire, name, address, switch, secret)
        self.answers: int | None = 200
        self.lamps: list[Lamp] = []
        self._sent = 0

    async def watch(self, user: str, package: str = "dialog", expires_s: int = 600, *lines: str) -> Lamp:
        """Subscribe; the lamp was told once if all went well."""
        lamp = Lamp(f"watch-{self.name}-{len(self.lamps)}", package, user)
        self.lamps.append(lamp)
        response = await self.subscribe(lamp, expires_s, *lines)
        if response.status == 401:
            uri = self._uri(user)
            credentials = self._credentials(response, "SUBSCRIBE", uri)
            response = await self.subscribe(lamp, expires_s, *lines, f"Authorization: {credentials}")
        return lamp

    async def subscribe(self, lamp: Lamp, expires_s: int, *lines: str, body: str = "") -> Response:
        """A SUBSCRIBE, in the dialog if there is one; the last response."""
        lamp.cseq += 1
        self._sent += 1
        host, port = self.address
        uri = self._uri(lamp.user)
        head = [
            f"SUBSCRIBE {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-watch-{self.name}-{self._sent}",
            f"From: {self._from()};tag=watcher",
            f"To: <sip:{lamp.user}@pbx.example>{f';tag={lamp.tag}' if lamp.tag else ''}",
            f"Call-ID: {lamp.call_id}",
            f"CSeq: {lamp.cseq} SUBSCRIBE",
            f"Contact: <sip:{self.name}@{host}:{port}>",
            f"Event: {lamp.package}",
            f"Expires: {expires_s}",
            *lines,
            f"Content-Length: {len(body)}",
        ]
        self.wire.by_hand(self, ("\r\n".join(head) + "\r\n\r\n" + body).encode())
        await self.wire.settle()
        responses = [parse(data) for data in self.received if data.startswith(b"SIP/2.0 ")]
        last = responses[-1]
        assert isinstance(last, Response)
        if last.status == 200:
            lamp.tag = last.to_tag or ""
        return last

    def takes(self, data: bytes) -> bool:
        """NOTIFYs, which are kept and answered."""
        if not data.startswith(b"NOTIFY "):
            return False
        request = parse(data)
        assert isinstance(request, Request)
        lamp = next(lamp for lamp in self.lamps if lamp.call_id == request.call_id)
        lamp.told.append(request)
        if self.answers is not None:
            self.wire.by_hand(self, request.answer(self.answers).encode())
        return True
