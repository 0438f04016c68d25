"""The codecs that the engine can be asked for, by their numbers."""

from ext.engine_codec cimport CodecTable

# KeyError: no codec has this name.
cdef int codec_number(str name) except -1
cdef const CodecTable* codec_table(int number) noexcept nogil
