"""Who calls: what is believed of an INVITE, what of it is shown, and what never gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.config.trunk import InForm, Numbers
from switch.identities.caller import Caller, clean_display, read_caller, read_phone
from switch.identities.numbers import Numbering
from switch.identities.redirection import Cause, Redirection
from tests.switch.identities.invites import invite

SPAIN = Numbering(Numbers(country="ES", inbound=InForm.E164))
PLAIN = Numbering(Numbers())
ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'
PAI = 'P-Asserted-Identity: "Ana" <sip:+34699999999@carrier.example>'
RPID = 'Remote-Party-ID: "Ana" <sip:+34699999999@h>;party=calling;screen=yes'


def caller(*headers: str, from_: str = '"Eva" <sip:+34600111222@h>;tag=1', trust: bool = True) -> Caller:
    return read_caller(invite(*headers, from_=from_), trust=trust, inbound=PLAIN.read)


EVA, ANA = Caller("+34600111222", "Eva"), Caller("+34699999999", "Ana")


@pytest.mark.parametrize(
    ("headers", "from_", "trusted", "untrusted"),
    [
        ([], None, EVA, EVA),
        ([PAI], None, ANA, EVA),
        ([RPID], None, ANA, EVA),
        ([RPID, PAI.replace("9@", "8@")], None, Caller("+34699999998", "Ana"), EVA),
        (["P-Asserted-Identity: <tel:+34-699-999-999>"], None, Caller("+34699999999"), EVA),
        (["P-Asserted-Identity: <sip:h>, <tel:+34699999999>"], None, Caller("+34699999999"), EVA),
        (["P-Asserted-Identity: <sip:h>"], None, EVA, EVA),
        (["P-Asserted-Identity: <<<"], None, EVA, EVA),
        (['P-Asserted-Identity: "no end <sip:+34699999999@h>'], None, EVA, EVA),
        ([RPID + ";privacy=off"], None, ANA, EVA),
        ([RPID + ";privacy=full"], None, Caller("+34699999999", "Ana", True), EVA),
        ([RPID + ";privacy=name-uri"], None, Caller("+34699999999", "Ana", True), EVA),
        ([RPID.replace("calling", "called")], None, EVA, EVA),
        ([RPID.replace(";party=calling", "")], None, ANA, EVA),
        (
            [PAI, "Privacy: id"],
            None,
            Caller("+34699999999", "Ana", True),
            Caller("+34600111222", "Eva", True),
        ),
        (
            [PAI, "Privacy: user; header;id"],
            None,
            Caller("+34699999999", "Ana", True),
            Caller("+34600111222", "Eva", True),
        ),
        (["Privacy: none"], None, EVA, EVA),
        (["Privacy: history"], None, EVA, EVA),
        (["Privacy: session;critical"], None, EVA, EVA),
        ([], ANONYMOUS, Caller(withheld=True), Caller(withheld=True)),
        ([], "<sip:anonymous@carrier.example>;tag=1", Caller(withheld=True), Caller(withheld=True)),
        ([], "<sip:+34600@anonymous.invalid>;tag=1", Caller(withheld=True), Caller(withheld=True)),
        ([PAI, "Privacy: id"], ANONYMOUS, Caller("+34699999999", "Ana", True), Caller(withheld=True)),
        ([PAI], ANONYMOUS, Caller("+34699999999", "Ana", True), Caller(withheld=True)),
        ([PAI, "Privacy: none"], ANONYMOUS, ANA, Caller()),
        ([], "<sip:carrier.example>;tag=1", Caller(), Caller()),
        ([], "<tel:+34-600-111-222>;tag=1", Caller("+34600111222"), Caller("+34600111222")),
    ],
)
def test_who_calls(headers: list[str], from_: str | None, trusted: Caller, untrusted: Caller) -> None:
    given_from = from_ or '"Eva" <sip:+34600111222@h>;tag=1'
    assert caller(*headers, from_=given_from) == trusted
    assert caller(*headers, from_=given_from, trust=False) == untrusted


def test_a_withheld_number_is_shown_nowhere() -> None:
    hidden = caller(PAI, "Privacy: id", from_=ANONYMOUS)
    assert (hidden.number, hidden.shown, hidden.name) == ("+34699999999", "", "Anonymous")
    assert (EVA.shown, EVA.name, Caller("600").name) == ("+34600111222", "Eva", "600")


def test_the_trunks_rule_for_numbers() -> None:
    request = invite("Diversion: <sip:911000000@h>;reason=user-busy", from_="<sip:600111222@h>;tag=1")
    assert read_caller(request, trust=False, inbound=SPAIN.read) == Caller(
        "+34600111222", redirections=(Redirection("+34911000000", Cause.USER_BUSY),)
    )


def test_a_phone_is_itself_whatever_it_writes() -> None:
    request = invite(PAI, RPID, from_='"The King" <sip:+34911999999@pbx.example>;tag=1')
    assert read_phone(request, "1001", "Ana Ruiz") == Caller("1001", "Ana Ruiz", ours=True)
    hiding = read_phone(invite("Privacy: id"), "1001", "Ana Ruiz")
    assert (hiding.number, hiding.shown) == ("1001", "")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Eva", "Eva"),
        ("  Eva \t Ruiz ", "Eva Ruiz"),
        ("José Ñandú", "José Ñandú"),
        ("日本", "日本"),
        ("a\x00b\x07c", "abc"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\u2028b", "a b"),
        ("bad\udcff\udcfebytes", "badbytes"),
        ("x" * 200, "x" * 64),
        ("", ""),
    ],
)
def test_display_names_are_one_line_of_text(written: str, shown: str) -> None:
    assert clean_display(written) == shown


@given(st.text(st.characters(exclude_characters="\r\n"), max_size=80))
def test_a_name_of_any_signs_is_clean_and_stays_so(text: str) -> None:
    shown = clean_display(text)
    assert shown.isprintable() or not shown
    assert len(shown) <= 64
    assert clean_display(shown) == shown


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\'), max_size=60))
def test_a_request_with_any_display_is_read(display: str) -> None:
    request = invite(from_=f'"{display}" <sip:+34600111222@h>;tag=1')
    assert read_caller(request, trust=False, inbound=PLAIN.read).number == "+34600111222"


SIGNS = st.sampled_from(
    [*"<>;,=?@: 0a", '"', "\\", "sip:", "tel:+34", "%", "index=1", ";cause=", "Reason=SIP", "é"]
)


@given(
    st.sampled_from(["P-Asserted-Identity", "Remote-Party-ID", "Privacy", "Diversion", "History-Info"]),
    st.lists(SIGNS, max_size=30).map("".join),
)
def test_no_carriers_mistake_costs_a_call(header: str, value: str) -> None:
    """Whatever stands in the headers that only help: the call has a caller."""
    request = invite(f"{header}: {value}")
    found = read_caller(request, trust=True, inbound=SPAIN.read)
    assert found.number.isprintable()
    assert found.display.isprintable()
