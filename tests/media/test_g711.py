"""G.711 (11/88), every value of every function, against the recommendation written out another way."""

from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.tones import level_dbm0
from tests.media.builds import COMPILED, PURE
from tests.media.g711_reference import (
    ALAW_OUTPUTS,
    ULAW_OUTPUTS,
    reference_alaw_decode,
    reference_alaw_encode,
    reference_ulaw_decode,
    reference_ulaw_encode,
)
from tests.media.waves import pcm_of

OCTETS = bytes(range(256))
EVERY_SAMPLE = array("h", range(-32768, 32768))


def test_the_tables_have_128_values_and_the_published_ends() -> None:
    assert (len(ALAW_OUTPUTS), len(ULAW_OUTPUTS)) == (128, 128)
    assert (ALAW_OUTPUTS[0], ALAW_OUTPUTS[-1]) == (1, 4032)
    assert (ULAW_OUTPUTS[:3], ULAW_OUTPUTS[-1]) == ([0, 2, 4], 8031)


def test_every_octet_decodes_to_its_output_value(build: Any) -> None:
    assert array("h", build.alaw_decode(OCTETS)).tolist() == [*map(reference_alaw_decode, OCTETS)]
    assert array("h", build.ulaw_decode(OCTETS)).tolist() == [*map(reference_ulaw_decode, OCTETS)]


def test_every_sample_encodes_to_its_interval(build: Any) -> None:
    pcm = EVERY_SAMPLE.tobytes()
    assert build.alaw_encode(pcm) == bytes(map(reference_alaw_encode, EVERY_SAMPLE))
    assert build.ulaw_encode(pcm) == bytes(map(reference_ulaw_encode, EVERY_SAMPLE))


def test_decoding_and_encoding_again_gives_the_octet_back(build: Any) -> None:
    assert build.alaw_encode(build.alaw_decode(OCTETS)) == OCTETS
    again = bytearray(build.ulaw_encode(build.ulaw_decode(OCTETS)))
    assert again[0x7F] == 0xFF  # mu-law has two zeros; the positive one is sent
    again[0x7F] = 0x7F
    assert again == OCTETS


@pytest.mark.parametrize(
    ("law", "octets"),
    [("alaw", "34212134b4a1a1b4"), ("ulaw", "1e0b0b1e9e8b8b9e")],
    ids=["table 5", "table 6"],
)
def test_section_4_the_digital_milliwatt_is_0_dbm0(law: str, octets: str, build: Any) -> None:
    pcm = getattr(build, f"{law}_decode")(bytes.fromhex(octets) * 100)
    assert level_dbm0(build.tone_power(pcm, 1000.0)) == pytest.approx(0.0, abs=0.1)


# Column 2 of the tables: for decoder output value number 1 to 128 of one law, the number of the other's.
TABLE_3 = """
  1   1   2   2   3   3   4   4   5   5   6   6   7   7   8   8   9  10  11  12  13  14  15  16
 17  18  19  20  21  22  23  24  25  27  29  31  33  34  35  36  37  38  39  40  41  42  43  44
 46  48  49  50  51  52  53  54  55  56  57  58  59  60  61  62  64  65  66  67  68  69  70  71
 72  73  74  75  76  77  78  79  80  82  83  84  85  86  87  88  89  90  91  92  93  94  95  96
 97  98  99 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120
121 122 123 124 125 126 127 128
"""
TABLE_4 = """
  2   4   6   8  10  12  14  16  17  18  19  20  21  22  23  24  25  26  27  28  29  30  31  32
 33  33  34  34  35  35  36  36  37  38  39  40  41  42  43  44  45  46  47  48  49  49  50  50
 51  52  53  54  55  56  57  58  59  60  61  62  63  64  65  65  66  67  68  69  70  71  72  73
 74  75  76  77  78  79  80  81  81  82  83  84  85  86  87  88  89  90  91  92  93  94  95  96
 97  98  99 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120
121 122 123 124 125 126 127 128
"""


def alaw_octet(number: int, positive: bool) -> int:
    return (number - 1 | (0x80 if positive else 0)) ^ 0x55


def ulaw_octet(number: int, positive: bool) -> int:
    return 128 - number | (0x80 if positive else 0)


@pytest.mark.parametrize("positive", [True, False])
def test_every_octet_is_converted_by_tables_3_and_4(positive: bool, build: Any) -> None:
    for number, other in enumerate(map(int, TABLE_3.split()), 1):
        ulaw = bytes([ulaw_octet(number, positive)])
        assert build.ulaw_to_alaw(ulaw) == bytes([alaw_octet(other, positive)])
    for number, other in enumerate(map(int, TABLE_4.split()), 1):
        alaw = bytes([alaw_octet(number, positive)])
        assert build.alaw_to_ulaw(alaw) == bytes([ulaw_octet(other, positive)])


def test_a_conversion_moves_no_value_by_more_than_one_interval(build: Any) -> None:
    octets = OCTETS.replace(b"\x7f", b"")  # a negative zero keeps its sign, which decoding loses
    straight = build.alaw_encode(build.ulaw_decode(octets))
    for octet, converted in zip(straight, build.ulaw_to_alaw(octets), strict=True):
        assert abs((octet ^ 0x55) - (converted ^ 0x55)) <= 1


def test_most_octets_survive_a_conversion_there_and_back(build: Any) -> None:
    back = build.alaw_to_ulaw(build.ulaw_to_alaw(OCTETS))
    assert sum(before == after for before, after in zip(OCTETS, back, strict=True)) >= 2 * 116


@given(st.binary(max_size=500))
def test_twins_agree_on_any_octets(octets: bytes) -> None:
    for name in ("alaw_decode", "ulaw_decode", "alaw_to_ulaw", "ulaw_to_alaw"):
        assert getattr(COMPILED, name)(octets) == getattr(PURE, name)(octets)


@given(pcm_of(250))
def test_twins_agree_on_any_samples(pcm: bytes) -> None:
    for name in ("alaw_encode", "ulaw_encode"):
        assert getattr(COMPILED, name)(pcm) == getattr(PURE, name)(pcm)


def test_half_a_sample_is_an_error(build: Any) -> None:
    for name in ("alaw_encode", "ulaw_encode"):
        with pytest.raises(ValueError, match="even number"):
            getattr(build, name)(b"abc")
