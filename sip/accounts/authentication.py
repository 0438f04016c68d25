"""Who we are to a peer that challenges us: the client's side of digest authentication.

Credentials belong to one peer (a trunk) and to one realm: the one they name, or else the first that this peer
challenges us with. A challenge of any other realm is never answered, so nobody on the way learns a hash of a
password that was not meant for him (RFC 7616 section 5.7). Of several challenges the strongest is answered
(RFC 8760 section 2.4). A nonce is used again without being asked, its count rising (RFC 7616 section 3.3),
which spares each further request a round trip; a server and the proxy before it have one each.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sip.accounts.digest import ALGORITHMS, client_response, parse_credentials
from sip.syntax.message import Response

HEADERS: Final = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}
"""By status: the header of the challenge and the header of its answer (RFC 3261 sections 22.2 and 22.3)."""

MAX_TRIES: Final = 3
"""Answers in one request: to the first challenge, and to two that say `stale`."""
_REUSE_S: Final = 300.0
"""For how long a nonce is tried unasked. After that the server has most likely forgotten it."""
_MAX_REMEMBERED: Final = 1000


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and a password. `realm` None stands for the first realm that `peer` challenges us with.

    `peer` is the name of the trunk: two trunks with one password are still asked by two realms.
    """

    user: str
    password: str = field(repr=False)
    realm: str | None = None
    peer: str = ""


@dataclass(slots=True)
class _Nonce:
    """The challenge that is being answered, and how often it was."""

    challenge: str
    value: str
    cnonce: str
    heard_at: float
    counted: bool
    """With qop the server sees by the count that an answer is new; without, we do not use the nonce again."""
    count: int = 0


class Authorizer:
    """Answers the challenges of one peer. It may be shared by all requests to that peer, at the same time."""

    __slots__ = ("_credentials", "_nonces", "_realm", "_token")

    def __init__(self, credentials: Credentials, token: Callable[[], str]) -> None:
        """`token` returns a fresh, unguessable text: the client's nonces."""
        self._credentials = credentials
        self._token = token
        self._realm = credentials.realm
        self._nonces: dict[str, _Nonce] = {}
        """By the header that answers: the last challenge of a server, and of a proxy."""

    @property
    def realm(self) -> str | None:
        """The only realm whose challenges are answered; None until one was heard."""
        return self._realm

    def answer(
        self,
        challenges: Sequence[str],
        method: str,
        uri: str,
        now: float,
        *,
        body: bytes = b"",
        sent: Sequence[str] = (),
        header: str = "Authorization",
    ) -> str | None:
        """The value that answers the challenges of one response, or None: give up.

        `sent` are the values that this very request carried before, in order: who refuses a fresh answer
        without saying `stale` does not know our password, and is not asked again. `uri` is the Request-URI,
        `header` where the answer will stand.
        """
        challenge = self._choose(challenges)
        if challenge is None or not _may_try_again(challenge, sent):
            return None
        offer = parse_credentials(challenge) or {}
        self._realm = offer["realm"]
        nonce = self._nonces.get(header)
        if nonce is None or nonce.value != offer["nonce"]:
            nonce = _Nonce(challenge, offer["nonce"], self._token(), now, counted=bool(offer.get("qop")))
        nonce.challenge, nonce.heard_at = challenge, now
        self._nonces[header] = nonce
        return self._respond(nonce, method, uri, body)

    def prove(
        self,
        response: Response,
        method: str,
        uri: str,
        now: float,
        *,
        body: bytes = b"",
        sent: Sequence[str] = (),
    ) -> tuple[str, str] | None:
        """The header that answers a 401 or 407; None for what we do not answer (see `answer`)."""
        if response.status not in HEADERS:
            return None
        asks, answers = HEADERS[response.status]
        challenges = response.headers.lines(asks)
        value = self.answer(challenges, method, uri, now, body=body, sent=sent, header=answers)
        return None if value is None else (answers, value)

    def ahead(self, header: str, method: str, uri: str, now: float, body: bytes = b"") -> str | None:
        """The value of this header for a request that is not challenged yet: its last nonce once more."""
        nonce = self._nonces.get(header)
        if nonce is None or not nonce.counted or now - nonce.heard_at > _REUSE_S:
            return None
        return self._respond(nonce, method, uri, body)

    def _choose(self, challenges: Sequence[str]) -> str | None:
        """The strongest challenge of our realm; of two alike the first."""
        offers = [(text, offer) for text in challenges if (offer := _offer(text)) is not None]
        realm = self._realm if self._realm is not None or not offers else offers[0][1]["realm"]
        ours = [(text, offer) for text, offer in offers if offer["realm"] == realm]
        return min(ours, key=lambda pair: _weakness(pair[1]))[0] if ours else None

    def _respond(self, nonce: _Nonce, method: str, uri: str, body: bytes) -> str:
        nonce.count += 1
        who = self._credentials
        value = client_response(
            [nonce.challenge],
            method,
            uri,
            who.user,
            who.password,
            body,
            cnonce=nonce.cnonce,
            count=nonce.count,
        )
        assert value is not None, "it was chosen because it can be answered"
        return value


class Authorizers:
    """One Authorizer for each credentials, so that what one call learnt spares the next one a challenge."""

    __slots__ = ("_known", "_token")

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token
        self._known: OrderedDict[Credentials, Authorizer] = OrderedDict()

    def of(self, credentials: Credentials) -> Authorizer:
        """Who answers with these credentials; what was not used for longest is forgotten."""
        found = self._known.get(credentials)
        if found is None:
            found = self._known[credentials] = Authorizer(credentials, self._token)
            if len(self._known) > _MAX_REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(credentials)
        return found


def _offer(text: str) -> dict[str, str] | None:
    """The parameters of a challenge that we can answer."""
    offer = parse_credentials(text)
    if offer is None or client_response([text], "", "", "", "", cnonce="") is None:
        return None
    return offer


def _weakness(offer: dict[str, str]) -> int:
    return ALGORITHMS.index(offer.get("algorithm", "MD5").upper())


def _may_try_again(challenge: str, sent: Sequence[str]) -> bool:
    """Whether another answer may fare better than the last (RFC 7616 section 3.3, `stale`)."""
    if not sent:
        return True
    if len(sent) >= MAX_TRIES:
        return False
    offer, last = parse_credentials(challenge) or {}, parse_credentials(sent[-1]) or {}
    if offer.get("stale", "").lower() == "true":
        return True
    # What we sent unasked was answered with a nonce that the server may have forgotten without saying so.
    return last.get("nc", "00000001") != "00000001" and last.get("nonce") != offer.get("nonce")
