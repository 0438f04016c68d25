"""ITU-T G.722 (09/2012) at 64 kbit/s, written out block by block from its sections 3 and 6: slow and plain.

The names are the recommendation's. Its converter has 15 bits; our 16-bit samples have one bit more below,
which the filters take in and give out.
"""

from array import array
from collections import deque
from collections.abc import Sequence

# Table 11: the 24 coefficients of the quadrature mirror filter, in units of 2^-13. It is symmetric.
HALF = (3, -11, -11, 53, 12, -156, 32, 362, -210, -805, 951, 3876)
H = (*HALF, *reversed(HALF))

# Table 14: decision levels of the lower band's 60 levels, in units of 2^-12 of DETL.
Q6 = [0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023]
Q6 += [1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919]

# Table 15: the code words of MIL 1 to 30, as they count down.
ILN = (63, 62, *range(31, 3, -1))
ILP = tuple(range(61, 31, -1))

# Tables 17 and 18: output values with the sign of the code, in units of 2^-15 of the scale factor.
OQ4 = [20456, 12896, 8968, 6288, 4240, 2584, 1200]
OQ6 = [24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000]
OQ6 += [5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728]
QM4 = [0, *(-value for value in OQ4), *OQ4, 0]
QM6 = [*[-136] * 4, *(-value for value in OQ6), *OQ6, 432, 136, -432, -136]
QM2 = (-7408, -1616, 7408, 1616)

# Tables 19 and 20: what a code word adds to the logarithm of the scale factor.
WL = (-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60)
WH = (798, -214, 798, -214)

# Table 22: 2^(n/32) in units of 2^-11.
ILB = tuple(round(2048 * 2 ** (n / 32)) for n in range(32))


def limit(value: int, low: int = -32768, high: int = 32767) -> int:
    return min(max(value, low), high)


class Band:
    """One sub-band's predictor and quantiser adaptation; the lower and the upper band differ in constants."""

    def __init__(self, base: int, top: int, det: int) -> None:
        self.base, self.top = base, top  # of the logarithm's whole part; of the logarithm
        self.nb, self.det = 0, det
        self.s = self.sz = 0
        self.a1 = self.a2 = 0
        self.b = [0] * 6
        self.d = [0] * 6
        self.p = [0, 0]
        self.r = [0, 0]

    def adapt(self, d: int, w: int) -> None:
        """Everything that both ends do with the quantised difference `d`."""
        self.scale(w)
        p, r = limit(d + self.sz), limit(self.s + d)  # PARREC, RECONS
        self.zeros(d)
        self.poles(p)
        self.d, self.p, self.r = [d, *self.d[:5]], [p, self.p[0]], [r, self.r[0]]  # DELAYA
        self.sz = 0  # FILTEZ
        for b, old in zip(reversed(self.b), reversed(self.d), strict=True):
            self.sz = limit(self.sz + (b * limit(2 * old) >> 15))
        poles = [a * limit(2 * old) >> 15 for a, old in zip((self.a1, self.a2), self.r, strict=True)]
        self.s = limit(limit(sum(poles)) + self.sz)  # FILTEP, PREDIC

    def scale(self, w: int) -> None:
        """LOGSCL and SCALEL, LOGSCH and SCALEH."""
        self.nb = limit((self.nb * 32512 >> 15) + w, 0, self.top)
        self.det = (ILB[self.nb >> 6 & 31] << 1 >> self.base + 1 - (self.nb >> 11)) << 2

    def zeros(self, d: int) -> None:
        """UPZERO."""
        step = 128 if d else 0
        for i, old in enumerate(self.d):
            same = (d < 0) == (old < 0)
            self.b[i] = limit((step if same else -step) + (self.b[i] * 32640 >> 15))

    def poles(self, p: int) -> None:
        """UPPOL2 and UPPOL1."""
        same1, same2 = ((p < 0) == (old < 0) for old in self.p)
        wd1 = limit(4 * self.a1)
        wd2 = limit(-wd1 if same1 else wd1) >> 7
        a2 = limit(wd2 + (128 if same2 else -128) + (self.a2 * 32512 >> 15), -12288, 12288)
        a1 = limit((192 if same1 else -192) + (self.a1 * 32640 >> 15))
        self.a1, self.a2 = limit(a1, a2 - 15360, 15360 - a2), a2


class Lower(Band):
    def __init__(self) -> None:
        super().__init__(8, 18432, 32)

    def quantise(self, x: int) -> int:
        """QUANTL: the 6 bits of IL."""
        e = limit(x - self.s)
        size = e if e >= 0 else -1 - e
        mil = next((i for i in range(1, 30) if size < Q6[i] * self.det >> 12), 30)
        return (ILN if e < 0 else ILP)[mil - 1]

    def adapt_to(self, code: int) -> None:
        """By the four bits that every mode has: INVQAL."""
        self.adapt(self.det * QM4[code >> 2] >> 15, WL[code >> 2])

    def value(self, code: int) -> int:
        """INVQBL and LIMIT."""
        return limit(self.s + (self.det * QM6[code] >> 15), -16384, 16383)


class Upper(Band):
    def __init__(self) -> None:
        super().__init__(10, 22528, 8)

    def quantise(self, x: int) -> int:
        """QUANTH: the 2 bits of IH."""
        e = limit(x - self.s)
        large = (e if e >= 0 else -1 - e) >= 564 * self.det >> 12
        return (0 if large else 1) if e < 0 else (2 if large else 3)

    def adapt_to(self, code: int) -> None:
        """INVQAH."""
        self.adapt(self.det * QM2[code] >> 15, WH[code])

    def value(self, code: int) -> int:
        return limit(self.s + (self.det * QM2[code] >> 15), -16384, 16383)


def transmit_filter(samples: Sequence[int]) -> tuple[list[int], list[int]]:
    """Section 3.1: XL and XH, one of each for two samples."""
    line = deque([0] * 24, maxlen=24)
    lower, upper = [], []
    for older, newer in zip(samples[::2], samples[1::2], strict=True):
        line.extendleft((older, newer))
        taps = tuple(line)
        xa = sum(x * h for x, h in zip(taps[0::2], H[0::2], strict=True))
        xb = sum(x * h for x, h in zip(taps[1::2], H[1::2], strict=True))
        lower.append(limit(xa + xb >> 14, -16384, 16383))
        upper.append(limit(xa - xb >> 14, -16384, 16383))
    return lower, upper


def receive_filter(lower: Sequence[int], upper: Sequence[int]) -> list[int]:
    """Section 4.4: two samples out of one of each band."""
    xd, xs = deque([0] * 12, maxlen=12), deque([0] * 12, maxlen=12)
    samples = []
    for rl, rh in zip(lower, upper, strict=True):
        xd.appendleft(rl - rh)
        xs.appendleft(rl + rh)
        samples.append(limit(sum(x * h for x, h in zip(xd, H[0::2], strict=True)) >> 11))
        samples.append(limit(sum(x * h for x, h in zip(xs, H[1::2], strict=True)) >> 11))
    return samples


def encode(pcm: bytes) -> bytes:
    """An octet for each two samples of 16 kHz: IH in the two bits at the top."""
    low, high = Lower(), Upper()
    octets = bytearray()
    for xl, xh in zip(*transmit_filter(array("h", pcm)), strict=True):
        il, ih = low.quantise(xl), high.quantise(xh)
        low.adapt_to(il)
        high.adapt_to(ih)
        octets.append(ih << 6 | il)
    return bytes(octets)


def decode(octets: bytes) -> bytes:
    """16 kHz PCM."""
    low, high = Lower(), Upper()
    lower, upper = [], []
    for octet in octets:
        il, ih = octet & 63, octet >> 6
        lower.append(low.value(il))
        upper.append(high.value(ih))
        low.adapt_to(il)
        high.adapt_to(ih)
    return array("h", receive_filter(lower, upper)).tobytes()
