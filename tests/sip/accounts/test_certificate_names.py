"""Whom a certificate names: RFC 5922 section 7."""

from typing import Any

import pytest

from sip.accounts.certificate_names import canonical, fits, names


def certificate(*alternatives: tuple[str, str], common_name: str = "cn.example") -> dict[str, Any]:
    subject = ((("countryName", "ES"),), (("commonName", common_name),))
    return {"subject": subject, **({"subjectAltName": alternatives} if alternatives else {})}


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (certificate(("URI", "sip:example.com"), ("DNS", "host.example.com")), ("example.com",)),
        (certificate(("URI", "sip:A.example"), ("URI", "sip:b.example")), ("a.example", "b.example")),
        (certificate(("URI", "sip:alice@example.com"), ("DNS", "host.example")), ("host.example",)),
        (certificate(("URI", "sips:example.com"), ("DNS", "host.example")), ("host.example",)),
        (certificate(("URI", "http://x/"), ("URI", ":"), ("DNS", "Host.Example")), ("host.example",)),
        (certificate(("DNS", "a.example"), ("DNS", "a.example")), ("a.example",)),
        (certificate(("DNS", "a.example"), ("IP Address", "192.0.2.1")), ("a.example", "192.0.2.1")),
        (certificate(("IP Address", "2001:DB8:0:0:0:0:0:1\n")), ("2001:db8::1",)),
        (certificate(("DNS", "*.example")), ()),
        (certificate(common_name="Only.Example"), ("only.example",)),
        (certificate(common_name="*.example"), ()),
        (certificate(("email", "a@b.example")), ()),
        ({}, ()),
        (None, ()),
    ],
)
def test_7_1_the_names(shown: dict[str, Any] | None, found: tuple[str, ...]) -> None:
    assert names(shown) == found


@pytest.mark.parametrize(
    ("certified", "wanted", "fit"),
    [
        (("sip.carrier.example",), "SIP.Carrier.Example", True),
        (("sip.carrier.example",), "sip.carrier.example.", True),
        (("sip.carrier.example",), "carrier.example", False),
        (("carrier.example",), "sip.carrier.example", False),
        (("2001:db8::1",), "[2001:DB8:0::1]", True),
        (("192.0.2.1",), "192.0.2.2", False),
        ((), "x.example", False),
    ],
)
def test_7_2_who_was_wanted(certified: tuple[str, ...], wanted: str, fit: bool) -> None:
    assert fits(certified, wanted) == fit


def test_an_address_has_one_form() -> None:
    assert canonical("[2001:DB8::0:1]") == "2001:db8::1"
