# cython: language_level=3
"""Forks in engine memory, as Python reads them."""

from ext.engine_fork cimport ForkFrame, fork_make, fork_release, fork_samples
from ext.engine_os cimport atomic_load
from ext.engine_ring cimport ring_pop


cdef class ForkMemory:
    """What a fork hears, on its way from a worker to its one reader."""

    def __cinit__(self, int rate_hz=8000):
        if rate_hz != 8000 and rate_hz != 16000:
            raise ValueError(f"a fork has 8000 or 16000 Hz, not {rate_hz}")
        self.block = fork_make(rate_hz == 16000)
        if self.block == NULL:
            raise MemoryError()

    def __dealloc__(self):
        fork_release(self.block)

    @property
    def dropped(self) -> int:
        return atomic_load(&self.block.dropped)

    @property
    def ended(self) -> bool:
        return atomic_load(&self.block.ended) != 0

    def read(self) -> list:
        cdef ForkFrame frame
        cdef list frames = []
        while ring_pop(&self.block.ring, &frame):
            frames.append((frame.number, (<char*>frame.samples)[: fork_samples(self.block) * 2]))
        return frames
