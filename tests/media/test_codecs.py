"""Codecs as the engine calls them: tables of functions, and G.711's against every input there is."""

from array import array

import pytest

from ext.codecs import Coder
from media.codecs import CODECS, heard_first, partners
from tests.media.g711_reference import (
    reference_alaw_decode,
    reference_alaw_encode,
    reference_ulaw_decode,
    reference_ulaw_encode,
)

EVERY_SAMPLE = array("h", range(-32768, 32768))
OCTETS = bytes(range(256))
REFERENCES = {
    "PCMA": (reference_alaw_encode, reference_alaw_decode),
    "PCMU": (reference_ulaw_encode, reference_ulaw_decode),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_g711_of_every_sample_and_every_octet(name: str) -> None:
    coder = Coder(CODECS[name].capsule)
    encode, decode = REFERENCES[name]
    pcm = EVERY_SAMPLE.tobytes()
    octets = b"".join(coder.encode(pcm[start : start + 320]) for start in range(0, len(pcm), 320))
    assert octets == bytes(map(encode, EVERY_SAMPLE))
    assert array("h", coder.decode(OCTETS)).tolist() == [*map(decode, OCTETS)]


@pytest.mark.parametrize("name", ["PCMA", "PCMU", "G722", "OPUS"])
def test_a_table_says_how_fast_its_samples_come(name: str) -> None:
    codec = CODECS[name]
    if codec.capsule is None:
        pytest.skip(f"needs {codec.package}")
    coder = Coder(codec.capsule)
    assert coder.pcm_rate_hz == codec.pcm_rate_hz
    frame = bytes(2 * codec.pcm_rate_hz // 50)
    assert len(coder.decode(coder.encode(frame))) == len(frame)


def test_g729_has_no_functions() -> None:
    with pytest.raises(ValueError, match="passed through only"):
        Coder(CODECS["G729"].capsule)


@pytest.mark.parametrize("name", ["PCMA", "PCMU", "G722"])
def test_what_fits_nowhere_is_refused(name: str) -> None:
    coder = Coder(CODECS[name].capsule)
    with pytest.raises(ValueError, match="no payload"):
        coder.decode(bytes(5761))
    with pytest.raises(ValueError, match="whole samples"):
        coder.encode(b"\0")
    with pytest.raises(ValueError, match="does not conceal"):
        coder.conceal(160)


def test_what_is_no_codec_is_refused() -> None:
    with pytest.raises(ValueError, match="PyCapsule"):
        Coder("PCMA")


@pytest.mark.parametrize(
    ("codec", "offered"),
    [
        ("PCMU", ("OPUS", "G722", "PCMA", "PCMU")),
        ("OPUS", ("OPUS", "G722", "PCMA", "PCMU")),
        ("G729", ("G729",)),
        (None, ("OPUS", "G722", "PCMA", "PCMU")),
    ],
)
def test_partners(codec: str | None, offered: tuple[str, ...]) -> None:
    assert partners(codec, ("G729", "OPUS", "G722", "PCMA", "PCMU")) == offered


def test_what_nobody_hears_comes_last() -> None:
    assert heard_first(("G729", "PCMU", "PCMA")) == ("PCMU", "PCMA", "G729")
