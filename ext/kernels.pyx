# cython: language_level=3, autotestdict=False
# distutils: extra_compile_args = -ffp-contract=off
"""Stateless media kernels: G.711, RTP headers, tones, mixing one frame, sample rates, the E-model.

The cdef functions are for other compiled modules (kernels.pxd), the def functions for Python and for the
tests that hold them against their pure twins in media/.

The G.711 loops use no tables: a code word is a float without its bias. With e the three bits of the segment
and m the four of the interval, 2^(e+2) * (33 + 2m) is the float whose exponent is e + 7 and whose mantissa
begins with m and a one; it is exact, and the compiler turns the loop into SIMD, where a table look-up stays
one octet at a time (docs/explanation/performance.md has the figures).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.math cimport acos, cos, exp, log10, lrint, pow, sin, sqrt
from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

cdef extern from *:
    """
    #include <string.h>

    /* memcpy is the only way to look at the bits of a float that both C and the vectoriser accept. */
    static inline float centralita_float_of(uint32_t bits) { float f; memcpy(&f, &bits, 4); return f; }
    static inline uint32_t centralita_bits_of(float f) { uint32_t bits; memcpy(&bits, &f, 4); return bits; }
    """
    float float_of "centralita_float_of"(uint32_t bits) noexcept nogil
    uint32_t bits_of "centralita_bits_of"(float f) noexcept nogil

cdef extern from "math.h":
    const double M_PI

# Exponent of a code word's segment 0 (2^7), where the float's bits hold it; and the half interval after m.
cdef enum:
    EXPONENT_7 = (127 + 7) << 23
    HALF_INTERVAL = 1 << 18
    ULAW_BIAS = 132          # 33 in the 14-bit units of G.711
    RATE = 8000
    FRAME = 160
    RTP_FIXED = 12
    TAP_BITS = 24            # filter taps are integers, scaled by 2^24: sums are exact in every build

# 0 dBm0 is 3.14 dB below a sine that just reaches full scale (G.711 section 4, A-law).
cdef double FULL_SCALE = 32768.0
cdef double OVERLOAD_DBM0 = 3.14

# The E-model's constants, as in media.emodel.
cdef double ROE = 94.76882157936254
cdef double TELR = 65.0
cdef double WEPL = 110.0
cdef double MT_MS = 100.0


# --- G.711 ---

cdef void alaw_decode_into(const uint8_t* octets, int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint32_t code, low, first
    cdef int32_t value, sign
    for i in range(count):
        code = octets[i] ^ 0x55
        low = code & 0x7F
        first = <uint32_t>(low < 16)     # segment 0 is linear: segment 1's steps, 256 further down
        value = <int32_t>float_of(((low + (first << 4)) << 19) + HALF_INTERVAL + EXPONENT_7)
        value -= <int32_t>(first << 8)
        sign = <int32_t>(code >> 7) - 1  # 0 if positive, else -1
        samples[i] = <int16_t>((value ^ sign) - sign)


cdef void ulaw_decode_into(const uint8_t* octets, int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint32_t code
    cdef int32_t value, sign
    for i in range(count):
        code = octets[i] ^ 0xFF
        value = <int32_t>float_of(((code & 0x7F) << 19) + HALF_INTERVAL + EXPONENT_7) - ULAW_BIAS
        sign = -<int32_t>(code >> 7)
        samples[i] = <int16_t>((value ^ sign) - sign)


cdef void alaw_encode_into(const int16_t* samples, uint8_t* octets, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef int32_t sample, sign, magnitude, first, low
    for i in range(count):
        sample = samples[i]
        sign = sample >> 31                     # G.191: negative values are mirrored by one's complement
        magnitude = sample ^ sign
        first = (magnitude - 256) >> 31         # -1 in segment 0, else 0
        low = <int32_t>bits_of(<float>(magnitude - (first * 256))) - EXPONENT_7
        octets[i] = <uint8_t>((((low >> 19) + (first * 16)) | (~sign & 0x80)) ^ 0x55)


cdef void ulaw_encode_into(const int16_t* samples, uint8_t* octets, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef int32_t sample, sign, magnitude
    for i in range(count):
        sample = samples[i]
        sign = sample >> 31
        magnitude = (sample ^ sign) + ULAW_BIAS
        magnitude = magnitude if magnitude < 32767 else 32767
        octets[i] = <uint8_t>(
            ~((<int32_t>(bits_of(<float>magnitude) >> 19) - (EXPONENT_7 >> 19)) | (sign & 0x80))
        )


# G.711 table 3, mu-law to A-law, and table 4, A-law to mu-law, for the 128 magnitudes from the smallest up
# (code words with sign and inversions taken off). They are not decoding followed by encoding: the tables
# move ties so that octets survive a conversion there and back.
cdef uint8_t[128] TABLE_3 = [
    0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7,
    8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 26, 28, 30, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    45, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
    63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78,
    79, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
    96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
]
cdef uint8_t[128] TABLE_4 = [
    1, 3, 5, 7, 9, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 29, 30, 31, 32, 32, 33, 33, 34, 34, 35, 35,
    36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 48, 49, 49,
    50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 64,
    65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80,
    80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
    96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
]


cdef void alaw_to_ulaw_into(const uint8_t* octets, uint8_t* target, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint8_t code
    for i in range(count):
        code = octets[i]
        target[i] = (code & 0x80) | (TABLE_4[(code ^ 0x55) & 0x7F] ^ 0x7F)


cdef void ulaw_to_alaw_into(const uint8_t* octets, uint8_t* target, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint8_t code
    for i in range(count):
        code = octets[i]
        target[i] = (code & 0x80) | (TABLE_3[~code & 0x7F] ^ 0x55)


# --- RTP header ---

cdef bint rtp_read(const uint8_t* packet, Py_ssize_t length, RtpHeader* header) noexcept nogil:
    cdef Py_ssize_t offset, padding = 0
    if length < RTP_FIXED or packet[0] >> 6 != 2:
        return False
    offset = RTP_FIXED + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:                                 # extension: 16 bits of profile, 16 of length in words
        if length < offset + 4:
            return False
        offset += 4 + 4 * ((packet[offset + 2] << 8) | packet[offset + 3])
    if packet[0] & 0x20:
        padding = packet[length - 1]                     # counts itself, so 0 is malformed
        if padding == 0:
            return False
    if offset + padding > length:
        return False
    header.payload_type = packet[1] & 0x7F
    header.marker = packet[1] >> 7
    header.sequence = <uint16_t>((packet[2] << 8) | packet[3])
    header.timestamp = load_32(packet + 4)
    header.ssrc = load_32(packet + 8)
    header.payload_offset = <int>offset
    header.payload_length = <int>(length - offset - padding)
    return True


cdef void rtp_write(
    uint8_t* packet, uint8_t payload_type, bint marker, uint16_t sequence, uint32_t timestamp, uint32_t ssrc
) noexcept nogil:
    packet[0] = 0x80
    packet[1] = (0x80 if marker else 0) | (payload_type & 0x7F)
    packet[2] = <uint8_t>(sequence >> 8)
    packet[3] = <uint8_t>sequence
    store_32(packet + 4, timestamp)
    store_32(packet + 8, ssrc)


cdef inline uint32_t load_32(const uint8_t* octets) noexcept nogil:
    return (
        (<uint32_t>octets[0] << 24) | (<uint32_t>octets[1] << 16) | (<uint32_t>octets[2] << 8) | octets[3]
    )


cdef inline void store_32(uint8_t* octets, uint32_t value) noexcept nogil:
    octets[0] = <uint8_t>(value >> 24)
    octets[1] = <uint8_t>(value >> 16)
    octets[2] = <uint8_t>(value >> 8)
    octets[3] = <uint8_t>value


# --- Tones ---

cdef void oscillator_start(Oscillator* oscillator, double hz, double level_dbm0) noexcept nogil:
    cdef double step = 2.0 * M_PI * hz / RATE
    oscillator.x = 1.0
    oscillator.y = 0.0
    oscillator.step_x = cos(step)
    oscillator.step_y = sin(step)
    oscillator.amplitude = FULL_SCALE * pow(10.0, (level_dbm0 - OVERLOAD_DBM0) / 20.0)


cdef void oscillator_fill(Oscillator* oscillator, int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef double x = oscillator.x, y = oscillator.y, turned, correction
    # One Newton step back to length 1 undoes the rounding of the frame before.
    correction = 1.5 - 0.5 * (x * x + y * y)
    x *= correction
    y *= correction
    for i in range(count):
        samples[i] = saturated(lrint(oscillator.amplitude * y))
        turned = x * oscillator.step_x - y * oscillator.step_y
        y = x * oscillator.step_y + y * oscillator.step_x
        x = turned
    oscillator.x = x
    oscillator.y = y


cdef double goertzel_power(const int16_t* samples, Py_ssize_t count, double hz) noexcept nogil:
    cdef Py_ssize_t i
    cdef double turn = 2.0 * cos(2.0 * M_PI * hz / RATE)
    cdef double before = 0.0, last = 0.0, now
    if count == 0:
        return 0.0
    for i in range(count):
        now = samples[i] + turn * last - before
        before = last
        last = now
    return 2.0 * (last * last + before * before - turn * last * before) / (<double>count * <double>count)


cdef void goertzel_powers_into(
    const int16_t* samples, Py_ssize_t count, const double* turns, double* powers
) noexcept nogil:
    cdef Py_ssize_t i
    cdef int lane
    cdef double[LANES] before, last, turn
    cdef double now, square = <double>count * <double>count
    for lane in range(LANES):
        before[lane] = last[lane] = powers[lane] = 0.0
        turn[lane] = turns[lane]
    if count == 0:
        return
    for i in range(count):
        for lane in range(LANES):
            now = samples[i] + turn[lane] * last[lane] - before[lane]
            before[lane] = last[lane]
            last[lane] = now
    for lane in range(LANES):
        powers[lane] = 2.0 * (
            last[lane] * last[lane] + before[lane] * before[lane] - turn[lane] * last[lane] * before[lane]
        ) / square


cdef void sine_fit_into(const int16_t* samples, Py_ssize_t count, SineFit* fit) noexcept nogil:
    """A sine's neighbours add up to 2 cos(step) times what stands between: least squares finds that factor."""
    cdef Py_ssize_t i
    cdef long long centre, sides, centres = 0, products = 0, squares = 0
    cdef double half
    fit.hz = 0.0
    fit.residue = 1.0
    for i in range(1, count - 1):
        centre = samples[i]
        sides = <long long>samples[i - 1] + samples[i + 1]
        centres += centre * centre
        products += centre * sides
        squares += sides * sides
    if centres == 0:
        return
    half = <double>products / (2.0 * <double>centres)
    half = 1.0 if half > 1.0 else (-1.0 if half < -1.0 else half)
    fit.hz = acos(half) * RATE / (2.0 * M_PI)
    fit.residue = (
        <double>squares - 4.0 * half * <double>products + 4.0 * half * half * <double>centres
    ) / (4.0 * <double>centres)
    fit.residue = 0.0 if fit.residue < 0.0 else (1.0 if fit.residue > 1.0 else fit.residue)


cdef double mean_power(const int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef long long total = 0
    if count == 0:
        return 0.0
    for i in range(count):
        total += <int32_t>samples[i] * <int32_t>samples[i]
    return <double>total / <double>count


# --- Noise ---

cdef void noise_start(Noise* noise, double level_dbm0, uint32_t seed) noexcept nogil:
    """Evenly spread samples have a third of their peak's square as mean square, a sine a half."""
    noise.state = seed if seed != 0 else 1
    noise.amplitude = FULL_SCALE * pow(10.0, (level_dbm0 - OVERLOAD_DBM0) / 20.0) * sqrt(1.5)


cdef void noise_fill(Noise* noise, int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint32_t state = noise.state
    cdef double scale = noise.amplitude / 2147483648.0
    for i in range(count):
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        samples[i] = saturated(lrint(<double><int32_t>state * scale))
    noise.state = state


# --- Mixing ---

cdef inline int16_t saturated(long value) noexcept nogil:
    return <int16_t>(32767 if value > 32767 else (-32768 if value < -32768 else value))


cdef void mix_add(int32_t* total, const int16_t* samples, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        total[i] += samples[i]


cdef void mix_minus_own(
    const int32_t* total, const int16_t* own, int16_t* mixed, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    cdef int32_t value
    for i in range(count):
        value = total[i] - (own[i] if own != NULL else 0)
        value = value if value < 32767 else 32767
        mixed[i] = <int16_t>(value if value > -32768 else -32768)


# --- Sample rates ---

cdef void lay_out_phases(
    const int32_t* taps, Py_ssize_t tap_count, int32_t* phases, Py_ssize_t up, Py_ssize_t width
) noexcept nogil:
    """The taps of each of `up` phases side by side, oldest sample first, so that one output is one dot product."""
    cdef Py_ssize_t phase, i, tap
    for phase in range(up):
        for i in range(width):
            tap = phase + (width - 1 - i) * up
            phases[phase * width + i] = taps[tap] if tap < tap_count else 0


cdef void resample_into(
    const int16_t* padded, const int32_t* phases, Py_ssize_t width, Py_ssize_t up, Py_ssize_t down,
    Py_ssize_t delay, int16_t* output, Py_ssize_t output_count
) noexcept nogil:
    """`padded` has `width` samples of silence before and after the sound."""
    cdef Py_ssize_t n, i, position
    cdef const int16_t* window
    cdef const int32_t* phase
    cdef long long total
    for n in range(output_count):
        position = n * down + delay
        phase = phases + (position % up) * width
        window = padded + width + position // up - (width - 1)
        total = 1 << (TAP_BITS - 1)
        for i in range(width):
            total += <long long>phase[i] * window[i]
        output[n] = saturated(<long>(total >> TAP_BITS))


# --- For Python ---

cdef Py_ssize_t samples_of(bytes pcm) except -1:
    if PyBytes_GET_SIZE(pcm) % 2:
        raise ValueError("16-bit PCM has an even number of octets")
    return PyBytes_GET_SIZE(pcm) // 2


cdef inline const uint8_t* octets_in(bytes value) noexcept:
    return <const uint8_t*>PyBytes_AS_STRING(value)


cdef inline const int16_t* samples_in(bytes pcm) noexcept:
    return <const int16_t*>PyBytes_AS_STRING(pcm)


cdef inline bytes room(Py_ssize_t octets):
    return PyBytes_FromStringAndSize(NULL, octets)


ctypedef void (*Decode)(const uint8_t*, int16_t*, Py_ssize_t) noexcept nogil
ctypedef void (*Encode)(const int16_t*, uint8_t*, Py_ssize_t) noexcept nogil
ctypedef void (*Convert)(const uint8_t*, uint8_t*, Py_ssize_t) noexcept nogil


cdef bytes decoded(bytes octets, Decode decode):
    cdef bytes pcm = room(2 * PyBytes_GET_SIZE(octets))
    decode(octets_in(octets), <int16_t*>samples_in(pcm), PyBytes_GET_SIZE(octets))
    return pcm


cdef bytes encoded(bytes pcm, Encode encode):
    cdef bytes octets = room(samples_of(pcm))
    encode(samples_in(pcm), <uint8_t*>octets_in(octets), PyBytes_GET_SIZE(octets))
    return octets


cdef bytes converted(bytes octets, Convert convert):
    cdef bytes target = room(PyBytes_GET_SIZE(octets))
    convert(octets_in(octets), <uint8_t*>octets_in(target), PyBytes_GET_SIZE(octets))
    return target


def alaw_decode(bytes octets not None):
    return decoded(octets, alaw_decode_into)


def ulaw_decode(bytes octets not None):
    return decoded(octets, ulaw_decode_into)


def alaw_encode(bytes pcm not None):
    return encoded(pcm, alaw_encode_into)


def ulaw_encode(bytes pcm not None):
    return encoded(pcm, ulaw_encode_into)


def alaw_to_ulaw(bytes octets not None):
    return converted(octets, alaw_to_ulaw_into)


def ulaw_to_alaw(bytes octets not None):
    return converted(octets, ulaw_to_alaw_into)


def rtp_parse(bytes packet not None):
    cdef RtpHeader header
    if not rtp_read(octets_in(packet), PyBytes_GET_SIZE(packet), &header):
        return None
    return (
        header.payload_type,
        bool(header.marker),
        header.sequence,
        header.timestamp,
        header.ssrc,
        header.payload_offset,
        header.payload_length,
    )


def rtp_header(int payload_type, bint marker, object sequence, object timestamp, object ssrc):
    cdef bytes header = room(RTP_FIXED)
    rtp_write(
        <uint8_t*>octets_in(header), <uint8_t>(payload_type & 0x7F), marker,
        sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc & 0xFFFFFFFF,
    )
    return header


def tone(double hz, double level_dbm0, Py_ssize_t count):
    cdef bytes pcm
    cdef Oscillator oscillator
    cdef Py_ssize_t start
    if count < 0:
        raise ValueError("a tone has no negative length")
    pcm = room(2 * count)
    oscillator_start(&oscillator, hz, level_dbm0)
    for start in range(0, count, FRAME):
        oscillator_fill(&oscillator, <int16_t*>samples_in(pcm) + start, min(FRAME, count - start))
    return pcm


def tone_power(bytes pcm not None, double hz):
    return goertzel_power(samples_in(pcm), samples_of(pcm), hz)


def tone_powers(bytes pcm not None, hz):
    cdef double[LANES] turns, powers
    cdef int lane, wanted = len(hz)
    if wanted > LANES:
        raise ValueError(f"at most {LANES} tones at a time")
    for lane in range(LANES):
        turns[lane] = 2.0 * cos(2.0 * M_PI * <double>hz[lane] / RATE) if lane < wanted else 0.0
    goertzel_powers_into(samples_in(pcm), samples_of(pcm), turns, powers)
    return [powers[lane] for lane in range(wanted)]


def sine_fit(bytes pcm not None):
    cdef SineFit fit
    sine_fit_into(samples_in(pcm), samples_of(pcm), &fit)
    return fit.hz, fit.residue


def noise(double level_dbm0, Py_ssize_t count, object seed):
    cdef bytes pcm
    cdef Noise state
    if count < 0:
        raise ValueError("noise has no negative length")
    pcm = room(2 * count)
    noise_start(&state, level_dbm0, seed & 0xFFFFFFFF)
    noise_fill(&state, <int16_t*>samples_in(pcm), count)
    return pcm


def power(bytes pcm not None):
    return mean_power(samples_in(pcm), samples_of(pcm))


def mix(frames):
    cdef Py_ssize_t count = samples_of(frames[0]) if frames else 0
    cdef int32_t* total
    cdef bytes frame, mixed
    cdef list result = []
    for frame in frames:
        if samples_of(frame) != count:
            raise ValueError("frames of different lengths cannot be mixed")
    total = <int32_t*>calloc(count + 1, sizeof(int32_t))
    if total == NULL:
        raise MemoryError
    try:
        for frame in frames:
            mix_add(total, samples_in(frame), count)
        for frame in frames:
            mixed = room(2 * count)
            mix_minus_own(total, samples_in(frame), <int16_t*>samples_in(mixed), count)
            result.append(mixed)
    finally:
        free(total)
    return result


def resample(bytes pcm not None, bytes taps not None, Py_ssize_t up, Py_ssize_t down):
    cdef Py_ssize_t count = samples_of(pcm), tap_count = PyBytes_GET_SIZE(taps) // 4, width, wanted
    cdef int32_t* phases = NULL
    cdef int16_t* padded = NULL
    cdef int16_t* target
    cdef const int32_t* coefficients
    cdef bytes output
    if up < 1 or down < 1 or tap_count % 2 == 0:
        raise ValueError("resampling needs an odd number of taps and a ratio of positive integers")
    width = (tap_count + up - 1) // up
    wanted = (count * up + down - 1) // down
    output = room(2 * wanted)
    try:
        phases = <int32_t*>calloc(up * width, sizeof(int32_t))
        padded = <int16_t*>calloc(count + 2 * width, sizeof(int16_t))
        if phases == NULL or padded == NULL:
            raise MemoryError
        memcpy(padded + width, samples_in(pcm), 2 * count)
        coefficients = <const int32_t*>octets_in(taps)
        target = <int16_t*>samples_in(output)
        with nogil:  # a piece of music takes tenths of a second
            lay_out_phases(coefficients, tap_count, phases, up, width)
            resample_into(padded, phases, width, up, down, (tap_count - 1) // 2, target, wanted)
    finally:
        free(phases)
        free(padded)
    return output


# --- The E-model (ITU-T G.107) ---

cdef inline double delay_impairment(double ms) noexcept nogil:
    """Id of section 7.4, term by term as in media.emodel."""
    cdef double echo = TELR - 40.0 * log10((1.0 + ms / 10.0) / (1.0 + ms / 150.0)) + 6.0 * exp(-0.3 * ms * ms)
    cdef double half = (ROE - (80.0 + 2.5 * (echo - 14.0))) / 2.0
    cdef double talker = (half + sqrt(half * half + 100.0) - 1.0) * (1.0 - exp(-ms))
    cdef double waiting = 0.0
    cdef double sixth = 1.0 / 6.0
    cdef double listener, x
    half = (ROE - 10.5 * (WEPL + 7.0) * pow(2.0 * ms + 1.0, -0.25)) / 2.0
    listener = half + sqrt(half * half + 169.0)
    if ms > MT_MS:
        x = log10(ms / MT_MS) / log10(2.0)
        waiting = 25.0 * (pow(1.0 + pow(x, 6.0), sixth) - 3.0 * pow(1.0 + pow(x / 3.0, 6.0), sixth) + 2.0)
    return (talker if talker > 0.0 else 0.0) + listener + waiting


cdef double rating_of(
    double best, double ie, double bpl, double delay_ms, double loss, double burst_ratio
) noexcept nogil:
    cdef double percent = 100.0 * (0.0 if loss < 0.0 else 1.0 if loss > 1.0 else loss)
    cdef double ratio = burst_ratio if burst_ratio > 1.0 else 1.0
    cdef double effective = ie + (95.0 - ie) * percent / (percent / ratio + bpl)
    return best - delay_impairment(delay_ms if delay_ms > 0.0 else 0.0) - effective


cdef double mos_of(double rating) noexcept nogil:
    cdef double score
    if rating <= 0.0:
        return 1.0
    if rating >= 100.0:
        return 4.5
    score = 1.0 + 0.035 * rating + 7e-6 * rating * (rating - 60.0) * (100.0 - rating)
    return score if score > 1.0 else 1.0


def emodel_rating(
    double best, double ie, double bpl, double delay_ms, double loss, double burst_ratio
) -> float:
    return rating_of(best, ie, bpl, delay_ms, loss, burst_ratio)


def emodel_mos(double rating) -> float:
    return mos_of(rating)
