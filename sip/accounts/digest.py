"""Digest authentication (RFC 3261 section 22, RFC 7616, RFC 8760), both sides.

Offered: SHA-256 and MD5 with qop=auth. Not offered: auth-int, which SIP proxies that touch bodies break;
answers without qop (RFC 2069), which carry no count and so could be replayed; userhash; the -sess variants.
"""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sip.flow import DEFAULT_PORTS, neighbourhood
from sip.syntax.headers import quote
from sip.syntax.kernels import unquote
from sip.syntax.limits import MAX_PARAMETERS
from sip.syntax.malformed import Malformed
from sip.syntax.message import Request
from sip.syntax.uri import Uri

ALGORITHMS: Final = ("SHA-256", "MD5")
"""Strongest first: that of several challenges we answer the first of these."""
CHALLENGED: Final = ("MD5", "SHA-256")
"""The order of our challenges. RFC 8760 2.4 lets the server choose it. MD5 leads because many phones, and
SIPp to 3.6, read the first challenge only and give up if they cannot answer it; who knows both may choose."""

_PARAMETER = re.compile(
    r"""[ \t]*+([A-Za-z0-9\-.!%*_+`'~]++)[ \t]*+=[ \t]*+("(?:[^"\\]|\\.)*+"|[^",= \t]++)[ \t]*+(?:,|\Z)"""
)
_NONCE = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16})-([0-9a-f]{32})\Z")
_COUNT = re.compile(r"[0-9a-fA-F]{8}\Z")
_NEEDED: Final = frozenset({"username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce"})
_WINDOW: Final = 64


class FailureKind(Enum):
    """Why credentials were not taken."""

    MISSING = "missing"
    WRONG = "wrong"  # password, user, realm, target or form: which one is nobody's business
    STALE = "stale"  # for a nonce that is too old, of an earlier process, or sent to another address
    REPLAYED = "replayed"  # right, but its count was used before


@dataclass(frozen=True, slots=True)
class Verified:
    """The request was made by one who knows `user`'s password."""

    user: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Answer 401 with `Challenger.challenges(now, failure)`, whatever the kind.

    `answered` says that the nonce is one which we sent to that address, and `user` who it was meant to prove:
    only such a failure may be held against an address, since every other one may come from anywhere.
    """

    kind: FailureKind
    user: str = ""
    answered: bool = False


@dataclass(slots=True)
class _Counts:
    """Which counts of one nonce were used: the highest, and one bit for each of the 64 up to it."""

    highest: int
    used: int

    def take(self, count: int) -> bool:
        """Whether `count` is fresh; UDP may bring requests out of order, so it need not be the highest."""
        ahead = count - self.highest
        if ahead > 0:
            self.used = (self.used << min(ahead, _WINDOW) | 1) & ((1 << _WINDOW) - 1)
            self.highest = count
            return True
        bit = 1 << -ahead
        if -ahead >= _WINDOW or self.used & bit:
            return False
        self.used |= bit
        return True


class Challenger:
    """The server's side for one realm.

    A nonce carries its time and a signature that holds for one address (of IPv6: one neighbourhood, within
    which a phone may change its address at will), so a challenge needs no memory. Only
    a nonce that came back with the right password is remembered, for its counts: strangers cannot fill the
    table. When it is full the oldest entry goes, and every nonce up to its age counts as stale: forgetting
    never lets a replay in.
    """

    def __init__(
        self, secret: bytes, realm: str, *, lifetime_s: float = 300.0, max_nonces: int = 10000
    ) -> None:
        """`secret` must be unguessable and new for each process: `now` starts anew with it."""
        self.realm = realm
        self._secret = secret
        self._lifetime_ms = int(lifetime_s * 1000)
        self._max_nonces = max_nonces
        self._issued = 0
        self._oldest_ms = -1  # nonces up to this time are stale
        self._counts: OrderedDict[str, _Counts] = OrderedDict()
        self._decoy = hmac.digest(secret, b"decoy", "sha256").hex()

    def challenges(self, now: float, failure: Failure | None = None, source: str = "") -> list[str]:
        """WWW-Authenticate values, one for each algorithm; `stale` spares the user a question.

        `source` is the address to which they go: from another one the answer will be stale.
        """
        self._issued += 1
        nonce = self._sign(int(now * 1000), self._issued, source)
        stale = failure is not None and failure.kind in (FailureKind.STALE, FailureKind.REPLAYED)
        flag = ", stale=true" if stale else ""
        return [
            f'Digest realm={quote(self.realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{flag}'
            for algorithm in CHALLENGED
        ]

    def verify(
        self, request: Request, lookup: Callable[[str], str | None], now: float, source: str = ""
    ) -> Verified | Failure:
        """Judge the Authorization of a request from `source`; `lookup` gives a user's password, None for an
        unknown one.

        An unknown user costs the same work as a wrong password and fails the same. A nonce that we did not
        send to `source` is stale whatever the password: who guesses has to show himself for each guess.
        """
        answers = [parse_credentials(value) for value in request.headers.lines("Authorization")]
        answer = next((found for found in answers if found and found.get("realm") == self.realm), None)
        if answer is None:
            return Failure(FailureKind.WRONG if None in answers else FailureKind.MISSING)
        algorithm = answer.get("algorithm", "MD5").upper()
        if algorithm not in ALGORITHMS or not _is_complete(answer) or not _is_for(answer["uri"], request):
            return Failure(FailureKind.WRONG)
        user = answer["username"]
        issued_ms = self._issued_ms(answer["nonce"], source)
        if issued_ms is None:
            return Failure(FailureKind.STALE, user)
        password = lookup(user)
        right = _is_right(answer, algorithm, request.method, self._decoy if password is None else password)
        if not right or password is None:
            return Failure(FailureKind.WRONG, user, answered=True)
        kind = self._check_use(answer["nonce"], issued_ms, int(answer["nc"], 16), now)
        return Verified(user) if kind is None else Failure(kind, user, answered=True)

    def remembered(self) -> int:
        """How many nonces are held for their counts."""
        return len(self._counts)

    def _sign(self, issued_ms: int, number: int, source: str) -> str:
        text = f"{issued_ms:x}-{number:x}"
        signature = hmac.digest(
            self._secret, f"{text}-{neighbourhood(source)}-{self.realm}".encode(), "sha256"
        ).hex()
        return f"{text}-{signature[:32]}"

    def _issued_ms(self, nonce: str, source: str) -> int | None:
        """When we sent this nonce to that address; None if we never did."""
        match = _NONCE.match(nonce)
        if match is None:
            return None
        issued_ms = int(match[1], 16)
        ours = self._sign(issued_ms, int(match[2], 16), source)
        return issued_ms if hmac.compare_digest(ours, nonce) else None

    def _check_use(self, nonce: str, issued_ms: int, count: int, now: float) -> FailureKind | None:
        if issued_ms <= max(self._oldest_ms, int(now * 1000) - self._lifetime_ms):
            return FailureKind.STALE
        known = self._counts.get(nonce)
        if known is None:
            self._forget(int(now * 1000) - self._lifetime_ms)
            self._counts[nonce] = _Counts(count, 1)
            return None
        return None if known.take(count) else FailureKind.REPLAYED

    def _forget(self, expired_ms: int) -> None:
        """Make room for one more: what has expired goes, and when nothing has, what was first used first."""
        while self._counts:
            issued_ms = int(next(iter(self._counts)).partition("-")[0], 16)
            full = len(self._counts) >= self._max_nonces
            if issued_ms > expired_ms and not full:
                return
            self._counts.popitem(last=False)
            if issued_ms > expired_ms:
                self._oldest_ms = max(self._oldest_ms, issued_ms)


def client_response(
    challenges: Sequence[str],
    method: str,
    uri: str,
    user: str,
    password: str,
    body: bytes = b"",
    *,
    cnonce: str,
    count: int = 1,
) -> str | None:
    """The Authorization value for the strongest of a server's challenges; None when we can answer none.

    `cnonce` is fresh for each nonce, `count` one more for each request that uses the nonce again.
    """
    offers = [offer for offer in map(parse_credentials, challenges) if offer and _can_answer(offer)]
    if not offers:
        return None
    offer = min(offers, key=lambda offer: ALGORITHMS.index(offer.get("algorithm", "MD5").upper()))
    algorithm = offer.get("algorithm", "MD5").upper()
    qops = [qop.strip() for qop in offer.get("qop", "").lower().split(",") if qop.strip()]
    answer = {"username": user, "realm": offer["realm"], "nonce": offer["nonce"], "uri": uri}
    if qops:
        qop = "auth" if "auth" in qops else "auth-int"
        answer |= {"qop": qop, "cnonce": cnonce, "nc": f"{count:08x}"}
    response = _response(answer, algorithm, method, user, password, body)
    quoted = [f"{name}={quote(value)}" for name, value in answer.items() if name not in ("qop", "nc")]
    plain = [f"{name}={answer[name]}" for name in ("qop", "nc") if name in answer]
    opaque = [f"opaque={quote(offer['opaque'])}"] if "opaque" in offer else []
    return "Digest " + ", ".join(
        [*quoted, f'response="{response}"', f"algorithm={algorithm}", *plain, *opaque]
    )


def parse_credentials(text: str) -> dict[str, str] | None:
    """The parameters of a Digest challenge or answer, names in lower case; None for anything else."""
    scheme, _, rest = text.partition(" ")
    if scheme.lower() != "digest":
        return None
    found: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or match[1].lower() in found or len(found) == MAX_PARAMETERS:
            return None
        value = match[2]
        found[match[1].lower()] = unquote(value) if value.startswith('"') else value
        position = match.end()
    return found


def _is_complete(answer: dict[str, str]) -> bool:
    return answer.keys() >= _NEEDED and answer["qop"].lower() == "auth" and bool(_COUNT.match(answer["nc"]))


def _is_for(uri: str, request: Request) -> bool:
    """Whether the digest's URI is the Request-URI; parameters and default port do not count."""
    if uri == request.uri:
        return True
    try:
        theirs, ours = Uri.parse(uri), request.target
    except Malformed:
        return False
    return _place(theirs) == _place(ours)


def _place(uri: Uri) -> tuple[str, str | None, str, int]:
    port = uri.port or DEFAULT_PORTS["tls" if uri.scheme == "sips" else "udp"]
    return uri.scheme, uri.user, uri.host.lower(), port


def _is_right(answer: dict[str, str], algorithm: str, method: str, password: str) -> bool:
    """Whether the response is the one of that password.

    RFC 7616 leaves open whether escapes in a user name are hashed as written: clients do either.
    """
    user = answer["username"]
    right = False
    for name in {user, quote(user)[1:-1]}:
        expected = _response(answer, algorithm, method, name, password)
        given = answer["response"].lower().encode("utf-8", "surrogateescape")
        right |= hmac.compare_digest(expected.encode(), given)
    return right


def _can_answer(offer: dict[str, str]) -> bool:
    qops = {qop.strip() for qop in offer.get("qop", "auth").lower().split(",")}
    algorithm = offer.get("algorithm", "MD5").upper()
    return (
        {"realm", "nonce"} <= offer.keys() and algorithm in ALGORITHMS and bool(qops & {"auth", "auth-int"})
    )


def _response(
    answer: dict[str, str], algorithm: str, method: str, user: str, password: str, body: bytes = b""
) -> str:
    """RFC 7616 3.4.1; without qop RFC 2069."""
    secret = _hash(algorithm, f"{user}:{answer['realm']}:{password}")
    request = f"{method}:{answer['uri']}"
    qop = answer.get("qop", "").lower()
    if qop == "auth-int":
        request += ":" + _hash(algorithm, body)
    middle = f"{answer['nonce']}:{answer['nc']}:{answer['cnonce']}:{qop}" if qop else answer["nonce"]
    return _hash(algorithm, f"{secret}:{middle}:{_hash(algorithm, request)}")


def _hash(algorithm: str, text: str | bytes) -> str:
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    if algorithm == "MD5":
        return hashlib.md5(data, usedforsecurity=False).hexdigest()
    return hashlib.sha256(data).hexdigest()
