"""Bursts and gaps by the words of RFC 3611 section 4.7.2, from the whole stream at once: what the engine's
counters are held against.
"""

from collections.abc import Sequence
from dataclasses import dataclass

GMIN = 16


@dataclass(frozen=True)
class Pattern:
    """Fractions of packets; lengths in packets."""

    loss: float
    bursts: int
    burst_loss: float
    gap_loss: float
    burst_packets: float
    gap_packets: float
    run: float
    """Mean length of a run of lost packets; 0 if there is none."""

    @property
    def ratio(self) -> float:
        """BurstR of ITU-T G.107."""
        return self.run * (1 - self.loss)


def pattern(heard: Sequence[bool]) -> Pattern:
    lost = [i for i, came in enumerate(heard) if not came]
    groups: list[list[int]] = []
    for i in lost:
        if groups and i - groups[-1][-1] - 1 < GMIN:
            groups[-1].append(i)
        else:
            groups.append([i])
    bursts = [group for group in groups if len(group) > 1]
    inside = sum(group[-1] - group[0] + 1 for group in bursts)
    burst_lost = sum(map(len, bursts))
    outside = len(heard) - inside
    runs = sum(1 for i in lost if i == 0 or heard[i - 1])

    def part(some: float, of: float) -> float:
        return some / of if of else 0.0

    return Pattern(
        loss=part(len(lost), len(heard)),
        bursts=len(bursts),
        burst_loss=part(burst_lost, inside),
        gap_loss=part(len(lost) - burst_lost, outside),
        burst_packets=part(inside, len(bursts)),
        gap_packets=outside / (len(bursts) + 1),
        run=part(len(lost), runs),
    )
