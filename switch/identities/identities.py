"""Every trunk's part in who calls whom: its numbers, its callers, what it is shown, its keys."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sip.syntax.message import Request
from switch.config.schema import Config
from switch.config.trunk import OnBadIdentity, Trunk
from switch.identities.caller import Caller, read_caller, read_phone
from switch.identities.certificates import Certificates, read_private_key, read_roots
from switch.identities.numbers import NotANumber, Numbering, number_of
from switch.identities.passport import Passport
from switch.identities.presenting import Presented, Presenting
from switch.identities.redirection import Redirections
from switch.identities.replays import Replays
from switch.identities.stir import Signer, Verification, Verifier
from switch.limits import Room
from switch.routes import called_number


@dataclass(frozen=True, slots=True)
class Keys:
    """What the configuration's files hold, by trunk."""

    signers: Mapping[str, Signer] = field(default_factory=dict)
    verifiers: Mapping[str, Verifier] = field(default_factory=dict)


def read_keys(config: Config) -> Keys:
    """Read the keys and roots that the trunks name: from disk, so not in the loop. Raises ValueError with a
    message for people.
    """
    signers, verifiers = {}, {}
    for name, trunk in config.trunks.items():
        if (sign := trunk.stir.sign) is not None:
            key = read_private_key(config.path(sign.private_key))
            signers[name] = Signer(key, sign.certificate_url, sign.attest.value)
        if (verify := trunk.stir.verify) is not None:
            roots = read_roots(config.path(verify.roots))
            verifiers[name] = Verifier(Certificates(roots, config.path(verify.certificates)))
    return Keys(signers, verifiers)


class Identities:
    """What the running switch asks: who calls, whom, and what the next one is told of both."""

    def __init__(self, now_s: Callable[[], float] = time.time) -> None:
        """`now_s` gives seconds of UTC as others see them, who look at the `iat` of what is signed: those of
        the wall clock, which the router's may lag behind.
        """
        self._now_s = now_s
        self.keys = Keys()
        """In force from the next `configure` on."""
        self._replays = Replays()
        """One for all trunks: who replays a call may choose its way."""
        self._trunks: dict[str, TrunkIdentities] = {}
        self._names: dict[str, str] = {}

    def configure(self, config: Config) -> None:
        """Judge by this configuration from now on. A trunk that it no longer has keeps its rules: its calls
        go on.
        """
        self._names = {agent.phone: agent.name for agent in config.agents.values() if agent.phone is not None}
        for name, trunk in config.trunks.items():
            signer, verifier = self.keys.signers.get(name), self.keys.verifiers.get(name)
            domain = _domain(trunk, config.sip.domain)
            self._trunks[name] = TrunkIdentities(trunk, domain, self._now_s, signer, verifier, self._replays)

    def trunk(self, name: str) -> "TrunkIdentities":
        """The rules of a trunk that is, or was, configured. Raises KeyError."""
        return self._trunks[name]

    def phone(self, request: Request, name: str) -> Caller:
        """The caller where one of our phones calls; his name is that of the agent whose phone it is."""
        return read_phone(request, name, self._names.get(name, ""))

    def desk(self, name: str) -> Caller:
        """Whoever is at one of our phones, as the caller that he has become."""
        return Caller(name, self._names.get(name, ""), ours=True)

    def present(self, trunk: str, caller: Caller, number: str, redirections: Redirections = ()) -> Presented:
        """What the trunk is told where `caller` calls `number`; `redirections` are those of a call that is
        only passed on. Raises NotANumber.
        """
        return self._trunks[trunk].present(caller, number, redirections)


class TrunkIdentities:
    """The rules and keys of one trunk."""

    def __init__(
        self,
        trunk: Trunk,
        domain: str,
        now_s: Callable[[], float],
        signer: Signer | None,
        verifier: Verifier | None,
        replays: Replays,
    ) -> None:
        """Callers are shown to the trunk in `domain`."""
        self._trunk = trunk
        self._domain = domain
        self._now_s = now_s
        self._numbering = Numbering(trunk.numbers)
        self._presenting = Presenting(trunk.caller_id, self._numbering)
        self._signer = signer
        self._verifier = verifier
        self._replays = replays

    @property
    def rejects_unverified(self) -> bool:
        """Whether only calls get in whose Identity holds."""
        verify = self._trunk.stir.verify
        return verify is not None and verify.on_failure is OnBadIdentity.REJECT

    def called(self, request: Request) -> str:
        """The number that an INVITE of the trunk asks for, as the routes see it. Raises Malformed."""
        return self._numbering.read(called_number(request, self._trunk.did_from))

    def is_one(self, number: str, other: str) -> bool:
        """Whether two numbers are written alike to the trunk."""
        try:
            return self._numbering.write(number) == self._numbering.write(other)
        except NotANumber:
            return False

    def caller(self, request: Request) -> Caller:
        """Who calls by the trunk. Raises Malformed."""
        return read_caller(request, trust=self._trunk.caller_id.trust, inbound=self._numbering.read)

    def verify(self, request: Request, caller: Caller, hold: Callable[[Room], None]) -> Verification | None:
        """Whether a carrier signed that `caller` calls whom To names; None where that is not asked. The call
        is to `hold` the use of what holds, and give it back where it is refused.
        """
        if self._verifier is None:
            return None
        number, now_s = number_of(request.to.uri), self._now_s()
        orig, dest = self._numbering.e164(caller.number), self._numbering.e164(number)

        def is_replay(passport: Passport) -> bool:
            use = self._replays.use(passport, dest or "", request.call_id, now_s)
            if use is not None:
                hold(use)
            return use is None

        return self._verifier.verify(request.headers.lines("Identity"), orig, dest, now_s, is_replay)

    def present(self, caller: Caller, number: str, redirections: Redirections) -> Presented:
        """See `Identities.present`."""
        presented = self._presenting.present(caller, number, self._domain, redirections)
        if self._signer is None:
            return presented
        orig, dest = self._numbering.e164(presented.caller), self._numbering.e164(number)
        if orig is None or dest is None:  # a withheld caller, an emergency number: there is nothing to sign
            return presented
        identity = self._signer.identity(orig, dest, self._now_s(), ours=caller.ours)
        return replace(presented, headers=(*presented.headers, ("Identity", identity)))


def _domain(trunk: Trunk, ours: str) -> str:
    """Where we register we are somebody of the carrier's: it wants its own domain in From."""
    registration = trunk.registration
    return ours if registration is None else registration.domain or registration.registrar.host
