# cython: language_level=3
"""Callers by the thousand: each leg a connected UDP socket that sends 20 ms of audio at a time and counts what
comes.

One thread, without the GIL. A packet's payload carries when it was sent; the kernel stamps its arrival at the
receiving socket, so the delay is the relay's and not that of our reading. Where the other end makes the audio
anew (a room, another codec) nothing of ours arrives: then sequence numbers tell of losses, and timestamps how
late a packet is. What is our own, how late a packet left after its time, is reported beside it: a run whose
generator was late proves nothing.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer

from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport errno
from libc.stdint cimport INT64_MAX, int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from ext.engine_srtp cimport SRTP_CAPSULE, SRTP_OK, SRTP_TRAILER, SrtpKey, srtp_protect, srtp_unprotect

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <sys/epoll.h>
    #include <sys/prctl.h>
    #include <sys/resource.h>
    #include <sys/socket.h>
    #include <sys/uio.h>
    #include <time.h>
    #include <unistd.h>
    """
    struct timespec:
        long tv_sec
        long tv_nsec
    struct iovec:
        void* iov_base
        size_t iov_len
    struct msghdr:
        iovec* msg_iov
        size_t msg_iovlen
        void* msg_control
        size_t msg_controllen
    struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    struct cmsghdr:
        int cmsg_level
        int cmsg_type
    union epoll_data_t:
        uint32_t u32
    struct epoll_event:
        uint32_t events
        epoll_data_t data
    enum:
        CLOCK_REALTIME
        CLOCK_THREAD_CPUTIME_ID
        EPOLLIN
        EPOLLET
        EPOLL_CTL_ADD
        MSG_DONTWAIT
        PR_SET_TIMERSLACK
        SCM_TIMESTAMPNS
        SOL_SOCKET
        SO_TIMESTAMPNS
        TIMER_ABSTIME
    int clock_gettime(int clock, timespec* time) nogil
    int clock_nanosleep(int clock, int flags, const timespec* time, timespec* left) nogil
    int epoll_create1(int flags) nogil
    int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) nogil
    int epoll_wait(int epoll, epoll_event* events, int most, int timeout_ms) nogil
    int prctl(int option, unsigned long argument) nogil
    int recvmmsg(int fd, mmsghdr* messages, unsigned int count, int flags, timespec* timeout) nogil
    int setsockopt(int fd, int level, int option, const void* value, unsigned int length) nogil
    ssize_t send(int fd, const void* octets, size_t length, int flags) nogil
    int close(int fd) nogil
    cmsghdr* CMSG_FIRSTHDR(msghdr* message) nogil
    void* CMSG_DATA(cmsghdr* control) nogil

cdef enum:
    PTIME_NS = 20_000_000
    NAP_NS = 1_500_000         # of the barest relay, so that packets gather: a wake-up costs more than one
    TICK_NS = 500_000          # sends that are due are looked for twice a millisecond
    SIGNAL_NS = 200_000_000    # how often Ctrl-C is heard
    HEADER = 12
    PAYLOAD = 160
    LONGEST = 400              # octets of any payload
    BATCH = 16
    CONTROL = 64
    EVENTS = 1024
    BUCKET_NS = 10_000
    BUCKETS = 50_000           # 10 microseconds each, half a second in all; the last one holds the rest
    MAGIC = 0x43454E54
    FIRST_SSRC = 0x10000000


cdef struct Stamp:             # what a payload begins with
    uint32_t magic
    uint32_t measured
    int64_t sent_ns


cdef struct Voice:             # what a leg says, over and over
    int payload_type
    int rate_hz                # of timestamps
    int count
    int* lengths
    uint8_t* payloads          # LONGEST octets each


cdef struct Leg:
    int fd
    const Voice* voice         # NULL: stamps
    int at                     # of its payloads
    SrtpKey* sends             # NULL: in the clear
    SrtpKey* receives
    uint16_t sequence
    uint32_t timestamp
    uint32_t ssrc
    int64_t due_ns
    uint64_t received
    bint begun                 # of what comes, where it was made anew
    uint16_t top
    uint32_t first_timestamp
    int64_t fastest_ns         # arrival less timestamp of the quickest
    int64_t lately_ns          # of the quickest since it was last asked for
    int64_t begun_ns           # of the first


cdef inline int64_t now_ns(int clock) noexcept nogil:
    cdef timespec time
    clock_gettime(clock, &time)
    return <int64_t>time.tv_sec * 1_000_000_000 + time.tv_nsec


cdef inline void sleep_until(int64_t moment_ns) noexcept nogil:
    cdef timespec time
    time.tv_sec = moment_ns // 1_000_000_000
    time.tv_nsec = moment_ns % 1_000_000_000
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL)


cdef inline void note(uint32_t* histogram, int64_t value_ns) noexcept nogil:
    cdef int64_t bucket = value_ns // BUCKET_NS
    histogram[0 if bucket < 0 else (BUCKETS - 1 if bucket >= BUCKETS else bucket)] += 1


cdef double quantile_ms(const uint32_t* histogram, double quantile) noexcept:
    cdef uint64_t total = 0, seen = 0
    cdef int bucket
    for bucket in range(BUCKETS):
        total += histogram[bucket]
    if total == 0:
        return 0.0
    for bucket in range(BUCKETS):
        seen += histogram[bucket]
        if seen >= quantile * total:
            break
    return (bucket + 1) * BUCKET_NS / 1e6


cdef class Inbox:
    """Room for one recvmmsg: BATCH packets with their time stamps."""

    cdef mmsghdr[BATCH] messages
    cdef iovec[BATCH] vectors
    cdef uint8_t[BATCH][2048] packets
    cdef uint8_t[BATCH][CONTROL] controls

    def __cinit__(self):
        cdef int i
        memset(self.messages, 0, sizeof(self.messages))
        for i in range(BATCH):
            self.vectors[i].iov_base = &self.packets[i][0]
            self.vectors[i].iov_len = 2048
            self.messages[i].msg_hdr.msg_iov = &self.vectors[i]
            self.messages[i].msg_hdr.msg_iovlen = 1

    cdef int receive(self, int fd) noexcept nogil:
        cdef int i
        for i in range(BATCH):
            self.messages[i].msg_hdr.msg_control = &self.controls[i][0]
            self.messages[i].msg_hdr.msg_controllen = CONTROL
        return recvmmsg(fd, self.messages, BATCH, MSG_DONTWAIT, NULL)

    cdef int64_t arrived_ns(self, int i) noexcept nogil:
        cdef cmsghdr* control = CMSG_FIRSTHDR(&self.messages[i].msg_hdr)
        cdef timespec time
        if control == NULL or control.cmsg_level != SOL_SOCKET or control.cmsg_type != SCM_TIMESTAMPNS:
            return now_ns(CLOCK_REALTIME)
        memcpy(&time, CMSG_DATA(control), sizeof(timespec))
        return <int64_t>time.tv_sec * 1_000_000_000 + time.tv_nsec


cdef class Load:
    cdef Leg* legs
    cdef int count
    cdef int next
    cdef int epoll
    cdef int payload_type
    cdef bint made_anew
    cdef bint measured
    cdef bint sending
    cdef list keys
    cdef Voice[2] voices
    cdef int voice_count
    cdef Inbox inbox
    cdef uint32_t* delays
    cdef uint32_t* lags
    cdef uint8_t[HEADER + LONGEST] packet
    cdef uint8_t[HEADER + LONGEST + SRTP_TRAILER] sealed
    cdef epoll_event[EVENTS] events
    cdef int64_t measured_ns
    cdef uint64_t holes
    cdef readonly unsigned long long sent
    cdef readonly unsigned long long received
    cdef readonly unsigned long long send_errors
    cdef readonly unsigned long long foreign

    def __cinit__(self, fds, int payload_type=8, bint made_anew=False):
        cdef int i, one = 1
        cdef epoll_event event
        self.epoll = -1
        self.count = len(fds)
        self.payload_type = payload_type
        self.made_anew = made_anew
        self.keys = []
        self.inbox = Inbox()
        self.legs = <Leg*>calloc(self.count + 1, sizeof(Leg))
        self.delays = <uint32_t*>calloc(BUCKETS, sizeof(uint32_t))
        self.lags = <uint32_t*>calloc(BUCKETS, sizeof(uint32_t))
        if self.legs == NULL or self.delays == NULL or self.lags == NULL:
            raise MemoryError
        self.epoll = epoll_create1(0)
        if self.epoll < 0:
            raise OSError(errno, "epoll_create1")
        for i in range(self.count):
            self.legs[i].fd = fds[i]
            self.legs[i].ssrc = FIRST_SSRC + i
            self.legs[i].sequence = <uint16_t>(i * 7919)
            self.legs[i].timestamp = <uint32_t>i * 104729
            setsockopt(self.legs[i].fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one))
            event.events = EPOLLIN
            event.data.u32 = i
            if epoll_ctl(self.epoll, EPOLL_CTL_ADD, self.legs[i].fd, &event) < 0:
                raise OSError(errno, "epoll_ctl")
        memset(self.packet, 0xD5, sizeof(self.packet))
        self.packet[0] = 0x80
        prctl(PR_SET_TIMERSLACK, 1000)

    def talk(self, legs, payloads, int payload_type, int rate_hz):
        cdef Voice* voice
        cdef bytes payload
        cdef int i
        if self.voice_count == 2 or not payloads or max(map(len, payloads)) > LONGEST:
            raise ValueError(f"two voices, of payloads of at most {LONGEST} octets")
        voice = &self.voices[self.voice_count]
        self.voice_count += 1
        voice.payload_type = payload_type
        voice.rate_hz = rate_hz
        voice.count = len(payloads)
        voice.lengths = <int*>calloc(voice.count, sizeof(int))
        voice.payloads = <uint8_t*>calloc(voice.count, LONGEST)
        if voice.lengths == NULL or voice.payloads == NULL:
            raise MemoryError
        for i, payload in enumerate(payloads):
            voice.lengths[i] = len(payload)
            memcpy(voice.payloads + i * LONGEST, <const uint8_t*>payload, len(payload))
        for leg in legs:
            i = leg
            self.legs[i].voice = voice
            self.legs[i].at = i * 37 % voice.count

    def secure(self, int leg, sending, receiving):
        self.keys += (sending, receiving)
        self.legs[leg].sends = <SrtpKey*>PyCapsule_GetPointer(sending.capsule, SRTP_CAPSULE)
        self.legs[leg].receives = <SrtpKey*>PyCapsule_GetPointer(receiving.capsule, SRTP_CAPSULE)

    def __dealloc__(self):
        cdef int i
        free(self.legs)
        free(self.delays)
        free(self.lags)
        for i in range(self.voice_count):
            free(self.voices[i].lengths)
            free(self.voices[i].payloads)
        if self.epoll >= 0:
            close(self.epoll)

    def start(self):
        cdef int i
        cdef int64_t begin = now_ns(CLOCK_REALTIME) + PTIME_NS
        for i in range(self.count):
            self.legs[i].due_ns = begin + <int64_t>i * PTIME_NS // self.count
        self.next = 0

    def run(self, double seconds, bint measured):
        self.measured = measured
        self.measured_ns += <int64_t>(seconds * 1e9) if measured else 0
        self.work(<int64_t>(seconds * 1e9), True)

    def drain(self, double seconds):
        self.work(<int64_t>(seconds * 1e9), False)

    def delay_ms(self, double quantile):
        return quantile_ms(self.delays, quantile)

    def lag_ms(self, double quantile):
        return quantile_ms(self.lags, quantile)

    @property
    def lost(self):
        """Where nothing of ours arrives: holes, and what the time that passed has too few of, but for one."""
        cdef int64_t wanted = self.measured_ns // PTIME_NS - 1
        cdef int64_t short = 0
        cdef int i
        if not self.made_anew:
            return self.sent - self.received
        for i in range(self.count):
            short += max(wanted - <int64_t>self.legs[i].received, 0)
        return max(short, <int64_t>self.holes)

    def quickest_ms(self):
        cdef int i
        quickest = [(self.legs[i].lately_ns - self.legs[i].begun_ns) / 1e6 for i in range(self.count)]
        for i in range(self.count):
            self.legs[i].lately_ns = INT64_MAX
        return quickest

    def received_by_leg(self):
        return [self.legs[i].received for i in range(self.count)]

    cdef void work(self, int64_t duration_ns, bint sending) except *:
        cdef int64_t end = now_ns(CLOCK_REALTIME) + duration_ns, stop
        self.sending = sending
        while True:
            stop = min(end, now_ns(CLOCK_REALTIME) + SIGNAL_NS)
            with nogil:
                self.work_until(stop, sending)
            PyErr_CheckSignals()
            if stop == end:
                return

    cdef void work_until(self, int64_t stop, bint sending) noexcept nogil:
        cdef int64_t now = now_ns(CLOCK_REALTIME)
        while now < stop:
            if sending:
                self.send_due(now)
            self.receive_all()
            sleep_until(now + TICK_NS)
            now = now_ns(CLOCK_REALTIME)

    cdef void send_due(self, int64_t now) noexcept nogil:
        """All legs have the same period, so they fall due in a circle."""
        cdef Leg* leg = &self.legs[self.next]
        while leg.due_ns <= now:
            self.send_one(leg)
            leg.due_ns += PTIME_NS
            self.next = self.next + 1 if self.next + 1 < self.count else 0
            leg = &self.legs[self.next]

    cdef void send_one(self, Leg* leg) noexcept nogil:
        cdef int64_t now = now_ns(CLOCK_REALTIME)
        cdef int length = HEADER + self.fill(leg, now)
        cdef const uint8_t* octets = &self.packet[0]
        if leg.sends != NULL:
            length = srtp_protect(leg.sends, False, &self.sealed[0], octets, length)
            octets = &self.sealed[0]
        if send(leg.fd, octets, length, MSG_DONTWAIT) < 0:
            self.send_errors += 1
        elif self.measured:
            self.sent += 1
            note(self.lags, now - leg.due_ns)

    cdef int fill(self, Leg* leg, int64_t now) noexcept nogil:
        """The next packet of a leg; octets of its payload."""
        cdef Stamp stamp
        cdef const Voice* voice = leg.voice
        leg.sequence += 1
        leg.timestamp += PAYLOAD if voice == NULL else voice.rate_hz // 50
        self.packet[1] = <uint8_t>(self.payload_type if voice == NULL else voice.payload_type)
        self.packet[2] = <uint8_t>(leg.sequence >> 8)
        self.packet[3] = <uint8_t>leg.sequence
        store_32(&self.packet[4], leg.timestamp)
        store_32(&self.packet[8], leg.ssrc)
        if voice == NULL:
            stamp.magic = MAGIC
            stamp.measured = self.measured
            stamp.sent_ns = now
            memcpy(&self.packet[HEADER], &stamp, sizeof(Stamp))
            return PAYLOAD
        leg.at = leg.at + 1 if leg.at + 1 < voice.count else 0
        memcpy(&self.packet[HEADER], voice.payloads + leg.at * LONGEST, voice.lengths[leg.at])
        return voice.lengths[leg.at]

    cdef void receive_all(self) noexcept nogil:
        cdef int i, ready = EVENTS
        while ready == EVENTS:
            ready = epoll_wait(self.epoll, self.events, EVENTS, 0)
            for i in range(ready):
                self.receive_leg(&self.legs[self.events[i].data.u32])

    cdef void receive_leg(self, Leg* leg) noexcept nogil:
        cdef int i, length, count = BATCH
        cdef uint8_t* packet
        while count == BATCH:
            count = self.inbox.receive(leg.fd)
            for i in range(count):
                packet = &self.inbox.packets[i][0]
                length = self.inbox.messages[i].msg_len
                if leg.receives != NULL and srtp_unprotect(leg.receives, False, packet, &length) != SRTP_OK:
                    self.foreign += 1
                elif self.made_anew:
                    self.judge(leg, packet, length, self.inbox.arrived_ns(i))
                else:
                    self.recognise(leg, packet, length, self.inbox.arrived_ns(i))

    cdef void recognise(self, Leg* leg, const uint8_t* packet, int length, int64_t arrived_ns) noexcept nogil:
        """One that a load sent."""
        cdef Stamp stamp
        memcpy(&stamp, packet + HEADER, sizeof(Stamp))
        if length != HEADER + PAYLOAD or stamp.magic != MAGIC:
            self.foreign += 1
        elif stamp.measured:
            self.received += 1
            leg.received += 1
            note(self.delays, arrived_ns - stamp.sent_ns)

    cdef void judge(self, Leg* leg, const uint8_t* packet, int length, int64_t arrived_ns) noexcept nogil:
        """One that the other end made: late by how much more it lags behind its timestamp than the quickest."""
        cdef int rate_hz = 8000 if leg.voice == NULL else leg.voice.rate_hz
        cdef uint16_t sequence
        cdef int64_t transit_ns
        cdef int step
        if length <= HEADER or packet[1] & 0x7F != (self.payload_type if leg.voice == NULL else leg.voice.payload_type):
            self.foreign += 1
            return
        sequence = <uint16_t>(packet[2] << 8 | packet[3])
        if not leg.begun:
            leg.begun = True
            leg.top = <uint16_t>(sequence - 1)
            leg.first_timestamp = load_32(packet + 4)
            leg.fastest_ns = leg.lately_ns = leg.begun_ns = arrived_ns
        transit_ns = arrived_ns - <int64_t>(load_32(packet + 4) - leg.first_timestamp) * 1_000_000_000 // rate_hz
        leg.fastest_ns = min(leg.fastest_ns, transit_ns)
        leg.lately_ns = min(leg.lately_ns, transit_ns)
        step = <int16_t>(sequence - leg.top)
        leg.top = sequence
        if self.measured and self.sending:
            self.received += 1
            leg.received += 1
            self.holes += step - 1 if step > 1 else 0
            note(self.delays, transit_ns - leg.fastest_ns)


cdef inline uint32_t load_32(const uint8_t* octets) noexcept nogil:
    return <uint32_t>octets[0] << 24 | <uint32_t>octets[1] << 16 | <uint32_t>octets[2] << 8 | octets[3]


cdef inline void store_32(uint8_t* octets, uint32_t value) noexcept nogil:
    octets[0] = <uint8_t>(value >> 24)
    octets[1] = <uint8_t>(value >> 16)
    octets[2] = <uint8_t>(value >> 8)
    octets[3] = <uint8_t>value


def relay(fds, double seconds):
    cdef int count = len(fds), i, j, peer, got, ready, epoll = epoll_create1(0)
    cdef int* sockets = <int*>calloc(count + 1, sizeof(int))
    cdef epoll_event event
    cdef epoll_event[EVENTS] events
    cdef Inbox inbox = Inbox()
    cdef int64_t end = now_ns(CLOCK_REALTIME) + <int64_t>(seconds * 1e9), now
    cdef int64_t began = now_ns(CLOCK_THREAD_CPUTIME_ID)
    cdef uint64_t relayed = 0
    if sockets == NULL or epoll < 0:
        free(sockets)
        raise MemoryError
    for i in range(count):
        sockets[i] = fds[i]
        event.events = EPOLLIN | EPOLLET
        event.data.u32 = i
        epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event)
    with nogil:
        now = now_ns(CLOCK_REALTIME)
        while now < end:
            ready = epoll_wait(epoll, events, EVENTS, 10)
            for i in range(ready):
                peer = events[i].data.u32 ^ 1
                got = BATCH
                while got == BATCH:
                    got = inbox.receive(sockets[events[i].data.u32])
                    for j in range(got):
                        relayed += send(
                            sockets[peer], &inbox.packets[j][0], inbox.messages[j].msg_len, MSG_DONTWAIT
                        ) > 0
            sleep_until(now_ns(CLOCK_REALTIME) + NAP_NS)
            now = now_ns(CLOCK_REALTIME)
    close(epoll)
    free(sockets)
    return relayed, (now_ns(CLOCK_THREAD_CPUTIME_ID) - began) / 1e9
