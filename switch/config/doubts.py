"""What is no mistake in a configuration, but will not do as it is: said by `check` and at the start."""

from collections.abc import Iterator
from ipaddress import ip_address

from media.aio.addresses import reaches
from switch.config import secrecy
from switch.config.checks import Finding
from switch.config.schema import Config


def doubts(config: Config) -> Iterator[Finding]:
    """Every doubt about a configuration without mistakes."""
    yield from _without_media(config)
    yield from (Finding(path, message) for path, message in secrecy.doubts(config))


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
