"""The jitter buffer: packets wait here, in order, until the tick plays them.

Where it sits: between reception and decoder, and only on a port whose samples somebody needs (a room, a peer
of another codec, a recorder, a fork). A relay has none: the receiver has one of its own, and a second would
add delay and repair nothing.

How long packets wait follows what they do: each is compared with the fastest of the last seconds, and the
slowest of these seconds is what all are held back by. So nothing that came is left out while the delay that
the network adds stays below 200 ms.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy, memset

cdef enum:
    KEPT = 32               # packets; 320 ms of those of 10 ms
    KEPT_OCTETS = 1600      # of payload: G.711 and G.722 of 200 ms (RFC 3551 section 4.2)
    SPANS = 4               # of a delay's memory
    SPAN_TICKS = 100        # 2 s each
    MARGIN_MS = 5           # more than the slowest needed
    FIRST_MS = 10           # what is expected of a network that is not known yet
    LONGEST_MS = 180
    OLDEST_S = 3            # what is older, by its number and its timestamp, is another stream

cdef struct Kept:
    bint filled
    bint taken              # was here, and has been played
    bint noise              # RFC 3389
    uint16_t sequence
    uint32_t timestamp
    int length
    uint8_t payload[KEPT_OCTETS]

cdef struct Jitter:
    int rate_hz             # of the timestamps
    bint begun              # a packet came, and not so long ago
    bint playing            # the first has waited long enough
    uint32_t ssrc
    uint16_t next           # sequence number of what is played next
    int held
    uint32_t timestamp      # of what is played next
    int passed              # packets that were not there in time, since the last that was
    uint32_t passed_units   # and how much was made up for them
    uint32_t reference      # arrival minus timestamp of the first: what all are compared with
    int32_t fastest[SPANS]  # the least and most of arrival minus timestamp, by spans
    int32_t slowest[SPANS]
    bint known[SPANS]
    int span
    int span_ticks
    bint digit              # one was told of, and may yet be played
    uint32_t digit_until    # before this timestamp
    int64_t late            # came after its turn was over
    int64_t made_up_units   # for packets that never came
    Kept packets[KEPT]


cdef inline uint32_t units(int64_t ns, int rate_hz) noexcept nogil:
    """A time in timestamp units, as it wraps."""
    return <uint32_t>(ns // 1000 * rate_hz // 1000000)


cdef inline void jitter_start(Jitter* jitter, int rate_hz) noexcept nogil:
    """Empty, and nothing known of the network."""
    memset(jitter, 0, sizeof(Jitter))
    jitter.rate_hz = rate_hz


cdef inline void forget_packets(Jitter* jitter) noexcept nogil:
    cdef int i
    for i in range(KEPT):
        jitter.packets[i].filled = jitter.packets[i].taken = False
    jitter.held = 0
    jitter.begun = jitter.playing = False


# --- what the network does ---

cdef inline void learn(Jitter* jitter, int32_t delay) noexcept nogil:
    """One packet's delay against the first one's."""
    cdef int span = jitter.span
    if not jitter.known[span]:
        jitter.known[span] = True
        jitter.fastest[span] = jitter.slowest[span] = delay
    elif delay < jitter.fastest[span]:
        jitter.fastest[span] = delay
    elif delay > jitter.slowest[span]:
        jitter.slowest[span] = delay


cdef inline int32_t fastest(const Jitter* jitter) noexcept nogil:
    cdef int32_t least = 0x7FFFFFFF
    cdef int i
    for i in range(SPANS):
        if jitter.known[i] and jitter.fastest[i] < least:
            least = jitter.fastest[i]
    return least


cdef inline int32_t spread(const Jitter* jitter) noexcept nogil:
    """From the fastest to the slowest packet of the last seconds."""
    cdef int32_t most = -0x7FFFFFFF
    cdef int i
    for i in range(SPANS):
        if jitter.known[i] and jitter.slowest[i] > most:
            most = jitter.slowest[i]
    return most - fastest(jitter)


cdef inline int32_t wanted_delay(const Jitter* jitter) noexcept nogil:
    """How long after the fastest packet's arrival each is played."""
    cdef int32_t least = FIRST_MS * jitter.rate_hz // 1000
    cdef int32_t most = LONGEST_MS * jitter.rate_hz // 1000
    cdef int32_t wanted = spread(jitter) + MARGIN_MS * jitter.rate_hz // 1000
    if wanted < least:
        return least
    return wanted if wanted < most else most


cdef inline int32_t delay_now(const Jitter* jitter, int64_t now_ns) noexcept nogil:
    """How long after the fastest packet's arrival the next one is played, if it is now."""
    cdef uint32_t since = units(now_ns, jitter.rate_hz) - jitter.timestamp - jitter.reference
    return <int32_t>since - fastest(jitter)


cdef inline void note_digit(Jitter* jitter, int32_t ahead, int64_t now_ns) noexcept nogil:
    """Word of a digit came, which may sound in what is sent until `ahead` units from now."""
    if jitter.begun:
        jitter.digit = True
        jitter.digit_until = units(now_ns, jitter.rate_hz) - jitter.reference - fastest(jitter) + ahead


cdef inline bint may_be_digit(Jitter* jitter, uint32_t timestamp) noexcept nogil:
    """Whether that digit may sound in what is played from this timestamp on."""
    if jitter.digit and <int32_t>(timestamp - jitter.digit_until) >= 0:
        jitter.digit = False
    return jitter.digit


cdef inline void jitter_tick(Jitter* jitter) noexcept nogil:
    """Every 20 ms: what was long ago is forgotten."""
    jitter.span_ticks += 1
    if jitter.span_ticks < SPAN_TICKS:
        return
    jitter.span_ticks = 0
    if jitter.known[jitter.span]:
        jitter.span = (jitter.span + 1) % SPANS
        jitter.known[jitter.span] = False


# --- what comes and goes ---

cdef inline Kept* place_of(Jitter* jitter, uint16_t sequence) noexcept nogil:
    return &jitter.packets[sequence % KEPT]


cdef inline Kept* kept(Jitter* jitter, uint16_t sequence) noexcept nogil:
    """That packet, or NULL."""
    cdef Kept* packet = place_of(jitter, sequence)
    return packet if packet.filled and packet.sequence == sequence else NULL


cdef inline void take_out(Jitter* jitter, Kept* packet) noexcept nogil:
    """It is played now: what follows it is next."""
    packet.filled = False
    packet.taken = True
    jitter.held -= 1
    jitter.next = <uint16_t>(packet.sequence + 1)
    jitter.passed = 0
    jitter.passed_units = 0


cdef inline void pass_over(Jitter* jitter, uint32_t made_up) noexcept nogil:
    """The next is not there, and so much was made up in its place."""
    jitter.next = <uint16_t>(jitter.next + 1)
    jitter.timestamp += made_up
    jitter.passed += 1
    jitter.passed_units += made_up
    jitter.made_up_units += made_up


cdef inline void begin_at(Jitter* jitter, uint16_t sequence, uint32_t timestamp) noexcept nogil:
    jitter.begun = True
    jitter.next = sequence
    jitter.timestamp = timestamp
    jitter.passed = 0
    jitter.passed_units = 0


cdef inline bint back_in_time(Jitter* jitter, uint16_t sequence, uint32_t timestamp) noexcept nogil:
    """Whether one that was passed over came at last: then it is played late, and all after it with it.

    Only while nothing newer has been played, so the order stays; the delay grows by what was made up.
    """
    cdef int behind = <uint16_t>(jitter.next - sequence)
    cdef uint32_t returned
    if jitter.playing:
        if behind > jitter.passed:
            return False
        returned = <uint32_t>(<uint64_t>jitter.passed_units * behind // jitter.passed)
        jitter.made_up_units -= returned
        jitter.passed_units -= returned
        jitter.passed -= behind
    jitter.next = sequence
    jitter.timestamp = timestamp
    return True


cdef inline bint other_clock(const Jitter* jitter, int32_t delay) noexcept nogil:
    """A sender that restarted its timestamps, or does not count its silences."""
    cdef int32_t most = LONGEST_MS * jitter.rate_hz // 1000 if not jitter.begun else jitter.rate_hz
    cdef int32_t off = delay - fastest(jitter)
    return off > most or off < -most


cdef inline void compare(Jitter* jitter, uint32_t ssrc, uint32_t timestamp, int64_t now_ns) noexcept nogil:
    """What this packet says of the network. Another stream begins with nothing known."""
    cdef uint32_t arrival = units(now_ns, jitter.rate_hz)
    cdef int64_t late = jitter.late
    cdef int64_t made_up = jitter.made_up_units
    if ssrc != jitter.ssrc or other_clock(jitter, <int32_t>(arrival - timestamp - jitter.reference)):
        jitter_start(jitter, jitter.rate_hz)
        jitter.late = late
        jitter.made_up_units = made_up
        jitter.ssrc = ssrc
        jitter.reference = arrival - timestamp
    learn(jitter, <int32_t>(arrival - timestamp - jitter.reference))


cdef inline bint is_long_gone(
    const Jitter* jitter, uint32_t ssrc, uint16_t sequence, uint32_t timestamp
) noexcept nogil:
    """Too old to be kept, and to tell of the network: a copy that went astray, or a link that came back."""
    cdef int32_t age = <int32_t>(jitter.timestamp - timestamp)
    return (
        jitter.begun
        and ssrc == jitter.ssrc
        and <int16_t>(sequence - jitter.next) < -KEPT
        and 0 < age < OLDEST_S * jitter.rate_hz
    )


cdef inline bint has_place(Jitter* jitter, uint16_t sequence, uint32_t timestamp) noexcept nogil:
    """Whether its turn is still to come. A leap is another stream under the old name."""
    cdef int16_t ahead
    cdef Kept* place = place_of(jitter, sequence)
    if not jitter.begun:
        begin_at(jitter, sequence, timestamp)
        return True
    ahead = <int16_t>(sequence - jitter.next)
    if ahead >= KEPT or ahead < -KEPT:
        forget_packets(jitter)
        begin_at(jitter, sequence, timestamp)
        return True
    if place.sequence == sequence and (place.filled or place.taken):
        return False
    if ahead >= 0 or back_in_time(jitter, sequence, timestamp):
        return True
    jitter.late += 1
    return False


cdef inline Kept* keep(Jitter* jitter, uint16_t sequence, uint32_t timestamp, bint noise) noexcept nogil:
    """An empty packet in its place."""
    cdef Kept* packet = place_of(jitter, sequence)
    jitter.held += not packet.filled
    packet.filled = True
    packet.taken = False
    packet.noise = noise
    packet.sequence = sequence
    packet.timestamp = timestamp
    packet.length = 0
    return packet


cdef inline bint jitter_put(
    Jitter* jitter, uint32_t ssrc, uint16_t sequence, uint32_t timestamp, bint noise, const uint8_t* payload,
    int length, int64_t now_ns,
) noexcept nogil:
    """Keeps a packet. False: it came too late, or twice, or is too large, which counts as too late."""
    cdef Kept* packet
    if length > KEPT_OCTETS or is_long_gone(jitter, ssrc, sequence, timestamp):
        jitter.late += 1
        return False
    compare(jitter, ssrc, timestamp, now_ns)
    if not has_place(jitter, sequence, timestamp):
        return False
    packet = keep(jitter, sequence, timestamp, noise)
    packet.length = length
    memcpy(packet.payload, payload, length)
    return True


cdef inline void jitter_note(Jitter* jitter, uint32_t ssrc, uint16_t sequence, uint32_t timestamp) noexcept nogil:
    """A packet of the stream that is no audio, such as a digit: its number is used, its time passes in silence.

    It begins no stream, and one of another stream says nothing of this.
    """
    if not jitter.begun or ssrc != jitter.ssrc or is_long_gone(jitter, ssrc, sequence, timestamp):
        return
    if has_place(jitter, sequence, timestamp):
        keep(jitter, sequence, timestamp, True)


cdef inline Kept* following(Jitter* jitter) noexcept nogil:
    """The first that is there, of those after the next, or NULL."""
    cdef int i
    cdef Kept* packet
    if jitter.held == 0:
        return NULL
    for i in range(1, KEPT):
        packet = kept(jitter, <uint16_t>(jitter.next + i))
        if packet != NULL:
            return packet
    return NULL
