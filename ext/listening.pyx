# cython: language_level=3
"""What the engine hears in PCM, one detector at a time: the structs of ext/engine_*.pxd for Python."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int16_t

from ext.engine_dtmf cimport NO_DIGIT, Dtmf, dtmf_frame, dtmf_start

cdef enum:
    FRAME = 160


cdef class Digits:
    cdef Dtmf dtmf

    def __cinit__(self):
        dtmf_start(&self.dtmf)

    def hear(self, bytes pcm not None):
        cdef const int16_t* samples = <const int16_t*>PyBytes_AS_STRING(pcm)
        cdef Py_ssize_t count = PyBytes_GET_SIZE(pcm) // 2, start
        cdef list told = []
        for start in range(0, count, FRAME):
            dtmf_frame(&self.dtmf, samples + start, <int>min(FRAME, count - start))
            if self.dtmf.ended != NO_DIGIT:
                told.append((self.dtmf.ended, self.dtmf.duration / 8.0))
        return told
