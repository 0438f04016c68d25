"""The one place that chooses between the compiled kernels and their pure twins (CENTRALITA_KERNELS=pure)."""

from ext.build import KERNELS

if KERNELS == "compiled":
    from ext.emodel import emodel_mos, emodel_rating
    from ext.g711 import alaw_decode, alaw_encode, alaw_to_ulaw, ulaw_decode, ulaw_encode, ulaw_to_alaw
    from ext.mixing import mix
    from ext.resampling import resample
    from ext.rtp import rtp_header, rtp_parse
    from ext.tones import power, sine_fit, tone, tone_power, tone_powers
else:
    from media.emodel import emodel_mos, emodel_rating
    from media.g711 import alaw_decode, alaw_encode, alaw_to_ulaw, ulaw_decode, ulaw_encode, ulaw_to_alaw
    from media.mixing import mix
    from media.resampling import resample
    from media.rtp import rtp_header, rtp_parse
    from media.tones import power, sine_fit, tone, tone_power, tone_powers

__all__ = [
    "KERNELS",
    "alaw_decode",
    "alaw_encode",
    "alaw_to_ulaw",
    "emodel_mos",
    "emodel_rating",
    "mix",
    "power",
    "resample",
    "rtp_header",
    "rtp_parse",
    "sine_fit",
    "tone",
    "tone_power",
    "tone_powers",
    "ulaw_decode",
    "ulaw_encode",
    "ulaw_to_alaw",
]
