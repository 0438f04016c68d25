"""Which keys a leg may agree on: by the policy for its peer, and only where nobody reads them on the way."""

import secrets
from collections.abc import Callable

from media.aio.keyring import DTLS_LACKS, SUITES, fresh_credentials
from media.keying import Dtls, Fingerprint, Ice, IceCredentials
from media.port import MasterKey, SrtpKeys
from sip.dialogs.secrecy import Keys, Own, Policy, Secrecy, Secret, Shaken
from sip.flow import Flow
from switch.config.schema import Config, Phone
from switch.config.trunk import KeyExchange, Trunk
from switch.peers import Peer, PhonePeer
from switch.records import Encryption


def secrecy(config: Config, peer: Peer, flow: Flow, fingerprint: Callable[[], Fingerprint]) -> Secrecy:
    """For a new leg, whose messages go by `flow`; `fingerprint` is of our certificate."""
    told = flow.transport == "tls" or config.media.srtp_keys_in_clear
    suites = [suite for suite in config.media.srtp_suites if told and suite in SUITES]
    settings = _settings(config, peer)

    def own() -> Own:
        ours = fingerprint()
        ice = fresh_credentials()
        return Own(f"{ours.algorithm} {ours.digest}", ice.ufrag, ice.password)

    shakes = settings.srtp_keys is KeyExchange.DTLS
    trusted = told or settings.srtp is not Policy.REQUIRED  # who changes a fingerprint on its way can listen
    handshake = own if trusted and not DTLS_LACKS else None
    return Secrecy(settings.srtp, suites, secrets.token_bytes, handshake, shakes=shakes)


def srtp(secret: Secret | None) -> SrtpKeys | None:
    """Keys that stood in the descriptions, as the port takes them."""
    if not isinstance(secret, Keys):
        return None
    suite = secret.suite.value
    return SrtpKeys(MasterKey(suite, secret.sending), MasterKey(suite, secret.receiving))


def dtls(secret: Secret | None) -> Dtls | None:
    """The handshake that was agreed on, as the port takes it."""
    if not isinstance(secret, Shaken):
        return None
    algorithm, _, digest = secret.fingerprint.partition(" ")
    ice = None
    if secret.ice is not None:
        ours = IceCredentials(secret.own.ufrag, secret.own.password)
        ice = Ice(ours, IceCredentials(*secret.ice))
    return Dtls(Fingerprint(algorithm.lower(), digest.strip()), secret.active, ice, secret.muxed)


def encryption_by(secret: Secret | None) -> Encryption | None:
    """As the call's record tells it."""
    match secret:
        case Keys():
            return Encryption.SDES
        case Shaken():
            return Encryption.DTLS
    return None


def _settings(config: Config, peer: Peer) -> Phone | Trunk:
    """Of a peer that is gone: the defaults."""
    if isinstance(peer, PhonePeer):
        return config.phones.get(peer.name) or Phone()
    return config.trunks.get(peer.name) or Trunk()
