"""Copies of all messages to a Homer server: as fast as it goes, and never at a call's expense."""

import asyncio
from collections import Counter
from contextlib import suppress
from enum import StrEnum
from typing import Final

import asyncio_dgram
import structlog
from asyncio_dgram.aio import DatagramClient, TransportClosed

from switch.config.addresses import HostPort
from switch.trace.hep import encode
from switch.trace.message import LocalAddress, message
from switch.trace.ring import Entry, Strand
from switch.trace.waiting import Waiting

WAITING: Final = 2000
"""Messages that may wait; more are dropped."""
WAITING_BYTES: Final = 8 * 1024 * 1024
_AT_ONCE: Final = 20
"""Packets in one turn of the loop: some 1 ms of work."""
_RETRY_S: Final = 5.0
"""How long to wait before another try where no socket can be made for the server, or something is wrong."""


class HepResult(StrEnum):
    """What became of a message that was to be copied."""

    SENT = "sent"
    DROPPED = "dropped"
    """More waited than may."""
    FAILED = "failed"
    """The kernel would not send it, or we could not make a packet of it."""


class HepExporter:
    """Sends to one server from its own task; `counts` are the metric's."""

    def __init__(
        self,
        server: HostPort,
        agent: int,
        key: str | None,
        local_address: LocalAddress,
        counts: Counter[HepResult],
    ) -> None:
        self._server = server
        self._agent = agent
        self._key = key
        self._local_address = local_address
        self._counts = counts
        self._waiting = Waiting(WAITING, WAITING_BYTES)
        self._task = asyncio.get_running_loop().create_task(self._run(), name="hep")
        self._log = structlog.get_logger("hep")

    def put(self, strand: Strand, entry: Entry) -> None:
        """A message passed."""
        if not self._waiting.put(strand, entry):
            self._counts[HepResult.DROPPED] += 1

    def close(self) -> None:
        """Stop; what waits is not sent."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                await self._copy(await asyncio_dgram.connect((self._server.host, self._server.port)))
            except OSError as error:
                self._log.warning("no way to the Homer server", server=str(self._server), error=str(error))
            except Exception:  # noqa: BLE001 - a task's edge: one message that cannot be copied is not all
                self._counts[HepResult.FAILED] += 1
                self._log.exception("a message could not be copied", server=str(self._server))
            await asyncio.sleep(_RETRY_S)

    async def _copy(self, stream: DatagramClient) -> None:
        answers = asyncio.create_task(_ignore(stream), name="hep answers")
        try:
            with suppress(TransportClosed):
                await self._send_all(stream)
        finally:
            answers.cancel()
            stream.close()

    async def _send_all(self, stream: DatagramClient) -> None:
        while True:
            for strand, entry in await self._waiting.take(_AT_ONCE):
                packet = encode(message(strand, entry, self._local_address), self._agent, self._key)
                self._counts[await _sent(stream, packet)] += 1
            await asyncio.sleep(0)


async def _sent(stream: DatagramClient, packet: bytes) -> HepResult:
    with suppress(OSError):  # such as an ICMP error about one sent before: nobody listens there
        await stream.send(packet)
        return HepResult.SENT
    return HepResult.FAILED


async def _ignore(stream: DatagramClient) -> None:
    """Take what the server says, or it would pile up; HEP knows no answers."""
    with suppress(TransportClosed, OSError):
        while True:
            await stream.recv()
