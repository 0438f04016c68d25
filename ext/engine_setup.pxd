"""A worker's memory, descriptors and threads: how they are made, before its loop begins, and given back."""

from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from ext.engine_dtmf cimport dtmf_start
from ext.engine_hearing cimport free_ears
from ext.engine_loop cimport TICK_MARK, WAKE_MARK, free_orders, run_worker
from ext.engine_messages cimport Event, Order, Passed
from ext.engine_os cimport (
    CLOCK_MONOTONIC, EFD_CLOEXEC, EFD_NONBLOCK, EPOLLIN, EPOLL_CLOEXEC, EPOLL_CTL_ADD, SIG_SETMASK,
    TFD_CLOEXEC, TFD_NONBLOCK, Address, close, epoll_create1, epoll_ctl, epoll_event, eventfd, pthread_create,
    pthread_join, pthread_setname_np, pthread_sigmask, sigfillset, signal_fd, sigset_t, timerfd_create,
)
from ext.engine_port cimport Port
from ext.engine_ring cimport ring_free, ring_make, ring_push
from ext.engine_tap cimport Chunk, Errand
from ext.engine_worker cimport BATCH, DATAGRAM, Room, Worker
from ext.engine_writer cimport run_writer

cdef enum:
    DATAGRAMS_PASSED = 256      # of STUN and DTLS that wait for Python; a power of two


cdef inline Worker* worker_make(
    int capacity, int orders, int events, int recorder_chunks, uint64_t seed
) except NULL:
    """MemoryError and OSError: whatever there was not enough of; nothing is left over then."""
    cdef Worker* worker = <Worker*>calloc(1, sizeof(Worker))
    if worker == NULL:
        raise MemoryError()
    worker.wake_fd = worker.event_fd = worker.epoll_fd = worker.timer_fd = worker.writer_fd = -1
    worker.capacity = capacity
    worker.chunk_count = recorder_chunks
    worker.random = seed | 1
    dtmf_start(&worker.ear)
    try:
        make_rings(worker, orders, events, recorder_chunks)
        make_descriptors(worker)
    except BaseException:
        worker_free(worker)
        raise
    lay_out_batch(worker)
    return worker


cdef inline int make_rings(Worker* worker, int orders, int events, int recorder_chunks) except -1:
    cdef uint64_t errands = 64
    while errands < 2 * <uint64_t>recorder_chunks:
        errands *= 2
    worker.ports = <Port*>calloc(worker.capacity, sizeof(Port))
    worker.playing = <int*>calloc(worker.capacity, sizeof(int))
    worker.hearing = <int*>calloc(worker.capacity, sizeof(int))
    worker.rooms = <Room*>calloc(worker.capacity, sizeof(Room))
    worker.chunks = <Chunk*>calloc(recorder_chunks + 1, sizeof(Chunk))
    if (
        worker.ports == NULL
        or worker.playing == NULL
        or worker.hearing == NULL
        or worker.rooms == NULL
        or worker.chunks == NULL
        or not ring_make(&worker.orders, orders, sizeof(Order))
        or not ring_make(&worker.events, events, sizeof(Event))
        or not ring_make(&worker.passed, DATAGRAMS_PASSED, sizeof(Passed))
        or not ring_make(&worker.errands, errands, sizeof(Errand))
        or not ring_make(&worker.returns, errands // 2, sizeof(Errand))
    ):
        raise MemoryError()
    return 0


cdef inline int make_descriptors(Worker* worker) except -1:
    worker.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
    worker.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
    worker.writer_fd = eventfd(0, EFD_CLOEXEC)
    worker.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)
    worker.epoll_fd = epoll_create1(EPOLL_CLOEXEC)
    if (
        min(worker.wake_fd, worker.event_fd, worker.writer_fd, worker.timer_fd, worker.epoll_fd) < 0
        or not watch_descriptor(worker, worker.wake_fd, WAKE_MARK)
        or not watch_descriptor(worker, worker.timer_fd, TICK_MARK)
    ):
        raise OSError("no descriptors left for a media worker")
    return 0


cdef inline bint watch_descriptor(Worker* worker, int fd, uint64_t mark) noexcept:
    cdef epoll_event event
    event.events = EPOLLIN
    event.data.u64 = mark
    return epoll_ctl(worker.epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0


cdef inline void lay_out_batch(Worker* worker) noexcept:
    """Where each datagram of a batch and its source's address go; for good."""
    cdef int i
    for i in range(BATCH):
        worker.vectors[i].iov_base = worker.datagrams + i * DATAGRAM
        worker.vectors[i].iov_len = DATAGRAM
        worker.heads[i].msg_hdr.msg_iov = &worker.vectors[i]
        worker.heads[i].msg_hdr.msg_iovlen = 1
        worker.heads[i].msg_hdr.msg_name = &worker.names[i]
        worker.heads[i].msg_hdr.msg_namelen = sizeof(Address)


cdef inline int start_threads(Worker* worker) except -1:
    """Signals are blocked in both. OSError: there is no thread left, and none was started."""
    cdef sigset_t every, before
    sigfillset(&every)
    pthread_sigmask(SIG_SETMASK, &every, &before)
    try:
        create_threads(worker)
    finally:
        pthread_sigmask(SIG_SETMASK, &before, NULL)
    return 0


cdef inline int create_threads(Worker* worker) except -1:
    cdef Errand errand
    worker.stopping = 0
    if pthread_create(&worker.writer, NULL, run_writer, worker) != 0:
        raise OSError("no thread for recordings")
    if pthread_create(&worker.thread, NULL, run_worker, worker) != 0:
        memset(&errand, 0, sizeof(errand))
        errand.leave = True
        ring_push(&worker.errands, &errand)
        signal_fd(worker.writer_fd)
        pthread_join(worker.writer, NULL)
        raise OSError("no thread for a media worker")
    pthread_setname_np(worker.thread, b"rtp")
    pthread_setname_np(worker.writer, b"recorder")
    return 0


cdef inline void worker_free(Worker* worker) noexcept:
    """One whose threads have ended, or never began."""
    cdef int fd
    for fd in (worker.wake_fd, worker.event_fd, worker.epoll_fd, worker.timer_fd, worker.writer_fd):
        if fd >= 0:
            close(fd)
    if worker.orders.items != NULL:
        free_orders(worker)
    free_ears(worker)
    ring_free(&worker.orders)
    ring_free(&worker.events)
    ring_free(&worker.passed)
    ring_free(&worker.errands)
    ring_free(&worker.returns)
    free(worker.ports)
    free(worker.playing)
    free(worker.hearing)
    free(worker.rooms)
    free(worker.chunks)
    free(worker)
