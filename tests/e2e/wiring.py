"""The wiring of a switch on TLS: certificates of one authority for it, its phones and its carrier."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from tests.e2e.centre import Tell, centre
from tests.peers import ports
from tests.peers.certificates import Authority
from tests.peers.stream_party import StreamParty
from tests.peers.switch import Switch


class Wiring:
    """Who trusts whom: one authority for the switch, its phones and its carrier."""

    def __init__(self, folder: Path) -> None:
        self.address = ports.own_address(5061)
        self.target = f"{self.address}:5061"
        self.authority = Authority(folder, "roots")
        self.ours = self.authority.issue("centralita.example", self.address, file="switch")
        self.carriers = self.authority.issue("sip.carrier.example", ports.PHONES, file="carrier")

    def carrier(self, certificate: bool) -> AbstractAsyncContextManager[StreamParty]:
        """A carrier on TLS, with or without a certificate to show when it calls."""
        client = self.authority.client(self.carriers if certificate else None)
        server = self.authority.server(self.carriers)
        return StreamParty.open(self.target, client=client, server=server)

    def sections(self, phones: int = 1, **sections: Any) -> dict[str, Any]:
        files = {
            "certificate": str(self.ours.certificate),
            "private_key": str(self.ours.private_key),
            "client_ca": str(self.authority.certificate),
            "server_ca": str(self.authority.certificate),
        }
        sip = {"listen": [f"udp:{self.address}:5060", f"tls:{self.target}"], "tls": files, "t1": "100ms"}
        return {"address": self.address, **centre(phones, sip=sip, **sections)}

    @asynccontextmanager
    async def office(self, tell: Tell, certificate: bool = True) -> AsyncIterator[tuple[Switch, StreamParty]]:
        """A switch whose trunk is a carrier, which it knows by the certificate."""
        async with self.carrier(certificate) as carrier:
            trunk = {
                "proxy": f"sip:{carrier.here};transport=tls",
                "options": "0",
                "accept_certificate": ["sip.carrier.example"],
            }
            async with Switch.running(**self.sections(trunks={"carrier": trunk})) as switch:
                tell("switch", switch.story)
                yield switch, carrier
