"""STIR/SHAKEN: our calls are signed, and what carriers signed is checked (RFC 8224, RFC 8588)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from switch.identities.certificates import BadCertificate, Certificates, NoCertificate
from switch.identities.passport import SHAKEN, NotAPassport, Passport, canonical, ppt_of, read, sign
from switch.identities.replays import FRESH_S

_MAX_IDENTITIES: Final = 4
"""Identity headers of one request that are looked at: each costs a check of its signature."""


class Verstat(StrEnum):
    """What the caller's number is worth (ATIS-1000074, 3GPP TS 24.229 section 7.2A.20)."""

    PASSED = "TN-Validation-Passed"
    FAILED = "TN-Validation-Failed"
    NONE = "No-TN-Validation"


class Outcome(StrEnum):
    """What came of a verification."""

    PASSED = "passed"
    MISSING = "missing"
    """No Identity that we understand."""
    STALE = "stale"
    NO_CERTIFICATE = "no_certificate"
    BAD_CERTIFICATE = "bad_certificate"
    INVALID = "invalid"
    """Not readable, signed by another key, or of another call."""
    REPLAYED = "replayed"
    """It holds, and came with another call before."""

    @property
    def verstat(self) -> Verstat:
        """As carriers call it."""
        if self is Outcome.MISSING:
            return Verstat.NONE
        return Verstat.PASSED if self is Outcome.PASSED else Verstat.FAILED

    @property
    def refusal(self) -> tuple[int, str] | None:
        """Status and phrase for the caller who is not let in with it (RFC 8224 section 6.2.2)."""
        return _REFUSALS.get(self)


_REFUSALS: Final = {
    Outcome.MISSING: (428, "Use Identity Header"),
    Outcome.STALE: (403, "Stale Date"),
    Outcome.NO_CERTIFICATE: (436, "Bad Identity Info"),
    Outcome.BAD_CERTIFICATE: (437, "Unsupported Credential"),
    Outcome.INVALID: (438, "Invalid Identity Header"),
    Outcome.REPLAYED: (438, "Invalid Identity Header"),
}


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome, for the log why, and where it passed how much the signer knew (A, B or C)."""

    outcome: Outcome
    why: str = ""
    attest: str | None = None
    has_numbers: bool = False
    """The certificate says for which numbers it may sign."""


class Signer:
    """Signs the calls to one trunk."""

    def __init__(self, key: EllipticCurvePrivateKey, certificate_url: str, attest: str) -> None:
        self._key = key
        self._url = certificate_url
        self._attest = attest

    def identity(self, orig: str, dest: str, now_s: float, *, ours: bool) -> str:
        """The Identity of a call between two numbers in E.164. A call that is not from one of our phones
        came through us only: what we know of its caller is C, whatever is configured (RFC 8588 section 4).
        """
        return sign(
            self._key,
            x5u=self._url,
            orig=canonical(orig),
            dest=canonical(dest),
            attest=self._attest if ours else "C",
            iat=int(now_s),
            origid=str(uuid4()),
        )


class Verifier:
    """Checks the calls of one trunk."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates

    def verify(
        self,
        identities: Sequence[str],
        orig: str | None,
        dest: str | None,
        now_s: float,
        is_replay: Callable[[Passport], bool],
    ) -> Verification:
        """Whether one of the Identity headers holds for a call between two numbers in E.164; None where the
        request names none. Else what is wrong with the first. `is_replay` is asked of one that holds.
        """
        concerned = [value for value in identities if ppt_of(value) in (None, SHAKEN)]
        first = Verification(Outcome.MISSING)
        for identity in concerned[:_MAX_IDENTITIES]:
            found = self._verify(identity, orig, dest, now_s, is_replay)
            if found.outcome is Outcome.PASSED:
                return found
            if first.outcome is Outcome.MISSING:
                first = found
        return first

    def _verify(
        self,
        identity: str,
        orig: str | None,
        dest: str | None,
        now_s: float,
        is_replay: Callable[[Passport], bool],
    ) -> Verification:
        """The order is that of RFC 8224 section 6.2, cheap before dear."""
        try:
            passport = read(identity)
            if abs(now_s - passport.iat) > FRESH_S:
                return Verification(Outcome.STALE, f"signed {round(now_s - passport.iat)} s ago")
            if orig is None or passport.orig != canonical(orig):
                return Verification(Outcome.INVALID, "signed for another caller")
            if dest is None or canonical(dest) not in passport.dest:
                return Verification(Outcome.INVALID, "signed for another called number")
            credential = self._certificates.find(passport.x5u, datetime.fromtimestamp(now_s, UTC))
        except NotAPassport as error:
            return Verification(Outcome.INVALID, str(error))
        except NoCertificate as error:
            return Verification(Outcome.NO_CERTIFICATE, str(error))
        except BadCertificate as error:
            return Verification(Outcome.BAD_CERTIFICATE, str(error))
        if not passport.is_signed_by(credential.key):
            return Verification(Outcome.INVALID, "its signature is not of that certificate")
        if is_replay(passport):
            return Verification(Outcome.REPLAYED, "it came with another call before")
        return Verification(Outcome.PASSED, "", passport.attest, credential.has_numbers)
