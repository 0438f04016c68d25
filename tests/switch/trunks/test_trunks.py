"""Trunks at work in a whole switch: questions, registrations, names, and what a reload makes of them."""

from typing import Any

import pytest

from sip.accounts.digest import Challenger, Verified
from sip.events import IncomingRequest
from sip.location import Place, Server
from sip.syntax.message import Request, parse
from sip.syntax.uri import Uri
from switch.trunks.health import HealthEvent
from switch.trunks.next_hop import NextHop
from tests.switch.far_end import FarEnd
from tests.switch.stage import CARRIER, Stage

A, B, REGISTRAR = ("192.0.2.11", 5060), ("192.0.2.12", 5070), ("192.0.2.20", 5060)
TARGETS = [{"uri": "sip:192.0.2.11"}, {"uri": "sip:192.0.2.12:5070"}]


def trunks(**settings: Any) -> dict[str, Any]:
    """Sections with one trunk `t` that is asked every ten seconds."""
    return {"trunks": {"t": {"targets": TARGETS, "options": "10s", **settings}}, "routes": []}


class Registrar(FarEnd):
    """A registrar that challenges, grants what it is asked for up to a minute, and notes who proved what."""

    def __init__(self, stage: Stage, secret: str = "right", address: tuple[str, int] = REGISTRAR) -> None:
        super().__init__(stage, "registrar", address, ("192.0.2.1", 5060))
        stage._ends[address] = self
        self.challenger = Challenger(b"k" * 32, "carrier.example")
        self.expected = secret
        self.said: list[str] = []
        self.refusal: tuple[int, tuple[tuple[str, str], ...]] | None = None
        self.is_broken = False
        """Whoever proves himself is answered 503."""

    def hear(self, event: Any) -> None:
        if not isinstance(event, IncomingRequest) or event.request.method != "REGISTER":
            super().hear(event)
            return
        status, headers = self._judge(event.request)
        self.said.append(f"{event.request.expires} {status}")
        self.endpoint.respond(event.transaction, status, self.wire.now(), headers=headers)

    def _judge(self, request: Request) -> tuple[int, tuple[tuple[str, str], ...]]:
        if self.refusal is not None:
            return self.refusal
        now = self.wire.now()
        verdict = self.challenger.verify(request, {"us": self.expected}.get, now, self.flow.remote[0])
        if not isinstance(verdict, Verified):
            failure = None
            challenges = self.challenger.challenges(now, failure, self.flow.remote[0])
            return 401, tuple(("WWW-Authenticate", value) for value in challenges)
        if self.is_broken:
            return 503, ()
        seconds = min(request.expires or 0, 60)
        contact = request.headers.get("Contact")
        return 200, ((("Contact", f"{contact};expires={seconds}"),) if seconds else ())


def registered(**settings: Any) -> dict[str, Any]:
    """A trunk that we register with."""
    return {
        "trunks": {
            "t": {
                "registration": {"registrar": "sip:192.0.2.20", "user": "us", "domain": "carrier.example"},
                "credentials": {"user": "us", "secret": "right"},
                "options": "0",
                **settings,
            }
        },
        "routes": [{"trunk": "t", "to": "us", "go": "echo"}],
    }


def health(stage: Stage) -> list[str]:
    (row,) = stage.running.trunks()
    return [target.health for target in row.targets]


def place(address: tuple[str, int], name: str = "") -> Place:
    return Place("udp", address[0], address[1], name or address[0])


# Questions


@pytest.mark.parametrize("sections", [trunks()])
async def test_a_target_is_down_after_three_misses_and_up_after_two_answers(stage: Stage) -> None:
    stage.join("a", A)
    silent = stage.join("b", B)
    stage.lose = lambda data: data.startswith(b"OPTIONS sip:192.0.2.12")
    seen = []
    for _ in range(4):
        await stage.pass_by(10)
        seen.append(health(stage)[1])
    assert seen[-1] == "down"
    assert health(stage)[0] == "up"
    assert stage.metrics().value("centralita_trunk_up", trunk="t") == 1, "the other one is there"
    stage.lose = lambda data: False
    for _ in range(15):
        await stage.pass_by(2)
        seen.append(health(stage)[1])
    assert seen[-1] == "up"
    assert "returning" in seen
    assert [row.status for row in stage.running.trunks()[0].targets] == [200, 200]
    asked = [parse(data) for data in silent.received]
    assert {request.uri for request in asked if isinstance(request, Request)} == {"sip:192.0.2.12:5070"}


@pytest.mark.parametrize("sections", [trunks()])
async def test_a_trunk_of_which_no_target_answers_is_down(stage: Stage) -> None:
    await stage.pass_by(40)
    assert health(stage) == ["down", "down"]
    assert stage.metrics().value("centralita_trunk_up", trunk="t") == 0
    assert len(stage.exchange.trunks.next_hops("t")) == 2, "better to try what is down than nobody"


@pytest.mark.parametrize("sections", [trunks(options="0")])
async def test_without_questions_nobody_is_asked(stage: Stage) -> None:
    await stage.pass_by(100)
    assert not stage.sent
    assert health(stage) == ["up", "up"]


@pytest.mark.parametrize("sections", [trunks()])
async def test_any_answer_but_408_and_503_is_a_sign_of_life(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, status in ((A, 404), (B, 503)):
        end = stage.join(str(status), address)
        monkeypatch.setattr(end, "hear", answers(end, status))
    await stage.pass_by(40)
    assert health(stage) == ["up", "down"]
    assert [target.status for target in stage.running.trunks()[0].targets] == [404, 503]


def answers(end: FarEnd, status: int) -> Any:
    """Answers every request with that status."""

    def hear(event: Any) -> None:
        if isinstance(event, IncomingRequest):
            end.endpoint.respond(event.transaction, status, end.wire.now())

    return hear


# Order


PRIORITIES = [
    {"uri": "sip:192.0.2.11", "priority": "20"},
    {"uri": "sip:192.0.2.12:5070", "priority": "10"},
]


@pytest.mark.parametrize("sections", [trunks(targets=PRIORITIES, options="0")])
async def test_targets_are_tried_by_priority_and_those_that_are_down_last(stage: Stage) -> None:
    hops = stage.exchange.trunks.next_hops("t")
    assert [hop.place for hop in hops] == [place(B), place(A)]
    stage.exchange.trunks.see(hops[0], HealthEvent.DEAD)
    assert [hop.place for hop in stage.exchange.trunks.next_hops("t")] == [place(A), place(B)]
    stage.exchange.trunks.rest(hops[1], 20)
    assert [hop.place for hop in stage.exchange.trunks.next_hops("t")] == [place(B)], "its 503 asks for peace"
    stage.exchange.trunks.rest(hops[0], 10)
    assert len(stage.exchange.trunks.next_hops("t")) == 2, "better than nobody"
    await stage.pass_by(11)
    assert [hop.place for hop in stage.exchange.trunks.next_hops("t")] == [place(B)]


WEIGHTS = [{"uri": "sip:192.0.2.11", "weight": "30"}, {"uri": "sip:192.0.2.12:5070", "weight": "10"}]


@pytest.mark.parametrize("sections", [trunks(targets=WEIGHTS, options="0")])
async def test_weights_share_the_calls(stage: Stage) -> None:
    first = [stage.exchange.trunks.next_hops("t")[0].place for _ in range(2000)]
    assert first.count(place(A)) == pytest.approx(1500, rel=0.06)


# Names


NAMED = trunks(targets=None, proxy="sip:carrier.example", options="0")


@pytest.mark.parametrize("sections", [NAMED])
async def test_a_name_leads_where_dns_says_and_calls_do_not_wait_for_it(stage: Stage) -> None:
    assert stage.exchange.trunks.next_hops("t") == []
    stage.names.servers["carrier.example"] = (
        Server((place(B, "b.example"),), 20, 0),
        Server((place(A, "a.example"),), 10, 0),
    )
    await stage.pass_by(11)
    hops = stage.exchange.trunks.next_hops("t")
    assert [hop.place for hop in hops] == [place(A, "a.example"), place(B, "b.example")]
    assert {(hop.host, hop.port) for hop in hops} == {("carrier.example", None)}
    del stage.names.servers["carrier.example"]
    await stage.pass_by(3600)
    assert stage.exchange.trunks.next_hops("t") == hops, "a name server that is down stops no call"


@pytest.mark.parametrize("sections", [NAMED])
async def test_no_name_is_looked_up_because_of_a_message(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    locate = stage.names.locate

    async def noting(destination: Any) -> Any:
        asked.append(destination.host)
        return await locate(destination)

    monkeypatch.setattr(stage.names, "locate", noting)
    carrier = stage.carrier
    await stage.reload(routes=[{"trunk": "carrier", "to": "*", "go": "echo"}])
    for uri in ("sip:600@evil.example", "sip:x@evil.example"):
        await carrier._ask("OPTIONS", ("Route", f"<{uri};lr>"), ("Contact", f"<{uri}>"))
    await stage.pass_by(60)
    assert set(asked) <= {"carrier.example"}


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("sip:1@192.0.2.11", A),
        ("sip:1@192.0.2.11:5060", A),
        ("sip:1@192.0.2.12:5070", B),
        ("sip:1@192.0.2.12", None),
        ("sip:1@evil.example", None),
    ],
)
@pytest.mark.parametrize("sections", [trunks(options="0")])
async def test_a_uri_is_at_a_target_by_host_and_port(
    stage: Stage, uri: str, found: tuple[str, int] | None
) -> None:
    hop = stage.exchange.trunks.next_hop_to("t", Uri.parse(uri))
    assert (hop and hop.place) == (place(found) if found else None)
    assert stage.exchange.trunks.next_hop_to("other", Uri.parse(uri)) is None


@pytest.mark.parametrize("sections", [trunks(options="0", targets=[{"uri": "sip:192.0.2.11;transport=tls"}])])
@pytest.mark.parametrize(("port", "found"), [("", True), (":5061", True), (":5060", False)])
async def test_rfc3263_4_2_the_usual_port_of_tls_is_another(stage: Stage, port: str, found: bool) -> None:
    hop = stage.exchange.trunks.next_hop_to("t", Uri.parse(f"sip:1@192.0.2.11{port}"))
    assert (hop is not None) == found


# Registration


@pytest.mark.parametrize("sections", [registered()])
async def test_we_register_prove_ourselves_and_renew_it(stage: Stage) -> None:
    assert stage.metrics().value("centralita_trunk_registered", trunk="t") == 0
    registrar = Registrar(stage)
    await stage.pass_by(60)
    assert registrar.said[:2] == ["3600 401", "3600 200"]
    assert stage.metrics().value("centralita_trunk_registered", trunk="t") == 1
    row = stage.running.trunks()[0].registration
    assert row is not None
    assert (row.uri, row.registered, row.state, row.status) == (
        "sip:us@carrier.example",
        True,
        "registered",
        200,
    )
    assert row.expires_at is not None
    count = len(registrar.said)
    await stage.pass_by(180)
    assert set(registrar.said[count:]) == {"3600 200"}, "the nonce is used again"
    assert len(registrar.said) - count == 6, "every half minute"
    registers = [parse(data) for data in registrar.received if data.startswith(b"REGISTER")]
    heads = [it for it in registers if isinstance(it, Request)]
    assert {request.uri for request in heads} == {"sip:carrier.example"}
    assert len({request.call_id for request in heads}) == 1
    numbers = [request.cseq.number for request in heads]
    assert numbers == sorted(set(numbers))
    assert {str(request.headers.get("Contact")) for request in heads} == {"<sip:us@192.0.2.1:5060>"}


@pytest.mark.parametrize("sections", [registered()])
async def test_calls_of_the_registrar_to_our_contact_are_the_trunks(stage: Stage) -> None:
    registrar = Registrar(stage)
    before = await registrar.dial("us")
    assert registrar.status(before) is None, "not before we are registered"
    await stage.pass_by(60)
    session = await registrar.dial("us")
    assert registrar.status(session) == 200
    stranger = await registrar.dial("somebody")
    assert registrar.status(stranger) is None


@pytest.mark.parametrize("sections", [registered()])
async def test_credentials_are_changed_by_a_reload(stage: Stage) -> None:
    registrar = Registrar(stage, secret="new")
    await stage.pass_by(35)
    assert not stage.exchange.trunks.registered_now()["t"]
    said = len(registrar.said)
    await stage.reload(**registered(credentials={"user": "us", "secret": "new"}))
    assert stage.exchange.trunks.registered_now()["t"]
    assert registrar.said[said:][-1] == "3600 200"
    said = len(registrar.said)
    await stage.reload(**registered(credentials={"user": "us", "secret": "new"}))
    assert len(registrar.said) == said, "what is the same is left alone"


@pytest.mark.parametrize("sections", [registered()])
async def test_a_trunk_that_goes_is_unregistered(stage: Stage) -> None:
    registrar = Registrar(stage)
    await stage.pass_by(60)
    await stage.reload(trunks={}, routes=[])
    assert registrar.said[-1] == "0 200"
    assert not stage.exchange.trunks.is_leaving
    assert stage.running.trunks() == []


@pytest.mark.parametrize("sections", [registered()])
async def test_a_user_that_changes_is_another_registration(stage: Stage) -> None:
    registrar = Registrar(stage)
    await stage.pass_by(60)
    other = {"registrar": "sip:192.0.2.20", "user": "them", "domain": "carrier.example"}
    await stage.reload(**registered(registration=other))
    records = [
        str(request.to.uri) for data in registrar.received if isinstance(request := parse(data), Request)
    ]
    assert registrar.said.count("0 200") == 1, "the old one is removed"
    assert records[-1] == "sip:them@carrier.example"


@pytest.mark.parametrize("sections", [registered()])
async def test_at_the_end_the_switch_unregisters(stage: Stage) -> None:
    registrar = Registrar(stage)
    await stage.pass_by(60)
    stage.exchange.trunks.stop()
    assert stage.exchange.trunks.is_leaving
    await stage.settle()
    assert registrar.said[-1] == "0 200"
    assert not stage.exchange.trunks.is_leaving


@pytest.mark.parametrize("sections", [registered()])
async def test_a_registrar_that_is_silent_or_refuses_is_asked_again_later_and_later(stage: Stage) -> None:
    registrar = Registrar(stage)
    registrar.refusal = 500, ()
    await stage.pass_by(600)
    assert 3 <= len(registrar.said) <= 6
    registrar.refusal = None
    await stage.pass_by(600)
    assert stage.exchange.trunks.registered_now()["t"]


TWO_REGISTRARS = registered(
    registration={"registrar": "sip:carrier.example", "user": "us", "domain": "carrier.example"}
)
SECOND = ("192.0.2.30", 5060)


def two_registrars(stage: Stage) -> tuple[Registrar, Registrar]:
    """The servers of carrier.example, the first one first."""
    stage.names.servers["carrier.example"] = (
        Server((place(REGISTRAR),), 10, 0),
        Server((place(SECOND),), 20, 0),
    )
    return Registrar(stage), Registrar(stage, address=SECOND)


@pytest.mark.parametrize("sections", [TWO_REGISTRARS])
async def test_rfc3263_4_3_after_a_503_the_next_server_of_the_registrar_is_asked_at_once(
    stage: Stage,
) -> None:
    first, second = two_registrars(stage)
    first.refusal = 503, (("Retry-After", "600"),)
    await stage.pass_by(11)
    assert (first.said, second.said) == (["3600 503"], ["3600 401", "3600 200"])
    assert stage.exchange.trunks.registered_now()["t"]
    await stage.pass_by(120)
    assert len(first.said) == 1, "it stays where it works"
    first.refusal, second.refusal = None, (503, ())
    await stage.pass_by(31)
    assert first.said[-1] == "3600 200", "and goes back without a pause"
    assert stage.exchange.trunks.registered_now()["t"]


@pytest.mark.parametrize("sections", [TWO_REGISTRARS])
async def test_rfc3263_4_3_a_server_that_is_silent_is_passed_over_after_timer_f(stage: Stage) -> None:
    _, second = two_registrars(stage)
    silent_until = stage.now() + 10 + 31.9
    stage.lose = lambda data: data.startswith(b"REGISTER") and stage.now() < silent_until
    await stage.pass_by(10 + 31)
    assert stage.kinds().count("REGISTER") > 1
    assert second.received == []
    await stage.pass_by(2)
    assert second.said == ["3600 401", "3600 200"]


@pytest.mark.parametrize("sections", [TWO_REGISTRARS])
async def test_a_pause_follows_when_every_server_of_the_registrar_is_down(stage: Stage) -> None:
    first, second = two_registrars(stage)
    first.refusal = second.refusal = 503, ()
    await stage.pass_by(11)
    assert (len(first.said), len(second.said)) == (1, 1)
    await stage.pass_by(28)
    assert (len(first.said), len(second.said)) == (1, 1)
    await stage.pass_by(32)
    assert (len(first.said), len(second.said)) == (2, 2), "then each is asked again"


@pytest.mark.parametrize("sections", [TWO_REGISTRARS])
async def test_a_pause_follows_too_when_every_server_challenges_before_it_says_so(stage: Stage) -> None:
    first, second = two_registrars(stage)
    first.is_broken = second.is_broken = True
    second.challenger = Challenger(b"l" * 32, "carrier.example")
    await stage.pass_by(30)
    assert (first.said, second.said) == (["3600 401", "3600 503"], ["3600 401", "3600 503"])


@pytest.mark.parametrize("sections", [registered()])
async def test_a_trunk_that_goes_while_its_register_is_under_way_leaves_no_binding(stage: Stage) -> None:
    registrar = Registrar(stage)
    stage.delay_s = lambda: 0.2
    await stage.pass_by(0.1)
    await stage.reload(trunks={}, routes=[])
    assert stage.exchange.trunks.is_leaving
    await stage.pass_by(2)
    assert registrar.said[0] == "3600 401"
    assert set(registrar.said[1:]) == {"0 200"}
    assert not stage.exchange.trunks.is_leaving


# Reload


@pytest.mark.parametrize("sections", [trunks()])
async def test_a_reload_adds_and_removes_targets_and_leaves_the_others_as_they_were(stage: Stage) -> None:
    stage.join("a", A)
    await stage.pass_by(40)
    assert health(stage) == ["up", "down"]
    await stage.reload(**trunks(targets=[TARGETS[1], {"uri": f"sip:{CARRIER[0]}"}]))
    assert health(stage) == ["down", "up"]
    await stage.reload(**trunks(targets=[TARGETS[0]]))
    assert [hop.place for hop in stage.exchange.trunks.next_hops("t")] == [place(A)]
    (hop,) = stage.exchange.trunks.next_hops("t")
    assert hop == NextHop("t", hop.proxy, place(A))
