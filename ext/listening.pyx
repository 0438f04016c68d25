# cython: language_level=3
"""What the engine hears in PCM, one detector at a time: the structs of ext/engine_*.pxd for Python."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int16_t
from libc.string cimport memcpy

from ext.engine_dtmf cimport NO_DIGIT, WINDOW, Dtmf, dtmf_frame, dtmf_start, judge
from ext.engine_masking cimport FAINTEST
from ext.engine_opening cimport NOT_YET, PROFILE, Opening as OpeningMemory, opening_frame, opening_start
from ext.engine_voice cimport Voice as VoiceMemory, voice_frame, voice_start
from ext.pcm cimport samples_in

cdef enum:
    FRAME = 160
    FRAME_MS = 20


cdef inline object ms(int frames):
    return None if frames == NOT_YET else frames * FRAME_MS


cdef class Digits:
    cdef Dtmf dtmf

    def __cinit__(self):
        dtmf_start(&self.dtmf)

    def hear(self, bytes pcm not None):
        cdef Py_ssize_t count = PyBytes_GET_SIZE(pcm) // 2, start
        cdef list told = []
        for start in range(0, count, FRAME):
            dtmf_frame(&self.dtmf, samples_in(pcm) + start, <int>min(FRAME, count - start))
            if self.dtmf.ended != NO_DIGIT:
                told.append((self.dtmf.ended, self.dtmf.duration / 8.0))
        return told


cdef class Voice:
    cdef VoiceMemory voice

    def __cinit__(self):
        voice_start(&self.voice)

    def hear(self, bytes pcm not None):
        cdef Py_ssize_t start
        cdef list told = []
        for start in range(0, PyBytes_GET_SIZE(pcm) // 2 - FRAME + 1, FRAME):
            voice_frame(&self.voice, samples_in(pcm) + start, FRAME)
            told.append(bool(self.voice.active))
        return told

    @property
    def floor(self):
        return self.voice.floor


cdef class Opening:
    cdef OpeningMemory opening

    def __cinit__(self):
        opening_start(&self.opening)

    def hear(self, bytes pcm not None):
        cdef Py_ssize_t start
        for start in range(0, PyBytes_GET_SIZE(pcm) // 2 - FRAME + 1, FRAME):
            opening_frame(&self.opening, samples_in(pcm) + start, FRAME)

    @property
    def initial_silence_ms(self):
        return ms(self.opening.frames if self.opening.first_speech == NOT_YET else self.opening.first_speech)

    @property
    def first_utterance_ms(self):
        return ms(self.opening.first_utterance)

    @property
    def words(self):
        return self.opening.words

    @property
    def longest_speech_ms(self):
        return ms(self.opening.longest_speech)

    @property
    def speech_ms(self):
        return ms(self.opening.speech)

    @property
    def profile(self):
        return [self.opening.profile[part] for part in range(PROFILE)]

    @property
    def beep(self):
        if self.opening.beep == NOT_YET:
            return None
        return ms(self.opening.beep), ms(self.opening.beep_frames), self.opening.beep_hz

    @property
    def special_information_ms(self):
        return ms(self.opening.sit)


def frames_to_mask(bytes pcm not None) -> list:
    cdef Dtmf dtmf
    cdef Py_ssize_t frame
    cdef list found = []
    dtmf_start(&dtmf)
    for frame in range(PyBytes_GET_SIZE(pcm) // (2 * FRAME)):
        memcpy(dtmf.window, PyBytes_AS_STRING(pcm) + frame * 2 * FRAME, 2 * WINDOW)
        if judge(&dtmf, FAINTEST) != NO_DIGIT:
            found.append(frame)
    return found
