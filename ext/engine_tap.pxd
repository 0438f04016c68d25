"""The memory of whoever taps a port, a file or a fork."""

from libc.stdint cimport int16_t, int64_t, uint64_t, uint8_t
from libc.stdlib cimport calloc

from ext.engine_alignment cimport Side
from ext.engine_fork cimport ForkBlock

cdef enum:
    CHUNK_FRAMES = 50       # the recorder writes to disk by the second
    WINDOW_FRAMES = 40      # 800 ms in which the recorder puts late and early packets in their places

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

cdef struct Chunk:
    Chunk* next
    int frames
    int16_t samples[CHUNK_FRAMES * 320]

cdef struct Recorder:
    int fd                  # -1: a fork
    ForkBlock* fork
    bint wide               # a fork of 16 kHz
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
    int16_t* window         # the frames of both sides, behind this struct
    bint doubled[2]         # 16 kHz: what came last on a side had 8, so each of its samples stands twice
    Chunk* chunk
    Recorder* next          # all of a worker's recorders
    Recorder* next_tap      # of the port's

cdef struct Errand:         # between worker and writer, both ways
    Recorder* recorder
    Chunk* chunk            # NULL: finish the file
    bint leave              # the writer ends


cdef inline int frame_values(bint wide) noexcept nogil:
    """Of both sides."""
    return SAMPLES * (4 if wide else 2)


cdef inline Recorder* tap_make(ForkBlock* fork) noexcept nogil:
    """With its window, all in one block of memory; NULL: there is none."""
    cdef bint wide = fork != NULL and fork.wide
    cdef Recorder* tap = <Recorder*>calloc(
        1, sizeof(Recorder) + WINDOW_FRAMES * frame_values(wide) * sizeof(int16_t)
    )
    if tap != NULL:
        tap.fork = fork
        tap.wide = wide
        tap.window = <int16_t*>(tap + 1)
    return tap
