"""What goes through the rings between Python and a worker: orders one way, events and datagrams the other."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t

from ext.engine_codec cimport CodecTable, Tuning
from ext.engine_os cimport Address
from ext.engine_srtp cimport SrtpKey

cdef enum:
    CNAME_LENGTH = 24
    IN_BAND = 16            # beside the RFC 4733 event of a digit that came in band
    SPEAKS = 1 << 30        # beside the time at which somebody begins to speak
    PASSED_OCTETS = 1500    # of the longest datagram that goes up to Python

cdef enum:              # orders
    ORDER_OPEN
    ORDER_CONNECT
    ORDER_SEND
    ORDER_MUTE
    ORDER_WATCH
    ORDER_RECORD
    ORDER_PAUSE             # `count` is a TAP_..., for the recorder of that token
    ORDER_MASK              # `ns` back and `duration` on
    ORDER_FORK
    ORDER_STOP
    ORDER_DIGIT
    ORDER_LISTEN            # for digits in band
    ORDER_VOICE
    ORDER_OPENING           # `count` frames
    ORDER_SECURE
    ORDER_PASS
    ORDER_DATAGRAM
    ORDER_CLOSE
    ORDER_ROOM
    ORDER_GAIN

cdef struct Order:
    int kind
    int slot
    uint64_t generation
    void* block             # what it hands over: Network[], Playlist, Recorder, Gain; freed if the order is void
    const CodecTable* table
    void* codec_state       # handed over, too
    Tuning tuning
    int ptime_ms            # 0: nothing was asked for
    int count
    int fds[3]              # RTP, stranger's RTP, RTCP
    uint32_t ssrc
    uint32_t timestamp
    uint16_t sequence
    char cname[CNAME_LENGTH]
    Address rtp
    Address rtcp
    int codec
    int payload_type
    int receive_type
    double impairment[3]
    int send_event
    int receive_event
    int event_rate_hz
    bint comfort_noise
    bint takes_metrics
    bint takes_reference
    int source
    bint flag               # loop, mute, in band or hears tones
    size_t first_frame      # of the playlist, where it begins
    int other_slot
    uint64_t other_generation
    uint64_t token
    double hz
    double level_dbm0
    int64_t ns
    int digit               # RFC 4733 event
    int duration            # in timestamp units
    SrtpKey* sends          # ORDER_SECURE; NULL: in the clear
    SrtpKey* receives

cdef enum:              # events
    EVENT_FIRST
    EVENT_LOCK              # `peer` is where it is locked to, of no family when it is unlocked
    EVENT_DIGIT             # `a` the RFC 4733 event, with IN_BAND if it was heard there, `b` its duration in ms
    EVENT_SILENT            # `a` the nanoseconds that were asked for
    EVENT_FINISHED          # `a` the token
    EVENT_BEHIND            # `a` the recording's token
    EVENT_CLOSED
    EVENT_VOICE             # `a` the ms of the watch at which speech was over, with SPEAKS those at which it began
    EVENT_OPENING           # `a` whether it is over
    EVENT_KINDS
    EVENT_RECORDED          # `a` the token, `b` frames, `c` dropped frames, `d` errno

cdef struct Event:
    int kind
    int slot
    uint64_t generation
    uint64_t count          # how many of this kind the port has told, this one included
    int64_t a
    int64_t b
    int64_t c
    int64_t d
    Address peer

cdef struct Passed:         # a datagram on its way to Python
    int slot
    uint64_t generation
    Address source
    int length
    uint8_t octets[PASSED_OCTETS]
