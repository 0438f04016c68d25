"""Stateless media kernels, compiled. Pure twins: media.g711, media.rtp, media.tones, media.noise,
media.mixing, media.resampling, media.emodel.

`pcm` is 16-bit linear samples in native byte order; ValueError if its length is odd.
Import them through `media.kernels`, which chooses the build.
"""

from collections.abc import Sequence

__pyx_capi__: dict[str, object]
"""What other compiled modules cimport (kernels.pxd)."""

def alaw_decode(octets: bytes) -> bytes:
    """A-law octets to PCM."""

def ulaw_decode(octets: bytes) -> bytes:
    """mu-law octets to PCM."""

def alaw_encode(pcm: bytes) -> bytes:
    """PCM to A-law octets."""

def ulaw_encode(pcm: bytes) -> bytes:
    """PCM to mu-law octets."""

def alaw_to_ulaw(octets: bytes) -> bytes:
    """A-law to mu-law by G.711 table 4."""

def ulaw_to_alaw(octets: bytes) -> bytes:
    """mu-law to A-law by G.711 table 3."""

def rtp_parse(packet: bytes) -> tuple[int, bool, int, int, int, int, int] | None:
    """The fields of media.rtp.RtpHeader in its order; None if it is no well-formed RTP version 2."""

def rtp_header(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int) -> bytes:
    """The 12 octets of a header; every field is reduced to its width."""

def tone(hz: float, level_dbm0: float, count: int) -> bytes:
    """PCM of a sine, so many samples, that starts at phase zero. ValueError if `count` is negative."""

def tone_power(pcm: bytes, hz: float) -> float:
    """Mean square, in sample units, that a sine of `hz` has in `pcm` (Goertzel); 0.0 if empty."""

def tone_powers(pcm: bytes, hz: Sequence[float]) -> list[float]:
    """`tone_power` of up to 8 tones, in one pass. ValueError if there are more."""

def sine_fit(pcm: bytes) -> tuple[float, float]:
    """The sine that fits best: its frequency in Hz, and which share of the power it leaves, 0 to 1.

    Nothing at all, or only silence, is (0.0, 1.0).
    """

def noise(level_dbm0: float, count: int, seed: int) -> bytes:
    """PCM of white noise, so many samples, the same for the same seed. ValueError if `count` is negative."""

def power(pcm: bytes) -> float:
    """Mean square of all of `pcm`; 0.0 if empty."""

def mix(frames: Sequence[bytes]) -> list[bytes]:
    """For each of several PCM frames of one length, the saturated sum of all the others."""

def resample(pcm: bytes, taps: bytes, up: int, down: int) -> bytes:
    """PCM at up/down times its rate, through an FIR low-pass designed at `up` times the rate.

    `taps` are an odd number of native 32-bit integers, scaled by 2**24; they sum to `up`, so scaled. The
    filter's delay is taken out: output sample n is the sound at input sample n * down / up.
    ValueError if the taps are even in number or the ratio is not of positive integers.
    """

def emodel_rating(
    best: float, ie: float, bpl: float, delay_ms: float, loss: float, burst_ratio: float
) -> float:
    """R of the E-model, on the scale where clean G.711 is 93.2 (ITU-T G.107; media.emodel has the whole)."""

def emodel_mos(rating: float) -> float:
    """The mean opinion score of an R (G.107 annex B): 1.0 (bad) to 4.5."""
