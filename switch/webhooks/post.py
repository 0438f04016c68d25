"""One event told to one webhook, once: the request, and what became of it."""

import asyncio
import ssl
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final, NamedTuple

import httpx

from switch.config.webhook import Webhook
from switch.signing import signed
from switch.version import VERSION
from switch.webhooks.destination import Forbidden, NotThere, destination
from switch.webhooks.outbox import Line

_LIMITS: Final = httpx.Limits(max_connections=2, max_keepalive_connections=2, keepalive_expiry=30.0)
_MOST_READ_BYTES: Final = 16_384
"""Of an answer's body, so that the connection can be used again; nothing in it is of interest."""


class Attempt(StrEnum):
    """What became of it."""

    TAKEN = "taken"
    """A status from 200 to 299."""
    GONE = "gone"
    """410: it wants to be told nothing more."""
    REFUSED = "refused"
    """Any other status."""
    LATE = "late"
    UNREACHABLE = "unreachable"
    FORBIDDEN = "forbidden"
    """Its name leads to an address of our own networks."""


class Posted(NamedTuple):
    """One attempt; `status` is None without an answer, `retry_after_s` where it names none."""

    outcome: Attempt
    status: int | None = None
    error: str | None = None
    retry_after_s: float | None = None


class Poster:
    """Connections of one webhook. `transport` replaces the network."""

    def __init__(
        self, name: str, settings: Webhook, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._name = name
        self._settings = settings
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def post(self, line: Line, now_s: int) -> Posted:
        """Tell it; `now_s` is UTC."""
        settings = self._settings
        try:
            async with asyncio.timeout(settings.timeout):
                return await self._post(line, now_s)
        except TimeoutError:
            return Posted(Attempt.LATE, error=f"no answer in {settings.timeout:g} s")
        except Forbidden as error:
            return Posted(Attempt.FORBIDDEN, error=str(error))
        except (httpx.HTTPError, NotThere, ssl.SSLError) as error:
            return Posted(Attempt.UNREACHABLE, error=f"{type(error).__name__} {error}".strip())

    async def close(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _post(self, line: Line, now_s: int) -> Posted:
        settings = self._settings
        where = await destination(settings.url, private=settings.private)
        headers = {
            "Host": where.host,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"Centralita/{VERSION}",
            "Idempotency-Key": str(line.seq),
            "X-Centralita-Webhook": self._name,
            "X-Centralita-Event": line.type,
            **signed(line.json, settings.secret.get_secret_value(), now_s),
        }
        client = await self._connected()
        about = {"sni_hostname": where.name}
        request = client.build_request(
            "POST", where.url, content=line.json, headers=headers, extensions=about
        )
        response = await client.send(request, stream=True)
        try:
            read = 0
            async for part in response.aiter_raw():
                read += len(part)
                if read > _MOST_READ_BYTES:
                    break
        finally:
            await response.aclose()
        return _posted(response)

    async def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            # Reading the machine's certificates takes too long for the loop.
            encrypted = self._settings.url.startswith("https:")
            verify = await asyncio.to_thread(ssl.create_default_context) if encrypted else False
            self._client = httpx.AsyncClient(
                verify=verify, trust_env=False, limits=_LIMITS, timeout=None, transport=self._transport
            )
        return self._client


def _posted(response: httpx.Response) -> Posted:
    status = response.status_code
    if 200 <= status < 300:
        return Posted(Attempt.TAKEN, status)
    if status == 410:
        return Posted(Attempt.GONE, status, "410 Gone: it wants to be told nothing more")
    return Posted(Attempt.REFUSED, status, f"status {status}", _retry_after_s(response))


def _retry_after_s(response: httpx.Response) -> float | None:
    """What it asks for in seconds, or by a date (RFC 9110 section 10.2.3)."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        return float(asked)
    try:
        until, now = parsedate_to_datetime(asked), parsedate_to_datetime(response.headers.get("Date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None
