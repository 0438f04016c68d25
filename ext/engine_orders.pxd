"""Carrying out Python's orders. One for a generation that is gone is void: what it hands over is freed."""

from libc.stdint cimport int64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from ext.engine_codec cimport CodecTable
from ext.engine_fork cimport fork_release
from ext.engine_heard cimport NARROW_HZ
from ext.engine_hearing cimport stop_hearing, tend
from ext.engine_inband cimport inband_listen
from ext.engine_keypad cimport keypad_clear, keypad_press
from ext.engine_latch cimport unlock
from ext.engine_masking cimport mask_heard
from ext.engine_messages cimport (
    CNAME_LENGTH, EVENT_CLOSED, ORDER_CLOSE, ORDER_CONNECT, ORDER_DATAGRAM, ORDER_DIGIT, ORDER_FORK,
    ORDER_GAIN, ORDER_LISTEN, ORDER_MASK, ORDER_MUTE, ORDER_OPEN, ORDER_OPENING, ORDER_PASS, ORDER_PAUSE,
    ORDER_RECORD, ORDER_ROOM, ORDER_SECURE, ORDER_SEND, ORDER_STOP, ORDER_VOICE, ORDER_WATCH, Order,
)
from ext.engine_os cimport EPOLL_CTL_ADD, atomic_store, close, same_address
from ext.engine_passing cimport pass_down
from ext.engine_port cimport PACKED_OCTETS, SOURCE_RELAY, InBand, Network, Port
from ext.engine_receive cimport RTCP_SOCKET, RTP_SOCKET, STRANGER_SOCKET, watch_socket
from ext.engine_reception cimport packets_lost
from ext.engine_recorder cimport recorder_begin, recorder_end, recorder_mode, tap_port, untap_port
from ext.engine_ring cimport ring_pop
from ext.engine_room cimport free_gains, open_room, set_gain
from ext.engine_rtcp cimport schedule_report, send_report
from ext.engine_secrecy cimport forget_keys, secure_port
from ext.engine_sound cimport Playlist, playlist_free
from ext.engine_sources cimport clear_source, drop_listeners, fit, refit, set_source
from ext.engine_speech cimport end_opening, hear_opening, watch_voice
from ext.engine_srtp cimport srtp_release
from ext.engine_stream cimport TICK_MS, fall_silent, use_clock
from ext.engine_tap cimport Recorder
from ext.engine_tell cimport tell
from ext.engine_worker cimport Worker


cdef inline void close_codec(const CodecTable* table, void* state) noexcept nogil:
    if state != NULL:
        table.close(state)


cdef inline void tend_all(Worker* worker, Port* port) noexcept nogil:
    """It begins or ends to be recorded: what it hears may be needed, and what it relays."""
    tend(worker, port)
    if port.source == SOURCE_RELAY:
        tend(worker, &worker.ports[port.heard_slot])


cdef inline void close_room(Worker* worker, int slot) noexcept nogil:
    """Who was in it falls silent."""
    while worker.rooms[slot].first_member >= 0:
        clear_source(worker, &worker.ports[worker.rooms[slot].first_member])
    worker.rooms[slot].generation = 0


cdef inline void order_room(Worker* worker, Order* order) noexcept nogil:
    if order.flag:
        open_room(worker, order.other_slot, order.other_generation)
    elif worker.rooms[order.other_slot].generation == order.other_generation:
        close_room(worker, order.other_slot)


cdef inline void close_port(Worker* worker, Port* port) noexcept nogil:
    """Whoever needs its samples lets go before the codec's state does."""
    cdef Recorder* recorder
    cdef int64_t generation = <int64_t>port.generation
    if port.control.sent or port.stream.packets:
        send_report(worker, port, True)
    while port.taps != NULL:
        recorder = port.taps
        untap_port(port, recorder)
        recorder_end(worker, recorder)
    inband_listen(port, NULL)
    end_opening(worker, port)
    drop_listeners(worker, port)
    clear_source(worker, port)
    free_gains(port)
    if port.heard != NULL:
        stop_hearing(worker, port)
    close_codec(port.table, port.codec_state)
    keypad_clear(worker, port)
    forget_keys(port)
    close(port.rtp_fd)
    close(port.stranger_fd)
    close(port.rtcp_fd)
    free(port.allowed)
    port.allowed = NULL
    worker.totals.lost_closed += packets_lost(&port.reception)
    worker.open_count -= 1
    atomic_store(&port.generation, 0)
    tell(worker, port, EVENT_CLOSED, generation, 0)


cdef inline void open_port(Worker* worker, Port* port, Order* order) noexcept nogil:
    memset(port, 0, sizeof(Port))
    port.slot = order.slot
    port.rtp_fd = order.fds[RTP_SOCKET]
    port.stranger_fd = order.fds[STRANGER_SOCKET]
    port.rtcp_fd = order.fds[RTCP_SOCKET]
    port.payload_type = port.receive_type = port.send_event = port.receive_event = -1
    port.first_listener = port.next_listener = port.playing_index = -1
    port.stream.rate_hz = port.event_rate_hz = NARROW_HZ
    port.stream.ssrc = order.ssrc
    port.stream.next_sequence = port.control.first_sequence = order.sequence
    port.stream.origin_timestamp = order.timestamp
    port.stream.fresh = True
    port.control.round_trip_ns = -1
    memcpy(port.cname, order.cname, CNAME_LENGTH)
    schedule_report(worker, port)
    worker.open_count += 1
    if worker.slots_used <= order.slot:
        worker.slots_used = order.slot + 1
    atomic_store(&port.generation, order.generation)
    if not (
        watch_socket(worker, port, RTP_SOCKET, EPOLL_CTL_ADD)
        and watch_socket(worker, port, STRANGER_SOCKET, EPOLL_CTL_ADD)
        and watch_socket(worker, port, RTCP_SOCKET, EPOLL_CTL_ADD)
    ):
        close_port(worker, port)


cdef inline void use_codec(Worker* worker, Port* port, Order* order) noexcept nogil:
    """A codec that goes on keeps its state; what is not needed goes back with the order."""
    cdef void* state = port.codec_state
    if port.table == order.table:
        return
    if port.heard != NULL:
        stop_hearing(worker, port)
    close_codec(port.table, state)
    port.codec_state = order.codec_state
    order.codec_state = NULL
    port.table = order.table
    port.codec = order.codec
    memset(&port.up, 0, sizeof(port.up))
    memset(&port.down, 0, sizeof(port.down))
    memset(&port.recorded, 0, sizeof(port.recorded))
    use_clock(&port.stream, order.table.rtp_rate_hz)
    fall_silent(port)
    refit(worker, port)


cdef inline void use_packet_time(Worker* worker, Port* port, int ptime_ms) noexcept nogil:
    """What waits for a longer packet is dropped; what is relayed may fit as it comes.

    Who asks for packets that are longer than we make gets any.
    """
    cdef int packet_octets = port.table.frame_octets * ptime_ms // TICK_MS
    if packet_octets + port.table.frame_octets > PACKED_OCTETS:
        packet_octets = 0
    if packet_octets == port.packet_octets:
        return
    port.packet_octets = packet_octets
    port.packed_octets = 0
    if port.source == SOURCE_RELAY:
        fit(worker, port)
        tend(worker, &worker.ports[port.heard_slot])


cdef inline void connect_port(Worker* worker, Port* port, Order* order) noexcept nogil:
    cdef bint moved = not same_address(&order.rtp, &port.sdp_rtp)
    if moved:
        unlock(worker, port)
    elif not same_address(&order.rtcp, &port.sdp_rtcp):
        port.latch.rtcp_locked = False
    free(port.allowed)
    port.allowed = <Network*>order.block
    order.block = NULL
    port.allowed_count = order.count
    port.sdp_rtp = order.rtp
    port.sdp_rtcp = order.rtcp
    use_codec(worker, port, order)
    if port.table.tune != NULL:
        port.table.tune(port.codec_state, &order.tuning)
    use_packet_time(worker, port, order.ptime_ms)
    port.payload_type = order.payload_type
    port.receive_type = order.receive_type
    memcpy(port.impairment, order.impairment, sizeof(port.impairment))
    port.send_event = order.send_event
    port.receive_event = order.receive_event
    port.hears_tones = order.flag
    port.event_rate_hz = order.event_rate_hz
    port.comfort_noise = order.comfort_noise
    port.takes_metrics = order.takes_metrics
    port.takes_reference = order.takes_reference


cdef inline void record_port(Worker* worker, Port* port, Order* order) noexcept nogil:
    """NULL, or one that records already: the new one ends at once, with nothing in it."""
    cdef Recorder* recorder = <Recorder*>order.block
    order.block = NULL
    recorder_begin(worker, recorder)
    if port == NULL or (recorder.fork == NULL and port.recorder != NULL):
        recorder_end(worker, recorder)
    else:
        tap_port(worker, port, recorder)
        tend_all(worker, port)


cdef inline void order_recorder(Worker* worker, Port* port, Order* order) noexcept nogil:
    cdef Recorder* recorder = port.taps
    while recorder != NULL and recorder.token != order.token:
        recorder = recorder.next_tap
    if recorder == NULL:
        return
    if order.kind == ORDER_PAUSE:
        recorder_mode(worker, recorder, order.count)
    else:
        untap_port(port, recorder)
        recorder_end(worker, recorder)
        tend_all(worker, port)


cdef inline void watch_port(Worker* worker, Port* port, Order* order) noexcept nogil:
    port.watch_ns = order.ns
    port.watch_since_ns = worker.now_ns
    port.silence_told = False


cdef inline void void_order(Order* order) noexcept nogil:
    """Frees what nobody took over."""
    if order.kind == ORDER_SEND:
        playlist_free(<Playlist*>order.block)
    else:
        if order.kind == ORDER_FORK and order.block != NULL:
            fork_release((<Recorder*>order.block).fork)
        free(order.block)
    close_codec(order.table, order.codec_state)
    srtp_release(order.sends)
    srtp_release(order.receives)


cdef inline void apply_order(Worker* worker, Order* order) noexcept nogil:
    cdef Port* port = &worker.ports[order.slot]
    cdef bint alive = port.generation == order.generation
    if order.kind == ORDER_OPEN:
        open_port(worker, port, order)
    elif order.kind == ORDER_RECORD or order.kind == ORDER_FORK:
        record_port(worker, port if alive else NULL, order)
    elif order.kind == ORDER_ROOM:
        order_room(worker, order)
    elif not alive:
        pass
    elif order.kind == ORDER_GAIN:
        set_gain(worker, port, order)
    elif order.kind == ORDER_CONNECT:
        connect_port(worker, port, order)
    elif order.kind == ORDER_SEND:
        set_source(worker, port, order)
    elif order.kind == ORDER_MUTE:
        port.muted = order.flag
    elif order.kind == ORDER_WATCH:
        watch_port(worker, port, order)
    elif order.kind == ORDER_PAUSE or order.kind == ORDER_STOP:
        order_recorder(worker, port, order)
    elif order.kind == ORDER_MASK:
        mask_heard(worker, port, order.ns // 125000, order.duration)
    elif order.kind == ORDER_DIGIT:
        keypad_press(worker, port, order.digit, order.duration, order.flag)
    elif order.kind == ORDER_LISTEN:
        inband_listen(port, <InBand*>order.block)
        order.block = NULL
        tend(worker, port)
    elif order.kind == ORDER_VOICE:
        watch_voice(&port.speech, order.flag)
        tend(worker, port)
    elif order.kind == ORDER_OPENING:
        hear_opening(&port.speech, order.count)
        tend(worker, port)
    elif order.kind == ORDER_PASS:
        port.passes, port.muxed = order.flag, order.count != 0
    elif order.kind == ORDER_DATAGRAM:
        pass_down(worker, port, order)
    elif order.kind == ORDER_SECURE:
        secure_port(port, order)
    elif order.kind == ORDER_CLOSE:
        close_port(worker, port)
    void_order(order)


cdef inline void apply_orders(Worker* worker) noexcept nogil:
    cdef Order order
    while ring_pop(&worker.orders, &order):
        apply_order(worker, &order)
