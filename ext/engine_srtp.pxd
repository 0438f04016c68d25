"""SRTP (RFC 3711, RFC 7714): one master key of one direction, as packets go through it.

ext.srtp fills a `SrtpKey` with libsrtp's functions and hands it over in a PyCapsule named SRTP_CAPSULE. It is
shared and freed like a sound. libsrtp allocates for a packet only where a receiving key meets an SSRC that has
just proved itself by its tag; SSRCS bounds how often.
"""

from libc.stdint cimport uint32_t, uint64_t, uint8_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from ext.engine_os cimport atomic_add

cdef extern from *:
    """
    #define CENTRALITA_SRTP_CAPSULE "centralita.srtp"
    """
    const char* SRTP_CAPSULE "CENTRALITA_SRTP_CAPSULE"

cdef enum:
    SRTP_TRAILER = 16 + 4 + 128     # octets that a packet may grow by: tag, SRTCP's index, MKI
    SRTP_SHORTEST = 12              # octets of an RTP header; SRTCP is longer
    SSRCS = 128                     # streams that one key may open, as some do at each hold; more are refused

cdef enum:              # how it went; as libsrtp says it where it is its answer
    SRTP_OK = 0
    SRTP_FAILED = 1     # and whatever else is not one of these
    SRTP_REPLAYED = 9
    SRTP_TOO_OLD = 10   # before the replay window

ctypedef int (*SrtpTransform)(void* context, void* packet, int* length) noexcept nogil

cdef struct SrtpKey:
    uint64_t users
    void* context           # srtp_t; one thread at a time
    SrtpTransform rtp       # protect or unprotect, in place
    SrtpTransform rtcp
    int (*dealloc)(void* context) noexcept nogil
    bint sends
    int ssrc_count
    uint32_t ssrcs[SSRCS]


cdef inline SrtpKey* srtp_share(SrtpKey* key) noexcept nogil:
    if key != NULL:
        atomic_add(&key.users, 1)
    return key


cdef inline void srtp_release(SrtpKey* key) noexcept nogil:
    if key != NULL and atomic_add(&key.users, -1) == 0:
        key.dealloc(key.context)
        free(key)


cdef inline int srtp_protect(
    SrtpKey* key, bint control, uint8_t* sealed, const uint8_t* packet, int length
) noexcept nogil:
    """A copy that may go on the wire, in `sealed`, which has room for SRTP_TRAILER octets more than the packet.

    Its length; 0: libsrtp would not, as for a sequence number that this key has protected already.
    """
    cdef int grown = length
    cdef SrtpTransform transform = key.rtcp if control else key.rtp
    memcpy(sealed, packet, length)
    return grown if transform(key.context, sealed, &grown) == SRTP_OK else 0


cdef inline bint srtp_knows(const SrtpKey* key, uint32_t ssrc) noexcept nogil:
    """The newest is asked for first: it is the one that speaks."""
    cdef int i = key.ssrc_count
    while i > 0:
        i -= 1
        if key.ssrcs[i] == ssrc:
            return True
    return False


cdef inline int srtp_unprotect(
    SrtpKey* key, bint control, uint8_t* packet, int* length
) noexcept nogil:
    """In place: SRTP_OK, or why the packet is to be dropped; then its octets are worth nothing."""
    cdef uint32_t ssrc
    cdef bint known
    cdef int status
    if length[0] < SRTP_SHORTEST:
        return SRTP_FAILED
    memcpy(&ssrc, packet + (4 if control else 8), 4)
    known = srtp_knows(key, ssrc)
    if not known and key.ssrc_count == SSRCS:
        return SRTP_FAILED
    status = key.rtcp(key.context, packet, length) if control else key.rtp(key.context, packet, length)
    if status == SRTP_OK and not known:
        key.ssrcs[key.ssrc_count] = ssrc
        key.ssrc_count += 1
    return status
