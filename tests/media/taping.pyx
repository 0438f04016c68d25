# cython: language_level=3
"""A Python face of a tap (ext/engine_recorder.pxd), so that tests are its network and its clock."""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from ext.engine_codec cimport PCMA
from ext.engine_fork cimport fork_share
from ext.engine_port cimport Port
from ext.engine_recorder cimport (
    FILE_HELD_FRAMES, record_packet, recorder_begin, recorder_end, recorder_tick, tap_port,
)
from ext.engine_tap cimport FINISHED, LEFT, Recorder, tap_make
from ext.engine_worker cimport Worker
from ext.forks cimport ForkMemory


cdef class Tape:
    """Who taps a port that receives A-law, for as long as a file or only as long as a fork."""

    cdef ForkMemory memory
    cdef Worker* worker
    cdef Port* port
    cdef Recorder* tap

    def __cinit__(self, int64_t now_ns, *, bint as_file=True, int rate_hz=8000):
        self.memory = ForkMemory(rate_hz)
        self.worker = <Worker*>calloc(1, sizeof(Worker))
        self.port = <Port*>calloc(1, sizeof(Port))
        self.tap = tap_make(fork_share(self.memory.block))
        if self.worker == NULL or self.port == NULL or self.tap == NULL:
            raise MemoryError()
        self.port.codec = PCMA
        self.worker.now_ns = now_ns
        recorder_begin(self.worker, self.tap)
        if as_file:
            self.tap.held_frames = FILE_HELD_FRAMES
        tap_port(self.worker, self.port, self.tap)

    def __dealloc__(self):
        if self.tap != NULL and self.tap.ending != FINISHED:
            recorder_end(self.worker, self.tap)
        free(self.tap)
        free(self.port)
        free(self.worker)

    def put(self, timestamp, bytes payload, int64_t now_ns) -> None:
        self.worker.now_ns = now_ns
        record_packet(self.worker, self.port, LEFT, timestamp, payload, len(payload))

    def tick(self, int64_t now_ns) -> bytes:
        self.worker.now_ns = now_ns
        recorder_tick(self.worker, self.tap)
        return self.read()

    def end(self, int64_t now_ns) -> bytes:
        self.worker.now_ns = now_ns
        recorder_end(self.worker, self.tap)
        return self.read()

    cdef bytes read(self):
        return b"".join([pcm for _, pcm in self.memory.read()])
