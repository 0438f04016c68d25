"""Each section, as declared: unknown keys, wrong types, wrong values; one exact line for each mistake."""

import pytest

from tests.switch.config.conftest import Mistakes

CONTRACT = "queues:\n  support:\n    stratgy: longest-idle\n"
NO_SECTION = "expected keys with values under it"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CONTRACT, ["3:5: queues.support.stratgy: unknown key; did you mean 'strategy'?"]),
        ("servr: {}", ["1:1: servr: unknown key; did you mean 'server'?"]),
        ("xyz: {}", ["1:1: xyz: unknown key"]),
        (
            "sip: {advertise: {publik: 192.0.2.1}}",
            ["1:19: sip.advertise.publik: unknown key; did you mean 'public'?"],
        ),
        (
            "queues: {a: {service_level: {withn: 20s}}}",
            ["1:30: queues.a.service_level.withn: unknown key; did you mean 'within'?"],
        ),
        (
            "routes:\n  - {phone: '*', goo: echo, go: echo}",
            ["2:18: routes[0].goo: unknown key; did you mean 'go'?"],
        ),
        ("sip: {domain: a, domain: b}", ["1:18: sip.domain: duplicate key; the first is in line 1"]),
    ],
)
def test_unknown_and_duplicate_keys(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text) == found


@pytest.mark.parametrize("key", ["tenants", "sites", "users", "numbers", "flows"])
def test_sections_for_later_are_refused(mistakes: Mistakes, key: str) -> None:
    assert mistakes(f"{key}: {{}}") == [f"1:1: {key}: not yet: '{key}' is not built"]


def test_capacity_for_chats_is_refused_until_there_are_any(mistakes: Mistakes) -> None:
    found = "1:16: agents.ana.capacity: not yet: 'capacity' is not built"
    assert found in mistakes("agents: {ana: {capacity: {chat: 3}}}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "sip: {listen: [ws:0.0.0.0:5062]}",
            ["1:16: sip.listen[0]: not yet: ws is not built; udp, tcp and tls are"],
        ),
    ],
)
def test_what_is_not_built_is_refused_in_words(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", [f"1:1: {NO_SECTION}"]),
        ("[a]", [f"1:1: {NO_SECTION}"]),
        ("sip: udp", [f"1:6: sip: {NO_SECTION}"]),
        ("queues: []", ["1:9: queues: expected names with values under them"]),
        ("queues: {a: at-once}", [f"1:13: queues.a: {NO_SECTION}"]),
        ("routes: {}", ["1:9: routes: expected a list, such as [a, b]"]),
        ("routes: [echo]", [f"1:10: routes[0]: {NO_SECTION}"]),
        ("sip: {listen: udp:0.0.0.0:5060}", ["1:15: sip.listen: expected a list, such as [a, b]"]),
        ("sip: {domain: [a]}", ["1:15: sip.domain: expected text"]),
        ("sip: {t1: {a: b}}", ["1:11: sip.t1: expected a duration such as 500ms, 20s, 5m or 1h"]),
        ("sip: {t1: 0}", ["1:11: sip.t1: must be more than 0"]),
        ("media: {codecs: []}", ["1:17: media.codecs: is empty"]),
        ("media: {codecs: [PCMA, PCMA]}", ["1:17: media.codecs: holds PCMA twice"]),
        (
            "media: {codecs: [pcma]}",
            ["1:18: media.codecs[0]: 'pcma' is not one of PCMA, PCMU, G722, OPUS, G729"],
        ),
        ("server: {language: fr}", ["1:20: server.language: 'fr' is not one of en, es"]),
        ("server: {language: [fr]}", ["1:20: server.language: expected one of en, es"]),
        ("server: {language: }", ["1:19: server.language: needs a value: one of en, es"]),
        ("server: {data_dir: }", ["1:19: server.data_dir: needs a value; an empty text is written ''"]),
        (
            "queues: {a: {answer: at-onc}}",
            [
                "1:22: queues.a.answer: 'at-onc' is not one of at-once, early, on-agent; "
                "did you mean 'at-once'?"
            ],
        ),
        ("queues: {a: {ring_timeout: 0}}", ["1:28: queues.a.ring_timeout: must be more than 0"]),
        (
            "queues: {a: {record: on}}",
            ["1:22: queues.a.record: 'on' is not a yes or no; write it as true or false"],
        ),
        ("queues: {a: {max_waiting: -1}}", ["1:27: queues.a.max_waiting: must not be less than 0"]),
        (
            "queues: {a: {max_waiting: 1e3}}",
            ["1:27: queues.a.max_waiting: '1e3' is not a whole number; write it as 20"],
        ),
        (
            "agents: {ana: {skills: {support: high}}}",
            ["1:34: agents.ana.skills.support: 'high' is not a whole number; write it as 20"],
        ),
        (
            "sip: {advertise: host}",
            ["1:18: sip.advertise: 'host' is not an IP address; write it as 192.0.2.1"],
        ),
        (
            "sip: {advertise: 0.0.0.0}",
            ["1:18: sip.advertise: 0.0.0.0 and :: are no addresses to send to; write auto or the address"],
        ),
        (
            "sip: {advertise: {local: [10.0.0.0/8]}}",
            ["1:18: sip.advertise: 'local' needs 'public' beside it, the address for everyone else"],
        ),
        ("routes: [{phone: '*'}]", ["1:10: routes[0].go: is missing"]),
        ("routes: [{phone: '*', go: echo, to: []}]", ["1:37: routes[0].to: is empty"]),
        ("routes: [{phone: '*', go: echo, to: [[1]]}]", ["1:38: routes[0].to[0]: expected text"]),
        (
            "routes: [{phone: '*', go: }]",
            [
                "1:26: routes[0].go: needs a value: a target such as "
                "queue:NAME, trunk:NAME, phone:NAME, conference:NAME, "
                "phone, pickup, park, echo, tone or clock"
            ],
        ),
    ],
)
def test_wrong_values(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text) == found


def test_every_mistake_is_named_at_once_in_the_order_of_the_file(mistakes: Mistakes) -> None:
    text = """
server: {langauge: en, drain_timeout: soon}
trunks:
  carrier: {accept_from: [10.0.0.0/33], proxy: sip:127.0.0.1}
  carrier: {}
phones:
  "1001": {secret: "${NOBODY}"}
agents:
  ana: {phone: "1001", login: later}
  luis: {phone: "1001"}
routes:
  - {trunk: carier, go: echo}
  - {phone: "*", hours: night}
  - {phone: "*", go: queue:support}
"""
    assert mistakes(text) == [
        "2:10: server.langauge: unknown key; did you mean 'language'?",
        "2:39: server.drain_timeout: 'soon' is not a duration; write it as 500ms, 20s, 5m or 1h",
        "4:27: trunks.carrier.accept_from[0]: '10.0.0.0/33' is not a network; write it as 10.0.0.0/8",
        "5:3: trunks.carrier: duplicate key; the first is in line 4",
        "7:20: phones.1001.secret: environment variable NOBODY is not set; set it, or write the value here",
        "9:31: agents.ana.login: 'later' is not one of on-register",
        "10:17: agents.luis.phone: phone '1001' is already that of agent 'ana'",
        "12:13: routes[0].trunk: no trunk is called 'carier'; did you mean 'carrier'?",
        "13:5: routes[1].go: is missing",
        "14:22: routes[2].go: no queue is called 'support'",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "phones: {'1': {secret: [hunter2]}}",
        "phones: {'1': hunter2}",
        "phones: {'1': {sceret: hunter2}}",
        "phones: {'1': {secret: *hunter2}}",
        "phones: {'1': {secret: !hunter2 x}}",
        "phones: {'1': {secret: %hunter2}}",
        "phones: {'1': {secret: {hunter2: x}}}",
        "trunks: {c: {proxy: 'sip:x:hunter2@127.0.0.1'}}",
        "server: {drain_timeout: '${SECRET}'}",
        "server: {language: '${SECRET}'}",
        "media: {ports: '${SECRET}'}",
        "sip: {listen: ['${SECRET}']}",
        "routes: [{phone: '*', go: '${SECRET}'}]",
    ],
)
def test_no_message_shows_a_secret(mistakes: Mistakes, text: str) -> None:
    found = mistakes(text, SECRET="hunter2")
    assert found
    assert "hunter2" not in "\n".join(found)
