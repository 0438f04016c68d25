"""A listening socket takes up few at a time, and rests."""

import asyncio
import errno
import socket
from contextlib import ExitStack
from unittest.mock import Mock

import pytest

from sip.aio.connection import Connection
from sip.aio.listener import Listener
from sip.aio.tls import Tls
from sip.flow import Address, Transport


class House:
    """Takes up nobody, and counts who wanted in."""

    def __init__(self) -> None:
        self.asked: list[Address] = []
        self.enough = asyncio.Event()
        self.most = 0

    def admit(self, transport: Transport, local: Address, remote: Address) -> Connection | None:
        self.asked.append(remote)
        if len(self.asked) >= self.most:
            self.enough.set()
        return None


async def no_tls() -> Tls:
    raise AssertionError("nobody shakes hands here")


@pytest.mark.parametrize(("transport", "at_a_time"), [("tcp", 16), ("tls", 4)])
async def test_few_at_a_time_and_then_the_others_have_their_turn(
    transport: Transport, at_a_time: int
) -> None:
    house = House()
    house.most = 20
    listener = Listener(transport, "127.0.14.1", 0, house, no_tls)
    with ExitStack() as stack:
        stack.callback(listener.close)
        for _ in range(20):
            stack.enter_context(socket.create_connection(listener.address))
        listener.start()
        listener._on_acceptable()
        assert len(house.asked) == at_a_time
        await asyncio.wait_for(house.enough.wait(), 5.0)
        assert len(house.asked) == 20


async def test_without_descriptors_it_rests_instead_of_spinning() -> None:
    house = House()
    listener = Listener("tcp", "127.0.14.1", 0, house, no_tls)
    listening, full = listener._socket, Mock()
    full.accept.side_effect = OSError(errno.EMFILE, "too many open files")
    full.fileno.return_value = listening.fileno()
    try:
        listener.start()
        listener._socket = full
        listener._on_acceptable()
        listener._on_acceptable()
        assert full.accept.call_count == 2, "once for each turn"
        assert listener._resting is not None
    finally:
        listener._socket = listening
        listener.close()
