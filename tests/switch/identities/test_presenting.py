"""What a carrier is told of caller and called, by policy; and that nothing else gets into the message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.syntax.headers import NameAddr
from sip.syntax.message import Request, parse
from switch.config.trunk import CallerId, Numbers
from switch.identities.caller import Caller, read_caller
from switch.identities.numbers import NotANumber, Numbering
from switch.identities.presenting import ANONYMOUS, Presented, Presenting
from switch.identities.redirection import Cause, Redirection

EVA = Caller("+34600111222", "Eva")
HIDDEN = Caller("+34600111222", "Eva", withheld=True)
PHONE = Caller("1001", "Ana Ruiz", ours=True)
CALLED = "+34911000000"
SHOWN = '"Eva" <sip:+34600111222@pbx.example>'
OURS = "<sip:+34911222333@pbx.example>"
PAI = {"header": "p-asserted-identity"}
RPID = {"header": "remote-party-id"}
LIMITED = {"allowed": ["+34911*", "911*"], "number": "+34911222333"}


def present(caller: Caller, numbers: dict[str, str] | None = None, **policy: Any) -> Presented:
    rules = Numbering(Numbers.model_validate(numbers or {}))
    return Presenting(CallerId.model_validate(policy), rules).present(caller, CALLED, "pbx.example")


@pytest.mark.parametrize(
    ("caller", "policy", "from_", "headers"),
    [
        (EVA, {}, SHOWN, []),
        (EVA, PAI, SHOWN, [("P-Asserted-Identity", SHOWN)]),
        (EVA, RPID, SHOWN, [("Remote-Party-ID", f"{SHOWN};party=calling;screen=yes;privacy=off")]),
        (HIDDEN, {}, ANONYMOUS, [("Privacy", "id")]),
        (HIDDEN, PAI, ANONYMOUS, [("Privacy", "id")]),
        (HIDDEN, {"trust": "yes"}, ANONYMOUS, [("Privacy", "id")]),
        (HIDDEN, {**PAI, "trust": "yes"}, ANONYMOUS, [("P-Asserted-Identity", SHOWN), ("Privacy", "id")]),
        (
            HIDDEN,
            {**RPID, "trust": "yes"},
            ANONYMOUS,
            [("Remote-Party-ID", f"{SHOWN};party=calling;screen=yes;privacy=full"), ("Privacy", "id")],
        ),
        (EVA, LIMITED, OURS, []),
        (EVA, {**LIMITED, **PAI}, OURS, [("P-Asserted-Identity", OURS)]),
        (EVA, {"allowed": ["+34911*"]}, ANONYMOUS, [("Privacy", "id")]),
        (EVA, {"allowed": []}, ANONYMOUS, [("Privacy", "id")]),
        (
            HIDDEN,
            {**LIMITED, **PAI, "trust": "yes"},
            ANONYMOUS,
            [("P-Asserted-Identity", OURS), ("Privacy", "id")],
        ),
        (Caller("+34911222999", "Eva"), LIMITED, '"Eva" <sip:+34911222999@pbx.example>', []),
        (Caller("+34911222999", "Eva"), {"allowed": ["911*"]}, ANONYMOUS, [("Privacy", "id")]),
        (PHONE, {}, "<sip:1001@pbx.example>", []),
        (PHONE, {**LIMITED, **PAI}, OURS, [("P-Asserted-Identity", OURS)]),
        (Caller(), {}, ANONYMOUS, [("Privacy", "id")]),
        (Caller(), {"number": "+34911222333"}, OURS, []),
        (Caller(withheld=True), {**PAI, "trust": "yes"}, ANONYMOUS, [("Privacy", "id")]),
        (Caller("alice", "Alice"), {}, '"Alice" <sip:alice@pbx.example>', []),
    ],
)
def test_the_policy(
    caller: Caller, policy: dict[str, Any], from_: str, headers: list[tuple[str, str]]
) -> None:
    presented = present(caller, **policy)
    assert (presented.from_, list(presented.headers)) == (from_, headers)


def test_numbers_in_the_trunks_form() -> None:
    national = present(EVA, {"country": "ES", "outbound": "national"}, **PAI)
    assert (national.number, national.caller) == ("911000000", "+34600111222")
    assert national.from_ == '"Eva" <sip:600111222@pbx.example>'
    assert national.headers == (("P-Asserted-Identity", national.from_),)
    assert national.uri("192.0.2.1", 5080) == "sip:911000000@192.0.2.1:5080"
    assert national.to("2001:db8::1") == "<sip:911000000@[2001:db8::1]>"
    as_it_came = present(Caller("600111222"), {"country": "ES", "outbound": "e164"}, allowed=["+34600*"])
    assert as_it_came.from_ == "<sip:+34600111222@pbx.example>"
    ours = present(EVA, {"country": "ES", "outbound": "national"}, **LIMITED)
    assert ours.from_ == "<sip:911222333@pbx.example>"


def test_a_name_is_no_number_to_show_or_to_call() -> None:
    e164 = {"country": "ES", "outbound": "e164"}
    assert present(Caller("alice", "Alice"), e164).from_ == ANONYMOUS
    with pytest.raises(NotANumber):
        Presenting(CallerId(), Numbering(Numbers.model_validate(e164))).present(EVA, "bob", "pbx.example")


@pytest.mark.parametrize(
    ("redirection", "lines"),
    [
        ("none", []),
        ("diversion", [("Diversion", "<sip:+34922000000@pbx.example>;reason=unconditional;counter=1")]),
        (
            "history-info",
            [
                (
                    "History-Info",
                    "<sip:+34922000000@pbx.example>;index=1, "
                    "<sip:+34911000000@pbx.example;cause=302>;index=1.1;mp=1",
                )
            ],
        ),
    ],
)
def test_who_it_was_meant_for(redirection: str, lines: list[tuple[str, str]]) -> None:
    policy = Presenting(CallerId.model_validate({"redirection": redirection}), Numbering(Numbers()))
    redirections = (Redirection("+34922000000", Cause.UNCONDITIONAL),)
    assert list(policy.present(EVA, CALLED, "pbx.example", redirections).headers) == lines
    assert policy.present(EVA, CALLED, "pbx.example").headers == ()


TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "+34600\r\nVia: x",
        'a"b',
        "a\\",
        "<sip:x>",
        "a;tag=1",
        "a,b",
        "\x00",
        "\udcff",
        "a b",
        "a?b=c",
        "a@b",
        "%0d%0a",
    ]
)
POLICIES = st.fixed_dictionaries(
    {
        "header": st.sampled_from(["none", "p-asserted-identity", "remote-party-id"]),
        "trust": st.sampled_from(["yes", "no"]),
        "redirection": st.sampled_from(["none", "diversion", "history-info"]),
    }
)


@given(TEXTS, TEXTS, TEXTS, st.booleans(), POLICIES)
def test_nothing_gets_into_the_message_but_what_is_meant(
    number: str, display: str, called: str, withheld: bool, policy: dict[str, str]
) -> None:
    """Whatever a caller calls himself: the INVITE is one, and reads back as the same caller."""
    given_ = read_caller(_invite(number, display), trust=False, inbound=str)
    caller = Caller(given_.number, given_.display, withheld)
    redirections = (
        Redirection(number, Cause.USER_BUSY),
        Redirection(called, Cause.NO_ANSWER, withheld=withheld),
    )
    presenting = Presenting(CallerId.model_validate(policy), Numbering(Numbers()))
    if not called:
        with pytest.raises(NotANumber):
            presenting.present(caller, called, "pbx.example", redirections)
        return
    presented = presenting.present(caller, called, "pbx.example", redirections)
    lines = [f"From: {presented.from_};tag=1", f"To: {presented.to('192.0.2.1')}"]
    lines += [f"{name}: {value}" for name, value in presented.headers]
    head = [f"INVITE {presented.uri('192.0.2.1')} SIP/2.0", "Via: SIP/2.0/UDP h;branch=z9hG4bK1", *lines]
    message = parse(
        "\r\n".join([*head, "Call-ID: 1", "CSeq: 1 INVITE", "", ""]).encode("utf-8", "surrogateescape")
    )
    assert isinstance(message, Request)
    assert [name for name, _ in message.headers] == [
        "Via", "From", "To", *(name for name, _ in presented.headers), "Call-ID", "CSeq",
    ]  # fmt: skip
    assert (message.to.uri.user or "") == called
    again = read_caller(message, trust=policy["trust"] == "yes", inbound=str)
    assert again.withheld == (withheld or not caller.number)
    if not again.withheld:
        assert again == Caller(caller.number, caller.display, redirections=again.redirections)


def _invite(number: str, display: str) -> Request:
    from sip.syntax.message import Headers
    from sip.syntax.uri import Uri

    address = NameAddr("", Uri("sip", number or None, host="h"))
    request = Request("INVITE", "sip:x@h", Headers([("From", f"{address};tag=1")]))
    request._read["From"] = (request.headers.get("From"), NameAddr(display, address.uri))
    return request
