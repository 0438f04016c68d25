"""What must hold, and what should, where `srtp` is required."""

from collections.abc import Iterator

from media.aio.keyring import SUITES
from sip.dialogs.secrecy import Policy
from switch.config.document import Path
from switch.config.schema import Config


def faults(config: Config) -> Iterator[tuple[Path, str]]:
    """Every mistake, and where it is."""
    if not SUITES:
        for path in _required(config):
            yield path, "SRTP is not on this machine; pip install pylibsrtp, or write offered"


def doubts(config: Config) -> Iterator[tuple[Path, str]]:
    """What would refuse every call."""
    if config.media.srtp_keys_in_clear or any(socket.transport == "tls" for socket in config.sip.listen):
        return
    for path in _required(config):
        yield (
            path,
            "warning: every call with it is refused, for keys go over TLS alone and sip.listen has no tls:; "
            "media.srtp_keys_in_clear: true lets them go in the clear",
        )


def _required(config: Config) -> Iterator[Path]:
    for name, trunk in config.trunks.items():
        if trunk.srtp is Policy.REQUIRED:
            yield "trunks", name, "srtp"
    for name, phone in config.phones.items():
        if phone.srtp is Policy.REQUIRED:
            yield "phones", name, "srtp"
