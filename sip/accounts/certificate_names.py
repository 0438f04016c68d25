"""Whom a certificate names (RFC 5922 section 7.1), and whether it is who was wanted (section 7.2)."""

from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from sip.syntax.malformed import Malformed
from sip.syntax.uri import Uri


def names(certificate: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The SIP domains and the addresses of a verified certificate, in the form of `ssl.getpeercert()`.

    SIP URIs in subjectAltName; where there are none, its DNS names; the common name only where there is no
    subjectAltName at all. Addresses count besides. In small letters and canonical form.
    """
    if not certificate:
        return ()
    alternatives = list(certificate.get("subjectAltName", ()))
    if not alternatives:
        subject = [pair for part in certificate.get("subject", ()) for pair in part]
        return _plain(value for kind, value in subject if kind == "commonName")
    domains = [domain for kind, value in alternatives if kind == "URI" and (domain := _sip_domain(value))]
    if not domains:
        domains = [value for kind, value in alternatives if kind == "DNS"]
    return _plain([*domains, *(value.strip() for kind, value in alternatives if kind == "IP Address")])


def fits(certified: Collection[str], wanted: str) -> bool:
    """Whether one of the names is the wanted one. Letters' size is no matter; nothing is a wildcard."""
    return canonical(wanted) in certified


def canonical(name: str) -> str:
    """A host name in small letters without the root's dot, or an address in its one form."""
    try:
        return str(ip_address(name.strip("[]")))
    except ValueError:
        return name.lower().removesuffix(".")


def _sip_domain(value: str) -> str | None:
    """Section 7.1: a SIP URI without a user part names a domain; any other names none."""
    try:
        uri = Uri.parse(value)
    except Malformed:
        return None
    return canonical(uri.host) if uri.scheme == "sip" and uri.user is None else None


def _plain(found: Iterable[str]) -> tuple[str, ...]:
    """Each once, and no wildcard, which names nobody (section 7.2)."""
    return tuple(dict.fromkeys(canonical(name) for name in found if "*" not in name))
