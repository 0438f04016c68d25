"""Numbers on the wire: each carrier's form outside, E.164 inside."""

from tests.e2e.centre import Tell
from tests.e2e.passing import passed_on

NATIONAL_SPAIN = {"numbers": {"country": "ES", "inbound": "e164"}}


async def test_national_numbers_become_e164_and_then_what_the_next_carrier_wants(
    tell_on_failure: Tell,
) -> None:
    far = {"numbers": {"country": "US", "outbound": "national"}}
    invite, record = await passed_on(
        tell_on_failure, NATIONAL_SPAIN, far, number="922000000", caller="600111222"
    )
    assert (record["from"], record["to"]) == ("+34600111222", "+34922000000")
    assert invite.target.user == invite.to.uri.user == "01134922000000"
    assert invite.from_.uri.user == "01134600111222"


async def test_an_emergency_number_is_touched_by_no_rule(tell_on_failure: Tell) -> None:
    far = {"numbers": {"country": "ES", "outbound": "e164"}}
    invite, record = await passed_on(tell_on_failure, NATIONAL_SPAIN, far, number="112", to="112")
    assert (record["to"], invite.target.user) == ("112", "112")
