"""The one place that chooses between the compiled kernels and their pure twins (CENTRALITA_KERNELS=pure)."""

from ext.build import KERNELS

if KERNELS == "compiled":
    from ext.kernels import (
        alaw_decode,
        alaw_encode,
        alaw_to_ulaw,
        mix,
        power,
        resample,
        rtp_header,
        rtp_parse,
        tone,
        tone_power,
        ulaw_decode,
        ulaw_encode,
        ulaw_to_alaw,
    )
else:
    from media.g711 import alaw_decode, alaw_encode, alaw_to_ulaw, ulaw_decode, ulaw_encode, ulaw_to_alaw
    from media.mixing import mix
    from media.resampling import resample
    from media.rtp import rtp_header, rtp_parse
    from media.tones import power, tone, tone_power

__all__ = [
    "KERNELS",
    "alaw_decode",
    "alaw_encode",
    "alaw_to_ulaw",
    "mix",
    "power",
    "resample",
    "rtp_header",
    "rtp_parse",
    "tone",
    "tone_power",
    "ulaw_decode",
    "ulaw_encode",
    "ulaw_to_alaw",
]
