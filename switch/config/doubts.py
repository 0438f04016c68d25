"""What is no mistake in a configuration, but will not do as it is: said by `check` and at the start."""

from collections.abc import Iterator
from ipaddress import ip_address

from acd.strategies import SEVERAL, Strategy
from media.aio.addresses import reaches
from switch.config import preferring, recipes, secrecy
from switch.config.checks import Finding
from switch.config.choices import OnNoAnswer
from switch.config.routing import Matching
from switch.config.schema import Config


def doubts(config: Config) -> Iterator[Finding]:
    """Every doubt about a configuration without mistakes."""
    yield from _without_media(config)
    preferred = preferring.doubts(config.queues, config.routing)
    for doubted in (secrecy.doubts(config), recipes.doubts(config.queues), preferred):
        yield from (Finding(path, message) for path, message in doubted)
    yield from _all_at_once(config)
    yield from _without_say(config)


def _without_media(config: Config) -> Iterator[Finding]:
    """SIP sockets of a family that no media port reaches."""
    media = config.media.listen
    for i, socket in enumerate(config.sip.listen):
        if not reaches(media, socket.host):
            version = ip_address(socket.host).version
            message = (
                f"warning: no call by IPv{version} can have media, for media.listen is {media}; "
                "write media.listen: '::', which is IPv4 and IPv6"
            )
            yield Finding(("sip", "listen", i), message)


def _all_at_once(config: Config) -> Iterator[Finding]:
    """Queues that ring several phones for one caller, and would have all their agents paused, or answer."""
    for name, queue in config.queues.items():
        if queue.strategy not in SEVERAL:
            continue
        path = ("queues", name, "strategy")
        if queue.on_no_answer is OnNoAnswer.PAUSE:
            message = (
                f"warning: with {queue.strategy} a call that nobody answers within ring_timeout pauses "
                "everybody whom it rang; write on_no_answer: retry"
            )
            yield Finding(path, message)
        if queue.auto_answer:
            message = (
                f"warning: with {queue.strategy} phones that answer by themselves all answer, and all but "
                "one are hung up on; write auto_answer: false"
            )
            yield Finding(path, message)


def _without_say(config: Config) -> Iterator[Finding]:
    """Strategies that were chosen, where the least cost decides."""
    if config.routing.matching is not Matching.OPTIMAL:
        return
    for name, queue in config.queues.items():
        if queue.strategy not in _BESIDE_COST:
            message = (
                f"warning: by routing.matching: optimal agents are chosen at the least cost, hardly ever by "
                f"{queue.strategy.value}; leave it out, or write routing.matching: greedy"
            )
            yield Finding(("queues", name, "strategy"), message)


_BESIDE_COST = (Strategy.LONGEST_IDLE, Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY)
"""They say how many ring, or nothing that the cost does not say."""
