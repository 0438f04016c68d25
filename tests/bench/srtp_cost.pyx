# cython: language_level=3
"""What SRTP costs a worker: packets of 20 ms of G.711 protected and unprotected as the engine does it."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport uint8_t
from libc.string cimport memset

from ext.engine_srtp cimport SRTP_CAPSULE, SRTP_OK, SRTP_TRAILER, SrtpKey, srtp_protect, srtp_unprotect

from time import process_time_ns

from ext.srtp import SUITES, ReceivingKey, SendingKey

cdef enum:
    PACKET = 172
    BATCH = 500


def microseconds(str suite not None, int rounds):
    material = bytes(range(sum(SUITES[suite])))
    sending, receiving = SendingKey(suite, material, 1), ReceivingKey(suite, material)
    cdef SrtpKey* sends = <SrtpKey*>PyCapsule_GetPointer(sending.capsule, SRTP_CAPSULE)
    cdef SrtpKey* receives = <SrtpKey*>PyCapsule_GetPointer(receiving.capsule, SRTP_CAPSULE)
    cdef uint8_t plain[PACKET]
    cdef uint8_t sealed[BATCH][PACKET + SRTP_TRAILER]
    cdef int lengths[BATCH]
    cdef int i, sequence = 0, refused = 0
    memset(plain, 0, PACKET)
    plain[0], plain[11] = 0x80, 1
    protecting = unprotecting = 0
    for _ in range(rounds):
        start = process_time_ns()
        for i in range(BATCH):
            plain[2], plain[3] = (sequence >> 8) & 0xFF, sequence & 0xFF
            sequence += 1
            lengths[i] = srtp_protect(sends, False, sealed[i], plain, PACKET)
        middle = process_time_ns()
        for i in range(BATCH):
            refused += srtp_unprotect(receives, False, sealed[i], &lengths[i]) != SRTP_OK
        protecting += middle - start
        unprotecting += process_time_ns() - middle
    if refused:
        raise RuntimeError(f"{refused} packets were refused")
    return protecting / (BATCH * rounds * 1e3), unprotecting / (BATCH * rounds * 1e3)
