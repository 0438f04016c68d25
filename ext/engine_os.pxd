"""What the engine asks of Linux and of the compiler: sockets, epoll, timers, threads, atomics."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

cdef extern from * nogil:
    """
    #include <arpa/inet.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <netinet/in.h>
    #include <pthread.h>
    #include <sched.h>
    #include <signal.h>
    #include <sys/epoll.h>
    #include <sys/eventfd.h>
    #include <sys/resource.h>
    #include <sys/socket.h>
    #include <sys/timerfd.h>
    #include <string.h>
    #include <time.h>
    #include <unistd.h>

    #define engine_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define engine_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    #define engine_add(p, v) __atomic_add_fetch((p), (v), __ATOMIC_ACQ_REL)
    #define engine_exchange(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
    #define engine_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

    /* The families agree on where family and port lie. */
    typedef union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } engine_address;
    """
    uint64_t atomic_load "engine_load"(const uint64_t* word)
    void atomic_store "engine_store"(uint64_t* word, uint64_t value)
    uint64_t atomic_add "engine_add"(uint64_t* word, int64_t value)
    uint64_t atomic_exchange "engine_exchange"(uint64_t* word, uint64_t value)
    void atomic_fence "engine_fence"()

    int errno
    int EAGAIN, EINTR

    # --- time ---
    ctypedef long time_t
    struct timespec:
        time_t tv_sec
        long tv_nsec
    struct itimerspec:
        timespec it_interval
        timespec it_value
    int CLOCK_MONOTONIC, CLOCK_REALTIME, TIMER_ABSTIME
    int clock_gettime(int clock, timespec* now)
    int clock_nanosleep(int clock, int flags, const timespec* until, timespec* remaining)
    int TFD_CLOEXEC, TFD_NONBLOCK, TFD_TIMER_ABSTIME
    int timerfd_create(int clock, int flags)
    int timerfd_settime(int fd, int flags, const itimerspec* value, itimerspec* old)

    # --- descriptors ---
    int EFD_CLOEXEC, EFD_NONBLOCK
    int eventfd(unsigned int value, int flags)
    ssize_t read(int fd, void* buffer, size_t length)
    ssize_t write(int fd, const void* buffer, size_t length)
    ssize_t pwrite(int fd, const void* buffer, size_t length, long offset)
    int ftruncate(int fd, long length)
    int syncfs(int fd)
    int close(int fd)
    ctypedef union epoll_data_t:
        uint64_t u64
    struct epoll_event:
        uint32_t events
        epoll_data_t data
    uint32_t EPOLLIN, EPOLLET
    int EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_MOD
    int epoll_create1(int flags)
    int epoll_ctl(int epoll, int operation, int fd, epoll_event* event)
    int epoll_wait(int epoll, epoll_event* events, int count, int timeout)

    # --- sockets ---
    int AF_INET, AF_INET6, AF_UNSPEC, MSG_DONTWAIT, MSG_NOSIGNAL
    ctypedef unsigned int socklen_t
    struct in_addr:
        uint32_t s_addr
    struct sockaddr:
        unsigned short sa_family
    struct sockaddr_in:
        unsigned short sin_family
        uint16_t sin_port
        in_addr sin_addr
    struct in6_addr:
        unsigned char s6_addr[16]
    struct sockaddr_in6:
        unsigned short sin6_family
        uint16_t sin6_port
        in6_addr sin6_addr
    ctypedef union Address "engine_address":
        sockaddr any
        sockaddr_in v4
        sockaddr_in6 v6
    int memcmp(const void* one, const void* other, size_t length)
    struct iovec:
        void* iov_base
        size_t iov_len
    struct msghdr:
        void* msg_name
        socklen_t msg_namelen
        iovec* msg_iov
        size_t msg_iovlen
    struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    int connect(int fd, const sockaddr* address, socklen_t length)
    int recvmmsg(int fd, mmsghdr* messages, unsigned int count, int flags, timespec* timeout)
    ssize_t send(int fd, const void* buffer, size_t length, int flags)
    ssize_t sendto(int fd, const void* buffer, size_t length, int flags, const sockaddr* to, socklen_t size)
    uint16_t htons(uint16_t value)
    uint16_t ntohs(uint16_t value)
    uint32_t htonl(uint32_t value)
    uint32_t ntohl(uint32_t value)

    # --- threads ---
    ctypedef unsigned long pthread_t
    ctypedef struct sigset_t:
        pass
    int SIG_SETMASK
    int sigfillset(sigset_t* set)
    int pthread_sigmask(int how, const sigset_t* set, sigset_t* old)
    int pthread_create(
        pthread_t* thread, const void* attributes, void* (*run)(void*) noexcept nogil, void* argument
    )
    int pthread_join(pthread_t thread, void** result)
    int pthread_setname_np(pthread_t thread, const char* name)
    struct sched_param:
        int sched_priority
    int SCHED_RR, SCHED_RESET_ON_FORK
    int sched_setscheduler(int thread, int policy, const sched_param* parameters)
    int PRIO_PROCESS
    int setpriority(int which, int who, int priority)


cdef inline int64_t monotonic_ns() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <int64_t>now.tv_sec * 1000000000 + now.tv_nsec


cdef inline timespec as_timespec(int64_t ns) noexcept nogil:
    cdef timespec time
    time.tv_sec = ns // 1000000000
    time.tv_nsec = ns % 1000000000
    return time


cdef inline void signal_fd(int fd) noexcept nogil:
    """Wakes who waits on an eventfd. One that is awake cannot be woken more: a full counter is no error."""
    cdef uint64_t one = 1
    write(fd, &one, sizeof(one))


# --- addresses ---
# A socket of IPv6 has the addresses of IPv4 peers mapped (RFC 4291 section 2.5.5.2), in orders as in what the
# kernel says; so whatever one port compares is of one family.

cdef inline bint same_host(const Address* one, const Address* other) noexcept nogil:
    if one.any.sa_family == AF_INET6:
        return memcmp(&one.v6.sin6_addr, &other.v6.sin6_addr, 16) == 0
    return one.v4.sin_addr.s_addr == other.v4.sin_addr.s_addr


cdef inline bint same_address(const Address* one, const Address* other) noexcept nogil:
    """Before the first SDP an address has no family and agrees with none."""
    return (
        one.v4.sin_port == other.v4.sin_port
        and one.any.sa_family == other.any.sa_family
        and same_host(one, other)
    )


cdef inline const uint32_t* host_words(const Address* address) noexcept nogil:
    """The host in network order: one word, or four."""
    if address.any.sa_family == AF_INET6:
        return <const uint32_t*>&address.v6.sin6_addr
    return <const uint32_t*>&address.v4.sin_addr


cdef inline int word_count(const Address* address) noexcept nogil:
    return 4 if address.any.sa_family == AF_INET6 else 1


cdef inline socklen_t address_length(const Address* address) noexcept nogil:
    return sizeof(sockaddr_in6) if address.any.sa_family == AF_INET6 else sizeof(sockaddr_in)


cdef inline bint somewhere(const Address* address) noexcept nogil:
    """Neither 0.0.0.0, mapped or not, nor ::, nor an address that nobody has told yet."""
    cdef const uint32_t* words = host_words(address)
    if address.any.sa_family != AF_INET6:
        return words[0] != 0
    return words[3] != 0 or words[0] != 0 or words[1] != 0 or (words[2] != 0 and words[2] != htonl(0xFFFF))


cdef inline bint reachable(const Address* address) noexcept nogil:
    """SDP says port 0, 0.0.0.0 or :: (RFC 3264 sections 6 and 8.4) for nowhere."""
    return address.v4.sin_port != 0 and somewhere(address)
