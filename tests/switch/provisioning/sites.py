"""A site with a phone of each maker, and what one of them gets."""

from typing import Any

from switch.config.addresses import HostPort
from switch.config.choices import Maker
from switch.config.schema import Config
from switch.provisioning.phone_files import PhoneFiles

REACHED = HostPort("192.0.2.9", 8081)
KEY = bytes(range(32))
MAC = "00:15:65:AA:BB:CC"
NAMES = {
    Maker.YEALINK: ["001565aabbcc.cfg"],
    Maker.POLYCOM: ["001565aabbcc.cfg", "001565aabbcc-centralita.cfg"],
    Maker.SNOM: ["001565aabbcc.xml"],
    Maker.GRANDSTREAM: ["cfg001565aabbcc.xml"],
    Maker.GENERIC: ["linphone.xml"],
}
KEYS = [{"lamp": "1002", "label": "Luis & Gil"}, {"dial": "*60", "label": "Entrar"}, {"lamp": "support"}]


def site(maker: Maker, *, secret: str = "s3cret", **sections: Any) -> Config:
    """Phone 1001 is this maker's; the site is in Spain unless `sections` say otherwise."""
    device = {"mac": MAC, "keys": KEYS, **sections.pop("device", {})}
    phone = {"secret": secret, "maker": maker, "provision": device, **sections.pop("phone", {})}
    return Config.model_validate(
        {
            "server": {"language": "es", **sections.pop("server", {})},
            "sip": {"listen": ["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060", "tls:0.0.0.0:5061"]},
            "media": {"codecs": ["G722", "PCMA"], **sections.pop("media", {})},
            "phones": {"1001": phone, "1002": {"secret": "x"}},
            "agents": {"ana": {"name": "Ana Ruíz", "phone": "1001"}},
            "queues": {"support": {}},
            **sections,
        }
    )


def files(config: Config, key: bytes = KEY) -> PhoneFiles:
    """Its files."""
    made = PhoneFiles(key)
    made.configure(config)
    return made


def given(config: Config, name: str, agent: str = "") -> str | None:
    """What 1001 gets, as text."""
    made = files(config)
    document = made.find(f"{made.path('1001')}{name}", agent, REACHED, secure=True)
    return None if document is None else document.content.decode()
