"""What the routes work with, and who may use them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path

from starlette.requests import HTTPConnection

from switch.api.answers import Failure
from switch.api.backend import Backend
from switch.api.token import AdminToken
from switch.config.schema import Language
from switch.events.filter import Filter
from switch.events.listening import Listeners
from switch.events.tickets import Tickets
from switch.history.reader import Reader
from switch.metrics.metrics import Metrics
from switch.trace.tracing import Tracing
from switch.webhooks.webhooks import Webhooks
from switch.why.explainer import Explainer


@dataclass(frozen=True, slots=True)
class Services:
    """The running switch behind the API."""

    backend: Backend
    reader: Reader
    settled: Callable[[], Awaitable[object]]
    """Waits until what ended before is in the history: `Writer.flush`."""
    metrics: Metrics
    data_dir: Path
    token: AdminToken
    tracing: Tracing
    explainer: Explainer
    listeners: Listeners
    tickets: Tickets[Filter]
    webhooks: Webhooks
    language: Callable[[], Language]
    """Of the server, as configured now."""

    async def admin(self, request: HTTPConnection) -> None:
        """Let the administrator through. Raises Failure 401."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not self.token.matches(token.strip()):
            raise Failure(HTTPStatus.UNAUTHORIZED, "a bearer token is needed", challenge=True)

    async def admin_unless_local(self, request: HTTPConnection) -> None:
        """Let through who asks from this machine, and the administrator. Raises Failure 401."""
        if request.client is None or not ip_address(request.client.host).is_loopback:
            await self.admin(request)
