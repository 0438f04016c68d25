# cython: language_level=3
"""The RTP engine: worker threads that never touch a Python object, and Python's orders to them.

A `Worker` owns the sockets it is given. Everything about its threads is in the engine_*.pxd files:
engine_worker.pxd and engine_port.pxd have the memory, engine_loop.pxd the life. Orders and events go through
one ring each way.
"""

import sysconfig

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from ext.codec_registry cimport codec_number, codec_table
from ext.engine_figures cimport (
    datagrams_passed, events_told, facts_tuple, figures_tuple, opening_tuple, totals_tuple, whole_facts,
)
from ext.engine_fork cimport ForkBlock, fork_share
from ext.engine_messages cimport (
    CNAME_LENGTH, ORDER_CLOSE, ORDER_CONNECT, ORDER_DATAGRAM, ORDER_DIGIT, ORDER_FORK, ORDER_GAIN,
    ORDER_LISTEN, ORDER_MASK, ORDER_MUTE, ORDER_OPEN, ORDER_OPENING, ORDER_PASS, ORDER_PAUSE, ORDER_RECORD,
    ORDER_ROOM, ORDER_SECURE, ORDER_SEND, ORDER_STOP, ORDER_VOICE, ORDER_WATCH, Order,
)
from ext.engine_orders cimport void_order
from ext.engine_os cimport (
    atomic_exchange, atomic_fence, atomic_load, close, pthread_join, pthread_t, signal_fd,
)
from ext.engine_places cimport network_array, socket_address
from ext.engine_port cimport (
    SOURCE_MIX, SOURCE_PLAY, SOURCE_RELAY, SOURCE_SILENCE, SOURCE_TONE, Facts, Gain, InBand, Port,
)
from ext.engine_ring cimport ring_push, ring_room
from ext.engine_setup cimport start_threads, worker_free, worker_make
from ext.engine_srtp cimport SRTP_CAPSULE, SrtpKey, srtp_share
from ext.engine_tap cimport TAP_BLANKS, TAP_KEEPS, TAP_LEAVES_OUT, Recorder, tap_make
from ext.engine_worker cimport Worker as Memory
from ext.forks cimport ForkMemory
from ext.sounds cimport playlist_of

if sysconfig.get_config_var("Py_GIL_DISABLED"):
    raise ImportError("centralita needs a standard build of CPython 3.11 to 3.13; this one is free-threaded")


class RingFull(Exception):
    """The worker has more orders waiting than its ring holds; nothing was ordered."""


cdef enum:
    LONGEST_PTIME_MS = 200      # RFC 3551 section 4.2


cdef SrtpKey* srtp_key(object capsule) except? NULL:
    return NULL if capsule is None else <SrtpKey*>PyCapsule_GetPointer(capsule, SRTP_CAPSULE)


cdef class Worker:
    """One thread for RTP and one for its recordings. See engine.pyi for what each order means."""

    cdef Memory* memory
    cdef bint running
    cdef bint patient

    def __cinit__(
        self, int capacity, int orders=4096, int events=8192, int recorder_chunks=4096, uint64_t seed=1
    ):
        if capacity < 1 or orders < 1 or events < 1 or orders & (orders - 1) or events & (events - 1):
            raise ValueError("a worker has at least one port, and rings whose lengths are powers of two")
        self.memory = worker_make(capacity, orders, events, recorder_chunks, seed)

    def __dealloc__(self):
        if self.memory != NULL:
            self.stop()
            worker_free(self.memory)

    def start(self) -> None:
        if not self.running:
            start_threads(self.memory)
            self.running = True

    def stop(self) -> None:
        cdef pthread_t thread = self.memory.thread
        if not self.running:
            return
        self.running = False
        atomic_exchange(&self.memory.stopping, 1)
        signal_fd(self.memory.wake_fd)
        with nogil:
            pthread_join(thread, NULL)

    # --- orders ---

    cdef int _push(self, Order* order) except -1:
        """RingFull: what it would have handed over is freed; its descriptors stay the caller's."""
        if not ring_push(&self.memory.orders, order):
            void_order(order)
            raise RingFull()
        if not self.patient:
            self.wake()
        return 0

    def wait_for_wake(self) -> None:
        self.patient = True

    cpdef void wake(self):
        atomic_fence()
        if atomic_exchange(&self.memory.woken, 1) == 0:
            signal_fd(self.memory.wake_fd)

    cdef Order _order(self, int kind, int slot, uint64_t generation) except *:
        cdef Order order
        if not 0 <= slot < self.memory.capacity:
            raise IndexError(slot)
        memset(&order, 0, sizeof(order))
        order.kind = kind
        order.slot = slot
        order.generation = generation
        return order

    def order_room(self) -> int:
        return ring_room(&self.memory.orders)

    def open(self, slot, generation, tuple fds, *, ssrc, sequence, timestamp, bytes cname not None) -> None:
        cdef Order order = self._order(ORDER_OPEN, slot, generation)
        if len(cname) != CNAME_LENGTH:
            raise ValueError(f"a CNAME here has {CNAME_LENGTH} octets")
        order.fds[0], order.fds[1], order.fds[2] = fds
        order.ssrc = ssrc
        order.sequence = sequence
        order.timestamp = timestamp
        memcpy(order.cname, <char*>cname, CNAME_LENGTH)
        self._push(&order)

    def connect(
        self, slot, generation, tuple rtp not None, tuple rtcp not None, tuple networks not None, *,
        str codec not None, payload_type, receive_type, send_event, receive_event, event_rate_hz,
        bint comfort_noise, bint hears_tones, bint takes_metrics, bint takes_reference_time,
        tuple impairment not None, tuple tuning not None, ptime_ms,
    ) -> None:
        cdef Order order = self._order(ORDER_CONNECT, slot, generation)
        if not 0 <= ptime_ms <= LONGEST_PTIME_MS or event_rate_hz < 8000:
            raise ValueError(f"no packet time of {ptime_ms} ms, or no clock of {event_rate_hz} Hz")
        order.rtp = socket_address(rtp)
        order.rtcp = socket_address(rtcp)
        order.codec = codec_number(codec)
        order.table = codec_table(order.codec)
        order.ptime_ms = ptime_ms
        order.payload_type = payload_type
        order.receive_type = receive_type
        order.impairment[0], order.impairment[1], order.impairment[2] = impairment
        order.tuning.fec, order.tuning.dtx, order.tuning.constant = tuning[:3]
        order.tuning.bits_per_s, order.tuning.rate_hz = tuning[3:]
        order.send_event = send_event
        order.receive_event = receive_event
        order.flag = hears_tones
        order.event_rate_hz = event_rate_hz
        order.comfort_noise = comfort_noise
        order.takes_metrics, order.takes_reference = takes_metrics, takes_reference_time
        order.count = len(networks)
        order.block = network_array(networks)
        if order.table.open != NULL:
            order.codec_state = order.table.open()
            if order.codec_state == NULL:
                free(order.block)
                raise MemoryError()
        self._push(&order)

    def silence(self, slot, generation) -> None:
        cdef Order order = self._order(ORDER_SEND, slot, generation)
        order.source = SOURCE_SILENCE
        self._push(&order)

    def relay(self, slot, generation, other_slot, other_generation) -> None:
        cdef Order order = self._order(ORDER_SEND, slot, generation)
        if not 0 <= other_slot < self.memory.capacity:
            raise IndexError(other_slot)
        order.source = SOURCE_RELAY
        order.other_slot = other_slot
        order.other_generation = other_generation
        self._push(&order)

    def play(
        self, slot, generation, tuple sounds not None, *, bint loop, token, size_t first_frame=0
    ) -> None:
        cdef Order order = self._order(ORDER_SEND, slot, generation)
        order.source = SOURCE_PLAY
        order.flag = loop
        order.token = token
        order.first_frame = first_frame
        order.block = playlist_of(sounds)
        self._push(&order)

    def tone(self, slot, generation, double hz, double level_dbm0) -> None:
        cdef Order order = self._order(ORDER_SEND, slot, generation)
        order.source = SOURCE_TONE
        order.hz = hz
        order.level_dbm0 = level_dbm0
        self._push(&order)

    def open_room(self, room, generation) -> None:
        self._room(room, generation, True)

    def close_room(self, room, generation) -> None:
        self._room(room, generation, False)

    cdef int _room(self, int room, uint64_t generation, bint opened) except -1:
        cdef Order order = self._order(ORDER_ROOM, 0, 0)
        if not 0 <= room < self.memory.capacity:
            raise IndexError(room)
        order.other_slot = room
        order.other_generation = generation
        order.flag = opened
        return self._push(&order)

    def mix(self, slot, generation, int room, room_generation) -> None:
        cdef Order order = self._order(ORDER_SEND, slot, generation)
        if not 0 <= room < self.memory.capacity:
            raise IndexError(room)
        order.source = SOURCE_MIX
        order.other_slot = room
        order.other_generation = room_generation
        self._push(&order)

    def gain(
        self, slot, generation, int room, uint64_t room_generation, int mouth, uint64_t mouth_generation,
        double gain,
    ) -> None:
        cdef Order order = self._order(ORDER_GAIN, slot, generation)
        cdef Gain* block
        if not (0 <= mouth < self.memory.capacity and 0 <= room < self.memory.capacity):
            raise IndexError(mouth)
        order.block = block = <Gain*>calloc(1, sizeof(Gain))
        if block == NULL:
            raise MemoryError()
        block.room, block.room_generation = room, room_generation
        block.mouth, block.mouth_generation, block.gain = mouth, mouth_generation, gain
        self._push(&order)

    def secure(self, slot, generation, sends, receives, bint shut=False) -> None:
        cdef Order order = self._order(ORDER_SECURE, slot, generation)
        cdef SrtpKey* sending = srtp_key(sends)
        cdef SrtpKey* receiving = srtp_key(receives)
        order.flag = shut
        order.sends = srtp_share(sending)
        order.receives = srtp_share(receiving)
        self._push(&order)

    def pass_datagrams(self, slot, generation, bint passes, bint muxed) -> None:
        cdef Order order = self._order(ORDER_PASS, slot, generation)
        order.flag = passes
        order.count = muxed
        self._push(&order)

    def send_datagram(self, slot, generation, tuple target not None, bytes data not None) -> None:
        cdef Order order = self._order(ORDER_DATAGRAM, slot, generation)
        order.rtp = socket_address(target)
        order.count = len(data)
        order.block = malloc(len(data) + 1)
        if order.block == NULL:
            raise MemoryError()
        memcpy(order.block, <char*>data, len(data))
        self._push(&order)

    def take_datagrams(self) -> list:
        return datagrams_passed(&self.memory.passed)

    def send_digit(self, slot, generation, int event, int duration, bint in_band) -> None:
        cdef Order order = self._order(ORDER_DIGIT, slot, generation)
        if not 0 <= event <= 15 or not 0 < duration <= 0xFFFF:
            raise ValueError(f"no digit: event {event}, duration {duration}")
        order.flag = in_band
        order.digit = event
        order.duration = duration
        self._push(&order)

    def listen(self, slot, generation, bint listens) -> None:
        cdef Order order = self._order(ORDER_LISTEN, slot, generation)
        if listens:
            order.block = calloc(1, sizeof(InBand))
            if order.block == NULL:
                raise MemoryError()
        self._push(&order)

    def mute(self, slot, generation, bint muted) -> None:
        cdef Order order = self._order(ORDER_MUTE, slot, generation)
        order.flag = muted
        self._push(&order)

    def watch_silence(self, slot, generation, int64_t ns) -> None:
        cdef Order order = self._order(ORDER_WATCH, slot, generation)
        order.ns = ns
        self._push(&order)

    def watch_voice(self, slot, generation, bint watches) -> None:
        cdef Order order = self._order(ORDER_VOICE, slot, generation)
        order.flag = watches
        self._push(&order)

    def hear_opening(self, slot, generation, int frames) -> None:
        cdef Order order = self._order(ORDER_OPENING, slot, generation)
        if frames < 1:
            raise ValueError(f"no opening of {frames} frames")
        order.count = frames
        self._push(&order)

    def record(self, slot, generation, int fd, token, *, bint masks_digits) -> None:
        self._tap(ORDER_RECORD, slot, generation, fd, token, masks_digits, NULL)

    def fork(self, slot, generation, ForkMemory memory not None, token, *, bint masks_digits) -> None:
        self._tap(ORDER_FORK, slot, generation, -1, token, masks_digits, memory.block)

    cdef int _tap(
        self, int kind, int slot, uint64_t generation, int fd, uint64_t token, bint masks_digits, ForkBlock* fork
    ) except -1:
        cdef Order order = self._order(kind, slot, generation)
        cdef Recorder* recorder = tap_make(fork)
        if recorder == NULL:
            raise MemoryError()
        recorder.fd = fd
        if fork != NULL:
            fork_share(fork)
        recorder.token = token
        recorder.slot = slot
        recorder.generation = generation
        recorder.masks_digits = masks_digits
        order.block = recorder
        self._push(&order)
        return 0

    def pause(self, slot, generation, token, str mode not None) -> None:
        cdef Order order = self._order(ORDER_PAUSE, slot, generation)
        order.token = token
        order.count = {"keep": TAP_KEEPS, "leave out": TAP_LEAVES_OUT, "blank": TAP_BLANKS}[mode]
        self._push(&order)

    def mask_digit(self, slot, generation, int64_t back_ns, int ahead) -> None:
        cdef Order order = self._order(ORDER_MASK, slot, generation)
        order.ns = back_ns
        order.duration = ahead
        self._push(&order)

    def stop_recording(self, slot, generation, token) -> None:
        cdef Order order = self._order(ORDER_STOP, slot, generation)
        order.token = token
        self._push(&order)

    def close(self, slot, generation) -> None:
        cdef Order order = self._order(ORDER_CLOSE, slot, generation)
        self._push(&order)

    # --- what is told ---

    @property
    def event_fd(self) -> int:
        return self.memory.event_fd

    def poll(self) -> list:
        return events_told(&self.memory.events)

    def take_resync(self) -> bool:
        return atomic_exchange(&self.memory.resync, 0) != 0

    cdef Port* _port(self, int slot, uint64_t generation) except? NULL:
        """NULL: the slot has not yet, or no longer, the port of that generation."""
        cdef Port* port
        if not 0 <= slot < self.memory.capacity:
            raise IndexError(slot)
        port = &self.memory.ports[slot]
        if atomic_load(&port.generation) == generation or port.facts.closed_generation == generation:
            return port
        return NULL

    def facts(self, int slot, uint64_t generation) -> tuple | None:
        cdef Facts copy
        cdef Port* port = self._port(slot, generation)
        if port == NULL:
            return None
        copy = whole_facts(port)
        return facts_tuple(&copy)

    def opening(self, int slot, uint64_t generation) -> tuple | None:
        cdef Facts copy
        cdef Port* port = self._port(slot, generation)
        if port == NULL:
            return None
        copy = whole_facts(port)
        return opening_tuple(&copy)

    def stats(self, int slot, uint64_t generation) -> tuple | None:
        cdef Port* port = self._port(slot, generation)
        return figures_tuple(port) if port != NULL else None

    def totals(self) -> tuple:
        return totals_tuple(self.memory)

    def take_lag_ns(self) -> int:
        return atomic_exchange(&self.memory.worst_lag_ns, 0)
