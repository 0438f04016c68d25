"""The keys of the engine: RFC 3711 and RFC 7714 against vectors, an oracle, and whoever forges or replays."""

from collections.abc import Callable

import pytest

from ext.srtp import SUITES, Failed, ReceivingKey, Replayed, SendingKey
from media.rtp import rtp_header
from tests.media import srtp_oracle as oracle

SSRC = 0xCAFEBABE
KEY_3711 = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
SALT_3711 = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")


def material(suite: str, first: int = 7) -> bytes:
    return bytes((first + 13 * n) % 256 for n in range(sum(SUITES[suite])))


def packet(sequence: int, ssrc: int = SSRC) -> bytes:
    return rtp_header(8, False, sequence & 0xFFFF, 160 * sequence & 0xFFFFFFFF, ssrc) + b"\xd5" * 160


def pair(suite: str) -> tuple[SendingKey, ReceivingKey]:
    return SendingKey(suite, material(suite), SSRC), ReceivingKey(suite, material(suite))


every_suite = pytest.mark.parametrize("suite", list(SUITES))


# --- the oracle against what the RFCs print ---


def test_the_oracle_knows_the_key_stream_of_rfc_3711_b2() -> None:
    key = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    counter = int("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", 16)
    assert oracle.key_stream(key, counter, 48).hex().upper() == (
        "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0"
    )


def test_the_oracle_derives_the_keys_of_rfc_3711_b3() -> None:
    derived = [oracle.derive(KEY_3711, SALT_3711, label, n).hex().upper() for label, n in [(0, 16), (2, 14)]]
    assert derived == ["C61E7A93744F39EE10734AFE3FF7A087", "30CBBC08863D8C85D49DB34A9AE1"]
    authentication = oracle.derive(KEY_3711, SALT_3711, 1, 20).hex().upper()
    assert authentication == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"


@pytest.mark.parametrize(
    ("key", "sealed"),
    [
        (
            "000102030405060708090a0b0c0d0e0f",
            "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf"
            "765ee4390cce",
        ),
        (
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb"
            "7878d7a76c13",
        ),
    ],
)
def test_the_oracle_knows_the_packets_of_rfc_7714_16(key: str, sealed: str) -> None:
    header = bytes.fromhex("8040f17b8041f8d35501a0b2")
    plain = header + b"Gallia est omnis divisa in partes tres"
    salt = bytes.fromhex("517569642070726f2071756f")
    assert oracle.gcm_packet(bytes.fromhex(key), salt, plain, 0) == header + bytes.fromhex(sealed)


# --- libsrtp against the oracle ---


@every_suite
def test_a_packet_is_protected_as_the_rfcs_say_and_comes_back(suite: str) -> None:
    sending, receiving = pair(suite)
    sealed = sending.protect(packet(100))
    assert sealed == oracle.protect(suite, material(suite), packet(100), 0)
    assert receiving.unprotect(sealed) == packet(100)


@every_suite
def test_the_sequence_number_rolls_over(suite: str) -> None:
    sending, receiving = pair(suite)
    for sequence in range(65530, 65530 + 12):
        sealed = sending.protect(packet(sequence))
        assert sealed == oracle.protect(suite, material(suite), packet(sequence), sequence >> 16)
        assert receiving.unprotect(sealed) == packet(sequence)


@every_suite
def test_a_packet_from_before_the_rollover_that_comes_after_it_is_taken(suite: str) -> None:
    sending, receiving = pair(suite)
    sealed = [sending.protect(packet(sequence)) for sequence in range(65534, 65538)]
    for place in (0, 2, 3, 1):
        assert receiving.unprotect(sealed[place]) == packet(65534 + place)


@every_suite
def test_rtcp_is_sealed_under_keys_and_an_index_of_its_own(suite: str) -> None:
    sending, receiving = pair(suite)
    report = bytes.fromhex("80c90001cafebabe")
    first, second = sending.protect_rtcp(report), sending.protect_rtcp(report)
    assert first != second
    assert len(first) == len(report) + 4 + (16 if "GCM" in suite else 10), "80 bits even where RTP has 32"
    assert receiving.unprotect_rtcp(first) == receiving.unprotect_rtcp(second) == report
    with pytest.raises(Replayed):
        receiving.unprotect_rtcp(first)


# --- whoever forges or replays ---


@every_suite
def test_what_came_before_is_a_replay(suite: str) -> None:
    sending, receiving = pair(suite)
    sealed = [sending.protect(packet(sequence)) for sequence in range(200)]
    for each in sealed:
        receiving.unprotect(each)
    for each in (sealed[199], sealed[150], sealed[0]):
        with pytest.raises(Replayed):
            receiving.unprotect(each)


@every_suite
def test_a_late_packet_is_taken_once_while_the_window_reaches_it(suite: str) -> None:
    sending, receiving = pair(suite)
    sealed = [sending.protect(packet(sequence)) for sequence in range(200)]
    receiving.unprotect(sealed[0])
    receiving.unprotect(sealed[199])
    assert receiving.unprotect(sealed[199 - 64]) == packet(199 - 64)
    with pytest.raises(Replayed):
        receiving.unprotect(sealed[199 - 64])
    with pytest.raises(Replayed):
        receiving.unprotect(sealed[10])


@every_suite
@pytest.mark.parametrize("place", [1, 3, 7, 11, 12, 100, -1], ids="octet {}".format)
def test_one_bit_turned_anywhere_is_told(suite: str, place: int) -> None:
    sending, receiving = pair(suite)
    sealed = bytearray(sending.protect(packet(100)))
    sealed[place] ^= 0x01
    with pytest.raises(Failed):
        receiving.unprotect(bytes(sealed))
    sealed[place] ^= 0x01
    assert receiving.unprotect(bytes(sealed)) == packet(100), "the failure has not moved the window"


@every_suite
def test_another_key_plain_rtp_and_rubbish_fail(suite: str) -> None:
    receiving = ReceivingKey(suite, material(suite))
    stranger = SendingKey(suite, material(suite, 8), SSRC)
    for wrong in (stranger.protect(packet(1)), packet(1), b"", b"\x80", b"\x80" * 12, bytes(2000)):
        with pytest.raises(Failed):
            receiving.unprotect(wrong)
        with pytest.raises(Failed):
            receiving.unprotect_rtcp(wrong)


@every_suite
def test_no_sequence_number_is_protected_twice(suite: str) -> None:
    sending, _ = pair(suite)
    sending.protect(packet(5))
    with pytest.raises(Replayed):
        sending.protect(packet(5)[:-1] + b"\0")


@every_suite
def test_a_peer_may_open_128_streams_and_no_more(suite: str) -> None:
    receiving = ReceivingKey(suite, material(suite))
    streams = [SendingKey(suite, material(suite), ssrc) for ssrc in range(1, 130)]
    for ssrc, sending in enumerate(streams[:128], start=1):
        assert receiving.unprotect(sending.protect(packet(1, ssrc))) == packet(1, ssrc)
    with pytest.raises(Failed):
        receiving.unprotect(streams[128].protect(packet(1, 129)))
    assert receiving.unprotect(streams[0].protect(packet(2, 1))) == packet(2, 1)


@pytest.mark.parametrize("make", [lambda suite, key: SendingKey(suite, key, 1), ReceivingKey])
def test_a_key_of_another_length_or_suite_is_refused(make: Callable[[str, bytes], object]) -> None:
    with pytest.raises(ValueError, match="octets of key and salt"):
        make("AES_CM_128_HMAC_SHA1_80", bytes(29))
    with pytest.raises(KeyError):
        make("F8_128_HMAC_SHA1_80", bytes(30))
