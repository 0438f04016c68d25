"""What must hold, and what should, where media are to be encrypted."""

from collections.abc import Iterator

from media.aio.keyring import DTLS_LACKS, SRTP_LACKS
from sip.dialogs.secrecy import Policy
from switch.config.document import Path
from switch.config.packages import absent
from switch.config.schema import Config, Phone
from switch.config.trunk import KeyExchange, Trunk


def faults(config: Config) -> Iterator[tuple[Path, str]]:
    """Every mistake, and where it is."""
    if SRTP_LACKS:
        for path in _required(config):
            yield path, absent("SRTP", SRTP_LACKS)
    if DTLS_LACKS:
        for (*place, _), settings in _settings(config):
            if settings.srtp is not Policy.NEVER and settings.srtp_keys is KeyExchange.DTLS:
                yield (*place, "srtp_keys"), absent("DTLS-SRTP", DTLS_LACKS)


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
    return (path for path, settings in _settings(config) if settings.srtp is Policy.REQUIRED)


def _settings(config: Config) -> Iterator[tuple[Path, Trunk | Phone]]:
    """Of every trunk and phone, and where its `srtp` stands."""
    for name, trunk in config.trunks.items():
        yield ("trunks", name, "srtp"), trunk
    for name, phone in config.phones.items():
        yield ("phones", name, "srtp"), phone
