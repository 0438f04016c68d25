"""Bans: who is not listened to, for how long, and who never is banned."""

import pytest

from switch.config.schema import Bans as Settings
from switch.wall.bans import Ban, Bans

ATTACKER, OFFICE, CARRIER = "203.0.113.66", "198.51.100.7", "192.0.2.1"


def bans(*, registered: tuple[str, ...] = (), max_entries: int = 10_000, **settings: object) -> Bans:
    given = Settings.model_validate({"failures": 3, "within": "60s", "lasts": "100s", **settings})
    return Bans(given, lambda address: address == CARRIER, lambda address: address in registered, max_entries)


def fail(wall: Bans, address: str, *users: str, at: float = 0.0) -> Ban | None:
    """The ban that the last of these failures earns."""
    ban = None
    for user in users:
        ban = wall.failed(address, user, at)
    return ban


def test_a_user_is_banned_at_the_address_where_his_name_failed() -> None:
    wall = bans()
    assert fail(wall, ATTACKER, "1001", "1001") is None
    assert fail(wall, ATTACKER, "1001", at=1.0) == Ban(ATTACKER, "1001", 1.0, 101.0, 3)
    assert wall.holds(ATTACKER, "1001", 1.0)
    assert not wall.holds(ATTACKER, "1002", 1.0), "somebody else at that address"
    assert not wall.holds(ATTACKER, None, 1.0)
    assert not wall.holds(OFFICE, "1001", 1.0), "that user, elsewhere"


def test_an_address_is_banned_when_several_names_failed_there() -> None:
    wall = bans()
    assert fail(wall, ATTACKER, "admin", "root", "1001") == Ban(ATTACKER, None, 0.0, 100.0, 3)
    for user in (None, "1001", "anybody"):
        assert wall.holds(ATTACKER, user, 99.9)


def test_an_address_with_a_live_registration_is_not_banned_as_a_whole() -> None:
    wall = bans(registered=(OFFICE,))
    assert fail(wall, OFFICE, *("a", "b", "c") * 2) is None
    assert fail(wall, OFFICE, "a", "b") == Ban(OFFICE, "b", 0.0, 100.0, 3)
    assert not wall.holds(OFFICE, None, 0.0)
    assert [ban.user for ban in wall.active(0.0)] == ["a", "b"]


@pytest.mark.parametrize("address", [CARRIER, "10.1.2.3"])
def test_a_trunk_and_exempt_networks_are_never_banned(address: str) -> None:
    wall = bans(never=["10.0.0.0/8"])
    assert fail(wall, address, *"abcdefgh") is None
    assert wall.active(0.0) == []


def test_zero_failures_ban_nobody() -> None:
    wall = bans(failures=0)
    assert fail(wall, ATTACKER, *"aaaabbbb") is None


def test_failures_are_forgotten_after_within() -> None:
    wall = bans()
    fail(wall, ATTACKER, "1001", "1001")
    assert fail(wall, ATTACKER, "1001", at=60.0) is None
    assert fail(wall, ATTACKER, "1001", "1001", at=61.0) is not None


def test_a_ban_expires_and_counting_begins_anew() -> None:
    wall = bans()
    fail(wall, ATTACKER, *["1001"] * 3)
    assert wall.holds(ATTACKER, "1001", 99.9)
    assert not wall.holds(ATTACKER, "1001", 100.0)
    assert wall.active(100.0) == []
    assert fail(wall, ATTACKER, "1001", "1001", at=100.0) is None


def test_removing_lifts_every_ban_of_an_address_and_forgets_its_failures() -> None:
    wall = bans(registered=(OFFICE,))
    fail(wall, OFFICE, *["1001"] * 3, *["1002"] * 3, "1003", "1003")
    fail(wall, ATTACKER, *["1001"] * 3)
    assert wall.remove(OFFICE) == 2
    assert [ban.address for ban in wall.active(0.0)] == [ATTACKER]
    assert fail(wall, OFFICE, "1003") is None
    assert wall.remove("::ffff:203.0.113.66") == 1
    assert wall.remove(ATTACKER) == 0
    with pytest.raises(ValueError, match="does not appear to be"):
        wall.remove("somewhere")


def test_ipv4_mapped_addresses_are_the_ipv4_addresses() -> None:
    wall = bans()
    ban = fail(wall, "::ffff:203.0.113.66", *["1001"] * 3)
    assert ban is not None
    assert ban.address == ATTACKER
    assert wall.holds(ATTACKER, "1001", 0.0)
    assert wall.holds("::FFFF:203.0.113.66", "1001", 0.0)


def test_of_ipv6_a_64_is_one_address() -> None:
    wall = bans(registered=("2001:db8:0:2::7",), never=["2001:db8:0:1::99/128"])
    fail(wall, "2001:db8:0:1::1", "1001")
    fail(wall, "2001:db8:0:1::2", "1002")
    assert fail(wall, "2001:db8:0:1:ffff::3", "1003") == Ban("2001:db8:0:1::/64", None, 0.0, 100.0, 3)
    assert wall.holds("2001:db8:0:1::4", "1004", 0.0)
    assert not wall.holds("2001:db8:0:1::99", "1004", 0.0), "exempt, whoever its neighbours are"
    assert wall.holds("2001:db8:0:1::4", "1004", 0.0)
    assert not wall.holds("2001:db8:0:2::4", "1004", 0.0)


@pytest.mark.parametrize("written", ["2001:db8::77", "2001:DB8:0:0::/64"])
def test_a_neighbourhood_is_lifted_by_any_of_its_addresses_or_its_own(written: str) -> None:
    wall = bans()
    fail(wall, "2001:db8::1", *["1001"] * 3)
    assert wall.remove(written) == 1
    assert not wall.holds("2001:db8::1", "1001", 0.0)


def test_after_a_reload_who_is_exempt_now_is_heard() -> None:
    wall = bans()
    fail(wall, ATTACKER, *["1001"] * 3)
    fail(wall, OFFICE, *["1001"] * 3)
    wall.configure(Settings.model_validate({"failures": 3, "never": [f"{OFFICE}/32"]}))
    assert wall.holds(ATTACKER, "1001", 0.0)
    assert not wall.holds(OFFICE, "1001", 0.0)
    wall.configure(Settings.model_validate({"failures": 0}))
    assert wall.active(0.0) == []


def test_a_reload_asks_about_none_of_many_bans() -> None:
    """Ten thousand, of which each takes 20 microseconds to judge, would hold up the calls in progress."""
    asked: list[str] = []

    def exempt(address: str) -> bool:
        asked.append(address)
        return False

    settings = Settings.model_validate({"failures": 1})
    wall = Bans(settings, exempt, lambda address: False)
    for number in range(100):
        fail(wall, f"10.0.0.{number}", "1001")
    asked.clear()
    wall.configure(settings)
    assert asked == []


def test_memory_is_bounded_whatever_the_attacker_sends() -> None:
    wall = bans(max_entries=50)
    for number in range(500):
        fail(wall, f"10.9.{number // 250}.{number % 250}", *[f"user {number}" + "x" * 8000] * 3)
    assert len(wall.active(0.0)) == 50
    for user in range(1000):
        fail(wall, ATTACKER, f"{user}")
    assert len(wall.active(0.0)) == 50
    assert wall.holds(ATTACKER, None, 0.0)
    sizes = (len(wall._pairs._failures), len(wall._addresses._failures))
    assert max(sizes) <= 50


def test_long_names_are_cut_and_still_held() -> None:
    wall = bans()
    fail(wall, ATTACKER, *["x" * 9000] * 3)
    assert wall.holds(ATTACKER, "x" * 9000, 0.0)
    (ban,) = wall.active(0.0)
    assert ban.user == "x" * 64
