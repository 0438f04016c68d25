"""The crowd: few are heard, of many each slowly, and who has just come at once."""

from switch.wall.crowd import PEERS, STRANGERS, Crowd


def flood(crowd: Crowd, seconds: range, addresses: int, per_s: int) -> list[int]:
    """How many requests were heard in each second of a flood, spread evenly over addresses and time."""
    heard = []
    sent = 0
    for second in seconds:
        taken = 0
        for number in range(per_s):
            address, now = f"a{sent % addresses}", second + number / per_s
            sent += 1
            if crowd.hears(address, now):
                crowd.heard(address, now)
                taken += 1
        heard.append(taken)
    return heard


def test_few_are_all_heard() -> None:
    assert flood(Crowd(STRANGERS), range(10), 1, STRANGERS.free_per_s) == [STRANGERS.free_per_s] * 10


def test_of_many_no_more_than_a_share_is_heard() -> None:
    heard = flood(Crowd(STRANGERS), range(20), 1000, 5000)
    assert max(heard) <= STRANGERS.most_per_s
    assert max(heard[-10:]) <= STRANGERS.free_per_s + 1000 * STRANGERS.per_s, "each has used up its burst"


def test_who_has_just_come_is_heard_amid_the_flood() -> None:
    crowd = Crowd(STRANGERS)
    flood(crowd, range(10), 1000, 5000)
    flood(crowd, range(10, 11), 1000, 4000)
    for _ in range(STRANGERS.burst):
        assert crowd.hears("a phone", 10.99)
        crowd.heard("a phone", 10.99)
    assert not crowd.hears("a phone", 10.99), "it has become one of many"


def test_forged_addresses_that_never_repeat_are_bounded_too() -> None:
    crowd = Crowd(STRANGERS, max_addresses=100)
    heard = flood(crowd, range(5), 1_000_000, 10_000)
    assert max(heard) <= STRANGERS.most_per_s
    assert crowd.size() == 100


def test_in_a_hurry_no_talk_is_free() -> None:
    crowd = Crowd(STRANGERS)
    for _ in range(STRANGERS.burst):
        assert crowd.hears("a", 0.0, hurried=True)
        crowd.heard("a", 0.0)
    assert not crowd.hears("a", 0.1, hurried=True)
    assert crowd.hears("a", 0.1)
    assert crowd.hears("b", 0.1, hurried=True)


def test_the_flood_over_everybody_is_heard_again() -> None:
    crowd = Crowd(STRANGERS)
    flood(crowd, range(3), 10, 20_000)
    assert not crowd.hears("a0", 2.9999)
    assert crowd.hears("a0", 4.0)
    assert flood(crowd, range(5, 7), 10, 900) == [900, 900]


def test_of_ipv6_a_64_is_one_address() -> None:
    crowd = Crowd(STRANGERS)
    for number in range(STRANGERS.burst):
        crowd.heard(f"2001:db8::{number:x}", 0.0)
    assert not crowd.is_quiet("2001:db8::ffff", 0.0)
    assert crowd.is_quiet("2001:db8:0:1::1", 0.0)
    assert crowd.size() == 1


def test_a_flood_that_bears_one_peers_address_leaves_room_for_the_other_peers() -> None:
    crowd = Crowd(PEERS)
    heard = flood(crowd, range(10), 1, 10_000)
    assert max(heard[2:]) <= PEERS.free_per_s + PEERS.per_s < PEERS.most_per_s
    flood(crowd, range(10, 11), 1, 9_999)
    assert crowd.hears("another", 10.9999)
    assert not crowd.hears("a0", 10.9999)
