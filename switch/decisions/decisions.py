"""Asks the outside programs of queues about their callers, and tells the router what they say, or that they
do not.

In the loop, over few connections that are kept open. Whatever goes wrong is the router's `DecisionLate`: the
caller then fares as if there were no program.
"""

import asyncio
import ssl
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import httpx
import structlog

from acd.commands import AskDecision
from acd.events import DecisionAnswered, DecisionLate, Event
from switch.config.decision import DecisionHook
from switch.config.schema import Config
from switch.decisions.answers import MOST_BYTES, Answer, WrongAnswer, question, read
from switch.decisions.breaker import Breaker
from switch.signing import signed

LOG_EVERY_S: Final = 60.0
_LIMITS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=30.0)


class Asked(StrEnum):
    """What became of one question."""

    ANSWERED = "answered"
    NOTHING = "nothing"
    """It has nothing to say of this caller."""
    LATE = "late"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """Another status than 200 or 204."""
    WRONG = "wrong"
    """An answer that cannot be used."""
    NOT_ASKED = "not_asked"
    """It has failed too often, and is left alone for a while."""
    FAILED = "failed"
    """We could not ask, for a fault of our own."""


class _Vain(Exception):
    """Asked in vain."""

    def __init__(self, outcome: Asked, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


class Decisions:
    """Of all queues. `counted` hears what became of each question; `transport` replaces the network."""

    def __init__(
        self,
        config: Callable[[], Config],
        post: Callable[[Event], None],
        counted: Callable[[str, Asked], None],
        now: Callable[[], float],
        wall_us: Callable[[], int],
        loop: asyncio.AbstractEventLoop,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._config = config
        self._post = post
        self._counted = counted
        self._now = now
        self._wall_us = wall_us
        self._loop = loop
        self._transport = transport
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._breakers: dict[DecisionHook, Breaker] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._said: dict[str, tuple[float, int]] = {}
        """For each queue: when the log last said something, and how much went wrong since."""
        self._log = structlog.get_logger("decision")

    def ask(self, command: AskDecision, from_: str, to: str) -> None:
        """Ask, and tell the router; at once where nobody is to be asked."""
        queue = self._config().queues.get(command.queue)
        hook = None if queue is None else queue.decision
        if hook is None:
            self._in_vain(command, _Vain(Asked.NOT_ASKED, "the queue has no program any more"))
        elif not self._breaker(hook).may_ask(self._now()):
            self._in_vain(command, _Vain(Asked.NOT_ASKED, "it has failed too often"))
        else:
            task = self._loop.create_task(self._ask(command, hook, question(command, from_, to)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Ask no more."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _ask(self, command: AskDecision, hook: DecisionHook, body: bytes) -> None:
        breaker = self._breaker(hook)
        try:
            async with asyncio.timeout(hook.timeout):
                answer = read(await self._fetched(hook, body), self._config())
        except TimeoutError:
            vain = _Vain(Asked.LATE, f"no answer in {hook.timeout:g} s")
        except WrongAnswer as error:
            vain = _Vain(Asked.WRONG, str(error))
        except httpx.HTTPError as error:
            vain = _Vain(Asked.UNREACHABLE, f"{type(error).__name__} {error}".strip())
        except _Vain as error:
            vain = error
        except Exception as error:  # noqa: BLE001 - a task's edge: the caller is not to wait for it
            self._log.exception("cannot ask")
            vain = _Vain(Asked.FAILED, type(error).__name__)
        else:
            breaker.tell(good=True, now=self._now())
            self._counted(command.queue, Asked.NOTHING if answer == Answer() else Asked.ANSWERED)
            self._post(_event(command, answer))
            return
        breaker.tell(good=False, now=self._now())
        self._in_vain(command, vain)

    async def _fetched(self, hook: DecisionHook, body: bytes) -> bytes:
        """The body of its answer. Raises _Vain, and what httpx does."""
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        headers |= signed(body, hook.secret.get_secret_value(), self._wall_us() // 1_000_000)
        client = await self._client(hook.url.partition(":")[0])
        async with client.stream("POST", hook.url, content=body, headers=headers) as response:
            if response.status_code not in (200, 204):
                raise _Vain(Asked.REFUSED, f"status {response.status_code}")
            if (coding := response.headers.get("Content-Encoding", "identity")) != "identity":
                raise _Vain(Asked.WRONG, f"content is encoded ({coding}), which nobody asked for")
            read = bytearray()
            async for part in response.aiter_bytes():
                read += part
                if len(read) > MOST_BYTES:
                    raise _Vain(Asked.WRONG, f"more than {MOST_BYTES} bytes")
            return bytes(read)

    async def _client(self, scheme: str) -> httpx.AsyncClient:
        if (client := self._clients.get(scheme)) is None:
            # Reading the machine's certificates takes too long for the loop.
            verify = await asyncio.to_thread(ssl.create_default_context) if scheme == "https" else False
            client = self._clients.setdefault(
                scheme,
                httpx.AsyncClient(
                    verify=verify, trust_env=False, limits=_LIMITS, timeout=None, transport=self._transport
                ),
            )
        return client

    def _breaker(self, hook: DecisionHook) -> Breaker:
        if hook not in self._breakers:
            in_use = {queue.decision for queue in self._config().queues.values()}
            self._breakers = {each: kept for each, kept in self._breakers.items() if each in in_use}
            self._breakers[hook] = Breaker(hook.failures, hook.retry_after)
        return self._breakers[hook]

    def _in_vain(self, command: AskDecision, vain: _Vain) -> None:
        self._counted(command.queue, vain.outcome)
        self._post(DecisionLate(command.visit, command.call, vain.outcome.value))
        said_at, since = self._said.get(command.queue, (-LOG_EVERY_S, 0))
        if self._now() - said_at < LOG_EVERY_S:
            self._said[command.queue] = (said_at, since + 1)
            return
        self._said[command.queue] = (self._now(), 0)
        self._log.warning(
            "asked in vain",
            queue=command.queue,
            call=command.call,
            outcome=vain.outcome.value,
            why=str(vain),
            others_since=since,
        )


def _event(command: AskDecision, answer: Answer) -> DecisionAnswered:
    return DecisionAnswered(
        command.visit,
        command.call,
        priority=answer.priority,
        requires=answer.requires,
        agent=answer.agent or "",
        queue=answer.queue or "",
    )
