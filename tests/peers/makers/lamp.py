"""A key of a phone that shows what becomes of somebody: one subscription (RFC 6665)."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from sip.syntax.message import Request, Response
from tests.peers.child import PeerError
from tests.peers.makers.dialog import Dialog
from tests.peers.makers.maker import Package

if TYPE_CHECKING:
    from tests.peers.makers.desk import DeskPhone


class Lamp:
    """`told` is every NOTIFY, `response` the last answer to a SUBSCRIBE."""

    def __init__(self, phone: "DeskPhone", dialog: Dialog, package: str, expires_s: int | None) -> None:
        self.phone = phone
        self.dialog = dialog
        self.package = package
        self.told: list[Request] = []
        self.response: Response
        self._page = phone.maker.packages.get(package) or Package("text/plain", 600)
        self._expires_s = self._page.expires_s if expires_s is None else expires_s
        self._changed = asyncio.Event()
        phone.enter(self)

    @property
    def body(self) -> str:
        """What it was told last."""
        return self.told[-1].body.decode() if self.told else ""

    @property
    def state(self) -> str:
        """Subscription-State of the last NOTIFY."""
        return (self.told[-1].headers.get("Subscription-State") or "") if self.told else ""

    async def renew(
        self, expires_s: int | None = None, *, content_type: str = "", body: str = ""
    ) -> Response:
        """SUBSCRIBE, the first or once more; 423 has been obeyed. 0 s ends it. A body is a wish (keys)."""
        expires_s = self._expires_s if expires_s is None else expires_s
        self.response = await self._subscribe(expires_s, content_type, body)
        if self.response.status == 423:
            self._expires_s = int(self.response.headers.get("Min-Expires") or "0")
            self.response = await self._subscribe(self._expires_s, content_type, body)
        return self.response

    async def _subscribe(self, expires_s: int, content_type: str, body: str) -> Response:
        lines = dict([
            ("Event", self.package),
            ("Accept", self._page.accept),
            ("Expires", str(expires_s)),
            *self._page.headers,
        ])  # fmt: skip
        response = await self.phone.ask(self.dialog, "SUBSCRIBE", list(lines.items()), content_type, body)
        if response.status < 300:
            self.dialog.met(response)
        return response

    async def until(self, text: str, timeout_s: float = 5.0) -> Self:
        """Told something with this text, or that state, last."""
        return await self.until_it(lambda: text in self.body or text in self.state, text, timeout_s)

    async def until_told(self, times: int) -> Self:
        """So often."""
        return await self.until_it(lambda: len(self.told) >= times, f"NOTIFY {times}")

    async def until_it(self, met: Callable[[], bool], what: str, timeout_s: float = 5.0) -> Self:
        """Whatever a NOTIFY can bring about."""
        try:
            async with asyncio.timeout(timeout_s):
                while not met():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise PeerError(f"no {what!r} in {timeout_s:g} s; last: {self.state} {self.body}") from None
        return self

    def take(self, request: Request) -> None:
        """A NOTIFY."""
        self.told.append(request)
        self.phone.reply(request, 200)
        self.phone.log.note("lamp", self.dialog.call_id, self.package)
        self._changed.set()
