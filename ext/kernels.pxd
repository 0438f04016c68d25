"""Stateless media kernels for other compiled modules: `from ext.kernels cimport alaw_decode_into, ...`.

All are `noexcept nogil`, allocate nothing and touch only the memory they are given. `samples` are 16-bit
linear PCM at 8 kHz, full scale 32767; `count` is in samples, which for G.711 is also octets.
"""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t

# --- G.711 (ITU-T G.711 11/88; quantisation as in the reference software G.191) ---
cdef void alaw_decode_into(const uint8_t* octets, int16_t* samples, Py_ssize_t count) noexcept nogil
cdef void ulaw_decode_into(const uint8_t* octets, int16_t* samples, Py_ssize_t count) noexcept nogil
cdef void alaw_encode_into(const int16_t* samples, uint8_t* octets, Py_ssize_t count) noexcept nogil
cdef void ulaw_encode_into(const int16_t* samples, uint8_t* octets, Py_ssize_t count) noexcept nogil
# Octet to octet by G.711 tables 3 and 4; `target` may be `octets` itself.
cdef void alaw_to_ulaw_into(const uint8_t* octets, uint8_t* target, Py_ssize_t count) noexcept nogil
cdef void ulaw_to_alaw_into(const uint8_t* octets, uint8_t* target, Py_ssize_t count) noexcept nogil

# --- RTP header (RFC 3550 section 5.1) ---
cdef struct RtpHeader:
    uint8_t payload_type
    bint marker
    uint16_t sequence
    uint32_t timestamp
    uint32_t ssrc
    int payload_offset     # octets before the payload: fixed header, CSRCs, extension
    int payload_length     # octets of payload, padding taken off; 0 is possible

# True and *header filled if the packet is well formed RTP version 2; else False and *header undefined.
cdef bint rtp_read(const uint8_t* packet, Py_ssize_t length, RtpHeader* header) noexcept nogil
# Writes the 12 octets of a header without CSRCs, extension or padding.
cdef void rtp_write(
    uint8_t* packet, uint8_t payload_type, bint marker, uint16_t sequence, uint32_t timestamp, uint32_t ssrc
) noexcept nogil

# --- Tones ---
cdef struct Oscillator:
    double x               # the rotating phasor: x is the cosine, y the sine that is heard
    double y
    double step_x          # its rotation in one sample
    double step_y
    double amplitude       # peak, in sample units

cdef void oscillator_start(Oscillator* oscillator, double hz, double level_dbm0) noexcept nogil
# Writes the next `count` samples; phase is continuous from call to call, for ever without drift of level.
cdef void oscillator_fill(Oscillator* oscillator, int16_t* samples, Py_ssize_t count) noexcept nogil
# Mean square that a sine of `hz` has in these samples (Goertzel): amplitude squared over two.
cdef double goertzel_power(const int16_t* samples, Py_ssize_t count, double hz) noexcept nogil
# The same for LANES tones in one pass; `turns` are 2 cos(2 pi hz / 8000) of each.
cdef enum:
    LANES = 8
cdef void goertzel_powers_into(
    const int16_t* samples, Py_ssize_t count, const double* turns, double* powers
) noexcept nogil
# The sine that fits these samples best: its frequency, and the share of their power that it leaves, 0 to 1.
cdef struct SineFit:
    double hz
    double residue
cdef void sine_fit_into(const int16_t* samples, Py_ssize_t count, SineFit* fit) noexcept nogil
# Mean square of everything in these samples.
cdef double mean_power(const int16_t* samples, Py_ssize_t count) noexcept nogil

# --- Noise ---
cdef struct Noise:
    uint32_t state          # any value but 0
    double amplitude        # peak, in sample units

cdef void noise_start(Noise* noise, double level_dbm0, uint32_t seed) noexcept nogil
# Writes the next `count` samples of white noise (xorshift32, evenly spread), the same for the same seed.
cdef void noise_fill(Noise* noise, int16_t* samples, Py_ssize_t count) noexcept nogil

# --- Mixing (sum minus own) ---
# total[i] += samples[i]; at most 65536 frames may be summed into one total.
cdef void mix_add(int32_t* total, const int16_t* samples, Py_ssize_t count) noexcept nogil
# mixed[i] = total[i] - own[i], saturated to 16 bits; `own` may be NULL (somebody who only listens).
cdef void mix_minus_own(
    const int32_t* total, const int16_t* own, int16_t* mixed, Py_ssize_t count
) noexcept nogil

# --- The E-model (ITU-T G.107): R, and the score of an R; see media.emodel ---
cdef double rating_of(
    double best, double ie, double bpl, double delay_ms, double loss, double burst_ratio
) noexcept nogil
cdef double mos_of(double rating) noexcept nogil
