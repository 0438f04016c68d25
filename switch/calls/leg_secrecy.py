"""Which keys a leg may agree on: by the policy for its peer, and only where nobody reads them on the way."""

import secrets

from media.aio.keyring import SUITES
from media.port import MasterKey, SrtpKeys
from sip.dialogs.secrecy import Keys, Policy, Secrecy
from sip.flow import Flow
from switch.config.schema import Config
from switch.peers import Peer, PhonePeer


def secrecy(config: Config, peer: Peer, flow: Flow) -> Secrecy:
    """For a new leg, whose messages go by `flow`."""
    told = flow.transport == "tls" or config.media.srtp_keys_in_clear
    suites = [suite for suite in config.media.srtp_suites if told and suite in SUITES]
    return Secrecy(_policy(config, peer), suites, secrets.token_bytes)


def srtp(keys: Keys | None) -> SrtpKeys | None:
    """What was agreed on, as the port takes it."""
    if keys is None:
        return None
    return SrtpKeys(MasterKey(keys.suite.value, keys.sending), MasterKey(keys.suite.value, keys.receiving))


def _policy(config: Config, peer: Peer) -> Policy:
    settings = (config.phones if isinstance(peer, PhonePeer) else config.trunks).get(peer.name)
    return settings.srtp if settings is not None else Policy.OFFERED
