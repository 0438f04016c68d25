"""`trunks.NAME`: a carrier, and how one talks to it."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from sip.dialogs.secrecy import Policy
from switch.calls import variables
from switch.config import addresses, values
from switch.config.addresses import Proxy, Source
from switch.config.section import Count, Duration, Flag, Networks, Positive, Secret, Section, Words
from switch.config.toll import Toll


class DidFrom(StrEnum):
    """Where a trunk writes the number that was called."""

    REQUEST_URI = "request-uri"
    TO = "to"
    P_CALLED_PARTY_ID = "p-called-party-id"


class Target(Section):
    """`targets`: one of several places where calls to a trunk go"""

    uri: Annotated[Proxy, BeforeValidator(addresses.proxy)]
    priority: Count = 10
    """Smaller first, as in SRV (RFC 2782)."""
    weight: Annotated[Count, Field(le=65535)] = 10
    """Its share of the calls among targets of one priority."""


class Credentials(Section):
    """`credentials`: who we are to the carrier when it challenges us"""

    user: Words
    secret: Secret = SecretStr("")
    secret_file: Words | None = None
    realm: Words | None = None
    """Challenges of another realm are not answered; None takes the first realm that the carrier names."""


class Digest(Section):
    """`accept_digest`: who the carrier is to us, wherever it calls from"""

    user: Words
    secret: Secret = SecretStr("")
    secret_file: Words | None = None


class Registration(Section):
    """`registration`: we register with the carrier, as a phone would"""

    registrar: Annotated[Proxy, BeforeValidator(addresses.proxy)]
    user: Words
    """The user of the address of record, and of the Contact by which the carrier calls us."""
    domain: Words | None = None
    """Of the address of record; None is the registrar's host."""
    expires: Positive = 3600.0


class InForm(StrEnum):
    """What becomes of the numbers that a trunk sends."""

    AS_IS = "as-is"
    E164 = "e164"


class OutForm(StrEnum):
    """How numbers are written to a trunk."""

    AS_IS = "as-is"
    E164 = "e164"
    """+34911000000"""
    INTERNATIONAL = "international"
    """34911000000"""
    NATIONAL = "national"
    """911000000 within the trunk's country, 0034911000000 style prefixes to others"""


class Numbers(Section):
    """`numbers`: how the carrier writes numbers"""

    country: Words | None = None
    """Of national numbers, by its two letters: ES."""
    inbound: InForm = InForm.AS_IS
    outbound: OutForm = OutForm.AS_IS


class CallerIdHeader(StrEnum):
    """Where the caller stands besides From."""

    NONE = "none"
    P_ASSERTED_IDENTITY = "p-asserted-identity"
    REMOTE_PARTY_ID = "remote-party-id"


class Redirection(StrEnum):
    """Where it stands who a call was first meant for."""

    NONE = "none"
    DIVERSION = "diversion"
    HISTORY_INFO = "history-info"


class CallerId(Section):
    """`caller_id`: which caller the carrier is shown, and whom we believe"""

    header: CallerIdHeader = CallerIdHeader.NONE
    number: Words | None = None
    """Shown where the caller's own number may not be; None shows it withheld."""
    allowed: tuple[Words, ...] = ("*",)
    """Numbers that may be shown, as patterns of `to` in a route."""
    trust: Flag = False
    """Take this trunk's P-Asserted-Identity or Remote-Party-ID for the caller; tell it those withheld."""
    redirection: Redirection = Redirection.NONE


class Prack(StrEnum):
    """Reliable provisional responses (RFC 3262)."""

    OFF = "off"
    SUPPORTED = "supported"
    REQUIRED = "required"


class Dtmf(StrEnum):
    """How digits go to the carrier."""

    AUTO = "auto"
    """RFC 4733 where its SDP has telephone-event, else INFO with application/dtmf-relay."""
    RFC4733 = "rfc4733"
    INFO_RELAY = "info-relay"
    """INFO with application/dtmf-relay"""
    INFO = "info"
    """INFO with application/dtmf"""
    IN_BAND = "in-band"
    """Tones in the audio."""


class KeyExchange(StrEnum):
    """How keys of SRTP are agreed on."""

    SDES = "sdes"
    """In SDP (RFC 4568)."""
    DTLS = "dtls"
    """By a handshake beside the media (RFC 5763)."""


class Attestation(StrEnum):
    """How much we know of a caller (RFC 8588 section 4)."""

    A = "A"
    B = "B"
    C = "C"


class Sign(Section):
    """`stir.sign`: our calls carry a PASSporT (RFC 8224, RFC 8588)"""

    certificate_url: Words
    """Where others get our certificate (`x5u`)."""
    private_key: Words
    """A PEM file with a P-256 key."""
    attest: Attestation = Attestation.A


class OnBadIdentity(StrEnum):
    """What happens to a call whose Identity does not hold."""

    ACCEPT = "accept"
    REJECT = "reject"


class Verify(Section):
    """`stir.verify`: the Identity of the carrier's calls is checked"""

    roots: Words
    """A PEM file with the certificates of those who are trusted."""
    certificates: Words
    """A folder with the certificates that Identity headers name, each under the last part of its URL."""
    on_failure: OnBadIdentity = OnBadIdentity.ACCEPT


class Stir(Section):
    """`stir`: STIR/SHAKEN"""

    sign: Sign | None = None
    verify: Verify | None = None


def _header(value: object) -> str:
    written = values.text(value)
    if not _HEADER.fullmatch(written) or written.lower() in _NOT_TOLD:
        raise values.expected(value, "a header that may be told to programs", "X-Account")
    return written


_HEADER = re.compile(r"[A-Za-z0-9!%*_+`'~.-]{1,64}")
_NOT_TOLD = frozenset(("authorization", "proxy-authorization", "identity"))
"""They prove who somebody is."""
Variables = Annotated[
    dict[Annotated[str, AfterValidator(variables.name)], Annotated[str, BeforeValidator(_header)]],
    Field(max_length=variables.MOST),
]


class Trunk(Section):
    """`trunks.NAME`: a carrier"""

    accept_from: tuple[Annotated[Source, BeforeValidator(addresses.source)], ...] = ()
    accept_certificate: tuple[Words, ...] = ()
    """Names in client certificates by which we know the carrier on TLS (RFC 5922)."""
    accept_digest: Digest | None = None
    proxy: Annotated[Proxy, BeforeValidator(addresses.proxy)] | None = None
    targets: Annotated[tuple[Target, ...], AfterValidator(values.some)] | None = None
    """Several, in place of `proxy`."""
    credentials: Credentials | None = None
    registration: Registration | None = None
    options: Duration = 30.0
    """Each target is asked by OPTIONS this often: down after three misses, up after two answers; 0 is off."""
    unreachable_after: Positive = 3.0
    """No answer, not even a 100: the call goes to the next target."""
    media_from: Networks = ()
    did_from: DidFrom = DidFrom.REQUEST_URI
    numbers: Numbers = Numbers()
    caller_id: CallerId = CallerId()
    prack: Prack = Prack.SUPPORTED
    dtmf: Dtmf = Dtmf.AUTO
    srtp: Policy = Policy.OFFERED
    srtp_keys: KeyExchange = KeyExchange.SDES
    """What our offers have; theirs may have either."""
    stir: Stir = Stir()
    toll: Toll = Toll()
    variables: Variables = Field(default_factory=dict)
    """Headers of its INVITEs that become variables of the call, by the variables' names."""
    max_calls: Count = 200
    max_cps: Count = 50
