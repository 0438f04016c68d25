"""PASSporTs against RFC 8225 appendix A and RFC 8588, and against whatever is none."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from switch.identities.passport import NotAPassport, Passport, canonical, ppt_of, read, sign

# RFC 8225 appendix A
HEADER = (
    "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9"
)
CLAIMS = (
    "eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6MTQ3MTM3NTQxOCwib3JpZyI6"
    "eyJ0biI6IjEyMTU1NTUxMjEyIn19"
)
SIGNATURE = "VLBCIVDCaeK6M4hLJb6SHQvacAQVvoiiEOWQ_iUkqk79UD81fHQ0E1b3_GluIkba7UWYRM47ZbNFdOJquE35cw"
X5U = "https://cert.example.org/passport.cer"
DEEP = urlsafe_b64encode(b'{"a":[' * 900).decode()
OURS = ec.generate_private_key(ec.SECP256R1())


def signed(**changes: Any) -> str:
    given_: dict[str, Any] = {
        "x5u": X5U,
        "orig": "12155551212",
        "dest": "12125551213",
        "attest": "A",
        "iat": 1443208345,
    }
    return sign(OURS, **{**given_, "origid": "123e4567-e89b-12d3-a456-426655440000", **changes})


def assembled(
    header: object, claims: object, signature: str = SIGNATURE, params: str = f";info=<{X5U}>"
) -> str:
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return f"{parts[0]}.{parts[1]}.{signature}{params}"


def test_rfc_8225_appendix_a() -> None:
    """Read and put together as printed. The signature that is printed there is not of the key beside it."""
    passport = read(f"{HEADER}.{CLAIMS}.{SIGNATURE};info=<{X5U}>;alg=ES256")
    assert (passport.orig, passport.dest, passport.iat) == ("12155551212", (), 1471375418)
    assert (passport.x5u, passport.attest) == (X5U, None)
    assert passport.signing_input == f"{HEADER}.{CLAIMS}".encode()
    assert not passport.is_signed_by(OURS.public_key())


def test_rfc_7515_appendix_a_3() -> None:
    """ES256 as another signed it."""
    x, y = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    point = b"\x04" + urlsafe_b64decode(x + "=") + urlsafe_b64decode(y + "=")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    signed_ = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    signed_ += "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    passport = Passport("1", (), 0, X5U, None, signed_.encode(), urlsafe_b64decode(signature + "=="))
    assert passport.is_signed_by(key)
    assert not replace(passport, signing_input=signed_.encode() + b"A").is_signed_by(key)


def test_rfc_8588_section_4() -> None:
    """What is signed is, octet for octet, the example's."""
    identity = signed()
    token, *params = identity.split(";")
    header, claims, signature = token.split(".")
    assert urlsafe_b64decode(header + "==") == (
        b'{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://cert.example.org/passport.cer"}'
    )
    assert urlsafe_b64decode(claims + "==") == (
        b'{"attest":"A","dest":{"tn":["12125551213"]},"iat":1443208345,"orig":{"tn":"12155551212"},'
        b'"origid":"123e4567-e89b-12d3-a456-426655440000"}'
    )
    assert len(urlsafe_b64decode(signature + "==")) == 64
    assert params == [f"info=<{X5U}>", "alg=ES256", "ppt=shaken"]


def test_what_we_sign_we_read() -> None:
    passport = read(signed())
    assert (passport.orig, passport.dest, passport.attest) == ("12155551212", ("12125551213",), "A")
    assert passport.is_signed_by(OURS.public_key())
    assert canonical("+12155551212") == "12155551212"


HEAD = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U}
BODY = {"attest": "A", "dest": {"tn": ["12"]}, "iat": 1, "orig": {"tn": "34"}, "origid": "x"}


@pytest.mark.parametrize(
    "identity",
    [
        "",
        "...",
        f"..{SIGNATURE};info=<{X5U}>",  # the compact form, which SHAKEN does not have
        f"{HEADER}.{CLAIMS}.{SIGNATURE}",
        f"{HEADER}.{CLAIMS}.{SIGNATURE};info=<https://other.example/passport.cer>",
        f"{HEADER}.{CLAIMS}.{SIGNATURE};info=<{X5U}>;alg=RS256",
        f"{HEADER}.{CLAIMS}.{SIGNATURE};info=<{X5U}>;ppt=shaken",
        f"{HEADER}.{CLAIMS}.{SIGNATURE}x;info=<{X5U}>",
        f"{HEADER}.{CLAIMS}.{SIGNATURE[:-4]};info=<{X5U}>",
        f"{HEADER}.{CLAIMS}.AAAAA;info=<{X5U}>",
        f"{HEADER}.AAAA.{SIGNATURE};info=<{X5U}>",
        f"{HEADER}.{CLAIMS}.{SIGNATURE};info=<{X5U}> and more",
        f"{HEADER}.{CLAIMS}.{SIGNATURE};info={X5U}",
        assembled({**HEAD, "alg": "none"}, BODY),
        assembled({**HEAD, "alg": "HS256"}, BODY),
        assembled({**HEAD, "typ": "JWT"}, BODY),
        assembled({**HEAD, "ppt": "div"}, BODY),
        assembled({**HEAD, "x5u": None}, BODY),
        assembled(HEAD, {**BODY, "iat": "1"}),
        assembled(HEAD, {**BODY, "iat": 1.5}),
        assembled(HEAD, {**BODY, "iat": 10**40}),
        assembled(HEAD, {**BODY, "orig": {"tn": "+34"}}),
        assembled(HEAD, {**BODY, "orig": {"tn": "٣٤"}}),
        assembled(HEAD, {**BODY, "dest": {"tn": "34"}}),
        assembled(HEAD, {**BODY, "attest": "D"}),
        assembled(HEAD, {**BODY, "origid": ""}),
        assembled([], BODY),
        assembled(HEAD, [[[[]]]]),
        f"{urlsafe_b64encode(b'[' * 4000).decode().rstrip('=')}.{CLAIMS}.{SIGNATURE};info=<{X5U}>",
        f"{HEADER}.{DEEP}.{SIGNATURE};info=<{X5U}>",
        f"{HEADER}.{urlsafe_b64encode(bytes([255, 254])).decode().rstrip('=')}.{SIGNATURE};info=<{X5U}>",
    ],
)  # fmt: skip
def test_what_is_no_passport(identity: str) -> None:
    with pytest.raises(NotAPassport):
        read(identity)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    ppt_of(text)
    with pytest.raises(NotAPassport):
        read(text)


IDENTITY = signed()
TOKEN_OCTETS = IDENTITY.index(";")


@given(st.integers(0, TOKEN_OCTETS - 1), st.integers(0, 255))
def test_a_changed_octet_never_passes(place: int, octet: int) -> None:
    changed = bytearray(IDENTITY.encode())
    changed[place] = octet
    try:
        passport = read(changed.decode("latin-1"))
    except NotAPassport:
        return
    unchanged = read(IDENTITY)  # the last sign of base64 holds bits that mean nothing
    same = (passport.signing_input, passport.signature) == (unchanged.signing_input, unchanged.signature)
    assert passport.is_signed_by(OURS.public_key()) is same


@pytest.mark.parametrize(
    ("identity", "ppt"),
    [
        (signed(), "shaken"),
        (signed().replace("ppt=shaken", 'ppt="shaken"'), "shaken"),
        (signed().replace(";ppt=shaken", ' ; PPT = "div"'), "div"),
        (signed().replace(";ppt=shaken", ""), None),
        ("nonsense", None),
    ],
)
def test_the_extension_of_an_identity(identity: str, ppt: str | None) -> None:
    assert ppt_of(identity) == ppt
