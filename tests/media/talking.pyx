# cython: language_level=3
"""Says packets at their times: one thread, without the GIL, so that Python's pauses are not the network's."""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

cdef extern from *:
    """
    #include <errno.h>
    #include <sys/prctl.h>
    #include <sys/socket.h>
    #include <time.h>
    """
    struct timespec:
        long tv_sec
        long tv_nsec
    enum:
        CLOCK_REALTIME
        MSG_DONTWAIT
        PR_SET_TIMERSLACK
        TIMER_ABSTIME
    int clock_gettime(int clock, timespec* time) nogil
    int clock_nanosleep(int clock, int flags, const timespec* time, timespec* left) nogil
    int prctl(int option, unsigned long argument) nogil
    ssize_t send(int fd, const void* octets, size_t length, int flags) nogil

cdef struct Due:
    int fd
    const char* octets
    size_t length
    int64_t at_ns
    int64_t sent_ns


cdef inline int64_t now_ns() noexcept nogil:
    cdef timespec time
    clock_gettime(CLOCK_REALTIME, &time)
    return <int64_t>time.tv_sec * 1_000_000_000 + time.tv_nsec


cdef inline void sleep_until(int64_t moment_ns) noexcept nogil:
    cdef timespec time
    time.tv_sec = moment_ns // 1_000_000_000
    time.tv_nsec = moment_ns % 1_000_000_000
    while clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL) != 0:
        pass


cdef int say_all(Due* dues, int count) noexcept nogil:
    """How many could not be sent."""
    cdef int i, failed = 0
    prctl(PR_SET_TIMERSLACK, 1000)
    for i in range(count):
        if dues[i].at_ns > now_ns():
            sleep_until(dues[i].at_ns)
        dues[i].sent_ns = now_ns()
        failed += send(dues[i].fd, dues[i].octets, dues[i].length, MSG_DONTWAIT) < 0
    return failed


def say(list packets, int64_t begin_in_ns) -> list:
    cdef int i, failed, count = len(packets)
    cdef int64_t start_ns
    cdef Due* dues = <Due*>calloc(count + 1, sizeof(Due))
    if dues == NULL:
        raise MemoryError
    try:
        for i, (at_ns, fd, octets) in enumerate(packets):
            dues[i].fd = fd
            dues[i].octets = octets
            dues[i].length = len(octets)
            dues[i].at_ns = at_ns
        start_ns = now_ns() + begin_in_ns
        with nogil:
            for i in range(count):
                dues[i].at_ns += start_ns
            failed = say_all(dues, count)
        if failed:
            raise OSError(f"{failed} packets could not be sent")
        return [(dues[i].at_ns, dues[i].sent_ns) for i in range(count)]
    finally:
        free(dues)
