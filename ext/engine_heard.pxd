"""What a port hears, as samples: one frame for each tick, decoded once for all who need it.

The chain: jitter buffer, decoder, concealment, then the frame at the codec's rate and, where asked for, at the
other. Nothing here knows ports or sockets, so it is tested by itself, with a clock of its own.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint16_t, uint32_t, uint8_t
from libc.string cimport memcpy, memmove, memset

from ext.engine_codec cimport CodecTable
from ext.engine_conceal cimport (
    HIGHEST_HZ, LOWEST_HZ, Conceal, conceal_start, heard_well, make_up, remember,
)
from ext.engine_jitter cimport (
    KEPT, LONGEST_MS, Jitter, Kept, delay_now, following, forget_packets, jitter_put, jitter_start, jitter_tick,
    kept, pass_over, take_out, wanted_delay,
)
from ext.engine_resample cimport Downward, Upward, downward, upward

cdef enum:
    NARROW_HZ = 8000
    WIDE_HZ = 16000
    WIDE_SAMPLES = 320      # of a 20 ms frame
    LINE = 4096             # decoded samples that wait: 256 ms at 16 kHz
    LONGEST_DECODED = 3200  # samples of one packet: 200 ms at 16 kHz (RFC 3551 section 4.2)
    IDLE_TICKS = 10         # after a pause of 200 ms the buffer starts again
    EXCESS_MS = 20          # more delay than wanted that is cut back
    CUT_TICKS = 10
    LOUDEST_NOISE = 16383   # mean magnitude: evenly spread, it reaches full scale
    QUIET = 64              # mean magnitude of a frame that may be left out

cdef struct Heard:
    Heard* next             # of those that are not in use
    const CodecTable* codec
    void* state             # of the codec; the port's
    bint played             # somebody's ear hears it, not only who records or looks for something
    Jitter jitter
    Conceal conceal
    bint resting            # a gap that the peer announced: comfort noise or nothing
    int noise_level         # mean magnitude of the comfort noise, 0: none
    uint32_t noise_seed
    int16_t line[LINE]
    int waiting             # samples in it
    int since_packet        # ticks
    int packet_samples      # of the last that was decoded
    bint present            # whether there is a frame in this tick
    uint32_t timestamp      # of its first sample
    int64_t delay_ns        # how long after the fastest packet's arrival it is played
    int16_t frame[WIDE_SAMPLES]
    int16_t other[WIDE_SAMPLES]     # the same at the other rate
    bint other_made
    Upward up
    Downward down
    int since_cut           # ticks
    uint16_t thrown[KEPT]   # sequence numbers of packets that went unheard in this tick
    int thrown_count
    int64_t cut_units       # left out, because the delay had grown too long


cdef inline int frame_samples(const CodecTable* codec) noexcept nogil:
    return codec.pcm_rate_hz // 50


cdef inline int frame_units(const CodecTable* codec) noexcept nogil:
    return codec.rtp_rate_hz // 50


cdef inline void heard_start(Heard* heard, const CodecTable* codec, void* state) noexcept nogil:
    memset(heard, 0, sizeof(Heard))
    heard.codec = codec
    heard.state = state
    heard.noise_seed = 0x2545F491
    heard.packet_samples = frame_samples(codec)
    jitter_start(&heard.jitter, codec.rtp_rate_hz)
    conceal_start(&heard.conceal, codec.pcm_rate_hz)


cdef inline void heard_packet(
    Heard* heard, uint32_t ssrc, uint16_t sequence, uint32_t timestamp, bint noise, const uint8_t* payload,
    int length, int64_t now_ns,
) noexcept nogil:
    """A packet of audio, or of comfort noise (RFC 3389)."""
    if jitter_put(&heard.jitter, ssrc, sequence, timestamp, noise, payload, length, now_ns):
        heard.since_packet = 0


# --- refilling the line ---

cdef inline uint32_t as_units(const Heard* heard, int samples) noexcept nogil:
    return <uint32_t>(<int64_t>samples * heard.codec.rtp_rate_hz // heard.codec.pcm_rate_hz)


cdef inline int as_samples(const Heard* heard, uint32_t units) noexcept nogil:
    return <int>(<int64_t>units * heard.codec.pcm_rate_hz // heard.codec.rtp_rate_hz)


cdef inline void add_noise(Heard* heard, int count) noexcept nogil:
    """White noise of the level that the peer told; nothing where it told none."""
    cdef int i
    cdef int16_t* samples = heard.line + heard.waiting
    for i in range(count):
        heard.noise_seed = heard.noise_seed * 1664525 + 1013904223
        samples[i] = <int16_t>((<int>(heard.noise_seed >> 16) - 32768) * 2 * heard.noise_level // 32768)
    remember(&heard.conceal, samples, count)
    heard.waiting += count


cdef inline void set_noise(Heard* heard, const Kept* packet) noexcept nogil:
    """RFC 3389 section 3.1: the first octet is the level in -dBov; the spectrum is passed over."""
    cdef int level = packet.payload[0] & 0x7F if packet.length else 127
    cdef double magnitude = 32767.0
    while level > 0 and magnitude >= 1.0:
        magnitude *= 0.8912509381337456     # one dB less
        level -= 1
    heard.noise_level = min(<int>(magnitude * 0.8660254037844386), LOUDEST_NOISE)  # root mean square to mean
    heard.resting = True
    heard.conceal.made_up = 0       # what follows the noise has no gap to fade out of


cdef inline void add_packet(Heard* heard, Kept* packet) noexcept nogil:
    """Decode what has come."""
    cdef int16_t* samples = heard.line + heard.waiting
    cdef int count = heard.codec.decode(
        heard.state, packet.payload, packet.length, samples, LINE - heard.waiting
    )
    heard.jitter.timestamp = packet.timestamp
    take_out(&heard.jitter, packet)
    if count <= 0:
        return
    heard.resting = False
    heard_well(&heard.conceal, samples, count)
    heard.waiting += count
    heard.packet_samples = count
    heard.jitter.timestamp += as_units(heard, count)


cdef inline void add_lost(Heard* heard, const Kept* after, int count) noexcept nogil:
    """Make up for a packet; the one after it may hold it again (in-band FEC)."""
    cdef int16_t* samples = heard.line + heard.waiting
    cdef int made = -1
    cdef bint next_one = after != NULL and after.sequence == <uint16_t>(heard.jitter.next + 1)
    if heard.codec.conceal != NULL:
        made = heard.codec.conceal(
            heard.state, <const uint8_t*>after.payload if next_one else NULL, after.length if next_one else 0, samples, count
        )
        if made > 0:
            remember(&heard.conceal, samples, made)
    if made <= 0:
        made = count
        make_up(&heard.conceal, samples, count)
    heard.waiting += made
    pass_over(&heard.jitter, as_units(heard, made))


cdef inline int lost_samples(const Heard* heard, const Kept* after) noexcept nogil:
    """How long the missing packet was: its share of the time until the one that is there, or as the last."""
    cdef int missing, samples
    if after == NULL:
        return heard.packet_samples
    missing = <uint16_t>(after.sequence - heard.jitter.next)
    samples = as_samples(heard, <uint32_t>(<int>(after.timestamp - heard.jitter.timestamp) // missing))
    return samples if 0 < samples <= LONGEST_DECODED else heard.packet_samples


cdef inline void rest_on(Heard* heard, int units) noexcept nogil:
    """Comfort noise for so long, a frame at most."""
    if units > frame_units(heard.codec):
        units = frame_units(heard.codec)
    add_noise(heard, as_samples(heard, units))
    heard.jitter.timestamp += units


cdef inline void refill(Heard* heard) noexcept nogil:
    """More samples for the line, LONGEST_DECODED at most: what is next, or what stands for it."""
    cdef Jitter* jitter = &heard.jitter
    cdef Kept* packet = kept(jitter, jitter.next)
    cdef Kept* after = following(jitter) if packet == NULL else packet
    cdef int gap = <int>(after.timestamp - jitter.timestamp) if after != NULL else 0
    if heard.resting and (after == NULL or 0 < gap < jitter.rate_hz):
        rest_on(heard, gap if after != NULL else frame_units(heard.codec))
    elif packet == NULL and heard.resting:
        jitter.next = after.sequence
    elif packet == NULL:
        add_lost(heard, after, lost_samples(heard, after))
    elif packet.noise:
        set_noise(heard, packet)
        if gap > 0:
            jitter.timestamp = packet.timestamp
        take_out(jitter, packet)
    else:
        add_packet(heard, packet)


# --- too much delay ---

cdef inline int32_t played_delay(const Heard* heard, int64_t now_ns) noexcept nogil:
    """How long after the fastest packet's arrival the first sample of the line is played, if it is now."""
    return delay_now(&heard.jitter, now_ns) + <int32_t>as_units(heard, heard.waiting)


cdef inline bint quiet(const Heard* heard, int count) noexcept nogil:
    cdef int i, total = 0
    for i in range(count):
        total += heard.line[i] if heard.line[i] >= 0 else -heard.line[i]
    return total < QUIET * count


cdef inline int repeated(const Heard* heard, int seam) noexcept nogil:
    """The lag at which the line resembles its beginning most: what lies between can be left out."""
    cdef int rate = heard.codec.pcm_rate_hz
    cdef int lag, i, best = rate // HIGHEST_HZ
    cdef int64_t product, energy
    cdef double score, best_score = 0.0
    for lag in range(rate // HIGHEST_HZ, rate // LOWEST_HZ + 1):
        product = energy = 0
        for i in range(seam):
            product += <int>heard.line[i] * heard.line[i + lag]
            energy += <int>heard.line[i + lag] * heard.line[i + lag]
        score = <double>product * product / energy if product > 0 and energy > 0 else 0.0
        if score > best_score:
            best_score = score
            best = lag
    return best


cdef inline void cut(Heard* heard, int lag, int seam) noexcept nogil:
    """Leave `lag` samples of the line out; its beginning runs into what comes after them."""
    cdef int i
    for i in range(seam):
        heard.line[i] = <int16_t>((heard.line[i] * (seam - i) + heard.line[i + lag] * i) // seam)
    memmove(
        heard.line + seam, heard.line + seam + lag, (heard.waiting - seam - lag) * sizeof(int16_t)
    )
    heard.waiting -= lag
    heard.cut_units += as_units(heard, lag)


cdef inline void throw_away(Heard* heard) noexcept nogil:
    """What is next, unheard. A packet that came counts as discarded (RFC 3611 section 4.7.1)."""
    cdef Kept* packet = kept(&heard.jitter, heard.jitter.next)
    cdef int before = heard.waiting
    if packet != NULL and not packet.noise and heard.thrown_count < KEPT:
        heard.thrown[heard.thrown_count] = packet.sequence
        heard.thrown_count += 1
    refill(heard)
    if heard.waiting > before:
        heard.cut_units += as_units(heard, heard.waiting - before)
        heard.waiting = before


cdef inline void catch_up(Heard* heard, int64_t now_ns) noexcept nogil:
    """After a stall of the network, all that came too much too late goes at once, whatever it says."""
    cdef int32_t most = (LONGEST_MS + EXCESS_MS) * heard.jitter.rate_hz // 1000
    while heard.jitter.held and not heard.resting and played_delay(heard, now_ns) >= most:
        if heard.waiting > LINE - LONGEST_DECODED:
            heard.cut_units += as_units(heard, heard.waiting)
            heard.waiting = 0
        throw_away(heard)


cdef inline void shorten(Heard* heard, int64_t now_ns) noexcept nogil:
    """While all wait longer than the slowest needs: a quiet frame goes, or a pitch period five times a second."""
    cdef int frame = frame_samples(heard.codec)
    cdef int seam = frame // 4
    cdef int32_t excess = played_delay(heard, now_ns) - wanted_delay(&heard.jitter)
    heard.since_cut += 1
    if excess <= EXCESS_MS * heard.jitter.rate_hz // 1000 or heard.resting:
        return
    while heard.waiting < 2 * frame:
        if kept(&heard.jitter, heard.jitter.next) == NULL:
            return
        refill(heard)
    if quiet(heard, frame):
        cut(heard, frame, seam)
    elif heard.since_cut >= CUT_TICKS:
        cut(heard, repeated(heard, seam), seam)
        heard.since_cut = 0


# --- the tick ---

cdef inline bint has_ended(const Heard* heard) noexcept nogil:
    """Nothing is left, and nothing came for longer than a packet and a pause."""
    cdef int packet_ticks = max(heard.packet_samples // frame_samples(heard.codec), 1)
    return heard.since_packet >= IDLE_TICKS + packet_ticks and heard.jitter.held == 0 and not heard.resting


cdef inline bint is_playing(Heard* heard, int64_t now_ns) noexcept nogil:
    """Whether there is something to play in this tick."""
    cdef Jitter* jitter = &heard.jitter
    if not jitter.begun:
        return False
    if has_ended(heard):
        jitter.made_up_units -= jitter.passed_units
        forget_packets(jitter)
        heard.waiting = 0
        return False
    if not jitter.playing:
        jitter.playing = delay_now(jitter, now_ns) >= wanted_delay(jitter)
    return jitter.playing


cdef inline void heard_tick(Heard* heard, int64_t now_ns) noexcept nogil:
    """Makes the frame of this tick, or none."""
    cdef int frame = frame_samples(heard.codec)
    if not heard.other_made:        # nobody asked: what the filters remember is old
        memset(&heard.up, 0, sizeof(heard.up))
        memset(&heard.down, 0, sizeof(heard.down))
    heard.other_made = False
    heard.thrown_count = 0
    jitter_tick(&heard.jitter)
    heard.since_packet += 1
    heard.present = is_playing(heard, now_ns)
    if not heard.present:
        return
    catch_up(heard, now_ns)
    shorten(heard, now_ns)
    heard.timestamp = heard.jitter.timestamp - as_units(heard, heard.waiting)
    heard.delay_ns = <int64_t>played_delay(heard, now_ns) * 1000000000 // heard.jitter.rate_hz
    while heard.waiting < frame:
        refill(heard)
    memcpy(heard.frame, heard.line, frame * sizeof(int16_t))
    heard.waiting -= frame
    memmove(heard.line, heard.line + frame, heard.waiting * sizeof(int16_t))


cdef inline const int16_t* heard_at(Heard* heard, int rate_hz) noexcept nogil:
    """This tick's frame at 8 or 16 kHz: 160 or 320 samples. NULL: there is none."""
    if not heard.present:
        return NULL
    if heard.codec.pcm_rate_hz == rate_hz:
        return heard.frame
    if not heard.other_made:
        heard.other_made = True
        if rate_hz == WIDE_HZ:
            upward(&heard.up, heard.frame, WIDE_SAMPLES // 2, heard.other)
        else:
            downward(&heard.down, heard.frame, WIDE_SAMPLES, heard.other)
    return heard.other
