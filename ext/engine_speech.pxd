"""What is told of a port's speech: when somebody begins to speak and when it is over, and what a call's first
seconds are like.

Time is counted in the frames of the tick, from the order on, in every codec that we decode; while nothing comes,
it is silent.
"""

from libc.stdint cimport int16_t, int64_t
from libc.string cimport memset

from ext.engine_messages cimport EVENT_OPENING, EVENT_VOICE, SPEAKS
from ext.engine_opening cimport FRAME_MS, NOT_YET, Opening, opening_frame, opening_start
from ext.engine_port cimport Port, Speech
from ext.engine_tap cimport SAMPLES
from ext.engine_tell cimport tell
from ext.engine_voice cimport HANGOVER, ONSET, voice_frame, voice_start
from ext.engine_worker cimport Worker


cdef inline bint speech_needed(const Port* port) noexcept nogil:
    return port.speech.watched or port.speech.opening_left > 0


cdef inline void watch_voice(Speech* speech, bint watched) noexcept nogil:
    """A watch that goes on stays as it is."""
    if watched and not speech.watched:
        voice_start(&speech.voice)
        speech.frames = 0
        speech.told = False
    speech.watched = watched


cdef inline void hear_opening(Speech* speech, int frames) noexcept nogil:
    opening_start(&speech.opening)
    speech.opening_left = frames


cdef inline void end_opening(Worker* worker, Port* port) noexcept nogil:
    """What was heard is all there will be."""
    if port.speech.opening_left > 0:
        port.speech.opening_left = 0
        tell(worker, port, EVENT_OPENING, True, 0)


cdef inline void follow_voice(Worker* worker, Port* port, const int16_t* samples) noexcept nogil:
    """The voice is known when it has lasted, and over when it has been silent: told are the moments themselves."""
    cdef Speech* speech = &port.speech
    cdef int64_t ms
    voice_frame(&speech.voice, samples, SAMPLES)
    speech.frames += 1
    if speech.voice.active != speech.told:
        speech.told = speech.voice.active
        ms = FRAME_MS * (speech.frames - (ONSET if speech.told else HANGOVER))
        tell(worker, port, EVENT_VOICE, (SPEAKS if speech.told else 0) | ms, 0)


cdef inline int tones_known(const Opening* opening) noexcept nogil:
    return (opening.beep != NOT_YET) + (opening.sit != NOT_YET)


cdef inline void follow_opening(Worker* worker, Port* port, const int16_t* samples) noexcept nogil:
    """A beep and a special information tone are told at once: somebody may have waited for them."""
    cdef Speech* speech = &port.speech
    cdef int known = tones_known(&speech.opening)
    opening_frame(&speech.opening, samples, SAMPLES)
    if speech.opening_left == 1:
        end_opening(worker, port)
        return
    speech.opening_left -= 1
    if tones_known(&speech.opening) > known:
        tell(worker, port, EVENT_OPENING, False, 0)


cdef inline void speech_frame(Worker* worker, Port* port, const int16_t* samples) noexcept nogil:
    """This tick's frame at 8 kHz, or NULL."""
    cdef int16_t nothing[SAMPLES]
    if samples == NULL:
        memset(nothing, 0, sizeof(nothing))
        samples = nothing
    if port.speech.watched:
        follow_voice(worker, port, samples)
    if port.speech.opening_left > 0:
        follow_opening(worker, port, samples)
