"""The two builds of the media kernels, for tests that hold one against the other."""

from types import SimpleNamespace
from typing import Any

from ext import kernels as compiled
from media import emodel, g711, mixing, noise, resampling, rtp, tones

PURE: Any = SimpleNamespace(
    alaw_decode=g711.alaw_decode,
    alaw_encode=g711.alaw_encode,
    alaw_to_ulaw=g711.alaw_to_ulaw,
    emodel_mos=emodel.emodel_mos,
    emodel_rating=emodel.emodel_rating,
    ulaw_decode=g711.ulaw_decode,
    ulaw_encode=g711.ulaw_encode,
    ulaw_to_alaw=g711.ulaw_to_alaw,
    mix=mixing.mix,
    resample=resampling.resample,
    rtp_header=rtp.rtp_header,
    rtp_parse=rtp.rtp_parse,
    tone=tones.tone,
    tone_power=tones.tone_power,
    tone_powers=tones.tone_powers,
    sine_fit=tones.sine_fit,
    noise=noise.noise,
    power=tones.power,
)

COMPILED: Any = compiled

BUILDS: dict[str, Any] = {"compiled": COMPILED, "pure": PURE}
