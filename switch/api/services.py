"""What the routes work with, and who may use them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from starlette.requests import HTTPConnection

from switch.access.audit import HOLDER, RIGHT
from switch.access.audit_reader import AuditReader
from switch.access.holder import ADMINISTRATOR, Holder
from switch.access.limits import Buckets
from switch.access.rights import Right
from switch.access.sight import Sight
from switch.access.tokens import Tokens
from switch.api.backend import Backend
from switch.api.problems import Failure, Kind
from switch.config.schema import Language
from switch.events.alarms import Alarms
from switch.events.listening import Listeners
from switch.events.tickets import Tickets
from switch.figures.live import Live
from switch.history.entries import Audited
from switch.history.holds import Holds
from switch.history.reader import Reader
from switch.history.retention import Retention
from switch.log_levels import Levels
from switch.metrics.metrics import Metrics
from switch.reports.jobs import Jobs
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
    figures: Live
    data_dir: Path
    tokens: Tokens
    audit: AuditReader
    note: Callable[[Audited], None]
    """Takes down what was done: `Writer.put`."""
    tracing: Tracing
    levels: Levels
    explainer: Explainer
    listeners: Listeners
    webhooks: Webhooks
    alarms: Alarms
    holds: Holds
    retention: Retention
    tickets: Tickets[Holder]
    reports: Jobs
    requests: Buckets
    """For each token."""
    failures: Buckets
    """To sign in, for each address."""
    language: Callable[[], Language]
    """Of the server, as configured now; so is the zone."""
    zone: Callable[[], str]

    def needs(self, right: Right) -> "Needs":
        """What a route depends on: it gets who is asking. Raises Failure 401, 403, 429."""
        return Needs(self, right)

    def signed_in(self, request: HTTPConnection) -> Holder | None:
        """Whose token it has, in force; it counts against no limit."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return self.tokens.holder(token.strip()) if kind.lower() == "bearer" else None

    def holder(self, request: HTTPConnection) -> Holder:
        """Who is asking. Raises Failure 401, 429, 503."""
        holder = self.signed_in(request)
        if holder is not None:
            self.count(holder)
            return holder
        if "authorization" in request.headers and not self.tokens.are_read:
            raise Failure(Kind.DATABASE_AWAY, "the database, which keeps tokens, does not answer yet")
        self.metrics.sign_in_failed()
        self._admit(self.failures, "" if request.client is None else request.client.host, "this address")
        raise Failure(Kind.UNAUTHENTICATED, "a bearer token is needed")

    def count(self, holder: Holder) -> None:
        """One more request of his. Raises Failure 429."""
        self._admit(self.requests, holder.token, "this token")

    def _admit(self, buckets: Buckets, key: str, who: str) -> None:
        """Raises Failure 429."""
        wait_s = buckets.take(key)
        if wait_s:
            raise Failure(Kind.TOO_OFTEN, f"{who} asks too often", retry_after_s=wait_s)

    def known_as(self, holder: Holder, claimed: str | None) -> str:
        """In whose name he acts: his token's. `admin.token` is nobody's, so it is believed.

        Raises Failure 403.
        """
        if claimed is None or claimed == holder.name:
            return holder.name
        if holder.token:
            raise Failure(Kind.FORBIDDEN, f"by: this token acts in the name of {holder.name!r} only")
        return claimed

    def seen_by(self, holder: Holder) -> Sight:
        """The switch as far as he may see it."""
        return Sight(self.backend, self.listeners.stream.board, holder)


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """Lets through who has a right."""

    services: Services
    right: Right

    async def __call__(self, request: HTTPConnection) -> Holder:
        """Who is asking. Raises Failure 401, 403, 429."""
        holder = self.services.holder(request)
        request.scope[HOLDER], request.scope[RIGHT] = holder, self.right
        if not holder.may(self.right):
            raise Failure(Kind.FORBIDDEN, f"{holder.role} tokens have no right {self.right}")
        return holder


@dataclass(frozen=True, slots=True, eq=False)
class NeedsUnlessLocal(Needs):
    """The same for who asks from another machine."""

    async def __call__(self, request: HTTPConnection) -> Holder:
        """Who is asking; on this machine anybody is as good as the administrator.

        Raises Failure 401, 403, 429.
        """
        if request.client is not None and ip_address(request.client.host).is_loopback:
            return ADMINISTRATOR
        return await Needs.__call__(self, request)
