"""Sounds in engine memory: copied in once, shared by all who play them, freed by whoever lets go last."""

from libc.stdint cimport int16_t, uint64_t, uint8_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

from ext.engine_os cimport atomic_add


cdef struct SoundBlock:
    uint64_t users
    size_t frames           # of 160 samples
    int16_t* samples        # for codecs that keep a state for each listener
    uint8_t* codecs[2]      # the same in PCMA and PCMU

cdef struct Playlist:       # of one port, or of the order on its way there
    size_t count
    SoundBlock* sounds[1]   # so many, one after another


cdef inline SoundBlock* sound_make(
    const uint8_t* pcm, const uint8_t* pcma, const uint8_t* pcmu, size_t frames
) noexcept nogil:
    """A block with one user, or NULL when there is no memory. `pcm` is 16 bits a sample."""
    cdef size_t length = frames * 160
    cdef SoundBlock* sound = <SoundBlock*>malloc(sizeof(SoundBlock) + 4 * length)
    if sound == NULL:
        return NULL
    sound.users = 1
    sound.frames = frames
    sound.samples = <int16_t*>(sound + 1)
    sound.codecs[0] = <uint8_t*>(sound.samples + length)
    sound.codecs[1] = sound.codecs[0] + length
    memcpy(sound.samples, pcm, 2 * length)
    memcpy(sound.codecs[0], pcma, length)
    memcpy(sound.codecs[1], pcmu, length)
    return sound


cdef inline SoundBlock* sound_share(SoundBlock* sound) noexcept nogil:
    atomic_add(&sound.users, 1)
    return sound


cdef inline void sound_release(SoundBlock* sound) noexcept nogil:
    if sound != NULL and atomic_add(&sound.users, -1) == 0:
        free(sound)


cdef inline Playlist* playlist_make(size_t count) noexcept nogil:
    """One of `count` sounds, 1 or more, which are still to be put in; or NULL when there is no memory."""
    cdef Playlist* playlist = <Playlist*>calloc(1, sizeof(Playlist) + (count - 1) * sizeof(SoundBlock*))
    if playlist != NULL:
        playlist.count = count
    return playlist


cdef inline void playlist_free(Playlist* playlist) noexcept nogil:
    cdef size_t i
    if playlist == NULL:
        return
    for i in range(playlist.count):
        sound_release(playlist.sounds[i])
    free(playlist)
