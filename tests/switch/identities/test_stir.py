"""Calls that are signed, and what becomes of an Identity that does not hold."""

from datetime import timedelta
from pathlib import Path

import pytest

from switch.identities.certificates import Certificates
from switch.identities.passport import Passport, read, sign
from switch.identities.replays import FRESH_S
from switch.identities.stir import Outcome, Signer, Verification, Verifier, Verstat
from tests.switch.identities.authority import NOW, Authority, publish

ROOT = Authority()
CARRIER = ROOT.certify()
ORIG, DEST = "+12155551212", "+12125551213"
NOW_S = NOW.timestamp()


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    publish(tmp_path, "carrier.pem", CARRIER)
    publish(tmp_path, "foreign.pem", Authority("Foreign").certify())
    publish(tmp_path, "another.pem", ROOT.certify())
    return Verifier(Certificates([ROOT.issued.certificate], tmp_path))


def signer(name: str = "carrier.pem", attest: str = "A") -> Signer:
    return Signer(CARRIER.key, f"https://certificates.example/{name}", attest)


def identity(name: str = "carrier.pem", orig: str = ORIG, dest: str = DEST, age_s: float = 0) -> str:
    return signer(name).identity(orig, dest, NOW_S - age_s, ours=True)


def is_new(passport: Passport) -> bool:
    """No PASSporT was heard before."""
    return False


def test_what_we_sign_holds(verifier: Verifier) -> None:
    found = verifier.verify([identity()], ORIG, DEST, NOW_S, is_new)
    assert found == Verification(Outcome.PASSED, "", "A", has_numbers=True)
    assert (found.outcome.verstat, found.outcome.refusal) == (Verstat.PASSED, None)


@pytest.mark.parametrize(
    ("identities", "outcome", "status"),
    [
        ([], Outcome.MISSING, 428),
        ([identity().replace("ppt=shaken", "ppt=div")], Outcome.MISSING, 428),
        (["nonsense"], Outcome.INVALID, 438),
        ([identity().replace("alg=ES256", "alg=RS256")], Outcome.INVALID, 438),
        ([identity(age_s=FRESH_S + 1)], Outcome.STALE, 403),
        ([identity(age_s=-FRESH_S - 1)], Outcome.STALE, 403),
        ([identity(age_s=FRESH_S - 1)], Outcome.PASSED, None),
        ([identity(orig="+12155551299")], Outcome.INVALID, 438),
        ([identity(dest="+12155551299")], Outcome.INVALID, 438),
        ([identity("none.pem")], Outcome.NO_CERTIFICATE, 436),
        ([identity("..%2fcarrier.pem")], Outcome.NO_CERTIFICATE, 436),
        ([identity("foreign.pem")], Outcome.BAD_CERTIFICATE, 437),
        ([identity("another.pem")], Outcome.INVALID, 438),
        ([identity("foreign.pem"), identity()], Outcome.PASSED, None),
        ([identity(age_s=100), identity("foreign.pem")], Outcome.STALE, 403),
        ([identity().replace("ppt=shaken", "ppt=div"), identity()], Outcome.PASSED, None),
        ([*["nonsense"] * 4, identity()], Outcome.INVALID, 438),
    ],
)
def test_rfc_8224_section_6_2_2(
    verifier: Verifier, identities: list[str], outcome: Outcome, status: int | None
) -> None:
    found = verifier.verify(identities, ORIG, DEST, NOW_S, is_new)
    assert found.outcome is outcome
    assert (found.outcome.refusal or (None,))[0] == status
    assert bool(found.why) == (outcome not in (Outcome.PASSED, Outcome.MISSING))


def test_only_of_what_holds_it_is_asked_whether_it_came_before(verifier: Verifier) -> None:
    """Or strangers would say which PASSporTs are used up."""
    asked: list[Passport] = []

    def is_replay(passport: Passport) -> bool:
        asked.append(passport)
        return True

    found = verifier.verify([identity("another.pem"), identity(age_s=99)], ORIG, DEST, NOW_S, is_replay)
    assert (found.outcome, asked) == (Outcome.INVALID, [])
    found = verifier.verify([identity()], ORIG, DEST, NOW_S, is_replay)
    assert (found.outcome, found.outcome.refusal) == (Outcome.REPLAYED, (438, "Invalid Identity Header"))
    assert len(asked) == 1


def test_a_call_that_names_no_numbers_cannot_hold(verifier: Verifier) -> None:
    for orig, dest in ((None, DEST), (ORIG, None), (None, None)):
        assert verifier.verify([identity()], orig, dest, NOW_S, is_new).outcome is Outcome.INVALID


def test_a_certificate_that_has_run_out(verifier: Verifier) -> None:
    later = (NOW + timedelta(days=31)).timestamp()
    written = signer().identity(ORIG, DEST, later, ours=True)
    assert verifier.verify([written], ORIG, DEST, later, is_new).outcome is Outcome.BAD_CERTIFICATE


def test_one_of_several_called_numbers(verifier: Verifier) -> None:
    several = sign(
        CARRIER.key,
        x5u="https://certificates.example/carrier.pem",
        orig=ORIG[1:],
        dest=DEST[1:],
        attest="B",
        iat=int(NOW_S),
        origid="x",
    )
    assert verifier.verify([several], ORIG, DEST, NOW_S, is_new).attest == "B"


def test_the_outcomes_in_the_words_of_carriers() -> None:
    assert {outcome: outcome.verstat for outcome in Outcome} == {
        Outcome.PASSED: Verstat.PASSED,
        Outcome.MISSING: Verstat.NONE,
        Outcome.STALE: Verstat.FAILED,
        Outcome.NO_CERTIFICATE: Verstat.FAILED,
        Outcome.BAD_CERTIFICATE: Verstat.FAILED,
        Outcome.INVALID: Verstat.FAILED,
        Outcome.REPLAYED: Verstat.FAILED,
    }


def test_whose_call_only_passes_through_is_attested_as_little_as_there_is() -> None:
    assert read(signer(attest="A").identity(ORIG, DEST, NOW_S, ours=False)).attest == "C"
    ours = read(signer(attest="B").identity(ORIG, DEST, NOW_S + 0.9, ours=True))
    assert (ours.attest, ours.orig, ours.dest, ours.iat) == ("B", ORIG[1:], (DEST[1:],), int(NOW_S))


def test_every_call_has_an_origid_of_its_own() -> None:
    assert identity() != identity()
