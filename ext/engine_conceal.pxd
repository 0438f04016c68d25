"""What is played in place of audio that never came: the last pitch period again and again, ever fainter.

After ITU-T G.711 appendix I in idea: the best match of the last 10 ms in what came before tells the pitch
period; it is repeated with its seam smoothed, at full strength for 10 ms and gone after 60. What comes after
a gap is faded in over what was made up. For every codec that cannot conceal by itself.
"""

from libc.stdint cimport int16_t, int32_t
from libc.string cimport memcpy, memmove, memset

cdef enum:
    HISTORY = 800           # samples: 50 ms at 16 kHz
    LONGEST_PERIOD = 400
    LOWEST_HZ = 66          # pitches of voices
    HIGHEST_HZ = 400
    MATCH_MS = 10
    SEAM_MS = 3
    FULL_MS = 10
    GONE_MS = 60

cdef struct Conceal:
    int rate_hz
    int16_t history[HISTORY]    # the newest at its end
    int made_up             # samples since the gap began; 0: no gap
    int period              # in samples
    int phase               # within it
    int16_t cycle[LONGEST_PERIOD]   # the period that is repeated, seam smoothed


cdef inline void conceal_start(Conceal* conceal, int rate_hz) noexcept nogil:
    memset(conceal, 0, sizeof(Conceal))
    conceal.rate_hz = rate_hz


cdef inline void remember(Conceal* conceal, const int16_t* samples, int count) noexcept nogil:
    if count >= HISTORY:
        memcpy(conceal.history, samples + count - HISTORY, HISTORY * sizeof(int16_t))
        return
    memmove(conceal.history, conceal.history + count, (HISTORY - count) * sizeof(int16_t))
    memcpy(conceal.history + HISTORY - count, samples, count * sizeof(int16_t))


cdef inline void soften(const int16_t* samples, int16_t* soft, int count) noexcept nogil:
    """To 12 bits, so that sums of a few hundred products are numbers of 32 bits."""
    cdef int i, magnitude, loudest = 0, shift = 0
    for i in range(count):
        magnitude = samples[i] if samples[i] >= 0 else -samples[i]
        loudest = magnitude if magnitude > loudest else loudest
    while loudest >> shift > 2047:
        shift += 1
    for i in range(count):
        soft[i] = <int16_t>(samples[i] >> shift)


cdef inline int32_t likeness(const int16_t* one, const int16_t* other, int count) noexcept nogil:
    cdef int32_t product = 0
    cdef int i
    for i in range(count):
        product += <int32_t>one[i] * other[i]
    return product


cdef inline int pitch_period(const Conceal* conceal) noexcept nogil:
    """The lag at which the last 10 ms agree best with what came before, normalised by its energy.

    All legs of a worker may lose a packet in one tick, so this is 16-bit arithmetic that a compiler does by eights.
    """
    cdef int length = MATCH_MS * conceal.rate_hz // 1000
    cdef int shortest = conceal.rate_hz // HIGHEST_HZ
    cdef int longest = conceal.rate_hz // LOWEST_HZ
    cdef int16_t soft[HISTORY]
    cdef const int16_t* last = soft + longest
    cdef int lag, best = longest
    cdef int32_t product, energy
    cdef double score, best_score = 0.0
    soften(conceal.history + HISTORY - longest - length, soft, longest + length)
    energy = likeness(last - shortest, last - shortest, length)
    for lag in range(shortest, longest + 1):
        product = likeness(last, last - lag, length)
        if product > 0 and energy > 0:
            score = <double>product * product / energy
            if score > best_score:
                best_score = score
                best = lag
        if lag < longest:
            energy += last[-lag - 1] * last[-lag - 1] - last[length - 1 - lag] * last[length - 1 - lag]
    return best


cdef inline void find_cycle(Conceal* conceal) noexcept nogil:
    """The last period. Its end runs into what stands before its beginning, so that it can be repeated."""
    cdef int period = pitch_period(conceal)
    cdef int seam = SEAM_MS * conceal.rate_hz // 1000
    cdef const int16_t* last = conceal.history + HISTORY - period
    cdef int i, at
    if seam > period // 2:
        seam = period // 2
    memcpy(conceal.cycle, last, period * sizeof(int16_t))
    for i in range(seam):
        at = period - seam + i
        conceal.cycle[at] = <int16_t>((last[at] * (seam - i) + last[i - seam] * i) // seam)
    conceal.period = period
    conceal.phase = 0


cdef inline int strength(const Conceal* conceal, int made_up) noexcept nogil:
    """Of what is made up, in 1/256."""
    cdef int full = FULL_MS * conceal.rate_hz // 1000
    cdef int gone = GONE_MS * conceal.rate_hz // 1000
    if made_up <= full:
        return 256
    return 256 * (gone - made_up) // (gone - full) if made_up < gone else 0


cdef inline void make_up(Conceal* conceal, int16_t* samples, int count) noexcept nogil:
    """The next samples of a gap."""
    cdef int i
    if conceal.made_up == 0:
        find_cycle(conceal)
    for i in range(count):
        samples[i] = <int16_t>(conceal.cycle[conceal.phase] * strength(conceal, conceal.made_up + i) // 256)
        conceal.phase += 1
        if conceal.phase == conceal.period:
            conceal.phase = 0
    conceal.made_up += count
    remember(conceal, samples, count)


cdef inline void heard_well(Conceal* conceal, int16_t* samples, int count) noexcept nogil:
    """Samples that came. After a gap they fade in over what would have been made up further."""
    cdef int fade = SEAM_MS * conceal.rate_hz // 1000
    cdef int i, made
    if conceal.made_up:
        if fade > count:
            fade = count
        for i in range(fade):
            made = conceal.cycle[conceal.phase] * strength(conceal, conceal.made_up + i) // 256
            samples[i] = <int16_t>((made * (fade - i) + samples[i] * i) // fade)
            conceal.phase = conceal.phase + 1 if conceal.phase + 1 < conceal.period else 0
        conceal.made_up = 0
    remember(conceal, samples, count)
