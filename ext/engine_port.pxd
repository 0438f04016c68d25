"""The memory of one port, and of what it consists of. Types only.

It is written by its worker alone. Python reads its counters (aligned words, so never torn) and its facts
(under a version that is odd while they change).
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t

from ext.engine_codec cimport CodecTable
from ext.engine_dtmf cimport Dtmf
from ext.engine_heard cimport Heard
from ext.engine_messages cimport CNAME_LENGTH, EVENT_KINDS
from ext.engine_opening cimport Opening
from ext.engine_os cimport Address
from ext.engine_reception cimport Reception
from ext.engine_resample cimport Downward, Upward
from ext.engine_sound cimport Playlist
from ext.engine_srtp cimport SrtpKey
from ext.engine_tap cimport Recorder
from ext.engine_voice cimport Voice
from ext.tones cimport Oscillator

cdef enum:
    CANDIDATES = 4          # streams that compete for a port before it is locked
    DIGITS_KEPT = 16        # digits that can be reread after the event ring overflowed
    METRICS = 28            # octets of a VoIP metrics block after its SSRC
    KEYS_QUEUED = 64        # digits that wait to be sent; more are dropped
    PACKED_OCTETS = 640     # of a packet that waits until it is as long as the peer wants it

cdef enum:              # sources
    SOURCE_SILENCE
    SOURCE_RELAY
    SOURCE_PLAY
    SOURCE_TONE
    SOURCE_MIX

cdef struct Network:
    uint32_t base[4]        # both in network order, as many words as the port's family has
    uint32_t mask[4]

cdef struct Gain:           # other than 1, of one member in another's ear
    Gain* next
    int room
    uint64_t room_generation
    int mouth
    uint64_t mouth_generation
    double gain

cdef struct Candidate:
    Address address
    uint32_t ssrc
    uint16_t sequence
    int count
    int64_t since_ns

cdef struct Latch:
    bint locked
    Address peer
    Candidate candidates[CANDIDATES]
    int oldest
    bint rtcp_locked
    Address rtcp_peer
    uint32_t rtcp_ssrc

cdef struct Stream:         # what a port sends, for its whole life
    uint32_t ssrc
    int rate_hz             # of its timestamps
    uint16_t next_sequence
    bint begun
    bint fresh              # a source begins: marker, new offsets
    uint32_t origin_timestamp
    int64_t origin_ns
    uint32_t timestamp      # the newest sent, and when it was
    int64_t timestamp_ns
    uint32_t upcoming       # what a packet of ours has that follows it at once
    uint32_t in_ssrc        # of the relayed stream
    uint16_t in_first       # first and highest of its sequence numbers in this run
    uint16_t in_top
    uint16_t sequence_offset
    uint32_t timestamp_offset
    uint64_t packets
    uint64_t octets

cdef struct Digits:         # RFC 4733
    bint pending            # one is being pressed
    bint seen
    uint32_t timestamp      # of the newest event
    uint8_t event
    uint32_t duration       # in timestamp units
    uint32_t ended_segments # duration of the segments before this one, section 2.5.1.3
    int64_t last_ns

cdef struct Key:
    uint8_t event           # RFC 4733
    bint in_band            # as a pair of tones
    uint16_t duration       # in timestamp units

cdef struct InBand:         # digits in the sound
    Dtmf dtmf
    bint sounds             # one is heard just now
    bint begun
    uint16_t sequence       # of the newest packet
    int64_t heard_ns        # when it came
    uint32_t sounded_until  # timestamp up to which a digit was last heard to sound

cdef struct Speech:
    bint watched            # for its beginning and end
    bint told               # as the one or the other
    int frames              # since the watch began
    Voice voice
    int opening_left        # frames; 0: nobody wants it
    Opening opening

cdef struct Keypad:         # digits of our own
    bint busy               # one sounds, or rests: nothing else is sent meanwhile
    int first               # of those that wait, the one that sounds included
    int count
    Key keys[KEYS_QUEUED]
    Oscillator low          # the tones of one in band
    Oscillator high
    uint32_t timestamp      # of the one that sounds
    int elapsed             # how long it has sounded, in units of 8 kHz
    uint32_t segments       # that are over, in units of the peer's events
    int rest                # ticks since its end

cdef struct Control:        # RTCP
    int64_t due_ns
    uint64_t packets_told   # sent when the last report was made
    uint32_t last_report    # middle 32 bits of the NTP time of the peer's last SR
    int64_t last_report_ns
    uint32_t last_reference # the same of the peer's receiver reference time (RFC 3611 section 4.4)
    int64_t last_reference_ns
    uint32_t reference_ssrc # who told it
    uint64_t received
    uint64_t sent
    uint16_t first_sequence # of our stream
    bint reported
    int64_t peer_lost
    int64_t peer_expected   # what the peer should have heard by then
    uint32_t peer_jitter
    int64_t round_trip_ns   # -1: not known

cdef struct Facts:
    uint64_t version
    uint64_t counts[EVENT_KINDS]
    int64_t values[EVENT_KINDS]
    int64_t digits[DIGITS_KEPT]      # event << 32 | duration in ms
    Address peer            # as in the newest EVENT_LOCK
    Opening opening         # as in the newest EVENT_OPENING
    bint metered            # `metrics` are there: the peer's newest VoIP metrics (RFC 3611 section 4.7)
    uint8_t metrics[METRICS]
    uint64_t closed_generation  # 0 while it is open

cdef struct Secrecy:        # SRTP; a NULL key: in the clear
    SrtpKey* sends
    SrtpKey* receives
    SrtpKey* received_before    # until the first packet under `receives`: those under way are not lost
    uint64_t failed
    uint64_t replayed
    bint shut               # keys are on their way: until then nothing goes and nothing is heard

cdef struct Port:
    uint64_t generation     # 0: closed
    int slot
    int rtp_fd
    int stranger_fd
    int rtcp_fd
    Address sdp_rtp
    Address sdp_rtcp
    Network* allowed
    int allowed_count
    int codec
    const CodecTable* table
    void* codec_state
    int packet_octets       # as many as the peer asked for in a packet; 0: any number, and frames of 20 ms
    int payload_type        # that we send; -1 before the first SDP
    int receive_type        # that the peer was told to send: who sends ours instead is heard too
    double impairment[3]    # of its codec: best, ie, bpl of media.emodel; bpl 0 before the first SDP
    int send_event          # -1: none
    int receive_event
    bint hears_tones        # of others who press in band
    int event_rate_hz       # of the durations of both
    bint comfort_noise      # the peer takes RFC 3389
    bint takes_metrics      # and of RFC 3611 VoIP metrics,
    bint takes_reference    # receivers' reference times
    bint muted
    Latch latch
    Reception reception
    Stream stream
    Digits digits
    InBand* inband          # NULL: nobody listens
    Speech speech
    Keypad keypad
    Port* next_keypad       # chain of those that are busy
    Control control
    char cname[CNAME_LENGTH]
    int source
    int heard_slot          # SOURCE_RELAY: the port that is relayed
    int first_listener      # chain of the ports that relay this one; -1 ends it
    int next_listener
    bint decoded            # SOURCE_RELAY: from samples, since codec or packet time differ
    int misfits             # packets in a row whose time is not what the peer asked for
    int room_slot           # SOURCE_MIX
    int next_member
    uint64_t mixed_tick     # in which it last heard the room as it still does
    int lingers             # in the room, it is still relayed `heard_slot` (engine_handover)
    int linger_ticks
    Gain* gains             # of others in this port's ear, in the room where it is or will be
    Heard* heard            # NULL: nobody needs its samples
    int hearing_index       # in Worker.hearing
    Upward up               # of what it says, to its codec's rate
    Downward down
    Downward recorded       # and to the recorder's
    uint8_t packed[PACKED_OCTETS]
    int packed_octets
    Playlist* playlist
    size_t sound_index      # of the sound that plays
    size_t sound_frame      # of its frames, the next
    bint loop
    uint64_t token
    Oscillator oscillator
    int playing_index       # in Worker.playing, or -1
    Recorder* recorder      # into a file
    Recorder* taps          # chain of all that record the port: that one and forks
    int buffer_ms           # of the jitter buffer that delays what is played; 0: none, it is only relayed
    int buffer_most_ms      # the most that it has been
    int64_t rtp_ns          # last packets from who may speak; 0: none yet
    int64_t rtcp_ns
    int64_t watch_ns        # 0: nobody watches
    int64_t watch_since_ns
    bint silence_told
    uint64_t strangers
    Secrecy secrecy
    bint passes             # STUN and DTLS go up to Python
    int passed              # of them, since the port was last looked after
    bint muxed              # RTCP comes and goes on the RTP port (RFC 5761)
    Facts facts
