"""Zones as phones are told them."""

from zoneinfo import TZPATH

import pytest

from switch.provisioning.zones import Change, Summer, Zone

EUROPE = Summer(3600, Change(3, 5, 0, 2), Change(10, 5, 0, 3))


@pytest.mark.parametrize(
    ("rule", "zone", "posix", "hours"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", Zone(3600, EUROPE), "STD-1DST-2,M3.5.0/2,M10.5.0/3", "+1"),
        ("UTC0", Zone(0), "STD0", "+0"),
        ("<-03>3", Zone(-10800), "STD3", "-3"),
        ("IST-5:30", Zone(19800), "STD-5:30", "+5:30"),
        # Ireland's winter time is the exception by its law; to a phone it is as Britain's.
        (
            "IST-1GMT0,M10.5.0,M3.5.0/1",
            Zone(0, Summer(3600, Change(3, 5, 0, 1), Change(10, 5, 0, 2))),
            "STD0DST-1,M3.5.0/1,M10.5.0/2",
            "+0",
        ),
        # Lord Howe Island: half an hour.
        (
            "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
            Zone(37800, Summer(1800, Change(10, 1, 0, 2), Change(4, 1, 0, 2))),
            "STD-10:30DST-11,M10.1.0/2,M4.1.0/2",
            "+10:30",
        ),
        # Changes at 24:00, and an hour before midnight: phones know 0 to 23.
        (
            "<-02>2<-01>,M3.5.0/-1,M10.5.4/24",
            Zone(-7200, Summer(3600, Change(3, 5, 0, 0), Change(10, 5, 4, 23))),
            "STD2DST1,M3.5.0/0,M10.5.4/23",
            "-2",
        ),
        ("AAA3BBB,J60,J300", Zone(-10800), "STD3", "-3"),
    ],
)
def test_rules(rule: str, zone: Zone, posix: str, hours: str) -> None:
    assert Zone.read(rule) == zone
    assert (zone.posix, zone.hours) == (posix, hours)


@pytest.mark.skipif(not TZPATH, reason="no database of time zones on this machine")
def test_zones_by_name() -> None:
    assert Zone.named("Europe/Madrid") == Zone(3600, EUROPE)
    assert Zone.named("America/Bogota") == Zone(-18000)


def test_a_zone_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoneinfo.TZPATH", ())
    with pytest.raises(OSError):
        Zone.named("Europe/Atlantis")
