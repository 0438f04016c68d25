"""Tokens: given once, kept as hashes, in force until they end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.access.admin_token import AdminToken
from switch.access.holder import ADMINISTRATOR, Holder
from switch.access.rights import Role
from switch.access.store import TokenStore
from switch.access.tokens import BadToken, Tokens
from switch.events.subject import agent, queue
from switch.history.database import connect
from tests.peers.tables import URL, share_tables
from tests.switch.samples import NOON

DAY = timedelta(days=1)


class Desk:
    """A place where tokens are kept, over restarts, and a clock."""

    def __init__(self, folder: Path, engine: AsyncEngine) -> None:
        self.folder = folder
        self.now = NOON
        self._engine = engine
        self._admin = AdminToken(folder / "admin.token")

    async def tokens(self) -> Tokens:
        tokens = Tokens(self._admin, TokenStore(self._engine, node="test"), self._time)
        await tokens.read()
        tokens.start()
        return tokens

    def _time(self) -> datetime:
        return self.now


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    share_tables(tmp_path)
    engine = connect(URL, tmp_path)
    yield Desk(tmp_path, engine)
    await engine.dispose()


async def test_a_token_is_its_holders_over_a_restart_until_it_expires(desk: Desk) -> None:
    tokens = await desk.tokens()
    queues = ["support", "los sábados"]
    made = await tokens.add("eva", Role.SUPERVISOR, ADMINISTRATOR, queues=queues, lasts=DAY)
    scope = frozenset(map(queue, queues))
    expected = Holder("eva", Role.SUPERVISOR, scope, made.token.id)
    assert tokens.holder(made.secret) == expected
    assert tokens.holder(made.secret + "x") is None
    await tokens.close()

    again = await desk.tokens()
    assert again.holder(made.secret) == expected
    assert [(row.name, row.last_used_at) for row in again.rows()] == [("eva", NOON)]
    desk.now += DAY
    assert again.holder(made.secret) is None
    await again.close()


async def test_a_secret_is_nowhere_on_the_disk(desk: Desk) -> None:
    tokens = await desk.tokens()
    made = await tokens.add("board", Role.WALLBOARD, ADMINISTRATOR, lasts=None)
    await tokens.close()
    secret = made.secret.removeprefix("centralita_").encode()
    assert len(secret) == 43  # 256 bits
    files = [path for path in desk.folder.iterdir() if path.is_file()]
    assert any(b"board" in path.read_bytes() for path in files)
    assert not [path for path in files if secret in path.read_bytes()]


async def test_who_is_revoked_is_so_at_once_and_over_a_restart(desk: Desk) -> None:
    tokens = await desk.tokens()
    made = await tokens.add("ana", Role.AGENT, ADMINISTRATOR, agents=["ana"], lasts=None)
    holder = tokens.holder(made.secret)
    assert holder is not None
    assert holder.scope == frozenset([agent("ana")])
    waiting = asyncio.create_task(tokens.until_gone(holder))
    await asyncio.sleep(0)
    revoked = await tokens.revoke("ana")
    assert revoked is not None
    assert revoked.revoked_at == NOON
    await asyncio.wait_for(waiting, 5)
    assert tokens.holder(made.secret) is None
    assert await tokens.revoke("ana") is None
    newer = await tokens.add("ana", Role.AGENT, ADMINISTRATOR, agents=["ana"], lasts=None)
    await tokens.close()
    again = await desk.tokens()
    assert again.holder(made.secret) is None
    assert again.holder(newer.secret) is not None
    await again.close()


async def test_of_two_at_once_with_one_name_one_is_made(desk: Desk) -> None:
    """So that nobody lets in after it was revoked."""
    tokens = await desk.tokens()
    adding = (tokens.add("wall", Role.WALLBOARD, ADMINISTRATOR, lasts=DAY) for _ in range(2))
    outcomes = await asyncio.gather(*adding, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["BadToken", "TokenMade"]
    await tokens.revoke("wall")
    assert [row.revoked_at is None for row in tokens.rows()] == [False]
    await tokens.close()


async def test_tokens_that_cannot_be(desk: Desk) -> None:
    tokens = await desk.tokens()
    for role, queues, agents, why in (
        (Role.AGENT, [], [], "one agent"),
        (Role.AGENT, ["support"], ["ana"], "one agent"),
        (Role.ADMIN, ["support"], [], "no scope"),
        (Role.METRICS, [], ["ana"], "no scope"),
    ):
        with pytest.raises(BadToken, match=why):
            await tokens.add("x", role, ADMINISTRATOR, queues=queues, agents=agents, lasts=DAY)
    await tokens.add("x", Role.METRICS, ADMINISTRATOR, lasts=DAY)
    with pytest.raises(BadToken, match="in force"):
        await tokens.add("x", Role.METRICS, ADMINISTRATOR, lasts=DAY)
    await tokens.close()
