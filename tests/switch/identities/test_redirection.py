"""Who a call was first meant for, read from and written to both headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.config.trunk import Numbers, OutForm
from switch.identities.numbers import Numbering
from switch.identities.redirection import (
    Cause,
    Redirection,
    Redirections,
    count,
    diversion,
    history_info,
    read_redirections,
)
from tests.switch.identities.invites import invite

SUPPORT, SALES = "+34911000000", "+34922000000"
ALIKE = Numbering(Numbers()).write


def read(*headers: str) -> Redirections:
    return read_redirections(invite(*headers), ALIKE)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], ()),
        (["Diversion: <sip:+34911000000@h>"], (Redirection(SUPPORT),)),
        (
            ['Diversion: "Sales" <sip:+34922000000@h>;reason=no-answer;counter=2;screen=yes;privacy=off'],
            (Redirection(SALES, Cause.NO_ANSWER, 2),),
        ),
        (
            ["Diversion: <tel:+34-922000000>;reason=USER-BUSY;privacy=full,<sip:+34911000000@h>;reason=away"],
            (Redirection(SUPPORT, Cause.AWAY), Redirection(SALES, Cause.USER_BUSY, withheld=True)),
        ),
        (
            ["Diversion: <sip:2@h>;reason=deflection", "Diversion: <sip:1@h>;reason=because"],
            (Redirection("1"), Redirection("2", Cause.DEFLECTION)),
        ),
        (["Diversion: <sip:1@h>;counter=99999999999"], (Redirection("1"),)),
        (["Diversion: <sip:1@h>;counter=many"], (Redirection("1"),)),
        (["Diversion: <<"], ()),
        (["Diversion: <sip:1@h>;counter=5000"], (Redirection("1", counter=99),)),
        (["Diversion: <sip:1@h>;counter=0"], (Redirection("1"),)),
        # RFC 7544 appendix: the cause stands in the URI of whoever the call went to
        (
            ["History-Info: <sip:+34911000000@h>;index=1,<sip:+34922000000@h;cause=302>;index=1.1;mp=1"],
            (Redirection(SUPPORT, Cause.UNCONDITIONAL),),
        ),
        (
            [
                "History-Info: <sip:1@h?Privacy=history>;index=1",
                "History-Info: <sip:2@h;cause=486>;index=1.1;mp=1",
                "History-Info: <sip:2@192.0.2.1;cause=486>;index=1.1.1;rc=1.1",
                "History-Info: <sip:3@h;cause=408>;index=1.2;mp=1.1",
            ],
            (
                Redirection("1", Cause.USER_BUSY, withheld=True),
                Redirection("2", Cause.USER_BUSY),
                Redirection("2", Cause.NO_ANSWER),
            ),
        ),
        # RFC 4244: the reason stands in the URI that was left
        (
            ["History-Info: <sip:1@h?Reason=SIP%3Bcause%3D486>;index=1, <sip:2@h>;index=2"],
            (Redirection("1", Cause.USER_BUSY),),
        ),
        (["History-Info: <sip:1@h>;index=1"], ()),
        (["History-Info: <sip:1@h>;index=1, <sip:2@h>;index=1.1"], ()),
        (
            ["Diversion: <sip:1@h>", "History-Info: <sip:5@h>;index=1, <sip:2@h;cause=302>;index=2"],
            (Redirection("1"),),
        ),
    ],
)
def test_the_way_of_a_call(headers: list[str], found: Redirections) -> None:
    assert read(*headers) == found


def test_an_invite_with_a_thousand_diversions_is_read_in_part() -> None:
    assert len(read(*["Diversion: <sip:1@h>"] * 200)) == 20


def test_the_latest_diversion_stands_first() -> None:
    redirections = (
        Redirection(SUPPORT, Cause.NO_ANSWER, 2),
        Redirection(SALES, Cause.UNCONDITIONAL, withheld=True),
    )
    assert diversion(redirections, "pbx.example", ALIKE, trusted=True) == (
        "<sip:+34922000000@pbx.example>;reason=unconditional;counter=1;privacy=full, "
        "<sip:+34911000000@pbx.example>;reason=no-answer;counter=2"
    )
    assert diversion(redirections[1:], "pbx.example", ALIKE, trusted=False) == (
        "<sip:anonymous@anonymous.invalid>;reason=unconditional;counter=1;privacy=full"
    )


def test_history_ends_at_where_the_call_goes() -> None:
    redirections = (
        Redirection(SUPPORT, Cause.USER_BUSY),
        Redirection(SALES, Cause.TIME_OF_DAY, withheld=True),
    )
    assert history_info(redirections, "+34933000000", "pbx.example", ALIKE, trusted=True) == (
        "<sip:+34911000000@pbx.example>;index=1, "
        "<sip:+34922000000@pbx.example;cause=486?Privacy=history>;index=1.1;mp=1, "
        "<sip:+34933000000@pbx.example;cause=404>;index=1.1.1;mp=1.1"
    )
    hidden = history_info(redirections[1:], "+34933000000", "pbx.example", ALIKE, trusted=False)
    assert "+34922" not in hidden
    assert hidden.startswith("<sip:anonymous@anonymous.invalid>;index=1, ")


def test_numbers_are_written_as_the_carrier_wants_them() -> None:
    national = Numbering(Numbers(country="ES", outbound=OutForm.NATIONAL)).write
    assert diversion((Redirection(SUPPORT),), "h", national, trusted=False).startswith("<sip:911000000@h>")
    assert diversion((Redirection("reception"),), "h", national, trusted=False).startswith("<sip:anonymous@")


CAUSES = st.sampled_from(
    [
        Cause.USER_BUSY,
        Cause.NO_ANSWER,
        Cause.UNAVAILABLE,
        Cause.UNCONDITIONAL,
        Cause.DEFLECTION,
        Cause.UNKNOWN,
    ]
)
WAYS = st.lists(
    st.builds(
        Redirection,
        st.text(min_size=1, max_size=20).filter(str.isprintable),
        CAUSES,
        st.just(1),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
).map(tuple)


@given(WAYS)
def test_what_is_written_reads_back_the_same(redirections: Redirections) -> None:
    redirections = tuple(
        Redirection(one.number.replace(";", ""), one.cause, 1, one.withheld) for one in redirections
    )
    redirections = tuple(one for one in redirections if one.number and one.number.lower() != "anonymous")
    if not redirections:
        return
    assert read(f"Diversion: {diversion(redirections, 'pbx.example', ALIKE, trusted=True)}") == redirections
    written = history_info(redirections, "600", "pbx.example", ALIKE, trusted=True)
    assert read(f"History-Info: {written}") == redirections


def test_a_counter_counts_in_both() -> None:
    redirections = (Redirection(SUPPORT, Cause.USER_BUSY, counter=3),)
    assert count(redirections) == 3
    assert count(read(f"History-Info: {history_info(redirections, '600', 'h', ALIKE, trusted=True)}")) == 3
