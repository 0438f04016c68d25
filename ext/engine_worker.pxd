"""The memory of one worker: its ports, its rings, its orders and events. Types only, and the way to tell
Python.

A port is written by its worker alone. Python reads its counters (aligned words, so never torn) and its facts
(under a version that is odd while they change).
"""

from libc.stdint cimport int16_t, int64_t, uint16_t, uint32_t, uint64_t, uint8_t

from ext.engine_codec cimport CodecTable
from ext.engine_dtmf cimport Dtmf
from ext.engine_fork cimport ForkBlock
from ext.engine_heard cimport Heard
from ext.engine_os cimport (
    Address, atomic_add, atomic_fence, atomic_store, iovec, mmsghdr, pthread_t,
)
from ext.engine_ring cimport Ring, ring_push
from ext.engine_sound cimport Playlist
from ext.engine_srtp cimport SRTP_TRAILER, SrtpKey
from ext.engine_resample cimport Downward, Upward
from ext.kernels cimport Oscillator

cdef enum:
    CANDIDATES = 4          # streams that compete for a port before it is locked
    DIGITS_KEPT = 16        # digits that can be reread after the event ring overflowed
    CNAME_LENGTH = 24
    METRICS = 28            # octets of a VoIP metrics block after its SSRC
    BATCH = 16              # datagrams for one recvmmsg; more only when a peer sends a burst
    DATAGRAM = 2048         # octets; RTP and RTCP stay below the path's 1500
    CHUNK_FRAMES = 50       # the recorder writes to disk by the second
    IN_BAND = 16            # beside the RFC 4733 event of a digit that came in band
    PASSED_OCTETS = 1500    # of the longest datagram that goes up to Python
    KEYS_QUEUED = 64        # digits that wait to be sent; more are dropped
    WINDOW_FRAMES = 40      # 800 ms in which the recorder puts late and early packets in their places

cdef enum:              # codecs; the others have the numbers in which they were registered
    PCMA = 0
    PCMU = 1
    PACKED_OCTETS = 640     # of a packet that waits until it is as long as the peer wants it

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
    ORDER_SECURE
    ORDER_PASS
    ORDER_DATAGRAM
    ORDER_CLOSE
    ORDER_ROOM
    ORDER_GAIN

cdef enum:              # events
    EVENT_FIRST
    EVENT_LOCK              # `peer` is where it is locked to, of no family when it is unlocked
    EVENT_DIGIT             # `a` the RFC 4733 event, with IN_BAND if it was heard there, `b` its duration in ms
    EVENT_SILENT            # `a` the nanoseconds that were asked for
    EVENT_FINISHED          # `a` the token
    EVENT_BEHIND            # `a` the recording's token
    EVENT_CLOSED
    EVENT_KINDS
    EVENT_RECORDED          # `a` the token, `b` frames, `c` dropped frames, `d` errno

cdef enum:              # sources
    SOURCE_SILENCE
    SOURCE_RELAY
    SOURCE_PLAY
    SOURCE_TONE
    SOURCE_MIX

cdef enum:              # sides of a recording
    LEFT = 0                # what the port receives
    RIGHT = 1               # what it sends
    SAMPLES = 160           # of a frame, on one side

cdef enum:              # what a recorder makes of what it hears
    TAP_KEEPS
    TAP_LEAVES_OUT          # time stands still
    TAP_BLANKS              # time passes, in silence

cdef enum:              # how far a recorder is from its end
    RECORDING
    TO_FINISH               # its file waits for the writer
    FINISHING               # with the writer
    FINISHED                # its event waits for room

cdef struct Network:
    uint32_t base[4]        # both in network order, as many words as the port's family has
    uint32_t mask[4]

cdef struct Order:
    int kind
    int slot
    uint64_t generation
    void* block             # what it hands over: Network[], Playlist, Recorder, Gain; freed if the order is void
    const CodecTable* table
    void* codec_state       # handed over, too
    int ptime_ms            # 0: nothing was asked for
    double gain
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

cdef struct Gain:           # other than 1, of one member in another's ear
    Gain* next
    int mouth
    uint64_t mouth_generation
    double gain

cdef struct Room:
    uint64_t generation     # 0: closed
    int first_member
    int members

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

cdef struct Losses:         # RFC 3611 appendix A.2; see engine_losses.pxd
    uint64_t window         # bit n: the packet n before the highest came
    int known               # how many of its bits are of this stream
    uint64_t run            # packets heard since the last loss
    uint64_t lost_in_a_row  # losses since the last gap
    uint64_t c11            # heard in gaps
    uint64_t c13            # bursts
    uint64_t c14            # losses alone in a gap
    uint64_t c22            # heard in bursts right after a packet heard
    uint64_t c23            # heard in bursts right after a loss
    uint64_t c33            # lost right after a loss

cdef struct Reception:      # RFC 3550 appendix A
    bint started
    uint32_t ssrc
    uint16_t top            # highest sequence number seen
    uint32_t cycles         # shifted, as in A.1
    uint32_t base           # extended sequence number of the first
    uint64_t received       # of this SSRC
    uint64_t unique         # the same without what came twice
    uint64_t duplicates     # of all SSRCs
    uint64_t discarded      # came too late to be played, of all SSRCs
    Losses losses
    int64_t lost_before     # by SSRCs that came before
    uint64_t expected_prior
    uint64_t received_prior
    bint timed
    uint32_t transit
    double jitter           # in timestamp units
    double jitter_sum_s     # all that moved it, in seconds, and how many they were
    uint64_t jitter_count
    uint32_t timestamp      # of the newest audio, and its sequence number
    uint16_t sequence
    double spacing_ms       # between packets; 0: not yet known
    uint64_t packets
    uint64_t octets

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
    uint32_t ssrc
    int64_t heard_ns        # when it came
    uint32_t sounded_until  # timestamp up to which a digit was last heard to sound

cdef struct Keypad:         # digits of our own
    bint busy               # one sounds, or rests: nothing else is sent meanwhile
    int first               # of those that wait, the one that sounds included
    int count
    Key keys[KEYS_QUEUED]
    Oscillator low          # the tones of one in band
    Oscillator high
    uint32_t timestamp      # of the one that sounds
    int elapsed             # how long it has sounded, in timestamp units
    int rest                # ticks since its end

cdef struct Control:        # RTCP
    int64_t due_ns
    uint64_t packets_told   # sent when the last report was made
    uint32_t last_report    # middle 32 bits of the NTP time of the peer's last SR
    int64_t last_report_ns
    uint32_t last_reference # the same of the peer's receiver reference time (RFC 3611 section 4.4)
    int64_t last_reference_ns
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
    bint muted
    Latch latch
    Reception reception
    Stream stream
    Digits digits
    InBand* inband          # NULL: nobody listens
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
    Gain* gains             # of others in this port's ear
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
    int buffer_ms           # of the jitter buffer that delays what is heard; 0: none, it is only relayed
    int buffer_most_ms      # the most that it has been
    int64_t rtp_ns          # last packets from who may speak; 0: none yet
    int64_t rtcp_ns
    int64_t watch_ns        # 0: nobody watches
    int64_t watch_since_ns
    bint silence_told
    uint64_t strangers
    Secrecy secrecy
    bint passes             # STUN and DTLS go up to Python
    bint muxed              # RTCP comes and goes on the RTP port (RFC 5761)
    Facts facts

cdef struct Side:
    bint anchored
    int64_t position        # in samples since the start, of
    uint32_t timestamp
    int64_t least_slack     # arrival minus place, the least of this second
    int64_t slack_since_ns
    int64_t pause           # samples of silence until now
    int64_t astray_since_ns # when the place ceased to agree with the clock; 0: it agrees

cdef struct Chunk:
    Chunk* next
    int frames
    int16_t samples[CHUNK_FRAMES * 320]

cdef struct Recorder:
    int fd                  # -1: a fork
    ForkBlock* fork
    int held_frames         # how long a frame waits for late packets, and can still be masked
    bint masks_digits
    uint64_t token
    int slot
    uint64_t generation
    int64_t start_ns
    int64_t flushed         # frames that left the window
    int64_t current         # frames that have begun
    int mode                # TAP_...
    int64_t masked_until[2] # frames, by side
    bint behind
    int ending
    uint64_t dropped
    uint64_t frames         # written; the writer's
    uint64_t error          # errno of the first write that failed; the writer's, read by the worker
    Side sides[2]
    uint8_t wanted[WINDOW_FRAMES]   # by frame: WANTED, and which sides are heard
    int16_t window[WINDOW_FRAMES * 320]
    Chunk* chunk
    Recorder* next          # all of a worker's recorders
    Recorder* next_tap      # of the port's

cdef struct Errand:         # between worker and writer, both ways
    Recorder* recorder
    Chunk* chunk            # NULL: finish the file
    bint leave              # the writer ends

cdef struct Passed:         # a datagram on its way to Python
    int slot
    uint64_t generation
    Address source
    int length
    uint8_t octets[PASSED_OCTETS]

cdef struct Totals:
    uint64_t packets_received
    uint64_t octets_received
    uint64_t packets_sent
    uint64_t octets_sent
    uint64_t strangers
    uint64_t srtp_failed
    uint64_t srtp_replayed
    uint64_t passed_dropped
    uint64_t malformed
    uint64_t send_errors
    uint64_t lost_closed    # by ports that are closed
    uint64_t dropped_frames
    uint64_t recorders

cdef struct Worker:
    Ring orders
    Ring events
    Ring passed
    int wake_fd
    int event_fd
    int epoll_fd
    int timer_fd
    uint64_t woken          # an order was announced and not yet looked for
    uint64_t stopping
    uint64_t resync
    uint64_t merged
    uint64_t worst_lag_ns
    bint told               # events wait for their eventfd
    Port* ports
    int capacity
    int slots_used          # the highest slot that was ever opened, plus one
    int open_count
    int* playing
    int playing_count
    int* hearing            # the ports whose samples are needed
    int hearing_count
    Heard* spare_ears
    Room* rooms
    int rooms_used          # the highest that was ever open, plus one
    Port* first_keypad
    bint ticking
    int64_t now_ns
    int64_t tick_ns         # when the next is due
    uint64_t tick
    uint64_t tick_packets   # received by the last tick
    bint coalescing
    uint64_t random
    Totals totals
    pthread_t thread
    pthread_t writer
    Ring errands            # to the writer
    Ring returns            # from it
    int writer_fd
    uint64_t errands_out
    Recorder* recorders
    Dtmf ear                # judges frames that are to be recorded, one at a time
    Chunk* spare
    int chunks
    int chunk_limit
    mmsghdr heads[BATCH]
    iovec vectors[BATCH]
    Address names[BATCH]
    uint8_t datagrams[BATCH * DATAGRAM]
    uint8_t sealed[DATAGRAM + SRTP_TRAILER]     # a copy of the packet that is protected


cdef inline void post(Worker* worker, const Event* event) noexcept nogil:
    """Full: the fact stays in the port, where Python rereads it."""
    if not ring_push(&worker.events, event):
        atomic_add(&worker.merged, 1)
        atomic_store(&worker.resync, 1)
    worker.told = True


cdef inline void tell(Worker* worker, Port* port, int kind, int64_t a, int64_t b) noexcept nogil:
    """Keeps the fact in the port and posts it."""
    cdef Facts* facts = &port.facts
    cdef Event event
    atomic_store(&facts.version, facts.version + 1)
    atomic_fence()
    if kind == EVENT_DIGIT:
        facts.digits[facts.counts[kind] % DIGITS_KEPT] = (a << 32) | b
    elif kind == EVENT_LOCK:
        facts.peer = port.latch.peer
    facts.counts[kind] += 1
    facts.values[kind] = a
    if kind == EVENT_CLOSED:
        facts.closed_generation = <uint64_t>a
    atomic_fence()
    atomic_store(&facts.version, facts.version + 1)
    event.kind = kind
    event.slot = port.slot
    event.generation = <uint64_t>a if kind == EVENT_CLOSED else port.generation
    event.count = facts.counts[kind]
    event.a = a
    event.b = b
    event.c = event.d = 0
    event.peer = facts.peer
    post(worker, &event)


cdef inline uint64_t next_random(Worker* worker) noexcept nogil:
    """xorshift64: spreads RTCP over time, nothing secret (RFC 3550 section 6.3.1)."""
    worker.random ^= worker.random << 13
    worker.random ^= worker.random >> 7
    worker.random ^= worker.random << 17
    return worker.random
