"""What must be right of a trunk: who it is to us, where it is, who we are to it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from switch.config.document import Path
from switch.config.schema import Config
from switch.config.trunk import Credentials, Digest, Registration, Trunk

_DOMAIN = re.compile(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_FROM = ("accept_from", "accept_certificate", "accept_digest", "registration")
_TO = ("proxy", "targets", "registration")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a path: at its key, or at its value."""

    path: Path
    message: str
    at_key: bool = False


class _Claims:
    """What only one trunk may have: its networks, certificates, users and registrations."""

    def __init__(self) -> None:
        self._owners: dict[object, str] = {}

    def taken(self, path: Path, name: str, key: object, shown: object) -> Iterator[Fault]:
        owner = self._owners.setdefault(key, name)
        if owner != name:
            yield Fault(path, f"{shown} already belongs to trunk '{owner}'")


def leads_out(trunk: Trunk) -> bool:
    """Whether calls can be sent to it."""
    return trunk.proxy is not None or trunk.targets is not None or trunk.registration is not None


def faults(config: Config, is_removed: Callable[[Path], bool], has: Callable[..., bool]) -> Iterator[Fault]:
    """Every mistake in the trunks. `is_removed` says whether a value was wrong in itself, and left out for
    that; `has` whether the document has a value there.
    """
    claims = _Claims()
    for name, trunk in config.trunks.items():
        path = ("trunks", name)
        wrong = any(is_removed((*path, key)) for key in {*_FROM, *_TO})
        known = trunk.accept_from or trunk.accept_certificate or trunk.accept_digest
        if not known and not leads_out(trunk) and not wrong:
            yield Fault(path, "needs accept_from for calls from it, or proxy for calls to it", at_key=True)
        yield from _targets(path, trunk)
        yield from _senders(path, name, trunk, config, claims)
        yield from _ours(path, name, trunk, claims)
        for key, secret in (("credentials", trunk.credentials), ("accept_digest", trunk.accept_digest)):
            if secret is not None:
                yield from _secret((*path, key), secret, has)


def _targets(path: Path, trunk: Trunk) -> Iterator[Fault]:
    if trunk.proxy is not None and trunk.targets is not None:
        yield Fault((*path, "targets"), "stands beside proxy; give one of them", at_key=True)
    uris = [target.uri for target in trunk.targets or ()]
    for i, uri in enumerate(uris):
        if uri in uris[:i]:
            yield Fault(
                (*path, "targets", i, "uri"), f"{uri} stands there twice; give it more weight instead"
            )


def _senders(path: Path, name: str, trunk: Trunk, config: Config, claims: _Claims) -> Iterator[Fault]:
    for i, source in enumerate(trunk.accept_from):
        yield from claims.taken((*path, "accept_from", i), name, source, source)
    for i, shown in enumerate(trunk.accept_certificate):
        where = (*path, "accept_certificate", i)
        yield from claims.taken(where, name, ("certificate", shown.lower()), f"'{shown}'")
        if config.sip.tls is None or config.sip.tls.client_ca is None:
            yield Fault(where, "needs sip.tls.client_ca; without it nobody is asked for a certificate")
    if trunk.accept_digest is not None:
        user, where = trunk.accept_digest.user, (*path, "accept_digest", "user")
        yield from claims.taken(where, name, ("user", user), f"'{user}'")
        if user in config.phones:
            yield Fault(where, f"'{user}' is the name of a phone; give the carrier another user")


def _ours(path: Path, name: str, trunk: Trunk, claims: _Claims) -> Iterator[Fault]:
    registration = trunk.registration
    if registration is None:
        return
    if trunk.credentials is None:
        message = "needs credentials beside it, with which the registrar's challenge is answered"
        yield Fault((*path, "registration"), message, at_key=True)
    where = (*path, "registration", "user")
    account = (registration.user, registration.domain or registration.registrar.host)
    yield from claims.taken(where, name, account, f"the registration of '{registration.user}'")
    yield from _registration((*path, "registration"), registration)


def _registration(path: Path, registration: Registration) -> Iterator[Fault]:
    domain = registration.domain
    if domain is not None and not _DOMAIN.fullmatch(domain):
        yield Fault((*path, "domain"), f"'{domain}' is not a domain; write it as carrier.example")
    if not registration.user.isprintable() or not registration.user:
        yield Fault((*path, "user"), "is empty, or holds control characters")
    if registration.expires < 1:
        yield Fault((*path, "expires"), "is shorter than a second")


def _secret(path: Path, who: Credentials | Digest, has: Callable[..., bool]) -> Iterator[Fault]:
    """As for phones: one secret, from here or from a file; and nothing that would break a header line."""
    given = has(*path, "secret")
    if given and who.secret_file is not None:
        yield Fault((*path, "secret_file"), "stands beside secret; give one of them", at_key=True)
    if not given and who.secret_file is None:
        yield Fault(path, "needs secret or secret_file", at_key=True)
    if not who.user.isprintable() or not who.user:
        yield Fault((*path, "user"), "is empty, or holds control characters")
