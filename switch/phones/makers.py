"""How the phones of each maker are asked to ring in a way of their own, and to answer by themselves.

There is a standard for neither that desk phones follow; each maker has words of his own in Alert-Info and
Call-Info (RFC 3261 sections 20.4 and 20.9), which his administrator's guides name. What a phone does with
them is its own configuration's: most answer by themselves only where that is switched on in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from switch.config.choices import Maker


@dataclass(frozen=True, slots=True)
class Alerting:
    """How a phone is to announce a call: with the `ring` of that name, or, where it `answers`, with none."""

    ring: str | None = None
    answers: bool = False


PLAIN: Final = Alerting()
"""As the phone rings for everybody."""


class _Habits(NamedTuple):
    """`agents` are the beginnings of his phones' User-Agent, in lower case; `ring` and `answer` are the
    headers for both wishes, with {ring} and {domain} in them.
    """

    agents: tuple[str, ...]
    ring: tuple[tuple[str, str], ...]
    answer: tuple[tuple[str, str], ...]


_NAMED_RING: Final = (("Alert-Info", "<http://127.0.0.1>;info={ring}"),)
"""The address is nobody's: a phone that took it for a sound's would find nothing to fetch."""
_ANSWER_AFTER: Final = (("Call-Info", "<sip:{domain}>;answer-after=0"),)
_ALERT_ANSWER: Final = (("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer;delay=0"),)

_HABITS: Final[Mapping[Maker, _Habits]] = {
    Maker.YEALINK: _Habits(
        ("yealink",),
        (("Alert-Info", "info={ring};x-line-id=0"),),
        (("Alert-Info", "info=alert-autoanswer"),),
    ),
    Maker.POLYCOM: _Habits(
        ("polycom", "poly"),
        (("Alert-Info", "{ring}"),),
        (("Alert-Info", "Auto Answer"),),
    ),
    Maker.SNOM: _Habits(("snom",), _NAMED_RING, _ALERT_ANSWER),
    Maker.GRANDSTREAM: _Habits(("grandstream",), _NAMED_RING, _ANSWER_AFTER),
    Maker.CISCO: _Habits(("cisco", "linksys"), (("Alert-Info", "<http://127.0.0.1/{ring}>"),), _ANSWER_AFTER),
    Maker.GENERIC: _Habits((), _NAMED_RING, (*_ANSWER_AFTER, *_ALERT_ANSWER, ("Answer-Mode", "Auto"))),
}
"""Answer-Mode is the standard's (RFC 5373), for softphones that follow it."""


def maker_of(user_agent: str) -> Maker:
    """Whose phone it is that sends this User-Agent."""
    name = user_agent.lower()
    return next((maker for maker, habits in _HABITS.items() if name.startswith(habits.agents)), Maker.GENERIC)


def alert_headers(maker: Maker, alerting: Alerting, domain: str) -> tuple[tuple[str, str], ...]:
    """What an INVITE to a phone of that maker says of `alerting`: what answers by itself does not ring."""
    if alerting.answers:
        headers = _HABITS[maker].answer
    elif alerting.ring is not None:
        headers = _HABITS[maker].ring
    else:
        return ()
    return tuple((name, value.format(ring=alerting.ring, domain=domain)) for name, value in headers)
