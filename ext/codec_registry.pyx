# cython: language_level=3
"""The codecs that the engine knows: those that are always there, and those that were registered.

Numbers are given in order and never change, so a port keeps its codec's number for life.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer

from ext.engine_codec cimport CODEC_CAPSULE, CodecTable, g729_table, pcma_table, pcmu_table

cdef enum:
    MOST_CODECS = 16

cdef CodecTable built_in[3]
built_in[0], built_in[1], built_in[2] = pcma_table(), pcmu_table(), g729_table()
cdef const CodecTable* tables[MOST_CODECS]
tables[0], tables[1], tables[2] = &built_in[0], &built_in[1], &built_in[2]
cdef dict numbers = {"PCMA": 0, "PCMU": 1, "G729": 2}


cdef int codec_number(str name) except -1:
    return numbers[name]


cdef const CodecTable* codec_table(int number) noexcept nogil:
    return tables[number]


def codecs() -> list:
    return list(numbers)


def register_codec(capsule) -> None:
    cdef const CodecTable* table = <const CodecTable*>PyCapsule_GetPointer(capsule, CODEC_CAPSULE)
    cdef str name = table.name.decode()
    if name in numbers:
        return
    if len(numbers) == MOST_CODECS:
        raise ValueError("too many codecs")
    tables[len(numbers)] = table
    numbers[name] = len(numbers)
