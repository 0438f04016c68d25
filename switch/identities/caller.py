"""Who calls: what an INVITE says of it, and how much of that we believe and show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sip.syntax.headers import NameAddr
from sip.syntax.message import Malformed, Request
from sip.syntax.uri import Uri
from switch.identities.numbers import number_of
from switch.identities.redirection import Redirections, read_redirections

MAX_DISPLAY_CHARS: Final = 64
"""Of a display name: more than any phone shows."""
_MAX_NUMBER_CHARS: Final = 64

_PRIVATE: Final = frozenset({"id", "user", "header"})
"""RFC 3323 section 4.2 and RFC 3325 section 9.3. `session` and `critical` ask nothing of whoever shows a
caller, `history` nothing about the caller himself.
"""
_ANONYMOUS_HOST: Final = "anonymous.invalid"


@dataclass(frozen=True, slots=True)
class Caller:
    """The one who calls.

    `number` is empty where nobody said it. Where he is `withheld` it may be told to carriers that we trust
    and to nobody else: records, logs and phones have `shown`. `display` is clean: one line of printable
    text. `redirections` say who the call was meant for before it came to us. `ours` says that he called
    from one of our phones.
    """

    number: str = ""
    display: str = ""
    withheld: bool = False
    redirections: Redirections = ()
    ours: bool = False

    @property
    def shown(self) -> str:
        """The number, for everyone; empty where it is withheld."""
        return "" if self.withheld else self.number

    @property
    def name(self) -> str:
        """What a phone shows when it is called directly: his name, else his number."""
        return "Anonymous" if self.withheld else self.display or self.number


@dataclass(frozen=True, slots=True)
class _Identity:
    """One way in which a request names its caller."""

    number: str
    display: str
    withheld: bool = False


def read_caller(request: Request, *, trust: bool, inbound: Callable[[str], str]) -> Caller:
    """The caller of a carrier's INVITE; his number goes through `inbound`, the trunk's rule.

    P-Asserted-Identity (RFC 3325) and Remote-Party-ID, in this order, count before From where we `trust` the
    carrier with them, and are as if they were not there elsewhere. Raises Malformed for a From that cannot
    be read; what else cannot be read is left out.
    """
    privacy = _privacy(request)
    asserted = _asserted(request) or _remote_party(request) if trust else None
    named = asserted or _identity(request.from_)
    withheld = bool(privacy & _PRIVATE) or named.withheld or _is_anonymous(request.from_.uri)
    return Caller(
        inbound(named.number),
        named.display,
        withheld and "none" not in privacy,
        read_redirections(request, inbound),
    )


def read_phone(request: Request, name: str, display: str) -> Caller:
    """The caller where one of our phones calls: the phone itself, whatever it writes. It may hide."""
    return Caller(name, display, bool(_privacy(request) & _PRIVATE), ours=True)


def clean_display(text: str) -> str:
    """A display name as one line of printable text: what was no UTF-8, controls and signs that turn the
    direction of writing are left out.
    """
    printable = "".join(sign if sign.isprintable() else " " if sign.isspace() else "" for sign in text[:512])
    return " ".join(printable.split())[:MAX_DISPLAY_CHARS].rstrip()


def _identity(address: NameAddr) -> _Identity:
    if _is_anonymous(address.uri):
        return _Identity("", "", withheld=True)
    number = number_of(address.uri)
    if not number.isprintable() or len(number) > _MAX_NUMBER_CHARS:
        number = ""
    return _Identity(number, clean_display(address.display))


def _is_anonymous(uri: Uri) -> bool:
    return (uri.user or "").lower() == "anonymous" or uri.host.lower() == _ANONYMOUS_HOST


def _asserted(request: Request) -> _Identity | None:
    """The first identity with a number; there may be a SIP and a tel URI (RFC 3325 section 9.1)."""
    identities = [_identity(address) for address in _addresses(request, "P-Asserted-Identity")]
    return next((identity for identity in identities if identity.number), None)


def _remote_party(request: Request) -> _Identity | None:
    """Remote-Party-ID of the calling party (draft-ietf-sip-privacy-04 section 5.2)."""
    for address in _addresses(request, "Remote-Party-ID"):
        params = {name.lower(): (value or "").lower() for name, value in address.params.items()}
        identity = _identity(address)
        if params.get("party", "calling") == "calling" and identity.number:
            hidden = params.get("privacy", "off").partition("-")[0] not in ("off", "")
            return _Identity(identity.number, identity.display, hidden)
    return None


def _addresses(request: Request, name: str) -> list[NameAddr]:
    try:
        return [NameAddr.parse(value) for value in request.headers.all(name)]
    except Malformed:
        return []  # the carrier's mistake; From is there


def _privacy(request: Request) -> set[str]:
    """The values of Privacy, which are parted by semicolons (RFC 3323 section 4.2), or by mistake commas."""
    lines = request.headers.lines("Privacy")
    return {item.strip().lower() for line in lines for item in line.replace(",", ";").split(";")}
