"""`provisioning`, where phones get their files, and `phones.NAME.provision`, what is in a phone's."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from sip.flow import Transport
from switch.config import addresses, values
from switch.config.addresses import HostPort
from switch.config.section import Count, Flag, Section, Words

_MAC = re.compile(r"(?:[0-9a-f]{12}|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})")
_URL = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:]+")


def hardware_address(value: object) -> str:
    """A hardware address: twelve small hexadecimal digits."""
    written = value.lower() if isinstance(value, str) else ""
    if not _MAC.fullmatch(written):
        raise values.expected(value, "a hardware address", "00:15:65:aa:bb:cc")
    return re.sub("[:.-]", "", written)


def base_url(value: object) -> str:
    """What stands before the path of a phone's files, without a slash at its end."""
    written = values.text(value)
    if not _URL.fullmatch(written):
        raise values.expected(value, "the beginning of a URL", "https://phones.example:8081")
    return written.rstrip("/")


def host_name(value: object) -> str:
    """A name or address that phones can reach."""
    written = values.text(value)
    if not _HOST.fullmatch(written):
        raise values.expected(value, "a host", "sip.example")
    return written


def _printable(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        raise ValueError("holds control characters, or a space at its ends")
    return value


Line = Annotated[Words, AfterValidator(_printable)]


class Key(Section):
    """One of `keys`: a lamp that watches somebody and calls him, or a number that is dialled"""

    lamp: Words | None = None
    """A phone, an agent or a queue."""
    dial: Annotated[str, BeforeValidator(values.digits)] | None = None
    label: Line | None = None
    """Beside the key; None is what it watches or dials."""


class Device(Section):
    """`phones.NAME.provision`"""

    mac: Annotated[str, BeforeValidator(hardware_address)] | None = None
    display: Line | None = None
    """On its screen; None is the agent's name whose phone it is, or the phone's own."""
    transport: Transport | None = None
    """None is that of the first socket of `sip.listen`."""
    keys: tuple[Key, ...] = ()
    rotation: Count = 0
    """Another number, another secret path."""


class Provisioning(Section):
    """`provisioning`"""

    listen: Annotated[HostPort, BeforeValidator(addresses.host_port)] | None = None
    certificate: Words | None = None
    """PEM files, as those of `sip.tls`, and likewise read again by a reload."""
    private_key: Words | None = None
    secrets_in_clear: Flag = False
    """Whether phones may get their secrets without TLS from elsewhere than this machine."""
    url: Annotated[str, BeforeValidator(base_url)] | None = None
    """Where phones find us; None is `listen`."""
    sip_server: Annotated[str, BeforeValidator(host_name)] | None = None
    """Where phones send their SIP; None is the address at which they fetched their file."""
