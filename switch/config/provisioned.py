"""What must hold where phones get their files from us."""

from collections.abc import Callable, Iterator
from ipaddress import ip_address

from switch.config import certificates
from switch.config.choices import Maker
from switch.config.document import Path
from switch.config.provisioning import Device, Key
from switch.config.schema import Config, Phone

IN_CLEAR = (
    "phones' secrets would go over the network in the clear; give certificate and private_key, or "
    "secrets_in_clear: true where nobody can read along"
)

NO_FILES = "there are no files for Cisco's phones; leave maker out for a page that says what to type in"


def faults(config: Config, has: Callable[..., bool]) -> Iterator[tuple[Path, str]]:
    """Every mistake, and where it is. `has` says whether the document has that path, right or wrong."""
    yield from _listener(config)
    owners: dict[str, str] = {}
    for name, phone in config.phones.items():
        device = phone.provision
        if device is None:
            continue
        path = ("phones", name, "provision")
        if phone.maker is Maker.CISCO:
            yield path, NO_FILES
        elif phone.maker not in (None, Maker.GENERIC) and not has(*path, "mac"):
            yield path, "needs mac, the hardware address on the phone's label: it names the phone's file"
        yield from _device(path, device, phone, config)
        if device.mac is not None and owners.setdefault(device.mac, name) != name:
            yield (*path, "mac"), f"is already that of phone '{owners[device.mac]}'"


def _listener(config: Config) -> Iterator[tuple[Path, str]]:
    ours = config.provisioning
    for key, other in (("certificate", "private_key"), ("private_key", "certificate")):
        if getattr(ours, key) is not None and getattr(ours, other) is None:
            yield ("provisioning", key), f"needs '{other}' beside it"
    if ours.certificate is not None and ours.private_key is not None:
        for fault in certificates.pair(config.path(ours.certificate), config.path(ours.private_key)):
            yield ("provisioning", fault.key), fault.message
    elif ours.listen is not None and not ours.secrets_in_clear and not _is_loopback(ours.listen.host):
        yield ("provisioning", "listen"), IN_CLEAR


def _device(path: Path, device: Device, phone: Phone, config: Config) -> Iterator[tuple[Path, str]]:
    spoken = {socket.transport for socket in config.sip.listen}
    if device.transport is not None and device.transport not in spoken:
        yield (
            (*path, "transport"),
            f"sip.listen has no {device.transport}; it has {', '.join(sorted(spoken))}",
        )
    secret = phone.secret.get_secret_value()
    if phone.maker is Maker.YEALINK and (not secret.isprintable() or secret != secret.strip()):
        yield path, "a Yealink's file can hold no secret with line breaks, or spaces at its ends"
    for i, key in enumerate(device.keys):
        yield from _key((*path, "keys", i), key, config)


def _key(path: Path, key: Key, config: Config) -> Iterator[tuple[Path, str]]:
    if (key.lamp is None) == (not key.dial):
        yield path, "is either lamp: NAME or dial: NUMBER"
    elif key.lamp is not None and key.lamp not in {*config.phones, *config.agents, *config.queues}:
        yield (*path, "lamp"), f"no phone, agent or queue is called '{key.lamp}'"


def _is_loopback(host: str) -> bool:
    return ip_address(host).is_loopback
