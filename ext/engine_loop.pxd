"""A worker's life: sleep until a packet, an order or the tick; then do all there is to do, and tell Python
once.

Edge-triggered epoll; above about a hundred packets a tick (one leg sends one) a nap of 1.5 ms lets packets
gather, for a wake-up costs more than a packet. The 20 ms tick is a timer of absolute times, so it never
drifts; it runs only while a port is open or a recording ends, so an idle worker sleeps.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from ext.engine_digits cimport digit_timeout
from ext.engine_hearing cimport hear_all
from ext.engine_inband cimport inband_timeout
from ext.engine_keypad cimport keypads_tick
from ext.engine_messages cimport EVENT_SILENT, ORDER_OPEN, ORDER_RECORD, Order
from ext.engine_orders cimport apply_orders, close_port, void_order
from ext.engine_os cimport (
    CLOCK_MONOTONIC, PRIO_PROCESS, SCHED_RESET_ON_FORK, SCHED_RR, TFD_TIMER_ABSTIME, TIMER_ABSTIME,
    as_timespec, atomic_fence, atomic_load, atomic_store, clock_nanosleep, close, epoll_event, epoll_wait,
    itimerspec, monotonic_ns, pthread_join, read, sched_param, sched_setscheduler, setpriority, signal_fd,
    timerfd_settime, timespec,
)
from ext.engine_port cimport SOURCE_RELAY, Port
from ext.engine_receive cimport drain
from ext.engine_recorder cimport recorder_end, recorders_tick, unlink_recorder
from ext.engine_ring cimport ring_pop, ring_push
from ext.engine_room cimport mix_rooms
from ext.engine_rtcp cimport schedule_report, send_report
from ext.engine_sources cimport play_all, repacketise
from ext.engine_stream cimport fall_silent
from ext.engine_tap cimport FINISHED, RECORDING, Errand, Recorder
from ext.engine_tell cimport tell
from ext.engine_worker cimport Worker

cdef enum:
    EPOLL_EVENTS = 256
    BUSY_PACKETS = 100      # in a tick: about as many legs
    CATCH_UP = 5            # ticks that are made good after a stall; more are given up
    NICE = -10
    ROUND_OF_CARE = 10      # ticks in which each port is looked after once

cdef extern from *:
    """
    #define TICK_NS 20000000LL
    #define NAP_NS 1500000LL
    #define WAKE_MARK (1ULL << 40)
    #define TICK_MARK (1ULL << 41)
    """
    const int64_t TICK_NS
    const int64_t NAP_NS
    const uint64_t WAKE_MARK    # epoll's word for the two descriptors that are no port's
    const uint64_t TICK_MARK


# --- the tick ---

cdef inline void watch_silence(Worker* worker, Port* port) noexcept nogil:
    cdef int64_t life = port.watch_since_ns
    if port.watch_ns == 0 or port.silence_told:
        return
    if port.rtp_ns > life:
        life = port.rtp_ns
    if port.rtcp_ns > life:
        life = port.rtcp_ns
    if worker.now_ns - life >= port.watch_ns:
        port.silence_told = True
        tell(worker, port, EVENT_SILENT, port.watch_ns, 0)


cdef inline void look_after(Worker* worker, Port* port) noexcept nogil:
    digit_timeout(worker, port)
    inband_timeout(worker, port)
    repacketise(worker, port)
    watch_silence(worker, port)
    port.passed = 0
    if worker.now_ns >= port.control.due_ns:
        send_report(worker, port, False)
        schedule_report(worker, port)


cdef inline void one_tick(Worker* worker) noexcept nogil:
    cdef int slot = worker.tick % ROUND_OF_CARE
    worker.tick += 1
    keypads_tick(worker)
    play_all(worker)
    hear_all(worker)
    mix_rooms(worker)
    while slot < worker.slots_used:
        if worker.ports[slot].generation:
            look_after(worker, &worker.ports[slot])
        slot += ROUND_OF_CARE
    recorders_tick(worker)


cdef inline void give_up_ticks(Worker* worker) noexcept nogil:
    """After a long stall what is made on the tick goes on with a jump of its timestamps instead of a burst."""
    cdef int slot
    cdef Port* port
    worker.tick_ns += (worker.now_ns - worker.tick_ns) // TICK_NS * TICK_NS
    for slot in range(worker.slots_used):
        port = &worker.ports[slot]
        if port.generation and (port.source != SOURCE_RELAY or port.decoded):
            fall_silent(port)


cdef inline void note_lag(Worker* worker) noexcept nogil:
    cdef uint64_t lag = <uint64_t>(worker.now_ns - worker.tick_ns)
    if lag > atomic_load(&worker.worst_lag_ns):
        atomic_store(&worker.worst_lag_ns, lag)


cdef inline void due_ticks(Worker* worker) noexcept nogil:
    if not worker.ticking or worker.now_ns < worker.tick_ns:
        return
    note_lag(worker)
    worker.coalescing = worker.totals.packets_received - worker.tick_packets >= BUSY_PACKETS
    worker.tick_packets = worker.totals.packets_received
    if worker.now_ns - worker.tick_ns > CATCH_UP * TICK_NS:
        give_up_ticks(worker)
    while worker.now_ns >= worker.tick_ns:
        one_tick(worker)
        worker.tick_ns += TICK_NS


cdef inline void arm_tick(Worker* worker) noexcept nogil:
    """Starts or stops the timer as there is something to do."""
    cdef bint wanted = worker.open_count > 0 or worker.recorders != NULL
    cdef itimerspec timer
    if wanted == worker.ticking:
        return
    worker.ticking = wanted
    memset(&timer, 0, sizeof(timer))
    if wanted:
        worker.tick_ns = worker.now_ns + TICK_NS
        timer.it_value = as_timespec(worker.tick_ns)
        timer.it_interval = as_timespec(TICK_NS)
    timerfd_settime(worker.timer_fd, TFD_TIMER_ABSTIME, &timer, NULL)


# --- waking up ---

cdef inline void swallow(int fd) noexcept nogil:
    cdef uint64_t count
    read(fd, &count, sizeof(count))


cdef inline void take_event(Worker* worker, uint64_t mark) noexcept nogil:
    cdef Port* port
    if mark == WAKE_MARK:
        swallow(worker.wake_fd)
    elif mark == TICK_MARK:
        swallow(worker.timer_fd)
    else:
        port = &worker.ports[mark >> 2]
        if port.generation:
            drain(worker, port, mark & 3)


cdef inline void nap(Worker* worker) noexcept nogil:
    cdef int64_t until = worker.now_ns + NAP_NS
    cdef timespec time
    if until > worker.tick_ns:
        until = worker.tick_ns
    time = as_timespec(until)
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL)


cdef inline void one_turn(Worker* worker, epoll_event* events) noexcept nogil:
    """Orders come after the packets, so no event of this turn can meet a port that was opened in it."""
    cdef int i
    cdef int count = epoll_wait(worker.epoll_fd, events, EPOLL_EVENTS, -1)
    worker.now_ns = monotonic_ns()
    for i in range(count):
        take_event(worker, events[i].data.u64)
    atomic_store(&worker.woken, 0)
    atomic_fence()      # an order pushed from here on is announced again
    apply_orders(worker)
    due_ticks(worker)
    arm_tick(worker)
    if worker.told:
        worker.told = False
        signal_fd(worker.event_fd)
    if worker.coalescing and worker.ticking:
        nap(worker)


# --- its beginning and end ---

cdef inline void end_recordings(Worker* worker) noexcept nogil:
    """Waits for the writer; nobody is left to be told."""
    cdef timespec moment = as_timespec(1000000)
    cdef Recorder* recorder = worker.recorders
    while recorder != NULL:
        if recorder.ending == RECORDING:
            recorder_end(worker, recorder)
        recorder = recorder.next
    while worker.recorders != NULL:
        recorders_tick(worker)
        recorder = worker.recorders
        if recorder != NULL and recorder.ending == FINISHED:
            unlink_recorder(worker, recorder)
        else:
            clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL)


cdef inline void end_writer(Worker* worker) noexcept nogil:
    cdef Errand errand
    errand.recorder = NULL
    errand.chunk = NULL
    errand.leave = True
    ring_push(&worker.errands, &errand)
    signal_fd(worker.writer_fd)
    pthread_join(worker.writer, NULL)


cdef inline void go_first() noexcept nogil:
    """A late packet is heard, a late log line is not: the thread runs before those of normal priority.

    It needs CAP_SYS_NICE (root, or systemd's AmbientCapabilities); without, it is a thread like others. The
    kernel keeps a twentieth of each second from it (sched_rt_runtime_us), should it ever run wild.
    """
    cdef sched_param lowest
    lowest.sched_priority = 1
    if sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) != 0:
        setpriority(PRIO_PROCESS, 0, NICE)


cdef inline void* run_worker(void* argument) noexcept nogil:
    cdef Worker* worker = <Worker*>argument
    cdef epoll_event events[EPOLL_EVENTS]
    cdef int slot
    go_first()
    while atomic_load(&worker.stopping) == 0:
        one_turn(worker, events)
    apply_orders(worker)
    for slot in range(worker.slots_used):
        if worker.ports[slot].generation:
            close_port(worker, &worker.ports[slot])
    end_recordings(worker)
    end_writer(worker)
    return NULL


cdef inline void free_orders(Worker* worker) noexcept nogil:
    """Those that no thread took, with the descriptors that they handed over."""
    cdef Order order
    cdef Recorder* recorder
    cdef int i
    while ring_pop(&worker.orders, &order):
        if order.kind == ORDER_OPEN:
            for i in range(3):
                close(order.fds[i])
        elif order.kind == ORDER_RECORD:
            recorder = <Recorder*>order.block
            close(recorder.fd)
        void_order(&order)
