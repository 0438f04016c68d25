"""Snapshots and the hash."""

import msgspec
import pytest

from acd.router import Router
from acd.state import VERSION, SnapshotError, State
from tests.acd.stage import Stage, support, team


def stage() -> Stage:
    played = Stage([support()], team("ana", "luis", support=3))
    played.login("ana", "luis")
    played.queue("c1", priority=2)
    played.ring("ana")
    played.queue("c2")
    played.answer("luis")
    played.queue("c3")
    played.hang_up("c9")
    return played


def test_a_snapshot_is_the_whole_state() -> None:
    router = stage().router
    restored = Router.restore(router.snapshot())
    assert restored.snapshot() == router.snapshot()
    assert restored.state_hash() == router.state_hash()
    assert (restored.pool, restored.sequence, restored.now_us) == ("main", router.sequence, router.now_us)
    assert restored.deadline() == router.deadline()
    assert restored.agents() == router.agents()
    assert restored.queues() == router.queues()
    assert restored.calls() == router.calls()


def test_the_hash_is_of_facts_not_of_steps() -> None:
    played = stage()
    digest = played.router.state_hash()
    played.wait(1)
    played.hang_up("unknown-long-gone")
    assert played.router.state_hash() != digest
    again = stage()
    assert again.router.state_hash() == digest


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x81\xa7version\x01", stage().router.snapshot()[:-3]])
def test_what_is_no_snapshot_is_refused(data: bytes) -> None:
    with pytest.raises(SnapshotError, match="not a snapshot"):
        Router.restore(data)


def test_another_version_is_refused_in_words() -> None:
    raw = msgspec.msgpack.decode(stage().router.snapshot())
    raw["version"] = VERSION + 1
    with pytest.raises(SnapshotError, match="this router reads version 1"):
        Router.restore(msgspec.msgpack.encode(raw))


def test_ends_are_remembered_at_least_32_s_and_at_most_twice_that() -> None:
    state = State()
    state.remember_gone("c1", 0)
    state.remember_gone("c2", 33_000_000)
    assert state.is_gone("c1")
    assert state.is_gone("c2")
    state.remember_gone("c3", 66_000_001)
    assert not state.is_gone("c1")
    assert state.is_gone("c2")
