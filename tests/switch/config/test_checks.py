"""What must fit together across the sections; one exact line for each mistake."""

import pytest

from tests.switch.config.conftest import Mistakes

TWO_QUEUES = "queues: {a: {overflow: queue:b}, b: {overflow: queue:a}}"
THREE_QUEUES = "queues: {a: {overflow: queue:b}, b: {overflow: queue:c}, c: {overflow: queue:b}}"
TRUNKS = "trunks: {c: {accept_from: [10.0.0.1]}, d: {proxy: sip:10.0.0.2}}\n"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("a/b", "a name holds none of / * ? [ ]"),
        ("a[1]", "a name holds none of / * ? [ ]"),
        ("a*", "a name holds none of / * ? [ ]"),
        (" a", "a name holds no control characters, has no space at its ends and is not '.' or '..'"),
        ("..", "a name holds no control characters, has no space at its ends and is not '.' or '..'"),
        ("a" * 65, "a name has 64 characters at most"),
    ],
)
@pytest.mark.parametrize(
    ("section", "value"),
    [("trunks", "{proxy: sip:127.0.0.1}"), ("phones", "{secret: x}"), ("agents", "{}"), ("queues", "{}")],
)
def test_names(mistakes: Mistakes, section: str, value: str, name: str, fault: str) -> None:
    found = mistakes(f'{section}:\n  "{name}": {value}')
    assert found == [f"2:3: {section}.{name}: {fault}"]


@pytest.mark.parametrize("name", ["ñandú", "Soporte 1", "a.b", "a:b"])
def test_names_for_people_may_be_theirs(mistakes: Mistakes, name: str) -> None:
    assert mistakes(f'queues:\n  "{name}": {{}}') == []


@pytest.mark.parametrize("name", ["ñandú", "Soporte 1", "a@b", "a;b"])
def test_a_phone_is_named_like_a_sip_user(mistakes: Mistakes, name: str) -> None:
    fault = "a phone's name is its SIP user: letters of ASCII, digits and _ . + -"
    assert mistakes(f'phones:\n  "{name}": {{secret: x}}') == [f"2:3: phones.{name}: {fault}"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "sip: {listen: [udp:0.0.0.0:5060, udp:127.0.0.1:5060]}",
            ["1:34: sip.listen[1]: port 5060 of udp is already taken by sip.listen"],
        ),
        ("sip: {listen: [udp:127.0.0.1:5060, udp:127.0.0.2:5060, tcp:127.0.0.1:5060]}", []),
        ("sip: {listen: [udp:0.0.0.0:5060, 'udp:[::]:5060']}", []),
        ("sip: {listen: [udp:0.0.0.0:0, udp:127.0.0.1:0]}", []),
        (
            "http: {listen: 127.0.0.1:5060}",
            ["1:16: http.listen: port 5060 of tcp is already taken by sip.listen"],
        ),
        (
            "sip: {session_expires: 89s}",
            ["1:24: sip.session_expires: at least 90s (RFC 4028), or 0 for none"],
        ),
        ("sip: {session_expires: 0}", []),
        ("sip: {listen: [udp:0.0.0.0:20002]}", ["1:16: sip.listen[0]: port 20002 lies within media.ports"]),
        ("sip: {listen: [tcp:0.0.0.0:20002]}", []),
        (
            "sip: {listen: [tls:0.0.0.0:5061]}",
            [
                "1:16: sip.listen[0]: needs a certificate: give sip.tls with certificate and private_key,"
                " both PEM files"
            ],
        ),
        ("media: {listen: 127.0.0.2}\nsip: {listen: [udp:127.0.0.1:20002]}", []),
    ],
)
def test_sockets_do_not_overlap(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "trunks: {c: {}}",
            ["1:10: trunks.c: needs accept_from for calls from it, or proxy for calls to it"],
        ),
        (
            "trunks: {c: {accept_from: }}",
            ["1:10: trunks.c: needs accept_from for calls from it, or proxy for calls to it"],
        ),
        (
            "trunks: {c: {accept_from: [x]}}",
            ["1:28: trunks.c.accept_from[0]: 'x' is not a network; write it as 10.0.0.0/8"],
        ),
        (
            "trunks: {c: {accept_from: [10.0.0.1]}, d: {accept_from: [10.0.0.0/8, 10.0.0.1/32]}}",
            ["1:70: trunks.d.accept_from[1]: 10.0.0.1/32 already belongs to trunk 'c'"],
        ),
        ("trunks: {c: {accept_from: [10.0.0.1]}, d: {accept_from: ['10.0.0.1:5070']}}", []),
        ("phones: {'1': {}}", ["1:10: phones.1: needs secret or secret_file"]),
        (
            "phones: {'1': {secret: x, secret_file: y}}",
            ["1:27: phones.1.secret_file: stands beside secret; give one of them"],
        ),
        ("phones: {'1': {secret: }}", ["1:23: phones.1.secret: is empty"]),
    ],
)
def test_trunks_and_phones(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert [line for line in mistakes(text) if "cannot be read" not in line] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("agents: {ana: {phone: '1001'}}", ["1:23: agents.ana.phone: no phone is called '1001'"]),
        (
            "phones: {'1001': {secret: x}}\nagents: {ana: {phone: '1002'}}",
            ["2:23: agents.ana.phone: no phone is called '1002'; did you mean '1001'?"],
        ),
        (
            "phones: {'1': {secret: x}}\nagents: {ana: {phone: '1'}, luis: {phone: '1'}}",
            ["2:43: agents.luis.phone: phone '1' is already that of agent 'ana'"],
        ),
        (
            "agents: {ana: {skills: {'a b': 1, or: 2, ok: 3, 'a >= 1 and b': 4}}}",
            [
                "1:25: agents.ana.skills.a b: a skill's name has letters, digits and _ . -",
                "1:35: agents.ana.skills.or: a skill's name has letters, digits and _ . -",
                "1:49: agents.ana.skills.a >= 1 and b: a skill's name has letters, digits and _ . -",
            ],
        ),
        ("agents: {ana: {name: Ana Ruiz}, luis: {phone: null}}", []),
    ],
)
def test_agents(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("queues: {a: {overflow: queue:b}}", ["1:24: queues.a.overflow: no queue is called 'b'"]),
        ("queues: {a: {overflow: phone:1}}", ["1:24: queues.a.overflow: no phone is called '1'"]),
        ("queues: {a: {overflow: queue:a}}", ["1:24: queues.a.overflow: callers would go round: a -> a"]),
        (TWO_QUEUES, ["1:24: queues.a.overflow: callers would go round: a -> b -> a"]),
        (THREE_QUEUES, ["1:48: queues.b.overflow: callers would go round: b -> c -> b"]),
        ("queues: {a: {overflow: queue:b}, c: {overflow: queue:b}, b: {}}", []),
        ("queues: {a: {music: ../x}}", ["1:21: queues.a.music: a name holds none of / * ? [ ]"]),
        (
            "queues: {a: {recording_notice: /etc/x}}",
            ["1:32: queues.a.recording_notice: a name holds none of / * ? [ ]"],
        ),
        ("queues: {a: {requires: null, recording_notice: null}}", []),
    ],
)
def test_queues(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text) == found


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("support >= 1 adn b", 37),
        ("'support >= 1 adn b'", 38),
        ('"support >= 1 adn b"', 38),
        ("'${REQUIRES}'", 24),
    ],
)
def test_a_skill_expression_is_wrong_at_its_column(mistakes: Mistakes, written: str, column: int) -> None:
    (line,) = mistakes(f"queues: {{a: {{requires: {written}}}}}", REQUIRES="support >= 1 adn b")
    assert line == f"1:{column}: queues.a.requires: expected 'and' or 'or' before 'adn'"


@pytest.mark.parametrize(
    ("route", "found"),
    [
        (
            "{go: echo}",
            ["3:5: routes[0]: needs the trunk or the phone whose calls it takes, such as phone: '*'"],
        ),
        ("{trunk: [c], go: echo}", ["3:13: routes[0].trunk: expected text"]),
        (
            "{trunk: c, phone: '*', go: echo}",
            ["3:16: routes[0].phone: stands beside trunk; give one of them"],
        ),
        ("{trunk: x, go: echo}", ["3:13: routes[0].trunk: no trunk is called 'x'"]),
        ("{phone: '1', go: echo}", ["3:13: routes[0].phone: no phone is called '1'"]),
        ("{phone: '1?', go: echo}", []),
        ("{trunk: 'c*', go: echo}", []),
        ("{phone: '*', go: queue:q}", ["3:22: routes[0].go: no queue is called 'q'"]),
        ("{phone: '*', go: phone:q}", ["3:22: routes[0].go: no phone is called 'q'"]),
        ("{phone: '*', go: trunk:q}", ["3:22: routes[0].go: no trunk is called 'q'"]),
        ("{phone: '*', go: trunk:c}", ["3:22: routes[0].go: trunk 'c' has no proxy to send calls to"]),
        ("{phone: '*', go: trunk:d}", []),
        ("{phone: '*', go: conference:daily}", []),
        ("{phone: '*', go: conference:a/b}", ["3:22: routes[0].go: a name holds none of / * ? [ ]"]),
        (
            "{trunk: c, go: trunk:d}",
            ["3:20: routes[0].go: leads from a trunk to a trunk; where that is meant, add transit: true"],
        ),
        ("{trunk: c, go: trunk:d, transit: true}", []),
        ("{phone: '*', to: '[*]8*', strip: 2, go: pickup}", []),
        (
            "{phone: '*', to: '70?', go: park}",
            ["3:33: routes[0].go: there is no slot to park in; give parking.slots, such as 701-709"],
        ),
        (
            "{trunk: c, go: pickup}",
            ["3:20: routes[0].go: only phones pickup calls; give the route a phone in place of its trunk"],
        ),
        (
            "{phone: '*', to: 1*2, go: echo}",
            ["3:22: routes[0].to: '*' stands for any rest, so it can only be the last character"],
        ),
        (
            "{phone: '*', to: [1, '1 2', '', '1[9-0]', '[', '[]'], go: echo}",
            [
                "3:26: routes[0].to[1]: a pattern has no spaces",
                "3:33: routes[0].to[2]: a pattern has at least one character",
                "3:37: routes[0].to[3]: '9-0' ends before it begins",
                "3:47: routes[0].to[4]: '[' without its partner, or nothing between them; write it as [6-9]",
                "3:52: routes[0].to[5]: '[' without its partner, or nothing between them; write it as [6-9]",
            ],
        ),
        (
            "{phone: '**', go: echo}",
            ["3:13: routes[0].phone: '*' stands for any rest, so it can only be the last character"],
        ),
    ],
)
def test_routes(mistakes: Mistakes, route: str, found: list[str]) -> None:
    assert mistakes(f"{TRUNKS}routes:\n  - {route}") == found


@pytest.mark.parametrize(
    "text",
    [
        "trunks: {c: {max_cps: x, proxy: sip:10.0.0.1}}\nroutes: [{phone: '*', go: trunk:c}]",
        "trunks: {c: {proxy: x}}\nroutes: [{phone: '*', go: trunk:c}]",
        "phones: {'1': {secret: [x]}}\nagents: {a: {phone: '1'}}",
        "phones: {'1': 5}\nagents: {a: {phone: '1'}}",
        "queues: {a: {record: x}}\nroutes: [{phone: '*', go: queue:a}]",
        "routes: [{phone: '*', go: x}, {phone: '*', go: echo}]",
    ],
)
def test_one_mistake_is_one_line(mistakes: Mistakes, text: str) -> None:
    assert len(mistakes(text)) == 1
