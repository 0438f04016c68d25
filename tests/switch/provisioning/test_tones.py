"""Tones as two makers spell them."""

import pytest

from media.progress import Country
from switch.provisioning.tones import spelled


@pytest.mark.parametrize(
    ("country", "name", "said"),
    [
        (Country.ES, "dial_steps", "425/0"),
        (Country.ES, "ringback_steps", "425/1500,0/3000"),
        (Country.ES, "congestion_cadence", "f1=425@-10,c=200/200-200/200-200/600;"),
        (Country.ES, "information_steps", "950/330,1400/330,1800/330,0/1000"),
        (Country.GB, "dial_steps", "350+440/0"),
        (Country.GB, "ringback_cadence", "f1=400@-13,f2=450@-13,c=400/200-400/2000;"),
        (Country.US, "dial_cadence", "f1=350@-13,f2=440@-13,c=0/0;"),
        (Country.US, "ringback_cadence", "f1=440@-19,f2=480@-19,c=2000/4000;"),
        (Country.US, "busy_cadence", "f1=480@-24,f2=620@-24,c=500/500;"),
    ],
)
def test_spelling(country: Country, name: str, said: str) -> None:
    assert dict(spelled(country))[name] == said


@pytest.mark.parametrize("country", Country)
def test_every_country_has_every_tone(country: Country) -> None:
    assert len(dict(spelled(country))) == 9
