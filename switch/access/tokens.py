"""The tokens in force: who comes with which secret, for how long, and who was there last.

A secret has 256 random bits, so its SHA-256 tells nobody anything, and is quick enough to be asked for each
request (ADR 11).
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog
from msgspec import structs
from sqlalchemy.exc import SQLAlchemyError

from switch.access.admin_token import AdminToken
from switch.access.holder import ADMINISTRATOR, Holder
from switch.access.rights import Role
from switch.access.rows import TokenMade, TokenRow
from switch.access.store import TokenStore
from switch.events.subject import agent as of_agent
from switch.events.subject import queue as of_queue

PREFIX: Final = "centralita_"
"""Of each secret, so that scanners know one that lies where it should not."""
_NOTED_S: Final = 60.0
_LONGEST_SLEEP_S: Final = 86400.0


class BadToken(ValueError):
    """Such a token cannot be."""


class Tokens:
    """Made and used in the loop's thread. `now` is UTC."""

    def __init__(self, admin: AdminToken, store: TokenStore, now: Callable[[], datetime]) -> None:
        self._admin = admin
        self._store = store
        self._now = now
        self.are_read = False
        """Until then nobody but the administrator is known."""
        self._known: dict[str, TokenRow] = {}
        """By the hash of the secret."""
        self._adding: set[str] = set()
        """Names of those that are being written down."""
        self._used: dict[str, datetime] = {}
        """Since it was written down."""
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def read(self) -> None:
        """Read them. Raises SQLAlchemyError, OSError."""
        self._known = await self._store.read()
        self.are_read = True

    def start(self) -> None:
        """Note from now on when each is used."""
        self._task = asyncio.get_running_loop().create_task(self._note(), name="tokens")

    async def close(self) -> None:
        """Note the last uses, and stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            await self._note_used()

    def holder(self, secret: str) -> Holder | None:
        """Who comes with it; None where it is none, or in force no more."""
        if self._admin.matches(secret):
            return ADMINISTRATOR
        token = self._known.get(_digest(secret))
        if token is None or not self._in_force(token):
            return None
        self._used[token.id] = self._now()
        scope = frozenset([*map(of_queue, token.queues), *map(of_agent, token.agents)])
        return Holder(token.name, token.role, scope or None, token.id)

    def rows(self) -> Sequence[TokenRow]:
        """All that there ever were, newest first."""
        return [self._with_use(token) for token in reversed(self._known.values())]

    async def add(
        self,
        name: str,
        role: Role,
        by: Holder,
        *,
        queues: Sequence[str] = (),
        agents: Sequence[str] = (),
        lasts: timedelta | None,
    ) -> TokenMade:
        """A new one. Raises BadToken, SQLAlchemyError."""
        if self._named(name) is not None or name in self._adding:
            raise BadToken(f"a token {name!r} is in force: revoke it first, or choose another name")
        if role is Role.AGENT and (queues or len(agents) != 1):
            raise BadToken("an agent's token has one agent in its scope, and no queue")
        if role in (Role.ADMIN, Role.METRICS) and (queues or agents):
            raise BadToken(f"a token for {role} has no scope")
        secret, now = PREFIX + secrets.token_urlsafe(32), self._now()
        token = TokenRow(
            id=secrets.token_hex(8),
            name=name,
            role=role,
            queues=tuple(queues),
            agents=tuple(agents),
            created_at=now,
            created_by=by.name,
            expires_at=None if lasts is None else now + lasts,
        )
        self._adding.add(name)
        try:
            await self._store.add(_digest(secret), token)
        finally:
            self._adding.discard(name)
        self._known[_digest(secret)] = token
        return TokenMade(token=token, secret=secret)

    async def revoke(self, name: str) -> TokenRow | None:
        """Nobody comes with it any more, from now on; None where none of that name is in force. Raises
        SQLAlchemyError: then it may be in force again after a restart.
        """
        digest = self._named(name)
        if digest is None:
            return None
        token = self._known[digest] = structs.replace(self._known[digest], revoked_at=self._now())
        self._changed.set()
        self._changed = asyncio.Event()
        await self._store.revoke(token.id, token.revoked_at or self._now())
        return self._with_use(token)

    async def until_gone(self, holder: Holder) -> None:
        """Until his token is in force no more; the administrator's always is."""
        while (token := self._by_id(holder.token)) is None or self._in_force(token):
            left_s = _LONGEST_SLEEP_S
            if token is not None and token.expires_at is not None:
                left_s = min(left_s, (token.expires_at - self._now()).total_seconds())
            try:
                async with asyncio.timeout(left_s):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _named(self, name: str) -> str | None:
        found = (key for key, token in self._known.items() if token.name == name and self._in_force(token))
        return next(found, None)

    def _by_id(self, id: str) -> TokenRow | None:
        return next((token for token in self._known.values() if token.id == id), None)

    def _in_force(self, token: TokenRow) -> bool:
        return token.revoked_at is None and (token.expires_at is None or self._now() < token.expires_at)

    def _with_use(self, token: TokenRow) -> TokenRow:
        return structs.replace(token, last_used_at=self._used.get(token.id, token.last_used_at))

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(_NOTED_S)
            await self._note_used()

    async def _note_used(self) -> None:
        used, self._used = self._used, {}
        self._known = {
            key: structs.replace(token, last_used_at=used.get(token.id, token.last_used_at))
            for key, token in self._known.items()
        }
        if not used:
            return
        try:
            await self._store.used(used)
        except (SQLAlchemyError, OSError) as error:
            self._used = used | self._used
            structlog.get_logger("access").warning("uses of tokens not noted", error=str(error))


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
