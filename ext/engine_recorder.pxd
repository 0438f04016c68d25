"""Whoever taps a port, a file or a fork: left what it receives, right what it sends, put in their places on
one clock.

A window of 800 ms lets late packets in, and silence over what must not be kept: what leaves it goes, by the
second, to the writer's thread, or at once to a fork's reader.
"""

from libc.stdint cimport int16_t, int64_t, uint32_t, uint8_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from ext.engine_alignment cimport held_up, note_pause, position_of, put_sooner
from ext.engine_codec cimport PCMA
from ext.engine_fork cimport fork_end, fork_push
from ext.engine_masking cimport mask_digits_in
from ext.engine_messages cimport EVENT_BEHIND, EVENT_RECORDED, Event
from ext.engine_os cimport atomic_load, signal_fd
from ext.engine_port cimport Port
from ext.engine_ring cimport ring_pop, ring_push
from ext.engine_tap cimport (
    CHUNK_FRAMES, FINISHED, FINISHING, RECORDING, SAMPLES, TAP_BLANKS, TAP_LEAVES_OUT, TO_FINISH,
    WINDOW_FRAMES, Chunk, Errand, Recorder, frame_values,
)
from ext.engine_tell cimport tell
from ext.engine_worker cimport Worker
from ext.g711 cimport alaw_decode_into, ulaw_decode_into

cdef enum:
    LONGEST_PACKET = 1600   # samples of one packet that are recorded: 200 ms (RFC 3551 section 4.2)
    FILE_HELD_FRAMES = 25   # a frame waits 500 ms: late packets come sooner, word of a digit may not
    FORK_HELD_FRAMES = 3    # who listens wants it soon
    BEFORE_ALL = -16000     # a place before any that a delay explains
    CHUNKS_EACH = 2         # of a recording: one fills while the other is written
    WANTED = 4              # beside the bits of the two sides: the frame is not left out

cdef extern from *:
    """
    #define FRAME_NS 20000000LL
    """
    const int64_t FRAME_NS


# --- the window ---

cdef inline Chunk* take_chunk(Worker* worker) noexcept nogil:
    """NULL: as many are with the writer as may be."""
    cdef Chunk* chunk = worker.spare
    if chunk != NULL:
        worker.spare = chunk.next
    elif worker.chunks_taken < worker.chunk_count:
        chunk = &worker.chunks[worker.chunks_taken]
        worker.chunks_taken += 1
    else:
        return NULL
    chunk.frames = 0
    return chunk


cdef inline void ready_chunks(Worker* worker) noexcept nogil:
    """Memory for all recordings becomes resident as they begin, not while packets wait."""
    cdef int ready = min(<int>worker.totals.recorders * CHUNKS_EACH, worker.chunk_count)
    if worker.chunks_ready < worker.chunks_taken:
        worker.chunks_ready = worker.chunks_taken
    while worker.chunks_ready < ready:
        memset(&worker.chunks[worker.chunks_ready], 0, sizeof(Chunk))
        worker.chunks_ready += 1


cdef inline void give_chunk(Worker* worker, Chunk* chunk) noexcept nogil:
    chunk.next = worker.spare
    worker.spare = chunk


cdef inline bint send_errand(Worker* worker, Recorder* recorder, Chunk* chunk) noexcept nogil:
    """As many errands may be out as fit the ring back, so the writer never waits for room."""
    cdef Errand errand
    if worker.errands_out > worker.returns.mask:
        return False
    errand.recorder = recorder
    errand.chunk = chunk
    errand.leave = False
    if not ring_push(&worker.errands, &errand):
        return False
    worker.errands_out += 1
    signal_fd(worker.writer_fd)
    return True


cdef inline void hand_over(Worker* worker, Recorder* recorder) noexcept nogil:
    cdef Chunk* chunk = recorder.chunk
    recorder.chunk = NULL
    if chunk == NULL:
        return
    if chunk.frames == 0:
        give_chunk(worker, chunk)
    elif not send_errand(worker, recorder, chunk):
        drop_frames(worker, recorder, chunk.frames)
        give_chunk(worker, chunk)


cdef inline void drop_frames(Worker* worker, Recorder* recorder, int frames) noexcept nogil:
    recorder.dropped += frames
    worker.totals.dropped_frames += frames
    if not recorder.behind:
        recorder.behind = True
        if worker.ports[recorder.slot].generation == recorder.generation:
            tell(worker, &worker.ports[recorder.slot], EVENT_BEHIND, recorder.token, 0)


cdef inline void keep_frame(Worker* worker, Recorder* recorder, const int16_t* frame) noexcept nogil:
    if recorder.chunk == NULL:
        recorder.chunk = take_chunk(worker)
    if recorder.chunk == NULL:
        drop_frames(worker, recorder, 1)
        return
    recorder.behind = False
    memcpy(recorder.chunk.samples + recorder.chunk.frames * 2 * SAMPLES, frame, 4 * SAMPLES)
    recorder.chunk.frames += 1
    if recorder.chunk.frames == CHUNK_FRAMES:
        hand_over(worker, recorder)


cdef inline void blank(int16_t* frame, int side, int values) noexcept nogil:
    cdef int i
    for i in range(side, values, 2):
        frame[i] = 0


cdef inline void flush_frame(Worker* worker, Recorder* recorder) noexcept nogil:
    """The oldest frame leaves the window, for where it belongs if it was not left out."""
    cdef int index = recorder.flushed % WINDOW_FRAMES
    cdef int values = frame_values(recorder.wide)
    cdef int16_t* frame = recorder.window + index * values
    cdef int side
    if recorder.masks_digits:
        if recorder.flushed == 0:
            mask_digits_in(worker, recorder, 0)
        mask_digits_in(worker, recorder, recorder.flushed + 1)
    recorder.flushed += 1
    if recorder.wanted[index] & WANTED and atomic_load(&recorder.error) == 0:
        for side in range(2):
            if not recorder.wanted[index] & 1 << side:
                blank(frame, side, values)
        if recorder.fork != NULL:
            fork_push(recorder.fork, recorder.flushed - 1, frame, recorder.doubled)
        else:
            keep_frame(worker, recorder, frame)
    memset(frame, 0, values * sizeof(int16_t))


cdef inline uint8_t wanted_now(const Recorder* recorder) noexcept nogil:
    """What is to become of the frame that begins."""
    cdef uint8_t wanted = WANTED
    cdef int side
    if recorder.mode == TAP_LEAVES_OUT:
        return 0
    for side in range(2):
        if recorder.mode != TAP_BLANKS and recorder.current >= recorder.masked_until[side]:
            wanted |= 1 << side
    return wanted


cdef inline void advance(Worker* worker, Recorder* recorder) noexcept nogil:
    """What becomes of each frame is said when it begins."""
    cdef int64_t now_frame = (worker.now_ns - recorder.start_ns) // FRAME_NS
    while recorder.current <= now_frame:
        if recorder.current - recorder.flushed >= WINDOW_FRAMES:
            flush_frame(worker, recorder)
        recorder.wanted[recorder.current % WINDOW_FRAMES] = wanted_now(recorder)
        recorder.current += 1


cdef inline void place(
    Recorder* recorder, int side, int64_t position, const int16_t* samples, const int16_t* wide, int count
) noexcept nogil:
    """What lies before the window is too late, what lies behind it cannot be. Places are samples of 8 kHz."""
    cdef int64_t first = recorder.flushed * SAMPLES
    cdef int64_t end = first + WINDOW_FRAMES * SAMPLES
    cdef int64_t at, index
    if first < position:
        first = position
    if end > position + count:
        end = position + count
    index = first % (WINDOW_FRAMES * SAMPLES)
    recorder.doubled[side] = wide == NULL
    for at in range(first, end):
        if not recorder.wide:
            recorder.window[2 * index + side] = samples[at - position]
        elif wide == NULL:
            recorder.window[4 * index + side] = recorder.window[4 * index + 2 + side] = samples[at - position]
        else:
            recorder.window[4 * index + side] = wide[2 * (at - position)]
            recorder.window[4 * index + 2 + side] = wide[2 * (at - position) + 1]
        index = index + 1 if index + 1 < WINDOW_FRAMES * SAMPLES else 0


cdef inline void pull(Recorder* recorder, int side, int64_t samples) noexcept nogil:
    """What this side has said since its anchor lies sooner. What was said before the beginning is lost."""
    cdef int64_t first = recorder.flushed * SAMPLES
    cdef int64_t end = first + WINDOW_FRAMES * SAMPLES
    cdef int step = frame_values(recorder.wide) // SAMPLES
    cdef int16_t* target
    cdef const int16_t* source
    cdef int64_t at
    cdef int i
    for at in range(max(first, recorder.sides[side].begun - samples), end):
        target = recorder.window + at % (WINDOW_FRAMES * SAMPLES) * step + side
        source = recorder.window + (at + samples) % (WINDOW_FRAMES * SAMPLES) * step + side
        for i in range(0, step, 2):
            target[i] = source[i] if at + samples < end else 0
    put_sooner(&recorder.sides[side], samples)


cdef inline int64_t movable(const Recorder* recorder) noexcept nogil:
    """The first place from which nothing has left the window."""
    return recorder.flushed * SAMPLES if recorder.flushed else BEFORE_ALL


cdef inline void record_pcm(
    Worker* worker, Port* port, int side, uint32_t timestamp, const int16_t* samples, const int16_t* wide, int count,
    int64_t arrival_ns,
) noexcept nogil:
    """For all who tap the port: `count` samples of 8 kHz, and the same at 16 kHz or NULL.

    `timestamp` is on any clock of 8 kHz that this side keeps to. `arrival_ns` is when these samples came, before any buffer held them.
    """
    cdef Recorder* tap = port.taps
    cdef int64_t arrival, held, late, position
    while tap != NULL:
        advance(worker, tap)
        arrival = (arrival_ns - tap.start_ns) // 125000
        late = held_up(&tap.sides[side], timestamp, arrival, movable(tap))
        if late:
            pull(tap, side, late)
        held = (tap.held_frames - 1) * SAMPLES
        position = position_of(&tap.sides[side], timestamp, arrival, held, worker.now_ns)
        note_pause(&tap.sides[side], samples, count)
        place(tap, side, position, samples, wide, count)
        tap = tap.next_tap


cdef inline void record_packet(
    Worker* worker, Port* port, int side, uint32_t timestamp, const uint8_t* payload, int length
) noexcept nogil:
    """A packet of G.711. Call it only where `port.taps` says that somebody listens."""
    cdef int16_t samples[LONGEST_PACKET]
    if length > LONGEST_PACKET:
        length = LONGEST_PACKET
    if port.codec == PCMA:
        alaw_decode_into(payload, samples, length)
    else:
        ulaw_decode_into(payload, samples, length)
    record_pcm(worker, port, side, timestamp, samples, NULL, length, worker.now_ns)


# --- its life ---

cdef inline void recorder_begin(Worker* worker, Recorder* recorder) noexcept nogil:
    recorder.start_ns = worker.now_ns
    recorder.held_frames = FILE_HELD_FRAMES if recorder.fork == NULL else FORK_HELD_FRAMES
    recorder.next = worker.recorders
    worker.recorders = recorder
    worker.totals.recorders += recorder.fork == NULL
    ready_chunks(worker)
    advance(worker, recorder)


cdef inline void recorder_mode(Worker* worker, Recorder* recorder, int mode) noexcept nogil:
    """From the next frame on; but the one in which silence begins is silent."""
    advance(worker, recorder)
    recorder.mode = mode
    if mode == TAP_BLANKS:
        recorder.wanted[(recorder.current - 1) % WINDOW_FRAMES] &= WANTED


cdef inline void tap_port(Worker* worker, Port* port, Recorder* recorder) noexcept nogil:
    recorder.next_tap = port.taps
    port.taps = recorder
    if recorder.fork == NULL:
        port.recorder = recorder


cdef inline void untap_port(Port* port, Recorder* recorder) noexcept nogil:
    """Also for one that does not tap it."""
    cdef Recorder** link = &port.taps
    while link[0] != NULL and link[0] != recorder:
        link = &link[0].next_tap
    if link[0] != NULL:
        link[0] = recorder.next_tap
    if port.recorder == recorder:
        port.recorder = NULL


cdef inline void recorder_end(Worker* worker, Recorder* recorder) noexcept nogil:
    """Whole frames up to now, then FINISH. The port lets go of it before."""
    cdef int64_t frames = (worker.now_ns - recorder.start_ns + FRAME_NS // 2) // FRAME_NS
    advance(worker, recorder)
    while recorder.flushed < frames and recorder.flushed < recorder.current:
        flush_frame(worker, recorder)
    if recorder.fork != NULL:
        fork_end(recorder.fork)
        recorder.fork = NULL
        recorder.ending = FINISHED
        return
    hand_over(worker, recorder)
    recorder.ending = TO_FINISH


cdef inline void unlink_recorder(Worker* worker, Recorder* recorder) noexcept nogil:
    cdef Recorder** link = &worker.recorders
    while link[0] != recorder:
        link = &link[0].next
    link[0] = recorder.next
    worker.totals.recorders -= recorder.fd >= 0
    free(recorder)


cdef inline bint tell_recorded(Worker* worker, Recorder* recorder) noexcept nogil:
    """Unlike a port's events this one is not merged: it is tried again until it fits. A fork's reader knows."""
    cdef Event event
    if recorder.fd < 0:
        return True
    event.kind = EVENT_RECORDED
    event.slot = recorder.slot
    event.generation = recorder.generation
    event.count = 0
    event.a = recorder.token
    event.b = recorder.frames
    event.c = recorder.dropped
    event.d = recorder.error
    worker.told = True
    return ring_push(&worker.events, &event)


cdef inline void recorder_tick(Worker* worker, Recorder* recorder) noexcept nogil:
    cdef int64_t now_frame = (worker.now_ns - recorder.start_ns) // FRAME_NS
    if recorder.ending == RECORDING:
        advance(worker, recorder)
        while recorder.flushed < now_frame - recorder.held_frames:
            flush_frame(worker, recorder)
        if atomic_load(&recorder.error) != 0:
            untap_port(&worker.ports[recorder.slot], recorder)
            recorder_end(worker, recorder)
    if recorder.ending == TO_FINISH and send_errand(worker, recorder, NULL):
        recorder.ending = FINISHING
    elif recorder.ending == FINISHED and tell_recorded(worker, recorder):
        unlink_recorder(worker, recorder)


cdef inline void recorders_tick(Worker* worker) noexcept nogil:
    cdef Errand errand
    cdef Recorder* recorder
    cdef Recorder* following
    while ring_pop(&worker.returns, &errand):
        worker.errands_out -= 1
        if errand.chunk != NULL:
            give_chunk(worker, errand.chunk)
        else:
            errand.recorder.ending = FINISHED
    recorder = worker.recorders
    while recorder != NULL:
        following = recorder.next
        recorder_tick(worker, recorder)
        recorder = following
