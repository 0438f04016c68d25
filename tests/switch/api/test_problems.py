"""The kinds of problems are a closed list that programs go by."""

from switch.api.problems import MEANINGS, Failure, Kind


def test_every_kind_has_a_meaning_and_a_type_of_its_own() -> None:
    assert set(MEANINGS) == set(Kind)
    assert len({kind.uri for kind in Kind}) == len(Kind)
    assert Kind.BAD_CURSOR.uri == "urn:centralita:problem:bad-cursor", "it never changes"


def test_a_failure_tells_its_kind_and_what_is_to_be_done() -> None:
    failure = Failure(Kind.TOO_OFTEN, "this token asks too often", retry_after_s=0.2)
    assert (failure.problem.type, failure.problem.status) == (Kind.TOO_OFTEN.uri, 429)
    assert failure.headers == {"Retry-After": "1"}
    assert Failure(Kind.UNAUTHENTICATED, "no token").headers == {"WWW-Authenticate": "Bearer"}
