"""Codecs as the engine calls them: a table of functions each, filled here for G.711, by extensions for others.

An extension hands its table over as a PyCapsule named CODEC_CAPSULE; the table lives as long as its module.
All functions are called by one worker's thread at a time for one state, and allocate nothing but in `open`.
PCM is 16 bits, mono, at `pcm_rate_hz`.
"""

from libc.stdint cimport int16_t, uint8_t

from ext.g711 cimport (
    alaw_decode_into, alaw_encode_into, alaw_to_ulaw_into, ulaw_decode_into, ulaw_encode_into, ulaw_to_alaw_into,
)

cdef extern from *:
    """
    #define CENTRALITA_CODEC_CAPSULE "centralita.codec"
    """
    const char* CODEC_CAPSULE "CENTRALITA_CODEC_CAPSULE"

cdef enum:              # codecs; the others have the numbers in which they were registered
    PCMA = 0
    PCMU = 1

cdef struct Tuning:             # what the peer wants of the sound that is encoded for it
    bint fec                    # each packet may say the one before it again
    bint dtx                    # silences may be left out
    bint constant               # all packets have one length
    int bits_per_s              # the most on average, 0: any
    int rate_hz                 # it plays no more, 0: any


cdef struct CodecTable:
    const char* name            # as in SDP, upper case: "G722", "OPUS", "G729"
    int pcm_rate_hz             # 8000 or 16000; 0: passed through only, all functions are NULL
    int rtp_rate_hz             # of timestamps (G722: 8000, OPUS: 48000)
    int frame_octets            # of 20 ms, 0: varies
    # State of one leg, both directions; NULL: no memory. A NULL function: the codec keeps no state, pass NULL.
    void* (*open)() noexcept nogil
    void (*close)(void* state) noexcept nogil
    # Until the next time. A NULL function: there is nothing that a peer could want.
    void (*tune)(void* state, const Tuning* tuning) noexcept nogil
    # Octets written, 0: nothing to send (DTX), negative: failed. `samples` are 10, 20, 40 or 60 ms.
    int (*encode)(void* state, const int16_t* pcm, int samples, uint8_t* octets, int room) noexcept nogil
    # Samples at pcm_rate_hz, negative: no such payload, or more samples than `room`.
    int (*decode)(void* state, const uint8_t* octets, int length, int16_t* pcm, int room) noexcept nogil
    # A lost frame of `samples`; `following` (or NULL) is the packet after it, which may hold it again (FEC).
    # Samples written, negative: failed. A NULL function: the engine conceals by itself.
    int (*conceal)(
        void* state, const uint8_t* following, int length, int16_t* pcm, int samples
    ) noexcept nogil


cdef inline int pcma_encode(
    void* state, const int16_t* pcm, int samples, uint8_t* octets, int room
) noexcept nogil:
    if samples > room:
        return -1
    alaw_encode_into(pcm, octets, samples)
    return samples


cdef inline int pcma_decode(
    void* state, const uint8_t* octets, int length, int16_t* pcm, int room
) noexcept nogil:
    if length > room:
        return -1
    alaw_decode_into(octets, pcm, length)
    return length


cdef inline int pcmu_encode(
    void* state, const int16_t* pcm, int samples, uint8_t* octets, int room
) noexcept nogil:
    if samples > room:
        return -1
    ulaw_encode_into(pcm, octets, samples)
    return samples


cdef inline int pcmu_decode(
    void* state, const uint8_t* octets, int length, int16_t* pcm, int room
) noexcept nogil:
    if length > room:
        return -1
    ulaw_decode_into(octets, pcm, length)
    return length


cdef inline void other_g711(int codec, uint8_t* payload, int length) noexcept nogil:
    """From PCMA (0) to PCMU, or from PCMU (1) to PCMA, in place."""
    if codec == 0:
        alaw_to_ulaw_into(payload, payload, length)
    else:
        ulaw_to_alaw_into(payload, payload, length)


cdef inline CodecTable codec_without_functions(const char* name) noexcept nogil:
    """What is passed through and never heard: 8 kHz, frames of any length."""
    cdef CodecTable table
    table.name = name
    table.pcm_rate_hz = 0
    table.rtp_rate_hz = 8000
    table.frame_octets = 0
    table.open = NULL
    table.close = NULL
    table.tune = NULL
    table.encode = NULL
    table.decode = NULL
    table.conceal = NULL
    return table


cdef inline CodecTable pcma_table() noexcept nogil:
    """ITU-T G.711, A-law."""
    cdef CodecTable table = codec_without_functions(b"PCMA")
    table.pcm_rate_hz = 8000
    table.frame_octets = 160
    table.encode = pcma_encode
    table.decode = pcma_decode
    return table


cdef inline CodecTable pcmu_table() noexcept nogil:
    """ITU-T G.711, mu-law."""
    cdef CodecTable table = codec_without_functions(b"PCMU")
    table.pcm_rate_hz = 8000
    table.frame_octets = 160
    table.encode = pcmu_encode
    table.decode = pcmu_decode
    return table


cdef inline CodecTable g729_table() noexcept nogil:
    """ITU-T G.729: 20 octets for 20 ms, but 2 more where annex B tells of silence. No codec of ours."""
    return codec_without_functions(b"G729")
