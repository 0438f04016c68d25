"""The writer: one thread for each worker that puts recordings on disk, so that no packet waits for one.

A file is a complete WAV after every write: its header is corrected each time, at the price of a second
system call in a second. The first error ends a recording; the whole frames that were written stay.
"""

from libc.stdint cimport uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy

from ext.engine_os cimport EINTR, atomic_load, atomic_store, close, errno, ftruncate, pwrite, read, write
from ext.engine_ring cimport ring_pop, ring_push
from ext.engine_tap cimport Chunk, Errand, Recorder
from ext.engine_worker cimport Worker

cdef enum:
    FRAME_OCTETS = 640      # 20 ms, two channels, 16 bits
    HEADER_OCTETS = 44


cdef inline void put32(uint8_t* target, uint32_t value) noexcept nogil:
    cdef int i
    for i in range(4):
        target[i] = (value >> (8 * i)) & 0xFF


cdef inline void wav_header(uint8_t* header, uint64_t frames) noexcept nogil:
    """RIFF/WAVE, PCM, 2 channels, 8000 Hz, 16 bits. Past 4 GiB (37 hours) the sizes stay at their most."""
    cdef uint64_t octets = frames * FRAME_OCTETS
    if octets > <uint64_t>0xFFFFFFFF - HEADER_OCTETS:
        octets = <uint64_t>0xFFFFFFFF - HEADER_OCTETS
    memcpy(header, b"RIFF....WAVEfmt ", 16)
    put32(header + 4, <uint32_t>(octets + HEADER_OCTETS - 8))
    put32(header + 16, 16)
    put32(header + 20, 2 << 16 | 1)
    put32(header + 24, 8000)
    put32(header + 28, 32000)
    put32(header + 32, 16 << 16 | 4)
    memcpy(header + 36, b"data", 4)
    put32(header + 40, <uint32_t>octets)


cdef inline void fail(Recorder* recorder) noexcept nogil:
    atomic_store(&recorder.error, errno)


cdef inline size_t write_all(Recorder* recorder, const uint8_t* octets, size_t length) noexcept nogil:
    """How many were written: fewer than all after an error."""
    cdef size_t done = 0
    cdef ssize_t written
    while done < length:
        written = write(recorder.fd, octets + done, length - done)
        if written >= 0:
            done += written
        elif errno != EINTR:
            fail(recorder)
            break
    return done


cdef inline void write_header(Recorder* recorder) noexcept nogil:
    cdef uint8_t header[HEADER_OCTETS]
    wav_header(header, recorder.frames)
    if pwrite(recorder.fd, header, HEADER_OCTETS, 0) != HEADER_OCTETS and recorder.error == 0:
        fail(recorder)


cdef inline void write_chunk(Recorder* recorder, Chunk* chunk) noexcept nogil:
    cdef const uint8_t* octets = <const uint8_t*>chunk.samples
    if atomic_load(&recorder.error) != 0:
        return
    recorder.frames += write_all(recorder, octets, chunk.frames * FRAME_OCTETS) // FRAME_OCTETS
    if atomic_load(&recorder.error) != 0:
        ftruncate(recorder.fd, HEADER_OCTETS + recorder.frames * FRAME_OCTETS)
    write_header(recorder)


cdef inline void finish_file(Recorder* recorder) noexcept nogil:
    """An empty recording is a WAV too. Some file systems tell of a full disk only at the close."""
    if recorder.frames == 0 and recorder.error == 0:
        write_header(recorder)
    if close(recorder.fd) != 0 and recorder.error == 0:
        fail(recorder)


cdef inline void* run_writer(void* argument) noexcept nogil:
    cdef Worker* worker = <Worker*>argument
    cdef Errand errand
    cdef uint64_t called
    while True:
        read(worker.writer_fd, &called, sizeof(called))
        while ring_pop(&worker.errands, &errand):
            if errand.leave:
                return NULL
            if errand.chunk != NULL:
                write_chunk(errand.recorder, errand.chunk)
            else:
                finish_file(errand.recorder)
            ring_push(&worker.returns, &errand)
