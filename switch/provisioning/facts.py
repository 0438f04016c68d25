"""What a phone has to know, and its files with that in them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Final, Self

from media.progress import Country
from sip.dialogs.secrecy import Policy
from sip.flow import Transport
from sip.syntax.uri import host_port
from switch.config.provisioning import Device, Key
from switch.config.schema import Config
from switch.provisioning.maker import Page
from switch.provisioning.tones import spelled
from switch.provisioning.zones import Change, Zone

_MONDAYS_FIRST: Final = (7, 1, 2, 3, 4, 5, 6)
"""Weekdays that begin with Monday as 1, by those that begin with Sunday as 0."""
_BLOCK: Final = re.compile(r"( *)\{(codecs|summer|agents|keys)\}\n")
"""A line of a template that stands for none or several."""


@dataclass(frozen=True, slots=True)
class Account:
    """One phone at one switch."""

    user: str
    secret: str
    display: str
    domain: str
    host: str
    """Where its SIP goes."""
    port: int
    transport: Transport
    srtp: str
    codecs: tuple[str, ...]
    language: str
    tones: Country
    zone: Zone
    pickup: str
    """What is dialled before a number to take what rings there; empty where nothing is."""
    has_agents: bool
    """Whether people may log in at phones."""
    device: Device

    @classmethod
    def of(cls, name: str, config: Config, reached: str) -> Self:
        """Phone `name`, which has `provision`, and which reached us at the address `reached`."""
        phone = config.phones[name]
        if phone.provision is None:
            raise ValueError(f"phone {name!r} has no provision")
        device = phone.provision
        sockets = {socket.transport: socket for socket in reversed(config.sip.listen)}
        socket = sockets[device.transport or config.sip.listen[0].transport]
        owner = next((agent.name for agent in config.agents.values() if agent.phone == name), name)
        return cls(
            user=name,
            secret=phone.secret.get_secret_value(),
            display=device.display or owner,
            domain=config.sip.domain,
            host=config.provisioning.sip_server or config.sip.advertise.public or reached,
            port=socket.port,
            transport=socket.transport,
            srtp=_secrecy(phone.srtp, socket.transport, config),
            codecs=tuple(map(str, config.media.codecs)),
            language=config.server.language,
            tones=config.media.tones,
            zone=Zone.named(config.server.timezone),
            pickup=config.codes.pickup or "",
            has_agents=bool(config.agents),
            device=device,
        )


def names(page: Page, device: Device) -> list[str]:
    """Of the phone's files, in small letters; the first is the one that it asks for."""
    return [name.format(mac=device.mac) for name in page.files]


def written(page: Page, account: Account, name: str) -> str:
    """The phone's file `name`, one of `names`. Raises CannotWrite."""
    templates = dict(zip(names(page, account.device), page.files.values(), strict=True))
    facts = {key: page.escaped(value) for key, value in _plain(page, account).items()}
    blocks = {
        "codecs": "".join(_codecs(page, account.codecs)),
        "summer": (page.no_summer if account.zone.summer is None else page.summer).format(**facts),
        "agents": page.agents.format(**facts) if account.has_agents else "",
        "keys": "".join(_keys(page, account, facts)),
    }

    def filled(line: str) -> str:
        block = _BLOCK.fullmatch(line)
        return line.format(**facts) if block is None else indent(blocks[block[2]], block[1])

    return "".join(map(filled, templates[name].splitlines(keepends=True)))


def _secrecy(policy: Policy, transport: Transport, config: Config) -> Policy:
    """What the phone is told: its keys would go in the clear where we do not take them."""
    in_clear = transport != "tls" and not config.media.srtp_keys_in_clear
    return Policy.NEVER if in_clear and policy is Policy.OFFERED else policy


def _plain(page: Page, account: Account) -> dict[str, str]:
    zone = account.zone
    worded = ("transport", "srtp", "srtp_offer", "srtp_require", "language", "web_language", "tones")
    ours = {
        "transport": account.transport,
        "language": account.language,
        "web_language": account.language,
        "tones": account.tones,
    }
    return {
        "user": account.user,
        "secret": account.secret,
        "display": account.display,
        "domain": account.domain,
        "host": account.host,
        "port": str(account.port),
        "place": host_port(account.host, account.port),
        "mac": account.device.mac or "",
        "way": account.transport,
        "offset_s": str(zone.offset_s),
        "offset_signed_s": f"{zone.offset_s:+d}",
        "offset_hours": zone.hours,
        "posix_zone": zone.posix,
        "pickup": account.pickup,
        "pickup_behind": f"|{account.pickup}" if account.pickup else "",
        "codec_list": ",".join(_spoken(page, account.codecs)),
        **{name: page.word(name, ours.get(name, account.srtp)) for name in worded},
        **_changes(zone),
        **dict(spelled(account.tones)),
    }


def _changes(zone: Zone) -> dict[str, str]:
    """Start and end of the summer, by every maker's way of counting; none where there is none."""
    if zone.summer is None:
        return {}
    ahead = {"ahead_s": str(zone.summer.ahead_s), "ahead_minutes": str(zone.summer.ahead_s // 60)}
    return {**ahead, **_change("start", zone.summer.start), **_change("end", zone.summer.end)}


def _change(name: str, change: Change) -> dict[str, str]:
    return {
        f"{name}_month": str(change.month),
        f"{name}_month2": f"{change.month:02d}",
        f"{name}_week": str(change.week),
        f"{name}_week2": f"{change.week:02d}",
        f"{name}_weekday": str(_MONDAYS_FIRST[change.weekday]),
        f"{name}_weekday2": f"{_MONDAYS_FIRST[change.weekday]:02d}",
        f"{name}_sunday1": str(change.weekday + 1),
        f"{name}_hour": str(change.hour),
        f"{name}_hour2": f"{change.hour:02d}",
        f"{name}_first_day": str(7 * change.week - 6 if change.week < 5 else 1),
        f"{name}_is_last": str(int(change.week == 5)),
    }


def _spoken(page: Page, codecs: Sequence[str]) -> list[str]:
    return [page.word("codec", codec) for codec in codecs]


def _codecs(page: Page, codecs: Sequence[str]) -> Iterator[str]:
    spoken = _spoken(page, codecs)
    if page.codec_slots:
        for i, slot in enumerate(page.codec_slots):
            yield page.codec.format(slot=slot, codec=spoken[min(i, len(spoken) - 1)])
        return
    for rank, codec in enumerate(spoken, start=1):
        yield page.codec.format(codec=codec, rank=rank)
    for codec in page.words.get("codec", {}).values():
        if codec not in spoken:
            yield page.other_codec.format(codec=codec)


def _keys(page: Page, account: Account, facts: Mapping[str, str]) -> Iterator[str]:
    counts = {"lamp": 0, "dial": 0}
    for i, key in enumerate(account.device.keys):
        if page.key_slots and i >= len(page.key_slots):
            return
        kind = "dial" if key.lamp is None else "lamp"
        counts[kind] += 1
        template = page.dial if key.lamp is None else page.lamp
        yield template.format(
            **facts,
            value=page.escaped(_value(key)),
            label=page.escaped(key.label or _value(key)),
            n=page.first_key + i,
            nth=counts[kind],
            slot=page.key_slots[i] if page.key_slots else (),
        )


def _value(key: Key) -> str:
    return key.dial or "" if key.lamp is None else key.lamp
