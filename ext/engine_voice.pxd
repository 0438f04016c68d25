"""Whether somebody speaks: the energy of each 20 ms against a noise floor that follows the line.

The floor falls fast and rises slowly, so it keeps to the pauses between words; steady sound becomes floor after
some seconds. Where there is nothing at all, not even noise, no line was heard, and the floor stays. Speech has begun when two frames in a row stand out, and is over 200 ms after the last that did.
"""

from libc.stdint cimport int16_t
from libc.string cimport memset

from ext.tones cimport mean_power

cdef enum:
    ONSET = 2           # frames in a row that begin speech: a click is shorter
    HANGOVER = 10       # frames that it outlasts the last loud one: between two words it goes on

cdef extern from *:
    """
    /* All are mean squares, or factors of them. 0 dBm0 is 2.605e8. */
    #define CENTRALITA_VOICE_FIRST_FLOOR 2.6e4  /* -40 dBm0, or less where the first frame has less */
    #define CENTRALITA_VOICE_LEAST 260.0        /* -60 dBm0: below it is no speech on any line */
    #define CENTRALITA_VOICE_ABOVE 6.3          /* 8 dB over the floor */
    #define CENTRALITA_VOICE_FALL 0.3           /* of the way down to a quieter frame */
    #define CENTRALITA_VOICE_RISE 1.014         /* in a frame: 3 dB in a second */
    """
    const double FIRST_FLOOR "CENTRALITA_VOICE_FIRST_FLOOR"
    const double LEAST_VOICE "CENTRALITA_VOICE_LEAST"
    const double ABOVE "CENTRALITA_VOICE_ABOVE"
    const double FALL "CENTRALITA_VOICE_FALL"
    const double RISE "CENTRALITA_VOICE_RISE"

cdef struct Voice:
    double floor        # mean square of what is taken for noise; 0 before the first sound
    double power        # of the newest frame
    bint loud           # the newest frame stands out
    bint active         # somebody speaks
    int loud_frames     # in a row
    int hang            # frames until it is over


cdef inline void voice_start(Voice* voice) noexcept nogil:
    memset(voice, 0, sizeof(Voice))


cdef inline void follow_floor(Voice* voice) noexcept nogil:
    if voice.power == 0.0:
        return
    if voice.floor == 0.0:
        voice.floor = min(voice.power, FIRST_FLOOR)
    elif voice.power < voice.floor:
        voice.floor += FALL * (voice.power - voice.floor)
    else:
        voice.floor *= RISE


cdef inline void voice_frame(Voice* voice, const int16_t* samples, int count) noexcept nogil:
    """The next 20 ms."""
    voice.power = mean_power(samples, count)
    follow_floor(voice)
    voice.loud = voice.power > ABOVE * voice.floor and voice.power > LEAST_VOICE
    voice.loud_frames = voice.loud_frames + 1 if voice.loud else 0
    if voice.loud_frames >= ONSET or (voice.active and voice.loud):
        voice.active = True
        voice.hang = HANGOVER
    elif voice.active:
        voice.hang -= 1
        voice.active = voice.hang > 0
