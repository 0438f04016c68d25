"""Our registration with a carrier: RFC 3261 section 10.2, back-off of RFC 5626 section 4.5."""

import copy
from collections.abc import Iterable
from typing import Any

import pytest

from sip.accounts.authentication import Authorizer, Credentials
from sip.accounts.digest import parse_credentials
from sip.accounts.registration import (
    REGISTRATION,
    Action,
    Ask,
    Input,
    Registering,
    State,
    granted,
    refresh_after,
)
from sip.syntax.fields import Headers
from sip.syntax.message import Response
from tests.sip.table import Machine

URI = "sip:carrier.example"
CONTACT = "sip:us@192.0.2.1:5060"
MACHINE = Machine(REGISTRATION, State.NEW, State.ENDED)


def response(status: int, *headers: tuple[str, str]) -> Response:
    return Response(status, "", Headers(headers))


def ok(expires: str = "600", contact: str = CONTACT) -> Response:
    return response(200, ("Contact", f"<{contact}>;expires={expires}"))


def challenge(nonce: str = "n1", more: str = "", status: int = 401) -> Response:
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    return response(status, (name, f'Digest realm="carrier.example", nonce="{nonce}", qop="auth"{more}'))


class Script:
    """A registration and its time; `random` is 1 unless a test says otherwise."""

    def __init__(self, expires_s: int = 3600, random: float = 1.0) -> None:
        self.now = 0.0
        who = Authorizer(Credentials("us", "secret"), lambda: "cnonce")
        self.registering = Registering(URI, expires_s, who, lambda: random)
        self.sent: list[Ask] = []

    def start(self) -> "Script":
        self.registering.start(self.now)
        return self.collect()

    def stop(self) -> "Script":
        self.registering.stop(self.now)
        return self.collect()

    def answer(self, *answers: Response | None) -> "Script":
        """One after another, each to the REGISTER that is waited for."""
        for each in answers:
            self.registering.answered(self.sent[-1].cseq, each, CONTACT, self.now)
            self.collect()
        return self

    def collect(self) -> "Script":
        self.sent += self.registering.asks()
        return self

    def pass_by(self, seconds: float) -> "Script":
        """Time passes; every timer runs when it is due."""
        until = self.now + seconds
        while (deadline := self.registering.deadline()) is not None and deadline <= until:
            self.now = deadline
            self.registering.on_deadline(self.now)
            self.collect()
        self.now = until
        return self

    def state(self) -> State:
        return self.registering.state

    def noticed(self) -> list[Action]:
        return [notice.what for notice in self.registering.notices()]

    @property
    def credentials(self) -> dict[str, str]:
        """Those of the last REGISTER."""
        ((_, value),) = self.sent[-1].headers
        return parse_credentials(value) or {}


def registered(**options: Any) -> Script:
    script = Script(**options).start().answer(ok())
    assert script.registering.registered
    return script


# The table


def test_every_state_is_reached_and_can_reach_the_end() -> None:
    assert MACHINE.reachable() == set(State)
    assert MACHINE.reachable() <= MACHINE.ending()


def test_no_timer_outlives_its_state_and_no_row_is_dead() -> None:
    assert set(MACHINE.timer_faults()) == {"expiry runs in registered"}, "it is refreshed before"
    assert all(refresh_after(granted_s) < granted_s for granted_s in range(1, 10_000))
    timers = {(state, name) for state, name in REGISTRATION if name in MACHINE.timer_names()}
    assert timers == MACHINE.timers_that_can_run() - {(State.REGISTERED, Input.TIMER_EXPIRY)}
    assert {state for state, _ in REGISTRATION} == set(State) - {State.ENDED}


@pytest.mark.parametrize("state", [State.REGISTERING, State.REFRESHING, State.LEAVING, State.REMOVING])
def test_who_waits_for_an_answer_knows_what_each_means(state: State) -> None:
    answers = {Input.GRANTED, Input.CHALLENGED, Input.TOO_BRIEF, Input.SERVER_DOWN, Input.FAILURE}
    assert {event for known, event in REGISTRATION if known is state} >= answers


# What is sent


def test_rfc3261_10_2_a_registration_from_start_to_removal() -> None:
    script = Script().start()
    assert script.sent == [Ask(1, 3600)]
    script.answer(challenge())
    assert (script.sent[-1].cseq, script.credentials["nc"]) == (2, "00000001")
    script.answer(ok())
    assert script.registering.registered
    assert script.registering.expires_at() == 600
    assert script.noticed() == [Action.REPORT_REGISTERED]
    script.stop()
    assert (script.sent[-1].cseq, script.sent[-1].expires_s) == (3, 0)
    assert not script.registering.registered
    script.answer(response(200))
    assert script.state() is State.ENDED
    assert script.registering.deadline() is None
    assert script.noticed() == [Action.REPORT_REMOVED]


@pytest.mark.parametrize(("expires", "after"), [(60, 30), (600, 300), (1200, 600), (3600, 3000)])
def test_a_binding_is_renewed_before_it_ends(expires: int, after: float) -> None:
    script = Script().start().answer(challenge(), ok(str(expires)))
    script.pass_by(after - 0.1)
    assert len(script.sent) == 2
    script.pass_by(0.2)
    assert len(script.sent) == 3
    if after <= 300:
        assert script.credentials["nc"] == "00000002", "the nonce is used again, unasked"
    else:
        assert not script.sent[-1].headers, "the registrar has long forgotten the nonce"
    assert script.registering.registered
    script.answer(ok(str(expires)))
    assert script.state() is State.REGISTERED
    assert refresh_after(expires) == after


def test_rfc3261_10_2_8_min_expires_is_asked_for() -> None:
    script = Script(60).start().answer(response(423, ("Min-Expires", "300")))
    assert script.sent[-1].expires_s == 300
    script.answer(ok("300")).pass_by(150)
    assert script.sent[-1].expires_s == 300, "and it is remembered"


@pytest.mark.parametrize("least", ["60", "30", "0", "many", "999999999"])
def test_a_423_that_makes_no_sense_is_a_failure(least: str) -> None:
    script = Script(60).start().answer(response(423, ("Min-Expires", least)))
    assert script.state() is State.WAITING
    assert len(script.sent) == 1


def test_a_registrar_that_wants_more_each_time_is_not_asked_for_ever() -> None:
    script = Script(60).start()
    for least in (61, 62, 63):
        script.answer(challenge(f"n{least}"), response(423, ("Min-Expires", str(least))))
    assert script.state() is State.WAITING
    assert [ask.expires_s for ask in script.sent] == [60, 60, 61, 61, 62, 62]
    script.pass_by(60)
    assert len(script.sent) == 7, "after the pause"


def test_stale_is_answered_and_a_second_refusal_is_not() -> None:
    script = Script().start().answer(challenge(), challenge("n2", ", stale=true"), ok())
    assert script.registering.registered
    wrong = Script().start().answer(challenge(), challenge("n2"))
    assert wrong.registering.state is State.WAITING
    assert len(wrong.sent) == 2


def test_a_407_is_answered_by_its_own_header() -> None:
    script = Script().start().answer(challenge(status=407))
    assert script.sent[-1].headers[0][0] == "Proxy-Authorization"


def test_rfc3261_22_3_a_proxy_and_the_registrar_behind_it_may_both_challenge() -> None:
    script = Script().start().answer(challenge("proxy", status=407), challenge("registrar"), ok())
    assert script.registering.registered
    first, second = (dict(ask.headers) for ask in script.sent[-2:])
    assert list(first) == ["Proxy-Authorization"]
    for name, value, nonce, count in (
        ("Proxy-Authorization", first, "proxy", "00000001"),
        ("Proxy-Authorization", second, "proxy", "00000002"),
        ("Authorization", second, "registrar", "00000001"),
    ):
        assert f'nonce="{nonce}"' in value[name]
        assert f"nc={count}" in value[name]
    script.pass_by(300)
    assert script.state() is State.REFRESHING
    script.answer(challenge("proxy2", status=407), challenge("registrar2"), ok())
    assert script.state() is State.REGISTERED


@pytest.mark.parametrize("status", [401, 407])
def test_who_challenges_again_after_the_other_one_did_does_not_know_our_password(status: int) -> None:
    script = Script().start().answer(challenge(status=407), challenge(), challenge("n2", status=status))
    assert script.state() is State.WAITING


def test_a_challenge_of_another_realm_is_never_answered() -> None:
    script = Script().start().answer(challenge(), ok()).pass_by(300)
    evil = response(401, ("WWW-Authenticate", 'Digest realm="evil.example", nonce="n", qop="auth"'))
    sent = len(script.sent)
    script.answer(evil)
    assert len(script.sent) == sent
    assert script.state() is State.LAPSING


# Failure


@pytest.mark.parametrize(
    "failure", [None, response(403), response(500), response(302), response(200, ("Expires", "0"))]
)
def test_every_failure_is_tried_again(failure: Response | None) -> None:
    script = Script().start().answer(failure)
    assert script.state() is State.WAITING
    assert script.noticed() == [Action.REPORT_FAILED]
    script.pass_by(60)
    assert len(script.sent) == 2
    script.answer(ok())
    assert script.registering.registered


def pauses(script: Script, count: int) -> Iterable[float]:
    for _ in range(count):
        before = script.now
        script.answer(response(500))
        deadline = script.registering.deadline()
        assert deadline is not None
        yield deadline - before
        script.pass_by(deadline - before)


def test_rfc5626_4_5_the_pause_doubles_up_to_half_an_hour() -> None:
    assert list(pauses(Script().start(), 8)) == [60, 120, 240, 480, 960, 1800, 1800, 1800]


def test_rfc5626_4_5_the_pause_is_drawn_between_half_and_all_of_it() -> None:
    assert list(pauses(Script(random=0.0).start(), 3)) == [30, 60, 120]
    assert list(pauses(Script(random=0.5).start(), 3)) == [45, 90, 180]


def test_a_success_forgets_the_failures() -> None:
    script = Script().start()
    assert list(pauses(script, 3))[-1] == 240
    script.answer(ok()).pass_by(300)
    assert next(iter(pauses(script, 1))) == 60


def test_retry_after_is_respected() -> None:
    script = Script().start().answer(response(503, ("Retry-After", "400 (maintenance)")))
    assert script.registering.deadline() == 400


def test_a_binding_holds_while_its_renewal_fails_and_ends_with_its_time() -> None:
    script = registered().pass_by(300).answer(None)
    assert script.state() is State.LAPSING
    assert script.registering.registered
    script.pass_by(60).answer(None).pass_by(120).answer(None)
    assert script.noticed() == [Action.REPORT_REGISTERED, *[Action.REPORT_FAILED] * 3]
    script.pass_by(120)
    assert script.state() is State.WAITING
    assert not script.registering.registered
    assert script.noticed() == [Action.REPORT_LAPSED]
    script.pass_by(120).answer(ok())
    assert script.registering.registered


def test_a_binding_that_ends_while_its_renewal_is_under_way() -> None:
    script = registered().pass_by(601)
    assert script.state() is State.REGISTERING
    script.answer(ok())
    assert script.noticed() == [Action.REPORT_REGISTERED, Action.REPORT_LAPSED, Action.REPORT_REGISTERED]


def test_rfc3263_4_3_another_server_is_asked_at_once_and_the_pause_comes_when_there_is_none() -> None:
    script = Script().start()
    for down in (None, response(503, ("Retry-After", "400"))):
        script.registering.answered(script.sent[-1].cseq, down, CONTACT, script.now, others_left=True)
        script.collect()
    assert [ask.cseq for ask in script.sent] == [1, 2, 3]
    assert script.registering.deadline() is None
    script.answer(None)
    assert script.state() is State.WAITING
    assert script.registering.deadline() == 60, "the first pause: it was one try"
    assert script.noticed() == [Action.REPORT_FAILED]


def down(script: Script) -> None:
    """This server does not answer; the registrar has others."""
    script.registering.answered(script.sent[-1].cseq, None, CONTACT, script.now, others_left=True)
    script.collect()


def test_a_renewal_too_goes_to_another_server_and_grows() -> None:
    script = registered().pass_by(300)
    down(script)
    script.answer(response(423, ("Min-Expires", "7200")))
    assert [ask.expires_s for ask in script.sent] == [3600, 3600, 3600, 7200]
    assert script.registering.registered


def test_a_removal_too_goes_to_another_server_and_is_not_said_twice() -> None:
    script = renewed(registered().stop(), 900)
    down(script)
    assert [ask.expires_s for ask in script.sent] == [3600, 0, 0]
    script.answer(response(423, ("Min-Expires", "7200")))
    assert script.state() is State.ENDED


# Changes


@pytest.mark.parametrize("failures", [0, 3])
def test_new_credentials_are_tried_at_once(failures: int) -> None:
    script = Script().start()
    for _ in pauses(script, failures):
        pass
    if failures:
        script.answer(response(403))
    else:
        script.answer(ok())
    rotated = Authorizer(Credentials("us", "rotated"), lambda: "other")
    script.registering.renew(1800, rotated, script.now)
    script.collect()
    assert script.sent[-1].expires_s == 1800
    script.answer(challenge("n9"))
    assert script.credentials["cnonce"] == "other"
    script.answer(ok())
    assert script.state() is State.REGISTERED


def renewed(script: Script, expires_s: int) -> Script:
    rotated = Authorizer(Credentials("us", "rotated"), lambda: "other")
    script.registering.renew(expires_s, rotated, script.now)
    return script.collect()


@pytest.mark.parametrize("script", [Script().start(), registered().pass_by(300)], ids=["first", "renewal"])
@pytest.mark.parametrize("answer", [ok(), response(403), None], ids=["granted", "refused", "silence"])
def test_rfc3261_10_2_what_changes_while_a_register_is_under_way_is_said_after_its_answer(
    script: Script, answer: Response | None
) -> None:
    script = copy.deepcopy(script)
    sent = len(script.sent)
    renewed(renewed(script, 1800), 900)
    assert len(script.sent) == sent, "one at a time"
    script.answer(answer)
    assert [ask.expires_s for ask in script.sent[sent:]] == [900]
    assert script.state() in (State.REGISTERING, State.REFRESHING)
    script.answer(ok("900"))
    assert script.state() is State.REGISTERED
    assert len(script.sent) == sent + 1, "once"


def test_what_changes_before_a_challenge_stands_in_its_answer() -> None:
    script = renewed(Script().start(), 900).answer(challenge())
    assert (script.sent[-1].expires_s, script.credentials["cnonce"]) == (900, "other")
    script.answer(ok("900"))
    assert len(script.sent) == 2, "and is not said again"


def test_the_answer_to_a_request_before_the_last_one_changes_nothing() -> None:
    script = Script().start().answer(challenge())
    script.registering.answered(1, ok(), CONTACT, 0.0)
    assert script.state() is State.REGISTERING
    script.answer(ok())
    assert script.registering.registered


@pytest.mark.parametrize(
    "answer", [ok(), challenge(), response(423, ("Min-Expires", "7200")), response(403), None]
)
@pytest.mark.parametrize("script", [Script().start(), registered().pass_by(300)], ids=["first", "renewal"])
def test_rfc3261_10_2_a_removal_follows_the_answer_to_what_is_under_way(
    script: Script, answer: Response | None
) -> None:
    script = copy.deepcopy(script)
    sent = len(script.sent)
    renewed(script, 900).stop().stop()
    assert len(script.sent) == sent
    assert not script.registering.registered
    renewed(script, 900).answer(answer)
    assert [ask.expires_s for ask in script.sent[sent:]] == [0]
    script.answer(ok("0"))
    assert script.state() is State.ENDED


def test_a_removal_follows_at_another_server_where_this_one_is_down() -> None:
    script = Script().start().stop()
    down(script)
    assert [ask.expires_s for ask in script.sent] == [3600, 0]


@pytest.mark.parametrize("state", list(State))
def test_stop_leads_to_the_end_from_everywhere(state: State) -> None:
    scripts = {
        State.NEW: Script(),
        State.REGISTERING: Script().start(),
        State.WAITING: Script().start().answer(None),
        State.REGISTERED: registered(),
        State.REFRESHING: registered().pass_by(300),
        State.LAPSING: registered().pass_by(300).answer(None),
        State.LEAVING: Script().start().stop(),
        State.REMOVING: registered().stop(),
        State.ENDED: Script().stop(),
    }
    script = scripts[state]
    assert script.state() is state
    script.stop()
    if script.state() is State.LEAVING:
        script.answer(ok())
    if script.state() is State.REMOVING:
        assert script.sent[-1].expires_s == 0
        script.answer(challenge("n7"), response(500))
    assert script.state() is State.ENDED
    assert script.registering.deadline() is None


def test_without_credentials_a_challenge_is_a_failure() -> None:
    registering = Registering(URI, 600, None, lambda: 1.0)
    registering.start(0.0)
    registering.answered(1, challenge(), CONTACT, 0.0)
    assert registering.state is State.WAITING
    assert registering.status == 401


# How long it lasts


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (ok("1800"), 1800),
        (response(200, ("Contact", f"<{CONTACT}>")), 3600),
        (response(200, ("Contact", f"<{CONTACT}>"), ("Expires", "900")), 900),
        (response(200, ("Expires", "900")), 900),
        (response(200), 3600),
        (ok("700", "sip:us@198.51.100.7:1024"), 700),
        (
            response(
                200, ("Contact", "<sip:us@192.0.2.9>;expires=5"), ("Contact", f"<{CONTACT}>;expires=60")
            ),
            60,
        ),
        (
            response(
                200, ("Contact", "<sip:a@192.0.2.9>;expires=5"), ("Contact", "<sip:b@x.example>;expires=6")
            ),
            3600,
        ),
        (response(200, ("Contact", "*")), 3600),
        (response(200, ("Contact", "<sip:"), ("Expires", "soon")), 3600),
    ],
)
def test_rfc3261_10_2_4_the_interval_that_was_granted(answer: Response, seconds: int) -> None:
    assert granted(answer, CONTACT, 3600) == seconds
