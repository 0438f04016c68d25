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
    #include <time.h>
    #include <unistd.h>

    #define engine_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define engine_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    #define engine_add(p, v) __atomic_add_fetch((p), (v), __ATOMIC_ACQ_REL)
    #define engine_exchange(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
    #define engine_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)
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
    int AF_INET, AF_UNSPEC, MSG_DONTWAIT, MSG_NOSIGNAL
    ctypedef unsigned int socklen_t
    struct in_addr:
        uint32_t s_addr
    struct sockaddr:
        unsigned short sa_family
    struct sockaddr_in:
        unsigned short sin_family
        uint16_t sin_port
        in_addr sin_addr
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


cdef inline bint same_address(const sockaddr_in* one, const sockaddr_in* other) noexcept nogil:
    return one.sin_addr.s_addr == other.sin_addr.s_addr and one.sin_port == other.sin_port


cdef inline bint reachable(const sockaddr_in* address) noexcept nogil:
    """SDP says port 0 or 0.0.0.0 (RFC 3264 sections 6 and 8.4) for nowhere."""
    return address.sin_port != 0 and address.sin_addr.s_addr != 0
