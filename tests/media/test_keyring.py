"""The keys of one port: none is ever begun anew while it may come back."""

from types import SimpleNamespace

import pytest

from ext.srtp import SUITES
from media.aio import keyring
from media.aio.keyring import KEPT, Keyring
from media.port import MasterKey, SrtpKeys

SUITE = "AEAD_AES_256_GCM"


def key(octet: int, suite: str = SUITE) -> MasterKey:
    return MasterKey(suite, bytes([octet]) * sum(SUITES[suite]))


class Begun:
    """A key that was begun; its capsule is itself."""

    def __init__(self, *_: object) -> None:
        self.capsule = self


@pytest.fixture(autouse=True)
def noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "srtp", SimpleNamespace(SendingKey=Begun, ReceivingKey=Begun))


def test_keys_that_come_back_go_on_where_they_were() -> None:
    """Forks that answer in turn, or a peer that takes another key: no packet index is had twice under one key
    (RFC 3711 section 9.1), and none of theirs is heard twice.
    """
    ring = Keyring(1)
    ours = key(0)
    first = ring.capsules(SrtpKeys(ours, key(1)))
    other = ring.capsules(SrtpKeys(ours, key(2)))
    assert other[0] is first[0], "ours is the same for all"
    assert other[1] is not first[1]
    assert ring.capsules(None) == (None, None)
    again = ring.capsules(SrtpKeys(ours, key(1)))
    assert (again[0], again[1]) == first


def test_those_that_were_used_last_are_kept_and_no_more() -> None:
    ring = Keyring(1)
    ours = key(0)

    def theirs(octet: int) -> object:
        return ring.capsules(SrtpKeys(ours, key(octet)))[1]

    first, second, *_ = [theirs(octet) for octet in range(1, KEPT + 1)]
    assert theirs(1) is first
    theirs(KEPT + 1)
    assert theirs(1) is first
    assert theirs(2) is not second


def test_the_same_octets_of_another_suite_are_another_key() -> None:
    ring = Keyring(1)
    first, second = (
        ring.capsules(SrtpKeys(key(0, suite), key(0, suite)))
        for suite in ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
    )
    assert first[0] is not second[0]


def test_a_suite_that_this_machine_has_not() -> None:
    with pytest.raises(ValueError, match="no suite 'NULL'"):
        Keyring(1).capsules(SrtpKeys(MasterKey("NULL", b""), MasterKey("NULL", b"")))
