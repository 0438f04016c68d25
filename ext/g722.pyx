# cython: language_level=3
"""G.722 at 64 kbit/s (ITU-T G.722 (09/2012), mode 1): 16 kHz, an octet for each two samples.

Two bands, each an adaptive predictor and quantiser, between quadrature mirror filters. The tables and the
names of the variables are the recommendation's (sections 3 to 6). Its converter has 15 bits; 16-bit samples
have one bit more below, which the filters take in and give out. Every limit is the recommendation's, so
that overdriven speech is clipped and never wraps: tests/media/g722_reference.py says the same in Python.
"""

from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memmove

from ext.engine_codec cimport CODEC_CAPSULE, CodecTable

cdef enum:
    TAPS = 12               # of each half of the filter
    PAST = TAPS - 1
    CHUNK = 160             # octets that are worked on at once: 20 ms
    LOWER_LEVELS = 30

# Table 11, the even and the odd coefficients; 2^-13.
cdef int32_t[TAPS] H_EVEN = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11]
cdef int32_t[TAPS] H_ODD = [-11, 53, -156, 362, -805, 3876, 951, -210, 32, 12, -11, 3]

# Table 14: decision levels of the lower band, 2^-12 of DETL.
cdef int32_t[LOWER_LEVELS] Q6 = [
    0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650,
    714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
]
# Table 15: code words of the intervals 1 to 30, below and above zero.
cdef uint8_t[LOWER_LEVELS] ILN = [
    63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19,
    18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
]
cdef uint8_t[LOWER_LEVELS] ILP = [
    61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47,
    46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
]
# Tables 17 and 18: output values by code word, 2^-15 of the scale factor.
cdef int32_t[16] QM4 = [
    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200,
    20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
]
cdef int32_t[64] QM6 = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704,
    -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
    -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576,
    -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
    24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192,
    10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
    4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032,
    1688, 1360, 1040, 728, 432, 136, -432, -136,
]
cdef int32_t[4] QM2 = [-7408, -1616, 7408, 1616]
# Tables 19 and 20: what a code word adds to the logarithm of the scale factor.
cdef int32_t[16] WL = [
    -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60,
]
cdef int32_t[4] WH = [798, -214, 798, -214]
# Table 22: 2^(n/32), 2^-11.
cdef int32_t[32] ILB = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
]


cdef struct Band:
    int32_t scale_base      # 8 of the lower, 10 of the upper band
    int32_t nb_limit
    int32_t nb              # logarithm of the scale factor
    int32_t det             # the scale factor
    int32_t s               # what is predicted: by poles and zeros, and by zeros alone
    int32_t sz
    int32_t a1
    int32_t a2
    int32_t[6] b
    int32_t[6] d            # quantised differences, the newest first
    int32_t[2] p            # partially reconstructed signals
    int32_t[2] r            # reconstructed signals


cdef struct Line:           # samples of one half of a filter, the oldest first: what was, then a chunk
    int32_t[PAST + CHUNK] sample


cdef struct Coder:
    Band lower_sent
    Band upper_sent
    Band lower_heard
    Band upper_heard
    Line older              # of each two samples that are encoded
    Line newer
    Line difference         # of the bands that are decoded
    Line total


cdef inline int32_t limit(int32_t value, int32_t low, int32_t high) noexcept nogil:
    return low if value < low else (high if value > high else value)


cdef inline int32_t limit_15(int32_t value) noexcept nogil:
    return limit(value, -16384, 16383)


cdef inline int32_t limit_16(int32_t value) noexcept nogil:
    return limit(value, -32768, 32767)


# --- What both ends do in each band ---

cdef inline void scale(Band* band, int32_t w) noexcept nogil:
    """LOGSCL and SCALEL, LOGSCH and SCALEH. The lower band's factor may have to be doubled."""
    band.nb = limit((band.nb * 32512 >> 15) + w, 0, band.nb_limit)
    band.det = (ILB[band.nb >> 6 & 31] << 1 >> (band.scale_base + 1 - (band.nb >> 11))) << 2


cdef inline void adapt_zeros(Band* band, int32_t d) noexcept nogil:
    """UPZERO."""
    cdef int32_t step = 128 if d != 0 else 0
    cdef int i
    for i in range(6):
        band.b[i] = limit_16((step if (d ^ band.d[i]) >= 0 else -step) + (band.b[i] * 32640 >> 15))


cdef inline void adapt_poles(Band* band, int32_t p) noexcept nogil:
    """UPPOL2 and UPPOL1."""
    cdef bint same_1 = (p ^ band.p[0]) >= 0
    cdef bint same_2 = (p ^ band.p[1]) >= 0
    cdef int32_t wd1 = limit_16(4 * band.a1)
    cdef int32_t wd2 = limit_16(-wd1 if same_1 else wd1) >> 7
    cdef int32_t most
    band.a2 = limit(wd2 + (128 if same_2 else -128) + (band.a2 * 32512 >> 15), -12288, 12288)
    most = 15360 - band.a2
    band.a1 = limit(limit_16((192 if same_1 else -192) + (band.a1 * 32640 >> 15)), -most, most)


cdef inline void predict(Band* band) noexcept nogil:
    """FILTEZ, FILTEP and PREDIC."""
    cdef int i
    cdef int32_t poles = (band.a1 * limit_16(2 * band.r[0]) >> 15) + (band.a2 * limit_16(2 * band.r[1]) >> 15)
    band.sz = 0
    for i in range(5, -1, -1):
        band.sz = limit_16(band.sz + (band.b[i] * limit_16(2 * band.d[i]) >> 15))
    band.s = limit_16(limit_16(poles) + band.sz)


cdef inline void adapt(Band* band, int32_t d, int32_t w) noexcept nogil:
    """By the quantised difference `d` and what its code word adds to the scale."""
    cdef int32_t p = limit_16(d + band.sz)
    cdef int32_t r = limit_16(band.s + d)
    scale(band, w)
    adapt_zeros(band, d)
    adapt_poles(band, p)
    memmove(&band.d[1], &band.d[0], 5 * sizeof(int32_t))
    band.d[0] = d
    band.p[1], band.p[0] = band.p[0], p
    band.r[1], band.r[0] = band.r[0], r
    predict(band)


cdef inline void adapt_lower(Band* band, int code) noexcept nogil:
    """INVQAL: by the four bits that every mode has."""
    adapt(band, band.det * QM4[code >> 2] >> 15, WL[code >> 2])


cdef inline void adapt_upper(Band* band, int code) noexcept nogil:
    """INVQAH."""
    adapt(band, band.det * QM2[code] >> 15, WH[code])


# --- Quantisers ---

cdef inline int quantise_lower(const Band* band, int32_t x) noexcept nogil:
    """QUANTL: six bits."""
    cdef int32_t e = limit_16(x - band.s)
    cdef int32_t size = e if e >= 0 else ~e
    cdef int i = 1
    while i < LOWER_LEVELS and size >= Q6[i] * band.det >> 12:
        i += 1
    return ILP[i - 1] if e >= 0 else ILN[i - 1]


cdef inline int quantise_upper(const Band* band, int32_t x) noexcept nogil:
    """QUANTH: two bits."""
    cdef int32_t e = limit_16(x - band.s)
    cdef int32_t size = e if e >= 0 else ~e
    cdef bint large = size >= 564 * band.det >> 12
    return (2 if large else 3) if e >= 0 else (0 if large else 1)


# --- Filters: a chunk at a time, tap by tap, so that the compiler makes SIMD of it ---

cdef inline void convolve(const Line* line, const int32_t* taps, int32_t* sums, int count) noexcept nogil:
    cdef int i, tap
    for i in range(count):
        sums[i] = 0
    for tap in range(TAPS):
        for i in range(count):
            sums[i] += line.sample[PAST - tap + i] * taps[tap]


cdef inline void advance(Line* line, int count) noexcept nogil:
    memmove(&line.sample[0], &line.sample[count], PAST * sizeof(int32_t))


cdef inline void encode_chunk(Coder* coder, const int16_t* pcm, uint8_t* octets, int count) noexcept nogil:
    """Section 3.1, then both bands."""
    cdef int32_t xa[CHUNK]
    cdef int32_t xb[CHUNK]
    cdef int i, lower, upper
    for i in range(count):
        coder.older.sample[PAST + i] = pcm[2 * i]
        coder.newer.sample[PAST + i] = pcm[2 * i + 1]
    convolve(&coder.newer, H_EVEN, xa, count)
    convolve(&coder.older, H_ODD, xb, count)
    advance(&coder.newer, count)
    advance(&coder.older, count)
    for i in range(count):
        lower = quantise_lower(&coder.lower_sent, limit_15(xa[i] + xb[i] >> 14))
        upper = quantise_upper(&coder.upper_sent, limit_15(xa[i] - xb[i] >> 14))
        adapt_lower(&coder.lower_sent, lower)
        adapt_upper(&coder.upper_sent, upper)
        octets[i] = <uint8_t>(upper << 6 | lower)


cdef inline void decode_chunk(Coder* coder, const uint8_t* octets, int16_t* pcm, int count) noexcept nogil:
    """Both bands (INVQBL, LIMIT), then section 4.4."""
    cdef int32_t first[CHUNK]
    cdef int32_t second[CHUNK]
    cdef Band* low = &coder.lower_heard
    cdef Band* high = &coder.upper_heard
    cdef int i, lower, upper
    cdef int32_t rl, rh
    for i in range(count):
        lower, upper = octets[i] & 63, octets[i] >> 6
        rl = limit_15(low.s + (low.det * QM6[lower] >> 15))
        rh = limit_15(high.s + (high.det * QM2[upper] >> 15))
        coder.difference.sample[PAST + i] = rl - rh
        coder.total.sample[PAST + i] = rl + rh
        adapt_lower(low, lower)
        adapt_upper(high, upper)
    convolve(&coder.difference, H_EVEN, first, count)
    convolve(&coder.total, H_ODD, second, count)
    advance(&coder.difference, count)
    advance(&coder.total, count)
    for i in range(count):
        pcm[2 * i] = <int16_t>limit_16(first[i] >> 11)
        pcm[2 * i + 1] = <int16_t>limit_16(second[i] >> 11)


# --- The codec ---

cdef void reset(Band* lower, Band* upper) noexcept nogil:
    lower.scale_base, lower.nb_limit, lower.det = 8, 18432, 32
    upper.scale_base, upper.nb_limit, upper.det = 10, 22528, 8


cdef void* coder_open() noexcept nogil:
    cdef Coder* coder = <Coder*>calloc(1, sizeof(Coder))
    if coder != NULL:
        reset(&coder.lower_sent, &coder.upper_sent)
        reset(&coder.lower_heard, &coder.upper_heard)
    return coder


cdef void coder_close(void* state) noexcept nogil:
    free(state)


cdef int encode(void* state, const int16_t* pcm, int samples, uint8_t* octets, int room) noexcept nogil:
    cdef int done = 0, count, all_octets = samples // 2
    if samples & 1 or all_octets > room:
        return -1
    while done < all_octets:
        count = min(CHUNK, all_octets - done)
        encode_chunk(<Coder*>state, pcm + 2 * done, octets + done, count)
        done += count
    return done


cdef int decode(void* state, const uint8_t* octets, int length, int16_t* pcm, int room) noexcept nogil:
    cdef int done = 0, count
    if 2 * length > room:
        return -1
    while done < length:
        count = min(CHUNK, length - done)
        decode_chunk(<Coder*>state, octets + done, pcm + 2 * done, count)
        done += count
    return 2 * done


cdef CodecTable table
table.name = b"G722"
table.pcm_rate_hz = 16000
table.rtp_rate_hz = 8000        # half of the truth, for ever (RFC 3551 section 4.5.2)
table.frame_octets = 160
table.open = coder_open
table.close = coder_close
table.encode = encode
table.decode = decode
table.conceal = NULL

CODEC = PyCapsule_New(&table, CODEC_CAPSULE, NULL)
