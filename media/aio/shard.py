"""One worker as the loop sees it: its ports, the orders that wait for room, the events that come back."""

import asyncio
import heapq
import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from ext.engine import RingFull, Worker
from ext.sounds import SoundMemory
from media.aio.addresses import address_of
from media.aio.port import EnginePort, Kind
from media.aio.recorder import Recorder, Written
from media.aio.room import EngineRoom
from media.events import PortClosed, PortEvent
from media.port import Port
from media.sound import Sound

if TYPE_CHECKING:
    from media.aio.dtls import Identity

RETRY_S: Final = 0.002


class Sounds:
    """Engine memory of each sound, copied at its first use, kept as long as the sound or a listener."""

    def __init__(self) -> None:
        self._memories: WeakKeyDictionary[Sound, SoundMemory] = WeakKeyDictionary()

    def memory(self, sound: Sound) -> SoundMemory:
        memory = self._memories.get(sound)
        if memory is None:
            memory = self._memories[sound] = SoundMemory(sound.pcm, sound.pcma, sound.pcmu)
        return memory


class Shard:
    """A worker and everything that lives on it. `tell` gets its events, in the loop."""

    def __init__(
        self,
        worker: Worker,
        capacity: int,
        order_ring: int,
        sounds: Sounds,
        recorder: Recorder,
        tell: Callable[[PortEvent], None],
        identity: "Callable[[], Identity]",
    ) -> None:
        self.worker: Final = worker
        self.sounds: Final = sounds
        self.identity: Final = identity
        self.tell: Final = tell
        self.ports: dict[int, EnginePort] = {}
        self._free = list(range(capacity))
        self._free_rooms = list(range(capacity))
        self._order_ring = order_ring
        self._backlog: deque[Callable[[], None]] = deque()
        self._recorder = recorder
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waking = False

    # --- orders ---

    @property
    def has_room(self) -> bool:
        """Whether it takes one more port; a quarter of its order ring is kept for those that are open."""
        return bool(self._free) and not self._backlog and self.worker.order_room() > self._order_ring // 4

    @property
    def orders_waiting(self) -> int:
        return len(self._backlog) + self._order_ring - self.worker.order_room()

    def order(self, order: Callable[[], None]) -> None:
        """Give the worker an order about an open port; when its ring is full, as soon as there is room, in
        order.
        """
        self._backlog.append(order)
        if len(self._backlog) == 1:
            self.flush()

    def flush(self) -> None:
        """Give out what waits, until the ring is full again. The worker wakes at the end of this turn.

        What an order raises is raised; those behind it follow all the same.
        """
        if self._loop is not None and not self._waking:
            self._waking = True
            self._loop.call_soon(self._wake)
        while self._backlog:
            order = self._backlog.popleft()
            try:
                order()
            except RingFull:
                self._backlog.appendleft(order)
                if self._loop is not None:
                    self._loop.call_later(RETRY_S, self.flush)
                return
            except Exception:
                if self._backlog and self._loop is not None:
                    self._loop.call_soon(self.flush)
                raise

    def _wake(self) -> None:
        self._waking = False
        self.worker.wake()

    def add(self, make: Callable[[int], EnginePort]) -> EnginePort:
        """A port in the lowest free slot."""
        slot = heapq.heappop(self._free)
        port = self.ports[slot] = make(slot)
        return port

    def own(self, port: Port) -> EnginePort:
        """A port of this worker. ValueError: it is another's."""
        if not isinstance(port, EnginePort) or port.shard is not self:
            raise ValueError("these ports need one worker: open the second near the first")
        return port

    def open_room(self, generation: int) -> EngineRoom:
        """A room in the lowest free slot."""
        room = EngineRoom(self, heapq.heappop(self._free_rooms), generation)
        self.order(lambda: self.worker.open_room(room.slot, room.generation))
        return room

    def close_room(self, room: EngineRoom) -> None:
        """Its slot is free for the next: orders are carried out in their order."""
        self.order(lambda: self.worker.close_room(room.slot, room.generation))
        heapq.heappush(self._free_rooms, room.slot)

    # --- events ---

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.worker.start()
        self.worker.wait_for_wake()
        loop.add_reader(self.worker.event_fd, self._on_events)
        self.flush()

    def stop(self) -> None:
        """Joins the threads: not for the loop unless every port is closed."""
        self.worker.stop()

    def deafen(self) -> None:
        """Listen no more."""
        if self._loop is not None:
            self._loop.remove_reader(self.worker.event_fd)
            self._loop = None

    def _on_events(self) -> None:
        """Take the ring first, then reread: what the ring has is older than what it had no room for."""
        os.eventfd_read(self.worker.event_fd)
        for kind, slot, generation, count, a, b, c, d in self.worker.poll():
            if kind == Kind.RECORDED:
                self._recorder.written(a, Written(b, c, d))
                continue
            port = self.ports.get(slot)
            if port is not None and port.generation == generation:
                event = port.take(Kind(kind), count, a, b)
                if event is not None:
                    self._pass_on(event)
        for slot, generation, source, data in self.worker.take_datagrams():
            port = self.ports.get(slot)
            if port is not None and port.generation == generation:
                port.receive(data, address_of(source))
        if self.worker.take_resync():
            self._reread()

    def _reread(self) -> None:
        for port in list(self.ports.values()):
            for event in port.reread():
                self._pass_on(event)

    def _pass_on(self, event: PortEvent) -> None:
        if isinstance(event, PortClosed):
            port = event.port
            assert isinstance(port, EnginePort)
            del self.ports[port.slot]
            heapq.heappush(self._free, port.slot)
        self.tell(event)
