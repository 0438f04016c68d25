"""RFC 4568 sections 4, 6 and 9; RFC 7714 section 14."""

from base64 import b64encode

import pytest

from sip.syntax.sdp_crypto import Crypto, Suite, read_crypto

KEY = bytes(range(30))
TEXT = b64encode(KEY).decode()
LINE = Crypto(1, Suite.AES_CM_128_HMAC_SHA1_80, KEY)
GCM = b64encode(bytes(28)).decode()


@pytest.mark.parametrize("suite", list(Suite))
def test_what_is_written_is_read(suite: Suite) -> None:
    crypto = Crypto(7, suite, bytes(range(suite.octets)))
    assert read_crypto(str(crypto)) == crypto


def test_the_example_of_the_rfc() -> None:
    crypto = read_crypto("1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20")
    assert crypto is not None
    assert crypto.material == b"=-n@%^x!Bjufr9)?,#5h\\`=&]{qiPQ"


@pytest.mark.parametrize(
    "value",
    [
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT}",
        f"1 aes_cm_128_hmac_sha1_80 inline:{TEXT}",
        f"1  AES_CM_128_HMAC_SHA1_80  inline:{TEXT}|2^48",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT}|1048576 KDR=0 WSH=128 -SOME_EXTENSION",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT} ",
    ],
)
def test_what_others_write(value: str) -> None:
    assert read_crypto(value) == LINE


def test_padding_may_be_there_or_not() -> None:
    wanted = Crypto(1, Suite.AEAD_AES_128_GCM, bytes(28))
    assert GCM.endswith("==")
    assert read_crypto(f"1 AEAD_AES_128_GCM inline:{GCM}") == wanted
    assert read_crypto(f"1 AEAD_AES_128_GCM inline:{GCM.rstrip('=')}") == wanted


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        f"0 AES_CM_128_HMAC_SHA1_80 inline:{TEXT}",
        f"1 F8_128_HMAC_SHA1_80 inline:{TEXT}",
        f"1 AES_CM_128_HMAC_SHA1_80 {TEXT}",
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT[:-4]}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT}AAAA",
        "1 AES_CM_128_HMAC_SHA1_80 inline:A",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT}|2^20|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT}|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT};inline:{TEXT}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT} UNAUTHENTICATED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT} KDR=24",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{TEXT} FEC_ORDER=FEC_SRTP",
    ],
)
def test_what_we_cannot_use_is_passed_over(value: str) -> None:
    assert read_crypto(value) is None


def test_no_key_is_shown_where_a_line_is() -> None:
    assert TEXT not in repr(LINE)
    assert repr(KEY) not in repr(LINE)
