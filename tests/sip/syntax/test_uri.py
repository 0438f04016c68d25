"""URIs: RFC 3261 section 19.1, RFC 3966, RFC 5118."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import URI

from sip.syntax.malformed import Malformed
from sip.syntax.uri import Uri, host_port


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:alice@example.com", Uri("sip", "alice", host="example.com")),
        ("sip:example.com", Uri("sip", host="example.com")),
        ("SIPS:alice:s3cret@example.com:5061", Uri("sips", "alice", "s3cret", "example.com", 5061)),
        ("sip:alice:@example.com", Uri("sip", "alice", "", "example.com")),
        ("sip:+34911;phone-context=x@10.0.0.1", Uri("sip", "+34911;phone-context=x", host="10.0.0.1")),
        ("sip:a?b/c@10.0.0.1", Uri("sip", "a?b/c", host="10.0.0.1")),
        ("sip:*21#@pbx_1", Uri("sip", "*21#", host="pbx_1")),
        ("sip:%61l%20ice@example.com", Uri("sip", "al ice", host="example.com")),
        ("sip:null-%00-null@example.com", Uri("sip", "null-\0-null", host="example.com")),
        ("sip:se%C3%B1or@example.com", Uri("sip", "señor", host="example.com")),
        ("sip:a@b:05060", Uri("sip", "a", host="b", port=5060)),
        ("sip:a@a-b.c--d.e_f.", Uri("sip", "a", host="a-b.c--d.e_f.")),
        ("sip:a@[2001:db8:::192.0.2.1]", Uri("sip", "a", host="2001:db8::192.0.2.1")),
        ("sip:a%FFb@example.com", Uri("sip", "a\udcffb", host="example.com")),
        ("sip:a@[2001:db8::10]:5070", Uri("sip", "a", host="2001:db8::10", port=5070)),
        ("sip:[2001:db8::10:5070]", Uri("sip", host="2001:db8::10:5070")),
        (
            "sip:a@b;Transport=TCP;lr;maddr=[::1]?subject=hi%20you&priority=",
            Uri(
                "sip",
                "a",
                host="b",
                params={"transport": "TCP", "lr": None, "maddr": "[::1]"},
                headers={"subject": "hi you", "priority": ""},
            ),
        ),
        ("tel:+34-911-000-000", Uri("tel", "+34-911-000-000")),
        ("tel:7042;phone-context=example.com", Uri("tel", "7042", params={"phone-context": "example.com"})),
        ("http://example.com/a", Uri("http", opaque="//example.com/a")),
        ("urn:service:sos", Uri("urn", opaque="service:sos")),
    ],
)
def test_parts(text: str, uri: Uri) -> None:
    assert Uri.parse(text) == uri
    assert Uri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sip",
        ":a@b",
        "a@b",
        "1x:a",
        "x:",
        "sip:@b",
        "sip:a@",
        "sip:a@b@c",
        "sip:a:b:c@d",
        "sip:a b@c",
        "sip:a@b c",
        "<sip:a@b>",
        "sip:a\\@b",
        'sip:"a"@b',
        "sip:a%4@b",
        "sip:a%zz@b",
        "sip:a\r\n@b",
        "sip:a\x00@b",
        "sip:a@b:0",
        "sip:a@b:65536",
        "sip:a@b:",
        "sip:a@b:x",
        "sip:a@b:-1",
        "sip:a@b:123456",
        "sip:a@b/c",
        "sip:a@-b",
        "sip:a@b-",
        "sip:a@b..c",
        "sip:a@.b",
        "sip:a@b.-c",
        "sip:a@127.1",
        "sip:a@0x7f.1",
        "sip:a@2130706433",
        "sip:a@10.0.0.256",
        "sip:a@10.0.0.01",
        "sip:a@10.0.0.1.",
        "sip:a@10.0.0.1.5",
        "sip:a@b.1c",
        "sip:a@ñ.example",
        "sip:a@b\u3002example",
        "sip:a@１０.0.0.1",
        "sip:a@b:５０６０",
        "sip:señor@b",
        "sip:٣@b",
        "sip:a\u00a0@b",
        "sip:a\u3000b@c",
        "sip:a[b]@c",
        "sip:a|b@c",
        "sip:a^b@c",
        "sip:a`b@c",
        "sip:a{b}@c",
        "sip:a:b#@c",
        "sip:a:b;c@d",
        "sip:a@b#c",
        "sip:a@b,c",
        "sip:a@b;x=",
        "sip:a@b;x=y=z",
        "sip:a@b;x=ñ",
        "sip:a@b;x y",
        "sip:a@b;x=<y>",
        "sip:a@b;lr;lr",
        "sip:a@b;lr;%6cr",
        "sip:a@b;transport=tcp;Transport=tcp",
        "sip:a@b?",
        "sip:a@b?x=1&",
        "sip:a@b?x=1&x=2",
        "sip:a@b?x=1&%78=2",
        "sip:a@b?x=a;b",
        "sip:a@b?x=a=b",
        "ſip:a@b",
        "http://ñ",
        "http://a b",
        "urn:a#b",
        "tel:-",
        "tel:+()",
        "tel:٣",
        "tel:+3a",
        "tel:1;",
        "tel:1;a=",
        "tel:1;a;A",
        "tel:1?a=b",
        "sip:a@[2001:db8:::1]",
        "sip:a@[1:::2:::192.0.2.1]",
        "sip:a@[::1%25eth0]",
        "sip:a@[::1%eth0]",
        "sip:a@2001:db8::1",
        "sip:a@[2001:db8::1",
        "sip:a@[]",
        "sip:a@[1::2::3]",
        "sip:a@[b.example]",
        "sip:a@b;",
        "sip:a@b;;lr",
        "sip:a@b;=c",
        "sip:a@b;x=;x=2",
        "sip:a@b?x",
        "sip:a@b?=x",
        "tel:",
        "tel:abc!",
        "tel:+34 911",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        Uri.parse(text)
    assert refused.value.status == 400


def test_too_long() -> None:
    assert Uri.parse("sip:" + "a" * 2044)
    with pytest.raises(Malformed, match="400 URI Too Long"):
        Uri.parse("sip:" + "a" * 2045)


def test_too_many_parameters_and_headers() -> None:
    many = [f"p{number}=1" for number in range(65)]
    assert len(Uri.parse("sip:a@b;" + ";".join(many[:64])).params) == 64
    assert len(Uri.parse("sip:a@b?" + "&".join(many[:64])).headers) == 64
    for text in ("sip:a@b;" + ";".join(many), "sip:a@b?" + "&".join(many)):
        with pytest.raises(Malformed, match="Too Many"):
            Uri.parse(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [  # the examples of RFC 3261 19.1.4, in other words
        ("sip:%61na@Example.com;transport=TCP", "sip:ana@eXample.CoM;Transport=tcp"),
        ("sip:luis@example.com", "sip:luis@example.com;newparam=5"),
        ("sip:luis@example.com;security=on", "sip:luis@example.com;newparam=5"),
        (
            "sip:e.com;transport=tcp;method=BYE?to=sip:a%40b",
            "sip:e.com;method=BYE;transport=tcp?to=sip:a%40b",
        ),
        ("sip:ana@e.com?subject=next&priority=urgent", "sip:ana@e.com?priority=urgent&subject=next"),
        ("tel:+34-911-000", "tel:+34911000"),
        ("urn:service:sos", "URN:service:sos"),
    ],
)
def test_matches(one: str, other: str) -> None:
    assert Uri.parse(one).matches(Uri.parse(other))
    assert Uri.parse(other).matches(Uri.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:ANA@example.com", "sip:ana@example.com"),
        ("sip:ana@example.com", "sips:ana@example.com"),
        ("sip:luis@example.com", "sip:luis@example.com:5060"),
        ("sip:luis@example.com", "sip:luis@example.com;transport=udp"),
        ("sip:luis@example.com", "sip:luis@example.com;user=phone"),
        ("sip:luis@example.com", "sip:luis@example.com:6000;transport=tcp"),
        ("sip:luis@example.com", "sip:luis@example.com?Subject=next%20meeting"),
        ("sip:luis@example.com;security=on", "sip:luis@example.com;security=off"),
        ("sip:luis@example.com", "sip:luis:secret@example.com"),
        ("sip:luis@pbx.example.com", "sip:luis@192.0.2.4"),
        ("tel:+34911", "tel:34911"),
        ("tel:911;phone-context=a", "tel:911"),
        ("urn:service:sos", "urn:service:police"),
    ],
)
def test_differs(one: str, other: str) -> None:
    assert not Uri.parse(one).matches(Uri.parse(other))
    assert not Uri.parse(other).matches(Uri.parse(one))


def test_number_has_no_separators() -> None:
    assert Uri.parse("tel:+34-911.00(0)").number == "+34911000"
    assert Uri.parse("sip:a.b-c@d").number == "a.b-c"
    assert Uri.parse("sip:d").number is None


def test_host_and_port_as_written() -> None:
    assert host_port("::1", 5060) == "[::1]:5060"
    assert host_port("a.example", None) == "a.example"
    assert Uri("sip", "a", host="::1", port=1).host_port == "[::1]:1"


def test_equal_uris_hash_alike() -> None:
    assert len({Uri.parse("sip:a@b;x=1"), Uri.parse("sip:a@b;x=1")}) == 1


anything = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
"""What a URI cannot hold it escapes."""
names = st.text("abcxyz0-", min_size=1, max_size=6)
uris = st.builds(
    Uri,
    st.sampled_from(["sip", "sips"]),
    anything,
    st.none() | anything,
    st.sampled_from(["example.com", "10.0.0.1", "2001:db8::1", "pbx"]),
    st.none() | st.integers(1, 65535),
    st.dictionaries(names, st.none() | anything, max_size=4),
    st.dictionaries(names, anything, max_size=4),
)


@given(uris)
def test_round_trip(uri: Uri) -> None:
    assert Uri.parse(str(uri)) == uri
    assert uri.matches(Uri.parse(str(uri)))


@given(st.text(max_size=60) | st.text("sip:@;=%[]?&.12a\r\n ").map(lambda tail: "sip:" + tail))
def test_anything_is_a_uri_or_malformed(text: str) -> None:
    try:
        uri = Uri.parse(text)
    except Malformed:
        return
    assert Uri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    "text",
    [
        "sip:alice@example.com",
        "sip:alice:x@example.com:5070;transport=tcp;lr",
        "sip:[::1]:5060",
        "sips:+34@10.0.0.1",
    ],
)
def test_agrees_with_sipmessage(text: str) -> None:
    ours, theirs = Uri.parse(text), URI.parse(text)
    assert (ours.scheme, ours.user, ours.password, ours.port) == (
        theirs.scheme, theirs.user, theirs.password, theirs.port,
    )  # fmt: skip
    assert ours.host == theirs.host.strip("[]")
    assert dict(ours.params) == dict(theirs.parameters)
    assert str(ours) == str(theirs)
