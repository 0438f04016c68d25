# cython: language_level=3
"""Sounds in engine memory, as Python holds them."""

from libc.stdint cimport uint8_t

from ext.engine_os cimport atomic_load
from ext.engine_sound cimport playlist_make, sound_make, sound_release, sound_share


cdef class SoundMemory:
    """A sound's frames in engine memory; lives as long as this object or anybody who plays it."""

    def __cinit__(self, bytes pcm not None, bytes pcma not None, bytes pcmu not None):
        if not pcma or len(pcma) % 160 or len(pcmu) != len(pcma) or len(pcm) != 2 * len(pcma):
            raise ValueError("a sound is whole 20 ms frames, as many in each codec")
        self.block = sound_make(
            <const uint8_t*><char*>pcm,
            <const uint8_t*><char*>pcma,
            <const uint8_t*><char*>pcmu,
            len(pcma) // 160,
        )
        if self.block == NULL:
            raise MemoryError()

    def __dealloc__(self):
        sound_release(self.block)

    @property
    def users(self) -> int:
        """This object, and the ports and orders that hold on to the frames."""
        return atomic_load(&self.block.users)


cdef Playlist* playlist_of(tuple sounds) except NULL:
    cdef Playlist* playlist
    cdef SoundMemory sound
    if not sounds:
        raise ValueError("a playlist has at least one sound")
    for sound in sounds:
        if sound is None:
            raise TypeError("None is no sound")
    playlist = playlist_make(len(sounds))
    if playlist == NULL:
        raise MemoryError()
    for i, sound in enumerate(sounds):
        playlist.sounds[i] = sound_share(sound.block)
    return playlist
