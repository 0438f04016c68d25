"""What the configuration says of transports, as the SIP shell takes it."""

import resource

from sip.aio.connection_limits import Bounds
from sip.aio.tls import TlsFiles
from switch.config.schema import Config

_MOST = 20_000
_SHARE = 8
"""One descriptor of so many is for a connection of SIP, the others for media and files."""


def tls_files(config: Config) -> TlsFiles:
    """Our certificate and the roots that we trust."""
    tls = config.sip.tls
    if tls is None:
        return TlsFiles()
    return TlsFiles(
        certificate=config.path(tls.certificate),
        private_key=config.path(tls.private_key),
        client_ca=None if tls.client_ca is None else config.path(tls.client_ca),
        server_ca=None if tls.server_ca is None else config.path(tls.server_ca),
    )


def bounds(config: Config) -> Bounds:
    """How many connections there may be: from one address as configured (0 is no limit), in all what
    descriptors allow.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST if hard == resource.RLIM_INFINITY else min(_MOST, hard // _SHARE)
    return Bounds(most=most, per_address=config.sip.connections_per_address or most)
