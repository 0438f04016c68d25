"""What a peer's format parameters want of what it is sent (RFC 7587 section 6.1)."""

import pytest

from media.tuning import Tuning, tuning


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ("", Tuning()),
        ("useinbandfec=1", Tuning(fec=True)),
        ("UseInBandFEC=1;usedtx=1; cbr=1", Tuning(fec=True, dtx=True, constant=True)),
        ("useinbandfec=0; usedtx=0; stereo=1; sprop-stereo=1", Tuning()),
        (
            "maxplaybackrate=16000; maxaveragebitrate=20000; minptime=10",
            Tuning(bits_per_s=20000, rate_hz=16000),
        ),
        ("maxplaybackrate=1; maxaveragebitrate=1", Tuning(bits_per_s=6000, rate_hz=8000)),
        ("maxaveragebitrate=-1;maxplaybackrate=99999999;usedtx=;;=;useinbandfec", Tuning()),
        ("usedtx=yes;cbr=2;maxaveragebitrate=¹", Tuning()),
    ],
    ids=str,
)
def test_opus(parameters: str, wanted: Tuning) -> None:
    assert tuning("OPUS", parameters) == wanted


def test_other_codecs_are_what_they_are() -> None:
    assert tuning("G729", "annexb=no;usedtx=1") == Tuning()
