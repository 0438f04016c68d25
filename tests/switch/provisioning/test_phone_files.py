"""Files of every maker: whole, as golden files have them, and read back by parsers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from switch.config.choices import Maker
from switch.config.schema import Config
from switch.provisioning.maker import CannotWrite
from tests.switch.provisioning.sites import NAMES, REACHED, files, given, site

GOLDEN = Path(__file__).parent / "golden"
DESKS = [maker for maker in NAMES if maker is not Maker.GENERIC]
NASTY = "\"quotes\" 'apostrophes' & <angles> ]]> {braces} $dollars %percents #hash ;semi = ñ"
SECRETS = [NASTY, "two\nlines", "\ttab and space ", "a\r\nb", "&amp;"]


def values(config: Config, maker: Maker) -> dict[str, str]:
    """Every parameter of the phone's last file with its value, as the phone reads them."""
    text = given(config, NAMES[maker][-1])
    assert text is not None
    return dict(_lines(text) if maker is Maker.YEALINK else _elements(ElementTree.fromstring(text), maker))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    first, *rest = text.splitlines()
    assert first == "#!version:1.0.0.1"
    for line in filter(None, rest):
        name, sign, value = line.partition(" = ")
        assert sign, line
        yield name, value


def _elements(root: ElementTree.Element, maker: Maker) -> Iterator[tuple[str, str]]:
    if maker is Maker.POLYCOM:
        assert root.tag == "polycomConfig"
        yield from root.attrib.items()
        return
    for element in root.iter():
        name = element.get("name") or re.sub("{.*}", "", element.tag)
        yield name + (f"#{element.get('idx')}" if "idx" in element.attrib else ""), element.text or ""


SECRET = {
    Maker.YEALINK: "account.1.password",
    Maker.POLYCOM: "reg.1.auth.password",
    Maker.SNOM: "user_pass#1",
    Maker.GRANDSTREAM: "P34",
    Maker.GENERIC: "passwd",
}


@pytest.mark.parametrize(("maker", "name"), [(maker, name) for maker in NAMES for name in NAMES[maker]])
def test_a_file_is_its_golden_file(maker: Maker, name: str) -> None:
    """Where a maker's page changes on purpose, write the file anew and read the difference."""
    golden = GOLDEN / f"{maker}-{name.replace('001565aabbcc', 'MAC')}"
    assert given(site(maker), name) == golden.read_text("utf-8")


def test_the_page_is_its_golden_file() -> None:
    assert given(site(Maker.GENERIC), "") == (GOLDEN / "generic.html").read_text("utf-8")


@pytest.mark.parametrize("maker", NAMES)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_comes_out_as_it_is(maker: Maker, secret: str) -> None:
    config = site(maker, secret=secret)
    if maker is Maker.YEALINK and secret is not NASTY and secret != "&amp;":
        with pytest.raises(CannotWrite):
            values(config, maker)
    else:
        assert values(config, maker)[SECRET[maker]] == secret


def test_what_no_xml_can_hold_is_refused() -> None:
    with pytest.raises(CannotWrite):
        given(site(Maker.SNOM, secret="a\x01b"), NAMES[Maker.SNOM][0])


@pytest.mark.parametrize("maker", DESKS)
def test_the_display_and_labels_come_out_as_they_are(maker: Maker) -> None:
    device = {"display": NASTY, "keys": [{"lamp": "1002", "label": NASTY}]}
    text = given(site(maker, device=device), NAMES[maker][-1])
    assert text is not None
    assert NASTY in values(site(maker, device=device), maker).values()
    if maker is not Maker.YEALINK:
        attributes = [
            value for element in ElementTree.fromstring(text).iter() for value in element.attrib.values()
        ]
        texts = [element.text for element in ElementTree.fromstring(text).iter()]
        assert (attributes + texts).count(NASTY) >= 2


@pytest.mark.parametrize(
    ("maker", "way", "names"),
    [
        (
            Maker.YEALINK,
            "tls",
            {"account.1.sip_server.1.transport_type": "2", "account.1.outbound_proxy.1.port": "5061"},
        ),
        (Maker.POLYCOM, "tcp", {"reg.1.server.1.transport": "TCPOnly", "reg.1.server.1.port": "5060"}),
        (Maker.SNOM, "tls", {"user_outbound#1": "192.0.2.9:5061;transport=tls"}),
        (Maker.GRANDSTREAM, "tcp", {"P130": "1", "P48": "192.0.2.9:5060"}),
        (Maker.GENERIC, "tls", {"reg_proxy": "<sip:192.0.2.9:5061;transport=tls>"}),
    ],
)
def test_transports(maker: Maker, way: str, names: dict[str, str]) -> None:
    found = values(site(maker, device={"transport": way}), maker)
    assert {name: found[name] for name in names} == names


POLICIES = {
    Maker.YEALINK: ("account.1.srtp_encryption", "0", "1", "2"),
    Maker.POLYCOM: ("sec.srtp.require", "0", "0", "1"),
    Maker.SNOM: ("user_savp#1", "off", "optional", "mandatory"),
    Maker.GRANDSTREAM: ("P183", "0", "1", "2"),
    Maker.GENERIC: ("media_encryption", "none", "srtp", "srtp"),
}


@pytest.mark.parametrize("maker", NAMES)
def test_what_is_encrypted(maker: Maker) -> None:
    name, never, offered, required = POLICIES[maker]

    def told(policy: str, transport: str) -> str:
        device = {"transport": transport}
        return values(site(maker, phone={"srtp": policy}, device={**device}), maker)[name]

    config = [told(policy, "tls") for policy in ("never", "offered", "required")]
    assert config == [never, offered, required]
    assert told("offered", "udp") == never, "its keys would go in the clear"
    assert told("required", "udp") == required


NEW_YORK: dict[str, Any] = {
    "server": {"timezone": "America/New_York", "language": "en"},
    "media": {"tones": "us"},
}
ABROAD: list[tuple[Maker, dict[str, str]]] = [
    (
        Maker.YEALINK,
        {
            "lang.gui": "English",
            "voice.tone.ring": "440+480/2000,0/4000",
            "local_time.time_zone": "-5",
            "local_time.start_time": "3/2/7/2",
            "local_time.end_time": "11/1/7/2",
        },
    ),
    (
        Maker.POLYCOM,
        {
            "tcpIpApp.sntp.gmtOffset": "-18000",
            "tcpIpApp.sntp.daylightSavings.start.date": "8",
            "tcpIpApp.sntp.daylightSavings.start.dayOfWeek": "1",
            "tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth": "0",
            "tcpIpApp.sntp.daylightSavings.stop.date": "1",
        },
    ),
    (
        Maker.SNOM,
        {"utc_offset": "-18000", "dst": "3600 03.02.07 02:00:00 11.01.07 02:00:00", "tone_scheme": "USA"},
    ),
    (
        Maker.GRANDSTREAM,
        {"P246": "STD5DST4,M3.2.0/2,M11.1.0/2", "P1362": "en", "P4002": "f1=480@-24,f2=620@-24,c=500/500;"},
    ),
]


@pytest.mark.parametrize(("maker", "names"), ABROAD)
def test_language_tones_and_time_are_the_sites(maker: Maker, names: dict[str, str]) -> None:
    found = values(site(maker, **NEW_YORK), maker)
    assert {name: found[name] for name in names} == names


@pytest.mark.parametrize("maker", DESKS)
def test_where_there_is_no_summer_time(maker: Maker) -> None:
    text = given(site(maker, server={"timezone": "Asia/Kolkata"}), NAMES[maker][-1])
    assert text is not None
    assert "{" not in text
    assert "start" not in text


@pytest.mark.parametrize("maker", DESKS)
def test_more_keys_than_the_phone_has(maker: Maker) -> None:
    keys = [{"lamp": "support", "label": f"key {n}"} for n in range(9)]
    found = given(site(maker, device={"keys": keys}), NAMES[maker][-1])
    assert found is not None
    assert ("key 8" in found) is (maker is not Maker.GRANDSTREAM)
    assert "key 2" in found


@pytest.mark.parametrize(
    ("maker", "name"), [(Maker.YEALINK, "acd.enable"), (Maker.POLYCOM, "feature.acdLoginLogout.enabled")]
)
def test_agents_keys_are_there_where_agents_are(maker: Maker, name: str) -> None:
    assert values(site(maker), maker)[name] == "1"
    assert name not in values(site(maker, agents={}), maker)


@pytest.mark.parametrize("maker", DESKS)
def test_pickup(maker: Maker) -> None:
    some = {text for text in values(site(maker, codes={"pickup": "*87"}), maker).values() if "*87" in text}
    assert some == {
        "blf sip:1002@centralita.example|*87",
        "blf sip:support@centralita.example|*87",
    } or some == {"*87"}
    without = values(site(maker, codes={"pickup": "off"}), maker)
    assert not [text for text in without.values() if "|" in text or "*8" in text]


AGENTS = {
    Maker.YEALINK: "Yealink SIP-T46S 66.84.0.15 {colons}",
    Maker.POLYCOM: "FileTransport PolycomVVX-VVX_410-UA/5.9.0.9373 (SN:{plain}) Type/Application",
    Maker.SNOM: "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004 {plain} SXM:0 UXM:0)",
    Maker.GRANDSTREAM: "Grandstream Model HW GXP2170 V1.6A SW 1.0.9.69 DevId {plain}",
}


@pytest.mark.parametrize("maker", DESKS)
def test_another_phone_does_not_get_it(maker: Maker) -> None:
    config, name = site(maker), NAMES[maker][0]

    def asks(plain: str) -> str | None:
        colons = ":".join(plain[i : i + 2] for i in range(0, 12, 2))
        return given(config, name, AGENTS[maker].format(plain=plain, colons=colons))

    assert asks("001565AABBCC") == asks("001565aabbcc") == given(config, name) is not None
    assert asks("001565aabbcd") is None
    assert given(config, name, "curl/8.0") is not None, "who says nothing of itself has the path"


@pytest.mark.parametrize(
    "name", ["", "y000000000000.cfg", "001565aabbcd.cfg", "../001565aabbcc.cfg", "linphone.xml"]
)
def test_nothing_else_is_there(name: str) -> None:
    assert given(site(Maker.YEALINK), name) is None


def test_a_name_may_be_in_capitals() -> None:
    assert given(site(Maker.SNOM), "001565AABBCC.xml") is not None


def test_paths_are_each_phones_own_and_change_with_rotation_and_key() -> None:
    both = {"1001": {"secret": "a", "provision": {"rotation": 0}}}
    both["1002"] = {"secret": "a", "provision": {"rotation": 0}}
    made = files(Config.model_validate({"phones": both}))
    rotated: dict[str, Any] = {"rotation": 1}
    again = files(Config.model_validate({"phones": {"1001": {"secret": "a", "provision": rotated}}}))
    other = files(Config.model_validate({"phones": both}), bytes(32))
    paths = {made.path("1001"), made.path("1002"), again.path("1001"), other.path("1001")}
    assert len(paths) == 4
    assert all(re.fullmatch("/provision/[a-z2-7]{26}/", str(path)) for path in paths)
    assert made.find(f"{again.path('1001')}", "", REACHED, secure=True) is None


def test_a_phone_without_provision_has_no_files() -> None:
    made = files(site(Maker.YEALINK))
    assert made.path("1002") is None
    assert made.names("1002") == []


def test_without_a_key_nobody_has_files() -> None:
    assert files(site(Maker.YEALINK), b"").path("1001") is None


@pytest.mark.parametrize(("language", "said"), [("en", "Password"), ("es", "Contraseña")])
def test_the_page_is_in_the_sites_language(language: str, said: str) -> None:
    page = given(site(Maker.GENERIC, secret=NASTY, server={"language": language}), "")
    assert page is not None
    assert f"<th>{said}</th>" in page
    root = ElementTree.fromstring(re.sub("<!DOCTYPE html>|<meta[^>]*>", "", page))
    assert NASTY in [cell.text for cell in root.iter("td")]
