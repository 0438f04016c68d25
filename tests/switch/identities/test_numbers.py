"""Numbers as the carriers of six countries write them, and what is none."""

import pytest

from sip.syntax.uri import Uri
from switch.config.trunk import InForm, Numbers, OutForm
from switch.identities.numbers import NotANumber, Numbering, e164, is_country, number_of


def numbering(country: str | None, inbound: str = "e164", outbound: str = "as-is") -> Numbering:
    return Numbering(Numbers(country=country, inbound=InForm(inbound), outbound=OutForm(outbound)))


@pytest.mark.parametrize(
    ("country", "sent", "read"),
    [
        # Spain: no trunk prefix, 00 abroad
        ("ES", "911000000", "+34911000000"),
        ("ES", "600111222", "+34600111222"),
        ("ES", "+34911000000", "+34911000000"),
        ("ES", "0034911000000", "+34911000000"),
        ("ES", "34911000000", "+34911000000"),
        ("ES", "0033123456789", "+33123456789"),
        ("ES", "33123456789", "+33123456789"),
        ("ES", "+5491123456789", "+5491123456789"),
        ("ES", "900123456", "+34900123456"),
        # Mexico: ten digits since the prefixes 01, 044, 045 and the 1 of mobiles were abolished in 2019
        ("MX", "5512345678", "+525512345678"),
        ("MX", "005255 1234 5678", "+525512345678"),
        ("MX", "525512345678", "+525512345678"),
        # Argentina: 0, the 15 of mobiles within the country, their 9 from abroad
        ("AR", "1123456789", "+541123456789"),
        ("AR", "01123456789", "+541123456789"),
        ("AR", "0111523456789", "+5491123456789"),
        ("AR", "+5491123456789", "+5491123456789"),
        ("AR", "005491123456789", "+5491123456789"),
        # United States: 1 within, 011 abroad
        ("US", "2015550123", "+12015550123"),
        ("US", "12015550123", "+12015550123"),
        ("US", "+12015550123", "+12015550123"),
        ("US", "01134911000000", "+34911000000"),
        ("US", "(201) 555-0123", "+12015550123"),
        # United Kingdom: 0, 00
        ("GB", "02079460958", "+442079460958"),
        ("GB", "2079460958", "+442079460958"),
        ("GB", "00442079460958", "+442079460958"),
        ("GB", "07400123456", "+447400123456"),
        # Germany: 0, 00, numbers of many lengths
        ("DE", "030123456", "+4930123456"),
        ("DE", "+49 30 123456", "+4930123456"),
        ("DE", "0049301234567", "+49301234567"),
        ("DE", "015123456789", "+4915123456789"),
        # Italy keeps its 0 even from abroad
        ("IT", "0612345678", "+390612345678"),
        # no country: what has a plus
        (None, "+34-911.000(000)", "+34911000000"),
    ],
)
def test_a_number_in_e164(country: str | None, sent: str, read: str) -> None:
    assert numbering(country).read(sent) == read


@pytest.mark.parametrize(
    ("country", "sent"),
    [
        ("ES", "112"), ("ES", "061"), ("ES", "1004"), ("ES", "11818"), ("ES", "116000"),
        ("MX", "911"), ("MX", "0445512345678"), ("MX", "+5215512345678"),
        ("AR", "911"), ("US", "911"), ("US", "411"),
        ("US", "5550123"),
        ("GB", "999"), ("GB", "116123"), ("DE", "110"), ("DE", "112"), ("DE", "116117"),
        ("ES", "600"), ("ES", "1001"), ("ES", "*31#600111222"), ("ES", "#31#"),
        ("US", "1-800-FLOWERS"), ("US", "1800flowers"), ("GB", "x2079460958"), ("ES", "alice"), ("ES", ""),
        ("ES", "٩١١٠٠٠٠٠٠"), ("ES", "９１１０００００0"), ("ES", "+34911000000\n"),
        ("ES", "+"), ("ES", "++34911000000"),
        ("ES", "911000000x12"), ("ES", "911000000,,1"), ("ES", "+34911000000;ext=1"),
        ("ES", "9" * 400), ("ES", "+999123456789"), ("ES", "+112"), (None, "911000000"),
        (None, "0034911000000"),
    ],
)  # fmt: skip
def test_what_is_no_number_of_the_world_stays_as_it_is(country: str | None, sent: str) -> None:
    assert numbering(country).read(sent) == sent
    assert e164(sent, country) is None


@pytest.mark.parametrize(
    ("country", "number", "international", "national"),
    [
        ("ES", "+34911000000", "34911000000", "911000000"),
        ("ES", "+33123456789", "33123456789", "0033123456789"),
        ("ES", "600111222", "34600111222", "600111222"),
        ("MX", "+525512345678", "525512345678", "5512345678"),
        ("MX", "+34911000000", "34911000000", "0034911000000"),
        ("AR", "+541123456789", "541123456789", "01123456789"),
        ("AR", "+5491123456789", "5491123456789", "0111523456789"),
        ("US", "+12015550123", "12015550123", "2015550123"),
        ("US", "+34911000000", "34911000000", "01134911000000"),
        ("GB", "+442079460958", "442079460958", "02079460958"),
        ("GB", "+34911000000", "34911000000", "0034911000000"),
        ("DE", "+4930123456", "4930123456", "030123456"),
        ("DE", "0049301234567", "49301234567", "0301234567"),
        ("ES", "112", "112", "112"),
        ("US", "911", "911", "911"),
        ("ES", "1004", "1004", "1004"),
        ("ES", "*21#", "*21#", "*21#"),
        ("ES", "1001", "1001", "1001"),
    ],
)
def test_a_number_as_the_carrier_wants_it(
    country: str, number: str, international: str, national: str
) -> None:
    assert numbering(country, outbound="international").write(number) == international
    assert numbering(country, outbound="national").write(number) == national
    assert numbering(country, outbound="as-is").write(number) == number
    in_e164 = numbering(country, outbound="e164").write(number)
    assert in_e164 == (f"+{international}" if len(international) > 6 else number)


@pytest.mark.parametrize("country", ["ES", "MX", "AR", "US", "GB", "DE"])
@pytest.mark.parametrize("number", ["+34911000000", "+525512345678", "+541123456789", "+12015550123"])
@pytest.mark.parametrize("form", ["e164", "national"])
def test_what_is_written_reads_back(country: str, number: str, form: str) -> None:
    rules = numbering(country, outbound=form)
    assert rules.read(rules.write(number)) == number


def test_what_could_be_national_is_national() -> None:
    """Without a plus a number is understood as foreign only where none of the country looks like it."""
    assert numbering("ES").read("491512345678") == "+491512345678"
    assert numbering("DE").read("34911000000") == "+4934911000000"


def test_a_dialled_number_is_never_taken_for_another_countrys() -> None:
    assert numbering("ES", outbound="e164").write("33123456789") == "33123456789"


@pytest.mark.parametrize(
    "number", ["alice", "1800FLOWERS", "", "٩١١", "91 1", "9\n1", "+34911000000;x", "1" * 65]
)
def test_letters_are_refused_where_numbers_are_written(number: str) -> None:
    with pytest.raises(NotANumber):
        numbering("ES", outbound="e164").write(number)
    assert numbering("ES", outbound="as-is").write(number) == number


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:+34911000000@h", "+34911000000"),
        ("sip:%2B34911000000@h", "+34911000000"),
        ("sip:+34911000000;npdi@h;user=phone", "+34911000000"),
        ("sip:+34911000000;npdi;rn=+34600@h", "+34911000000"),
        ("sip:+34-911.000-000@h;user=phone", "+34911000000"),
        ("sip:+34-911@h;user=PHONE", "+34911"),
        ("sip:front-desk@h", "front-desk"),
        ("sip:911000000;phone-context=+34@h;user=phone", "+34911000000"),
        ("sip:911000000;phone-context=pbx.example@h;user=phone", "911000000"),
        ("sip:h", ""),
        ("tel:+34-911-000-000", "+34911000000"),
        ("tel:911-000-000;phone-context=+34", "+34911000000"),
        ("tel:(201)555-0123;phone-context=+1", "+12015550123"),
        ("tel:863-1234;phone-context=+1-914-555", "8631234"),
        ("tel:112;phone-context=+34", "112"),
        ("tel:1001;phone-context=pbx.example", "1001"),
        ("tel:+34911000000;isub=12;ext=3", "+34911000000"),
    ],
)
def test_the_number_in_a_uri(uri: str, number: str) -> None:
    assert number_of(Uri.parse(uri)) == number


def test_the_countries() -> None:
    assert [is_country(name) for name in ("ES", "MX", "es", "XX", "", "001")] == [True, True] + [False] * 4
