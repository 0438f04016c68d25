"""Sounds as Python holds them, for the engine that plays them."""

from ext.engine_sound cimport Playlist, SoundBlock


cdef class SoundMemory:
    cdef SoundBlock* block


# Shares each of them. TypeError and ValueError: no sounds.
cdef Playlist* playlist_of(tuple sounds) except NULL
