"""What the first seconds of an answered call sound like: the raw figures that tell a machine from a person.

How long nobody speaks, how long the first utterance is, how many words, the longest speech, the energy by
quarters of a second; a beep; the special information tone, by which a network refuses. Nothing is decided here.
"""

from libc.stdint cimport int16_t
from libc.string cimport memset

from ext.engine_voice cimport HANGOVER, ONSET, Voice, voice_frame, voice_start
from ext.tones cimport SineFit, sine_fit_into

cdef enum:
    NOT_YET = -1
    FRAME_MS = 20
    WORD = 5                # frames at least: 100 ms
    WORD_GAP = 3            # quiet frames between two words: 60 ms
    UTTERANCE_GAP = 25      # silent frames that end an utterance: half a second
    PROFILE = 32            # parts of the energy profile
    PART_FRAMES = 13        # of 260 ms
    BEEP = 9                # frames of one steady tone: 180 ms
    SIT_LEAST = 11          # frames of each of the three tones: 220 to 440 ms, nominally 274, 330 or 380
    SIT_MOST = 22

cdef extern from *:
    """
    #define CENTRALITA_TONE_RESIDUE 0.03    /* share of the power that is no sine */
    #define CENTRALITA_TONE_LEAST 26050.0   /* -40 dBm0, as mean square */
    #define CENTRALITA_TONE_STEADY 12.0     /* Hz from its first frame on */
    #define CENTRALITA_TONE_EVEN 1.26       /* 1 dB from one frame to the next */
    #define CENTRALITA_TONE_LOWEST 380.0    /* Hz: below it are voices that hum */
    #define CENTRALITA_SIT_NEAR 60.0        /* Hz: 50 by E.180, and what the fit errs */
    static const double CENTRALITA_SIT_HZ[3] = {950, 1400, 1800};
    """
    const double TONE_RESIDUE "CENTRALITA_TONE_RESIDUE"
    const double TONE_LEAST "CENTRALITA_TONE_LEAST"
    const double TONE_STEADY "CENTRALITA_TONE_STEADY"
    const double TONE_EVEN "CENTRALITA_TONE_EVEN"
    const double TONE_LOWEST "CENTRALITA_TONE_LOWEST"
    const double SIT_NEAR "CENTRALITA_SIT_NEAR"
    const double* SIT_HZ "CENTRALITA_SIT_HZ"

cdef struct Opening:        # times in frames of 20 ms
    Voice voice
    int frames              # heard
    int first_speech        # when it began; NOT_YET
    int first_utterance     # how long it was, its pauses included; NOT_YET while it goes on
    int words
    int longest_speech      # without a pause of more than 200 ms
    int speech              # all frames that stand out
    double profile[PROFILE] # mean square of each part; those to come are 0
    int beep                # when the first beep began; NOT_YET
    int beep_frames
    double beep_hz
    int sit                 # when the special information tone began; NOT_YET
    int loud                # frames of the word that is said
    int quiet               # since its last
    int spoken              # frames of the speech that goes on
    int silent              # since it was over
    int tone                # frames of the tone that sounds
    double tone_hz          # in its first whole frame
    double tone_power       # of its newest
    int sit_step            # of the three tones, how many have been heard
    int sit_begin           # when the first of them began


cdef inline void opening_start(Opening* opening) noexcept nogil:
    memset(opening, 0, sizeof(Opening))
    voice_start(&opening.voice)
    opening.first_speech = opening.first_utterance = opening.beep = opening.sit = NOT_YET


cdef inline void count_words(Opening* opening) noexcept nogil:
    """A word is told when it has lasted, and is over when it has been quiet."""
    if opening.voice.loud:
        opening.loud += 1
        opening.quiet = 0
        if opening.loud == WORD:
            opening.words += 1
        return
    opening.quiet += 1
    if opening.quiet >= WORD_GAP:
        opening.loud = 0


cdef inline void follow_speech(Opening* opening) noexcept nogil:
    """The voice is known a little late, and believed in a little longer than it lasts."""
    cdef int late = ONSET - 1
    if not opening.voice.active:
        opening.spoken = 0
        opening.silent += 1
        if (
            opening.silent + HANGOVER == UTTERANCE_GAP
            and opening.first_speech != NOT_YET
            and opening.first_utterance == NOT_YET
        ):
            opening.first_utterance = opening.frames + 1 - UTTERANCE_GAP - opening.first_speech
        return
    if opening.first_speech == NOT_YET:
        opening.first_speech = opening.frames - late
    if opening.spoken == 0:
        opening.spoken = late
    opening.spoken += 1
    opening.silent = 0
    if opening.voice.loud:
        opening.speech += 1
        opening.longest_speech = max(opening.longest_speech, opening.spoken)


cdef inline void end_tone(Opening* opening) noexcept nogil:
    """The three tones come one after the other, with 30 ms between them at most."""
    cdef double off = opening.tone_hz - SIT_HZ[opening.sit_step]
    if SIT_LEAST <= opening.tone <= SIT_MOST and -SIT_NEAR < off < SIT_NEAR:
        if opening.sit_step == 0:
            opening.sit_begin = opening.frames - opening.tone
        opening.sit_step += 1
        if opening.sit_step == 3:
            opening.sit_step = 0
            if opening.sit == NOT_YET:
                opening.sit = opening.sit_begin
    elif opening.tone > 1:
        opening.sit_step = 0
    opening.tone = 0


cdef inline bint goes_on(const Opening* opening, double hz) noexcept nogil:
    """The second frame may be louder than the first, which the tone fills in part."""
    cdef double change = opening.voice.power / opening.tone_power
    return (
        -TONE_STEADY < hz - opening.tone_hz < TONE_STEADY
        and (opening.tone == 1 or change < TONE_EVEN)
        and change > 1.0 / TONE_EVEN
    )


cdef inline void follow_tone(Opening* opening, const int16_t* samples, int count) noexcept nogil:
    """Beeps are told while they sound: they say that the time to speak has come."""
    cdef SineFit fit
    cdef bint pure = opening.voice.power > TONE_LEAST
    if pure:
        sine_fit_into(samples, count, &fit)
        pure = fit.residue < TONE_RESIDUE and fit.hz > TONE_LOWEST
    if opening.tone and not (pure and goes_on(opening, fit.hz)):
        end_tone(opening)
    if not pure:
        return
    opening.tone += 1
    opening.tone_power = opening.voice.power
    if opening.tone <= 2:
        opening.tone_hz = fit.hz
    if opening.tone == BEEP and opening.beep == NOT_YET:
        opening.beep = opening.frames + 1 - BEEP
        opening.beep_hz = fit.hz
    if opening.beep != NOT_YET and opening.beep + opening.tone == opening.frames + 1:
        opening.beep_frames = opening.tone


cdef inline void opening_frame(Opening* opening, const int16_t* samples, int count) noexcept nogil:
    """The next 20 ms."""
    cdef int part = opening.frames // PART_FRAMES
    voice_frame(&opening.voice, samples, count)
    count_words(opening)
    follow_speech(opening)
    follow_tone(opening, samples, count)
    if part < PROFILE:
        opening.profile[part] += opening.voice.power / PART_FRAMES
    opening.frames += 1
