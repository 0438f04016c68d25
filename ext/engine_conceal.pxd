"""What is played in place of audio that never came: the last pitch period again and again, ever fainter.

After ITU-T G.711 appendix I in idea: the best match of the last 10 ms in what came before tells the pitch
period; it is repeated with its seam smoothed, at full strength for 10 ms and gone after 60. What comes after
a gap is faded in over what was made up. For every codec that cannot conceal by itself.
"""

from libc.stdint cimport int16_t, int64_t
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


cdef inline int pitch_period(const Conceal* conceal) noexcept nogil:
    """The lag at which the last 10 ms agree best with what came before, normalised by its energy."""
    cdef int length = MATCH_MS * conceal.rate_hz // 1000
    cdef int shortest = conceal.rate_hz // HIGHEST_HZ
    cdef int longest = conceal.rate_hz // LOWEST_HZ
    cdef const int16_t* last = conceal.history + HISTORY - length
    cdef int lag, i, best = longest
    cdef int64_t product, energy
    cdef double score, best_score = 0.0
    for lag in range(shortest, longest + 1):
        product = energy = 0
        for i in range(length):
            product += <int>last[i] * last[i - lag]
            energy += <int>last[i - lag] * last[i - lag]
        if product <= 0 or energy == 0:
            continue
        score = <double>product * product / energy
        if score > best_score:
            best_score = score
            best = lag
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
