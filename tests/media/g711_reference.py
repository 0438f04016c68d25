"""ITU-T G.711 (11/88) written out from its tables of decision values: slow and plain."""

from bisect import bisect_right
from itertools import pairwise

# Decision values x(n) of the positive halves, as columns 2 to 5 of the tables give them: the end of each
# segment and the step in it. Table 1a (A-law) counts 4096 units to full scale, table 2a (mu-law) 8159.
ALAW_SEGMENTS = [(64, 2), (128, 4), (256, 8), (512, 16), (1024, 32), (2048, 64), (4096, 128)]
ULAW_SEGMENTS = [(31, 2), (95, 4), (223, 8), (479, 16), (991, 32), (2015, 64), (4063, 128), (8159, 256)]


def decision_values(segments: list[tuple[int, int]], first: list[int]) -> list[int]:
    values = list(first)
    for end, step in segments:
        while values[-1] < end:
            values.append(values[-1] + step)
    return values


ALAW_DECISIONS = decision_values(ALAW_SEGMENTS, [0])
ULAW_DECISIONS = decision_values(ULAW_SEGMENTS, [0, 1])
# Output values y(n): between the decision values, but mu-law's first is 0.
ALAW_OUTPUTS = [(low + high) // 2 for low, high in pairwise(ALAW_DECISIONS)]
ULAW_OUTPUTS = [0, *((low + high) // 2 for low, high in pairwise(ULAW_DECISIONS[1:]))]


def reference_alaw_decode(octet: int) -> int:
    value = 8 * ALAW_OUTPUTS[(octet ^ 0x55) & 0x7F]
    return value if octet & 0x80 else -value


def reference_ulaw_decode(octet: int) -> int:
    value = 4 * ULAW_OUTPUTS[0x7F - (octet & 0x7F)]
    return value if octet & 0x80 else -value


def reference_alaw_encode(sample: int) -> int:
    magnitude = sample if sample >= 0 else -1 - sample
    number = bisect_right(ALAW_DECISIONS, magnitude / 8) - 1
    return (number | (0x80 if sample >= 0 else 0)) ^ 0x55


def reference_ulaw_encode(sample: int) -> int:
    magnitude = sample if sample >= 0 else -1 - sample
    number = min(bisect_right(ULAW_DECISIONS, magnitude / 4) - 1, 127)
    return 0x7F - number | (0x80 if sample >= 0 else 0)
