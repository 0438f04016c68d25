# cython: language_level=3
"""A Python face of the decoded chain (ext/engine_heard.pxd), so that tests are its network and its clock."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int16_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from ext.engine_codec cimport CODEC_CAPSULE, CodecTable
from ext.engine_heard cimport Heard, heard_at, heard_packet, heard_start, heard_tick
from ext.engine_jitter cimport jitter_note, wanted_delay
from ext.engine_resample cimport Downward, Upward, downward, upward


from media.codecs import CODECS


cdef class Listener:
    """One port's ears. Times are nanoseconds."""

    cdef Heard* heard
    cdef object capsule
    cdef const CodecTable* table
    cdef void* state

    def __cinit__(self, str codec="PCMA"):
        self.capsule = CODECS[codec].capsule
        self.table = <const CodecTable*>PyCapsule_GetPointer(self.capsule, CODEC_CAPSULE)
        if self.table.open != NULL:
            self.state = self.table.open()
        self.heard = <Heard*>calloc(1, sizeof(Heard))
        if self.heard == NULL:
            raise MemoryError()
        heard_start(self.heard, self.table, self.state)

    def __dealloc__(self):
        if self.state != NULL:
            self.table.close(self.state)
        free(self.heard)

    def put(self, ssrc, sequence, timestamp, bytes payload, int64_t now_ns, *, bint noise=False) -> None:
        heard_packet(self.heard, ssrc, sequence, timestamp, noise, <const unsigned char*>payload, len(payload), now_ns)

    def note(self, ssrc, sequence, timestamp) -> None:
        jitter_note(&self.heard.jitter, ssrc, sequence, timestamp)

    def tick(self, int64_t now_ns, int rate_hz=8000):
        heard_tick(self.heard, now_ns)
        cdef const int16_t* frame = heard_at(self.heard, rate_hz)
        return None if frame == NULL else (<const char*>frame)[: rate_hz // 50 * 2]

    @property
    def waiting(self) -> int:
        """Samples that are decoded and not yet played."""
        return self.heard.waiting

    @property
    def timestamp(self) -> int:
        return self.heard.timestamp

    @property
    def delay_ms(self) -> float:
        return self.heard.delay_ns / 1e6

    @property
    def wanted_ms(self) -> float:
        return wanted_delay(&self.heard.jitter) * 1000 / self.heard.jitter.rate_hz

    @property
    def late(self) -> int:
        return self.heard.jitter.late

    @property
    def made_up_ms(self) -> float:
        return self.heard.jitter.made_up_units * 1000 / self.heard.jitter.rate_hz

    @property
    def cut_ms(self) -> float:
        return self.heard.cut_units * 1000 / self.heard.jitter.rate_hz


def to_wide(bytes pcm) -> bytes:
    """8 to 16 kHz, frame by frame."""
    cdef Upward state
    cdef int16_t wide[320]
    memset(&state, 0, sizeof(state))
    result = b""
    for at in range(0, len(pcm), 320):
        frame = pcm[at : at + 320]
        upward(&state, <const int16_t*><const char*>frame, 160, wide)
        result += (<char*>wide)[:640]
    return result


def to_narrow(bytes pcm) -> bytes:
    """16 to 8 kHz, frame by frame."""
    cdef Downward state
    cdef int16_t narrow[160]
    memset(&state, 0, sizeof(state))
    result = b""
    for at in range(0, len(pcm), 640):
        frame = pcm[at : at + 640]
        downward(&state, <const int16_t*><const char*>frame, 320, narrow)
        result += (<char*>narrow)[:320]
    return result
