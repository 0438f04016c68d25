"""Every trunk's rules and keys together: who calls, whom, what the next one is told, what is signed."""

from pathlib import Path
from typing import Any

import pytest

from sip.syntax.message import Request, parse
from switch.config.schema import Config
from switch.identities.caller import Caller
from switch.identities.identities import Identities, read_keys
from switch.identities.passport import read
from switch.identities.redirection import Cause, Redirection
from switch.identities.stir import Outcome
from switch.limits import Room
from tests.switch.identities.authority import NOW, Authority, publish
from tests.switch.identities.invites import invite

ROOT = Authority()
CARRIER = ROOT.certify()
NOW_S = NOW.timestamp()
SIGN = {"certificate_url": "https://certificates.example/carrier.pem", "private_key": "key.pem"}
VERIFY = {"roots": "roots.pem", "certificates": "certificates"}


def identities(folder: Path, **trunk: Any) -> Identities:
    (folder / "key.pem").write_bytes(CARRIER.key_pem)
    (folder / "roots.pem").write_bytes(ROOT.issued.pem)
    publish(folder / "certificates", "carrier.pem", CARRIER)
    config = Config.model_validate(
        {
            "server": {"data_dir": folder},
            "sip": {"domain": "pbx.example"},
            "trunks": {
                "carrier": {"accept_from": ["192.0.2.10/32"], **trunk},
                "another": {"accept_from": ["192.0.2.11/32"], **trunk},
            },
            "phones": {"1001": {"secret": "x"}, "1002": {"secret": "x"}},
            "agents": {"ana": {"name": "Ana Ruiz", "phone": "1001"}, "luis": {"name": "Luis"}},
        }
    )
    found = Identities(lambda: NOW_S)
    found.keys = read_keys(config)
    found.configure(config)
    return found


def test_the_parties_of_a_carriers_call(tmp_path: Path) -> None:
    trunk = identities(
        tmp_path,
        did_from="to",
        numbers={"country": "ES", "inbound": "e164"},
        caller_id={"trust": "yes"},
    ).trunk("carrier")
    request = invite(
        "P-Asserted-Identity: <tel:699-999-999;phone-context=+34>",
        "Diversion: <sip:0034922000000@h>;reason=no-answer",
        from_="<sip:600111222@h>;tag=1",
        to="<sip:911-000-000@h;user=phone>",
    )
    assert trunk.called(request) == "+34911000000"
    assert trunk.caller(request) == Caller(
        "+34699999999", redirections=(Redirection("+34922000000", Cause.NO_ANSWER),)
    )


def test_a_phone_has_the_name_of_the_agent_at_it(tmp_path: Path) -> None:
    found = identities(tmp_path)
    assert found.phone(invite(), "1001") == Caller("1001", "Ana Ruiz", ours=True)
    assert found.phone(invite(), "1002") == Caller("1002", ours=True)


def test_our_calls_are_signed_and_hold(tmp_path: Path) -> None:
    numbers = {"country": "ES", "outbound": "national"}
    found = identities(tmp_path, numbers=numbers, stir={"sign": SIGN, "verify": VERIFY})
    eva = Caller("+34600111222", ours=True)
    presented = found.present("carrier", eva, "0034911000000")
    assert presented.number == "911000000"
    (identity,) = [value for name, value in presented.headers if name == "Identity"]
    passport = read(identity)
    assert (passport.orig, passport.dest, passport.attest) == ("34600111222", ("34911000000",), "A")
    request = invite(
        f"Identity: {identity}", from_=f"{presented.from_};tag=1", to=presented.to("192.0.2.1"), uri="sip:x@h"
    )
    trunk = found.trunk("carrier")
    caller = trunk.caller(request)
    held: list[Room] = []
    verified = trunk.verify(request, caller, held.append)
    assert verified is not None
    assert (verified.outcome, verified.attest) == (Outcome.PASSED, "A")
    again = parse(request.encode().replace(b"Call-ID: 1\r\n", b"Call-ID: 2\r\n"))
    assert isinstance(again, Request)
    replayed = found.trunk("another").verify(again, caller, held.append)
    assert replayed is not None
    assert replayed.outcome is Outcome.REPLAYED
    assert trunk.verify(request, caller, held.append) == verified
    changed = invite(f"Identity: {identity}", from_=f"{presented.from_};tag=1", to="<sip:911000001@h>")
    refused = trunk.verify(changed, caller, held.append)
    assert refused is not None
    assert refused.outcome is Outcome.INVALID
    assert len(held) == 2, "only a call whose signature holds uses one up"
    assert not trunk.rejects_unverified


@pytest.mark.parametrize(
    ("caller", "number", "caller_id"),
    [
        (Caller("+34600111222", withheld=True), "+34911000000", {}),
        (Caller("1001", ours=True), "+34911000000", {}),
        (Caller("+34600111222"), "112", {}),
        (Caller(), "+34911000000", {}),
    ],
)
def test_where_there_is_nothing_to_sign(
    tmp_path: Path, caller: Caller, number: str, caller_id: dict[str, str]
) -> None:
    found = identities(tmp_path, numbers={"country": "ES"}, caller_id=caller_id, stir={"sign": SIGN})
    assert "Identity" not in dict(found.present("carrier", caller, number).headers)


def test_what_is_signed_is_who_is_shown(tmp_path: Path) -> None:
    policy = {"number": "+34911222333", "allowed": []}
    found = identities(tmp_path, numbers={"country": "ES"}, caller_id=policy, stir={"sign": SIGN})
    headers = dict(found.present("carrier", Caller("1001", ours=True), "911000000").headers)
    assert read(headers["Identity"]).orig == "34911222333"
    passing = dict(found.present("carrier", Caller("+34600111222"), "911000000").headers)
    assert read(passing["Identity"]).attest == "C"


def test_where_nobody_asks_nothing_is_verified(tmp_path: Path) -> None:
    trunk = identities(tmp_path).trunk("carrier")
    held: list[Room] = []
    assert trunk.verify(invite("Identity: nonsense"), Caller("+34600111222"), held.append) is None
    strict = identities(tmp_path, stir={"verify": {**VERIFY, "on_failure": "reject"}}).trunk("carrier")
    assert strict.rejects_unverified
    verified = strict.verify(invite(), Caller("+34600111222"), held.append)
    assert verified is not None
    assert verified.outcome is Outcome.MISSING
    assert held == []


def test_a_removed_trunk_keeps_its_rules_for_the_calls_that_go_on(tmp_path: Path) -> None:
    found = identities(tmp_path, numbers={"country": "ES", "outbound": "national"})
    found.configure(Config())
    assert found.present("carrier", Caller(), "+34911000000").number == "911000000"


@pytest.mark.parametrize(
    ("domain", "shown"), [({}, "192.0.2.30"), ({"domain": "carrier.example"}, "carrier.example")]
)
def test_where_we_register_we_are_somebody_of_the_carrier(
    tmp_path: Path, domain: dict[str, str], shown: str
) -> None:
    registration = {"registrar": "sip:192.0.2.30", "user": "4711", **domain}
    found = identities(tmp_path, registration=registration)
    assert found.present("carrier", Caller("600"), "601").from_ == f"<sip:600@{shown}>"
