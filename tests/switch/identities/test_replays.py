"""A PASSporT serves for one call."""

from dataclasses import replace

from switch.identities.passport import Passport
from switch.identities.replays import FRESH_S, Replays

PASSPORT = Passport(
    "12155551212", ("12125551213",), 0, "https://a/b", "A", b"header.claims", bytes(range(64))
)
DEST = "+12125551213"


def test_once_it_came_with_one_call_it_is_no_others() -> None:
    replays = Replays()
    assert replays.use(PASSPORT, DEST, "call-1", 0.0)
    assert replays.use(PASSPORT, DEST, "call-1", 1.0), "a retransmission, a fork, an answered challenge"
    assert not replays.use(PASSPORT, DEST, "call-2", 1.0)
    assert not replays.use(PASSPORT, DEST, "call-2", 2.0 * FRESH_S)


def test_another_signature_or_called_number_is_another_call() -> None:
    replays = Replays()
    assert replays.use(PASSPORT, DEST, "call-1", 0.0)
    assert replays.use(replace(PASSPORT, signature=bytes(64)), DEST, "call-2", 0.0)
    assert replays.use(PASSPORT, "+12125551214", "call-3", 0.0)


def test_the_twin_of_a_signature_is_no_other_one() -> None:
    """Of (r, s) anybody can make (r, n - s)."""
    replays = Replays()
    twin = replace(PASSPORT, signature=PASSPORT.signature[:32] + b"another half of the signature   ")
    assert replays.use(PASSPORT, DEST, "call-1", 0.0)
    assert not replays.use(twin, DEST, "call-2", 0.0)


def test_a_call_that_is_refused_gives_its_passport_back() -> None:
    replays = Replays()
    refused = replays.use(PASSPORT, DEST, "call-1", 0.0)
    assert refused is not None
    refused.turn_away()
    taken = replays.use(PASSPORT, DEST, "call-2", 1.0)
    assert taken is not None
    refused.turn_away()
    taken.release()
    assert not replays.use(PASSPORT, DEST, "call-3", 2.0)


def test_a_branch_that_is_refused_takes_nothing_from_the_one_that_was_taken() -> None:
    replays = Replays()
    assert replays.use(PASSPORT, DEST, "call-1", 0.0)
    branch = replays.use(PASSPORT, DEST, "call-1", 0.0)
    assert branch is not None
    branch.turn_away()
    assert not replays.use(PASSPORT, DEST, "call-2", 1.0)


def test_what_is_stale_or_too_much_is_forgotten() -> None:
    replays = Replays(most=3)
    for number in range(10):
        passport = replace(PASSPORT, signing_input=bytes([number]))
        assert replays.use(passport, DEST, "call-1", 0.0)
    assert len(replays._used) == 3
    assert replays.use(PASSPORT, DEST, "call-1", 2.0 * FRESH_S + 0.1)
    assert len(replays._used) == 1
