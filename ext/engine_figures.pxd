"""What a worker and its ports have counted and told, as Python sees it, while they go on counting."""

from libc.stdint cimport uint64_t

from ext.engine_losses cimport (
    Losses, loss_of, losses_settled, lost_in_bursts, packets_in_bursts, packets_in_gaps, part,
)
from ext.engine_messages cimport EVENT_DIGIT, EVENT_KINDS, EVENT_LOCK, EVENT_OPENING, Event, Passed
from ext.engine_opening cimport FRAME_MS, NOT_YET, PART_FRAMES, PROFILE, Opening
from ext.engine_os cimport atomic_fence, atomic_load
from ext.engine_places cimport place_of
from ext.engine_port cimport DIGITS_KEPT, METRICS, Facts, Port
from ext.engine_quality cimport delay_ms, mean_jitter_s, rating_heard, spacing_ms
from ext.engine_reception cimport packets_lost
from ext.engine_ring cimport Ring, ring_pop
from ext.engine_worker cimport Totals, Worker


cdef inline tuple heard_tuple(const Port* port):
    """How the losses lie in what was received, and how it sounds; None before there is any."""
    cdef Losses losses = losses_settled(&port.reception.losses)
    cdef double packet_s = spacing_ms(port) / 1000
    cdef double discarded = part(
        port.reception.discarded, packets_in_gaps(&losses) + packets_in_bursts(&losses)
    )
    if not port.reception.started or port.impairment[2] <= 0.0:
        return None
    return (
        loss_of(&losses) - discarded,
        discarded,
        losses.c13,
        part(lost_in_bursts(&losses), packets_in_bursts(&losses)),
        part(losses.c14, packets_in_gaps(&losses)),
        packet_s * part(packets_in_bursts(&losses), losses.c13),
        packet_s * part(packets_in_gaps(&losses), losses.c13 + 1),
        mean_jitter_s(port),
        rating_heard(port, &losses, delay_ms(port)),
    )


cdef inline Facts whole_facts(const Port* port) noexcept:
    """None of them while they change."""
    cdef Facts copy
    cdef uint64_t version
    while True:
        version = atomic_load(&port.facts.version)
        if version % 2 == 0:
            copy = port.facts
            atomic_fence()
            if atomic_load(&port.facts.version) == version:
                return copy


cdef inline tuple facts_tuple(Facts* facts):
    """Counts and values by kind, the digits that are kept (oldest first), whether the port is closed."""
    cdef uint64_t count = facts.counts[EVENT_DIGIT]
    cdef uint64_t first = count - DIGITS_KEPT if count > DIGITS_KEPT else 0
    cdef list counts = [facts.counts[kind] for kind in range(EVENT_KINDS)]
    cdef list values = [facts.values[kind] for kind in range(EVENT_KINDS)]
    cdef list digits = [divmod(facts.digits[i % DIGITS_KEPT], 1 << 32) for i in range(first, count)]
    values[EVENT_LOCK] = place_of(&facts.peer)
    return (
        tuple(counts),
        tuple(values),
        tuple(digits),
        facts.closed_generation != 0,
    )


cdef inline object in_ms(int frames):
    return None if frames == NOT_YET else FRAME_MS * frames


cdef inline tuple opening_tuple(const Facts* facts):
    """How often an opening was told, whether it is over, and what was heard of the newest, for media.speech."""
    cdef const Opening* opening = &facts.opening
    cdef int parts = min(opening.frames // PART_FRAMES, PROFILE)
    cdef object beep = None
    if opening.beep != NOT_YET:
        beep = (in_ms(opening.beep), in_ms(opening.beep_frames), opening.beep_hz)
    return (
        facts.counts[EVENT_OPENING],
        facts.values[EVENT_OPENING] != 0,
        (
            in_ms(opening.frames),
            in_ms(opening.first_speech),
            in_ms(opening.first_utterance),
            opening.words,
            in_ms(opening.longest_speech),
            in_ms(opening.speech),
            tuple([opening.profile[part] for part in range(parts)]),
        ),
        beep,
        in_ms(opening.sit),
    )


cdef inline tuple figures_tuple(const Port* port):
    """What media.aio.port makes PortStats of."""
    cdef Facts facts = whole_facts(port)
    return (
        port.reception.packets,
        port.reception.octets,
        packets_lost(&port.reception),
        port.reception.jitter / port.stream.rate_hz,
        port.stream.packets,
        port.stream.octets,
        port.control.received,
        port.control.sent,
        port.strangers,
        facts.counts[EVENT_DIGIT],
        max(port.rtp_ns, port.rtcp_ns),
        place_of(&facts.peer),
        port.control.peer_lost if port.control.reported else None,
        port.control.peer_jitter / <double>port.stream.rate_hz if port.control.reported else None,
        port.control.round_trip_ns / 1e9 if port.control.round_trip_ns >= 0 else None,
        port.secrecy.failed,
        port.secrecy.replayed,
        port.reception.duplicates,
        port.reception.discarded,
        port.control.peer_expected if port.control.reported else None,
        heard_tuple(port),
        facts.metrics[:METRICS] if facts.metered else None,
    )


cdef inline tuple totals_tuple(Worker* worker):
    """What media.aio.plane sums up over its workers."""
    cdef Totals* totals = &worker.totals
    cdef uint64_t lost = totals.lost_closed
    cdef int slot
    for slot in range(worker.slots_used):
        if atomic_load(&worker.ports[slot].generation):
            lost += packets_lost(&worker.ports[slot].reception)
    return (
        totals.packets_received, totals.packets_sent, totals.octets_received, totals.octets_sent, lost,
        totals.strangers, totals.malformed, totals.send_errors, totals.dropped_frames, totals.recorders,
        atomic_load(&worker.merged), totals.srtp_failed, totals.srtp_replayed, totals.passed_dropped,
    )


cdef inline list events_told(Ring* events):
    """All that wait, oldest first."""
    cdef Event event
    cdef list told = []
    while ring_pop(events, &event):
        told.append((
            event.kind, event.slot, event.generation, event.count,
            place_of(&event.peer) if event.kind == EVENT_LOCK else event.a, event.b, event.c, event.d,
        ))
    return told


cdef inline list datagrams_passed(Ring* passed):
    """STUN and DTLS that came: slot, generation, source and octets of each, oldest first."""
    cdef Passed each
    cdef list taken = []
    while ring_pop(passed, &each):
        taken.append((
            each.slot, each.generation, place_of(&each.source), (<const char*>each.octets)[:each.length],
        ))
    return taken
