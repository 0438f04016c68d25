"""Forks as Python reads them, for the engine that fills them."""

from ext.engine_fork cimport ForkBlock


cdef class ForkMemory:
    cdef ForkBlock* block
