# cython: language_level=3
"""libsrtp for the RTP engine: a master key becomes a block of C that workers use without Python.

The library is the one that pylibsrtp carries (docs/adr/0006-libsrtp-on-openssl.md): Python makes the sessions
through its binding, workers call its functions by their addresses.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdint cimport uint32_t, uint8_t, uintptr_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

from ext.engine_srtp cimport (
    SRTP_CAPSULE, SRTP_OK, SRTP_REPLAYED, SRTP_TOO_OLD, SRTP_TRAILER, SrtpKey, SrtpTransform, srtp_protect,
    srtp_release, srtp_share, srtp_unprotect,
)

from pylibsrtp._binding import ffi, lib

REPLAY_WINDOW = 128     # packets; RFC 3711 section 3.3.2 wants 64 at least
PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": lib.srtp_profile_aes128_cm_sha1_80,
    "AES_CM_128_HMAC_SHA1_32": lib.srtp_profile_aes128_cm_sha1_32,
    "AEAD_AES_128_GCM": lib.srtp_profile_aead_aes_128_gcm,
    "AEAD_AES_256_GCM": lib.srtp_profile_aead_aes_256_gcm,
}
SUITES = {
    name: (lib.srtp_profile_get_master_key_length(profile), lib.srtp_profile_get_master_salt_length(profile))
    for name, profile in PROFILES.items()
}


class Failed(Exception):
    """The packet is not what somebody with the key has sent, or not RTP at all."""


class Replayed(Exception):
    """The packet was there before, or is too old to tell."""


def _check(status):
    if status != SRTP_OK:
        raise RuntimeError(f"libsrtp: error {status}")


cdef uintptr_t address_of(str function) except 0:
    return <uintptr_t><object>int(ffi.cast("uintptr_t", ffi.addressof(lib, function)))


cdef uintptr_t new_session(str suite, bytes material, object ssrc) except 0:
    """An srtp_t, which is the caller's to free. RTCP of a suite with short tags has long ones (RFC 3711 5.2)."""
    policy, session = ffi.new("srtp_policy_t *"), ffi.new("srtp_t *")
    profile = PROFILES[suite]
    if len(material) != sum(SUITES[suite]):
        raise ValueError(f"{suite} wants {sum(SUITES[suite])} octets of key and salt, not {len(material)}")
    _check(lib.srtp_crypto_policy_set_from_profile_for_rtp(ffi.addressof(policy.rtp), profile))
    _check(lib.srtp_crypto_policy_set_from_profile_for_rtcp(ffi.addressof(policy.rtcp), profile))
    octets = ffi.from_buffer("unsigned char[]", material)
    policy.key = octets
    policy.window_size = REPLAY_WINDOW
    policy.ssrc.type = lib.ssrc_any_inbound if ssrc is None else lib.ssrc_specific
    policy.ssrc.value = ssrc or 0
    _check(lib.srtp_create(session, policy))
    return <uintptr_t><object>int(ffi.cast("uintptr_t", session[0]))


cdef void release_capsule(object capsule) noexcept:
    srtp_release(<SrtpKey*>PyCapsule_GetPointer(capsule, SRTP_CAPSULE))


cdef class _Key:
    cdef SrtpKey* key

    def __dealloc__(self):
        srtp_release(self.key)

    cdef int _make(self, str suite, bytes material, object ssrc) except -1:
        cdef bint sends = ssrc is not None
        self.key = <SrtpKey*>calloc(1, sizeof(SrtpKey))
        if self.key == NULL:
            raise MemoryError()
        try:
            self.key.context = <void*>new_session(suite, material, ssrc)
        except BaseException:
            free(self.key)
            self.key = NULL
            raise
        self.key.users = 1
        self.key.sends = sends
        self.key.rtp = <SrtpTransform>address_of("srtp_protect" if sends else "srtp_unprotect")
        self.key.rtcp = <SrtpTransform>address_of("srtp_protect_rtcp" if sends else "srtp_unprotect_rtcp")
        self.key.dealloc = <int (*)(void*) noexcept nogil>address_of("srtp_dealloc")
        return 0

    @property
    def capsule(self):
        return PyCapsule_New(srtp_share(self.key), SRTP_CAPSULE, release_capsule)


cdef class SendingKey(_Key):
    def __cinit__(self, str suite not None, bytes material not None, uint32_t ssrc):
        self._make(suite, material, ssrc)

    def protect(self, bytes packet not None) -> bytes:
        return self._protect(packet, False)

    def protect_rtcp(self, bytes packet not None) -> bytes:
        return self._protect(packet, True)

    cdef bytes _protect(self, bytes packet, bint control):
        cdef int length = len(packet)
        cdef uint8_t* sealed
        if length < (8 if control else 12):
            raise ValueError("no packet is that short")
        sealed = <uint8_t*>malloc(length + SRTP_TRAILER)
        if sealed == NULL:
            raise MemoryError()
        try:
            length = srtp_protect(self.key, control, sealed, <const uint8_t*><char*>packet, length)
            if length == 0:
                raise Replayed()
            return (<char*>sealed)[:length]
        finally:
            free(sealed)


cdef class ReceivingKey(_Key):
    def __cinit__(self, str suite not None, bytes material not None):
        self._make(suite, material, None)

    def unprotect(self, bytes packet not None) -> bytes:
        return self._unprotect(packet, False)

    def unprotect_rtcp(self, bytes packet not None) -> bytes:
        return self._unprotect(packet, True)

    cdef bytes _unprotect(self, bytes packet, bint control):
        cdef int length = len(packet)
        cdef int status
        cdef uint8_t* opened = <uint8_t*>malloc(length + 1)
        if opened == NULL:
            raise MemoryError()
        try:
            memcpy(opened, <char*>packet, length)
            status = srtp_unprotect(self.key, control, opened, &length)
            if status == SRTP_OK:
                return (<char*>opened)[:length]
            raise Replayed() if status in (SRTP_REPLAYED, SRTP_TOO_OLD) else Failed()
        finally:
            free(opened)
