"""Digits in the sound of a port whose peer has no other way to tell them: heard, told, and masked.

G.711 is judged as it comes, without a jitter buffer: a digit is known within 40 ms of its beginning, soon enough
to keep the rest of it from a listener who gets it in another way. Other codecs are heard on the tick.
"""

from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport free
from libc.string cimport memset

from ext.engine_codec cimport PCMA, PCMU
from ext.engine_dtmf cimport HITS, NO_DIGIT, dtmf_frame, dtmf_start
from ext.engine_masking cimport mask_heard
from ext.engine_messages cimport EVENT_DIGIT, IN_BAND
from ext.engine_port cimport InBand, Port
from ext.engine_tell cimport tell
from ext.engine_worker cimport Worker
from ext.g711 cimport alaw_decode_into, ulaw_decode_into
from ext.rtp cimport RtpHeader

cdef enum:
    FRAME = 160
    SILENT_NS = 100000000   # no sound for so long: whatever sounded is over
    LONGEST_WAIT = 8000     # timestamp units: no jitter buffer holds a packet for a second


cdef inline void inband_listen(Port* port, InBand* inband) noexcept nogil:
    """NULL: no longer. One that listens goes on as it is."""
    if inband == NULL:
        free(port.inband)
        port.inband = NULL
    elif port.inband != NULL:
        free(inband)
    else:
        memset(inband, 0, sizeof(InBand))
        dtmf_start(&inband.dtmf)
        port.inband = inband


cdef inline void inband_hear(Worker* worker, Port* port, const int16_t* samples, int count) noexcept nogil:
    """The next samples, FRAME at most."""
    cdef InBand* inband = port.inband
    dtmf_frame(&inband.dtmf, samples, count)
    inband.sounds = inband.dtmf.hits >= HITS and inband.dtmf.misses == 0
    if inband.sounds:
        mask_heard(worker, port, 0, 0)
    if inband.dtmf.ended != NO_DIGIT:
        tell(worker, port, EVENT_DIGIT, IN_BAND | inband.dtmf.ended, inband.dtmf.duration // 8)


cdef inline void inband_leap(Port* port) noexcept nogil:
    """The numbers of the packets begin anew."""
    if port.inband != NULL:
        port.inband.begun = False


cdef inline bint is_next(InBand* inband, const RtpHeader* header) noexcept nogil:
    """Newer than all before it."""
    if inband.begun and <int16_t>(header.sequence - inband.sequence) <= 0:
        return False
    inband.begun = True
    inband.sequence = header.sequence
    return True


cdef inline void inband_packet(
    Worker* worker, Port* port, const RtpHeader* header, const uint8_t* payload
) noexcept nogil:
    """G.711."""
    cdef int16_t samples[FRAME]
    cdef int done = 0, count
    if not is_next(port.inband, header):
        return
    port.inband.heard_ns = worker.now_ns
    while done < header.payload_length:
        count = min(header.payload_length - done, FRAME)
        if port.codec == PCMA:
            alaw_decode_into(payload + done, samples, count)
        else:
            ulaw_decode_into(payload + done, samples, count)
        inband_hear(worker, port, samples, count)
        done += count
    if port.inband.sounds:
        port.inband.sounded_until = header.timestamp + header.payload_length


cdef inline void inband_frame(Worker* worker, Port* port, const int16_t* samples) noexcept nogil:
    """Another codec: a frame of 8 kHz, or NULL."""
    if samples != NULL:
        port.inband.heard_ns = worker.now_ns
        inband_hear(worker, port, samples, FRAME)


cdef inline void inband_timeout(Worker* worker, Port* port) noexcept nogil:
    """Who suppresses silence sends nothing after a digit."""
    cdef int16_t silence[FRAME]
    cdef int frame
    if (
        port.inband == NULL
        or port.inband.dtmf.digit == NO_DIGIT
        or worker.now_ns - port.inband.heard_ns < SILENT_NS
    ):
        return
    memset(silence, 0, sizeof(silence))
    for frame in range(4):
        inband_hear(worker, port, silence, FRAME)


cdef inline bint inband_covers(const Port* port, const Port* listener) noexcept nogil:
    """Whether the listener is to hear nothing of this sound: it gets the digit in another way."""
    cdef int32_t ahead
    if port.inband == NULL or listener.hears_tones:
        return False
    if port.inband.sounds or not listener.decoded or port.heard == NULL or port.codec > PCMU:
        return port.inband.sounds
    ahead = <int32_t>(port.inband.sounded_until - port.heard.timestamp)     # he hears it out of a jitter buffer
    return 0 < ahead < LONGEST_WAIT
