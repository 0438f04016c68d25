# cython: language_level=3
"""The codecs that are always there, as capsules; and a codec at work on bytes, for those who have the time."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdint cimport int16_t, uint8_t

from ext.engine_codec cimport CODEC_CAPSULE, CodecTable, Tuning, g729_table, pcma_table, pcmu_table

cdef enum:
    LONGEST = 5760      # samples of 120 ms at 48 kHz, and more octets than any packet of ours holds

cdef CodecTable pcma = pcma_table()
cdef CodecTable pcmu = pcmu_table()
cdef CodecTable g729 = g729_table()

PCMA = PyCapsule_New(&pcma, CODEC_CAPSULE, NULL)
PCMU = PyCapsule_New(&pcmu, CODEC_CAPSULE, NULL)
G729 = PyCapsule_New(&g729, CODEC_CAPSULE, NULL)


cdef class Coder:
    cdef object _capsule
    cdef CodecTable* _table
    cdef void* _state

    def __cinit__(self, object capsule not None):
        self._capsule = capsule
        self._table = <CodecTable*>PyCapsule_GetPointer(capsule, CODEC_CAPSULE)
        if self._table.pcm_rate_hz == 0:
            raise ValueError(f"{self._table.name.decode()} is passed through only")
        if self._table.open != NULL:
            self._state = self._table.open()
            if self._state == NULL:
                raise MemoryError

    def __dealloc__(self):
        if self._state != NULL:
            self._table.close(self._state)

    @property
    def pcm_rate_hz(self):
        return self._table.pcm_rate_hz

    def tune(self, bint fec, bint dtx, bint constant, int bits_per_s, int rate_hz):
        cdef Tuning tuning
        tuning.fec, tuning.dtx, tuning.constant = fec, dtx, constant
        tuning.bits_per_s, tuning.rate_hz = bits_per_s, rate_hz
        if self._table.tune != NULL:
            self._table.tune(self._state, &tuning)

    def encode(self, bytes pcm not None):
        cdef uint8_t octets[LONGEST]
        cdef Py_ssize_t length = PyBytes_GET_SIZE(pcm)
        if length % 2 or length > 2 * LONGEST:
            raise ValueError("a frame is whole samples of 120 ms at most")
        cdef int written = self._table.encode(
            self._state, <const int16_t*>PyBytes_AS_STRING(pcm), <int>(length // 2), octets, LONGEST
        )
        if written < 0:
            raise ValueError("no frame of this codec")
        return PyBytes_FromStringAndSize(<const char*>octets, written)

    def decode(self, bytes octets not None):
        cdef int16_t pcm[LONGEST]
        cdef Py_ssize_t length = PyBytes_GET_SIZE(octets)
        if length > LONGEST:
            raise ValueError("no payload of this codec")
        return self._samples(pcm, self._table.decode(
            self._state, <const uint8_t*>PyBytes_AS_STRING(octets), <int>length, pcm, LONGEST
        ))

    def conceal(self, int samples, bytes following=None):
        cdef int16_t pcm[LONGEST]
        cdef const uint8_t* octets = NULL
        cdef int length = 0
        if self._table.conceal == NULL or not 0 < samples <= LONGEST:
            raise ValueError("this codec does not conceal that")
        if following is not None:
            octets, length = <const uint8_t*>PyBytes_AS_STRING(following), <int>PyBytes_GET_SIZE(following)
        return self._samples(pcm, self._table.conceal(self._state, octets, length, pcm, samples))

    cdef bytes _samples(self, const int16_t* pcm, int count):
        if count < 0:
            raise ValueError("no payload of this codec")
        return PyBytes_FromStringAndSize(<const char*>pcm, 2 * count)
