"""How losses lie in a stream: bursts and gaps as RFC 3611 section 4.7.2 defines them, with Gmin 16.

A burst begins and ends with a lost packet and has fewer than Gmin packets heard in a row between any two of
its losses; one lost packet alone is no burst. All else is gap. The transitions are counted as in appendix A.2
and by its names.

A packet is judged when 64 later ones have been seen, so one that is only late or doubled is never taken for
lost. `losses_settled` judges the rest for a report.
"""

from libc.stdint cimport uint64_t

cdef enum:
    GMIN = 16
    JUDGED_AFTER = 64       # packets; the width of Losses.window

cdef struct Losses:         # RFC 3611 appendix A.2
    uint64_t window         # bit n: the packet n before the highest came
    uint64_t discarded      # likewise: it came, but too late to be played
    int known               # how many of their bits are of this stream
    uint64_t run            # packets heard since the last loss
    uint64_t lost_in_a_row  # losses since the last gap
    uint64_t c11            # heard in gaps
    uint64_t c13            # bursts
    uint64_t c14            # losses alone in a gap
    uint64_t c22            # heard in bursts right after a packet heard
    uint64_t c23            # heard in bursts right after a loss
    uint64_t c33            # lost right after a loss


cdef inline void judge(Losses* losses, bint heard) noexcept nogil:
    """The next packet in order of sequence."""
    if heard:
        losses.run += 1
        return
    if losses.run >= GMIN or losses.lost_in_a_row == 0:
        end_burst(losses)
        losses.c11 += losses.run
        losses.lost_in_a_row = 1
    else:
        losses.lost_in_a_row += 1
        if losses.run == 0:
            losses.c33 += 1
        else:
            losses.c23 += 1
            losses.c22 += losses.run - 1
    losses.run = 0


cdef inline void end_burst(Losses* losses) noexcept nogil:
    if losses.lost_in_a_row == 1:
        losses.c14 += 1
    elif losses.lost_in_a_row > 1:
        losses.c13 += 1
    losses.lost_in_a_row = 0


cdef inline void settle(Losses* losses) noexcept nogil:
    """Judges what the window still holds, as if Gmin packets were heard after it."""
    while losses.known > 0:
        losses.known -= 1
        judge(losses, losses.window >> losses.known & 1)
    end_burst(losses)
    losses.c11 += losses.run
    losses.run = 0


cdef inline void losses_restart(Losses* losses) noexcept nogil:
    """A new stream begins with a packet that came."""
    settle(losses)
    losses.window = 1
    losses.discarded = 0
    losses.known = 1


cdef inline void losses_advance(Losses* losses, int step) noexcept nogil:
    """The highest sequence number grew by `step`: that packet came, those between have not."""
    while step > 0:
        if losses.known == JUDGED_AFTER:
            judge(losses, losses.window >> (JUDGED_AFTER - 1) & 1)
        else:
            losses.known += 1
        losses.window <<= 1
        losses.discarded <<= 1
        step -= 1
    losses.window |= 1


cdef inline bint losses_late(Losses* losses, int behind) noexcept nogil:
    """A packet `behind` the highest came. False: it came before, or is older than can be told."""
    if behind >= losses.known or (losses.window | losses.discarded) >> behind & 1:
        return False
    losses.window |= <uint64_t>1 << behind
    return True


cdef inline bint losses_discard(Losses* losses, int behind) noexcept nogil:
    """A packet `behind` the highest came too late to be played: as bad as lost (section 4.7.1)."""
    if behind < 0 or behind >= losses.known or not losses.window >> behind & 1:
        return False
    losses.window &= ~(<uint64_t>1 << behind)
    losses.discarded |= <uint64_t>1 << behind
    return True


cdef inline Losses losses_settled(const Losses* losses) noexcept nogil:
    cdef Losses copy = losses[0]
    settle(&copy)
    return copy


# --- what settled counters say ---

cdef inline uint64_t lost_in_bursts(const Losses* losses) noexcept nogil:
    return losses.c13 + losses.c23 + losses.c33


cdef inline uint64_t packets_in_bursts(const Losses* losses) noexcept nogil:
    return lost_in_bursts(losses) + losses.c22 + losses.c23


cdef inline uint64_t packets_in_gaps(const Losses* losses) noexcept nogil:
    return losses.c11 + losses.c14


cdef inline double part(uint64_t some, uint64_t all) noexcept nogil:
    return <double>some / <double>all if all else 0.0


cdef inline double loss_of(const Losses* losses) noexcept nogil:
    """The fraction that was not heard, lost or discarded."""
    return part(
        losses.c14 + lost_in_bursts(losses), packets_in_gaps(losses) + packets_in_bursts(losses)
    )


cdef inline double burst_ratio(const Losses* losses) noexcept nogil:
    """Mean length of a run of losses, over what chance would make it: 1 / (1 - loss) (G.107 section 7.5)."""
    cdef uint64_t lost = losses.c14 + lost_in_bursts(losses)
    if lost == 0:
        return 1.0
    return part(lost, lost - losses.c33) * (1.0 - loss_of(losses))
