"""How a worker tells Python: the fact stays in the port, word of it goes through the ring of events."""

from libc.stdint cimport int64_t, uint64_t

from ext.engine_messages cimport EVENT_CLOSED, EVENT_DIGIT, EVENT_LOCK, EVENT_OPENING, Event
from ext.engine_os cimport atomic_add, atomic_fence, atomic_store
from ext.engine_port cimport DIGITS_KEPT, Facts, Port
from ext.engine_ring cimport ring_push
from ext.engine_worker cimport Worker


cdef inline void post(Worker* worker, const Event* event) noexcept nogil:
    """Full: the fact stays in the port, where Python rereads it."""
    if not ring_push(&worker.events, event):
        atomic_add(&worker.merged, 1)
        atomic_store(&worker.resync, 1)
    worker.told = True


cdef inline void tell(Worker* worker, Port* port, int kind, int64_t a, int64_t b) noexcept nogil:
    """Keeps the fact in the port and posts it."""
    cdef Facts* facts = &port.facts
    cdef Event event
    atomic_store(&facts.version, facts.version + 1)
    atomic_fence()
    if kind == EVENT_DIGIT:
        facts.digits[facts.counts[kind] % DIGITS_KEPT] = (a << 32) | b
    elif kind == EVENT_LOCK:
        facts.peer = port.latch.peer
    elif kind == EVENT_OPENING:
        facts.opening = port.speech.opening
    facts.counts[kind] += 1
    facts.values[kind] = a
    if kind == EVENT_CLOSED:
        facts.closed_generation = <uint64_t>a
    atomic_fence()
    atomic_store(&facts.version, facts.version + 1)
    event.kind = kind
    event.slot = port.slot
    event.generation = <uint64_t>a if kind == EVENT_CLOSED else port.generation
    event.count = facts.counts[kind]
    event.a = a
    event.b = b
    event.c = event.d = 0
    event.peer = facts.peer
    post(worker, &event)
