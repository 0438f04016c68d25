"""What must fit together across the sections: names, references, sockets, and what two of a kind may not
share.
"""

import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import partial
from ipaddress import ip_address

from acd.skills import Comparison, SkillError, parse
from sip.dialogs.session_interval import MIN_SE_S
from switch.config import (
    callers,
    carriers,
    certificates,
    codecs,
    desks,
    forks,
    mailed,
    preferring,
    provisioned,
    recipes,
    secrecy,
    tolls,
    tracing,
    webhook,
)
from switch.config.document import Document, Path
from switch.config.patterns import expression, is_plain
from switch.config.reading import Tree, meant
from switch.config.schema import Config, Route
from switch.config.targets import (
    ConferenceTarget,
    ParkTarget,
    PhoneTarget,
    PickupTarget,
    QueueTarget,
    TrunkTarget,
)
from switch.config.values import ANNOUNCED_FACTS

_NAMED = ("trunks", "phones", "agents", "queues", "music", "hours")
_ONE_OF = {"hours": "calendar of hours"}
_LONGEST_NAME = 64
HTTP_IN_CLEAR = (
    "programs' tokens, and all that they read, would go over the network in the clear; give http.tls with "
    "certificate and private_key, or tokens_in_clear: true where nobody can read along"
)
_SIP_USER = re.compile(r"[A-Za-z0-9_.+-]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake at `path`: at its key, at its value, or at the character `offset` of its value."""

    path: Path
    message: str
    at_key: bool = False
    offset: int | None = None


class _Known:
    """The names that the document gives, those with wrong values included: they are not unknown."""

    def __init__(self, document: Document) -> None:
        self._names = {section: document.names(section) for section in _NAMED}

    def unknown(self, path: Path, section: str, name: str) -> Iterator[Finding]:
        """A finding where no `section` has this name."""
        if name not in self._names[section]:
            one = _ONE_OF.get(section, section[:-1])
            yield Finding(path, f"no {one} is called '{name}'{meant(name, self._names[section])}")

    def has(self, section: str, name: str) -> bool:
        """Whether a `section` has this name."""
        return name in self._names[section]

    def names(self) -> Iterator[tuple[str, str]]:
        """Every section with each of its names."""
        return ((section, name) for section, names in self._names.items() for name in names)


def findings(config: Config, tree: Tree, document: Document) -> Iterator[Finding]:
    """Every mistake in what could be read of the document; what was already wrong in itself is not named
    again.
    """
    known = _Known(document)
    yield from _names(known)
    yield from _sockets(config)
    yield from _session_timer(config)
    yield from _tls(config, tree)
    yield from _http(config, tree)
    for fault in carriers.faults(config, tree.is_removed, document.has):
        yield Finding(fault.path, fault.message, at_key=fault.at_key)
    for part in (callers, tolls, codecs, forks, tracing, secrecy):
        yield from (Finding(path, message) for path, message in part.faults(config))
    for part in (provisioned, mailed):
        yield from (Finding(path, message) for path, message in part.faults(config, document.has))
    yield from _phones(config, document)
    yield from _agents(config, known)
    for path, message, at_key in desks.faults(config, document.has):
        yield Finding(path, message, at_key=at_key)
    yield from _queues(config, known)
    queues_known = partial(known.has, "queues")
    for path, message, at_key in webhook.faults(config.webhooks, queues_known, document.has):
        yield Finding(path, message, at_key=at_key)
    yield from _lamp_lists(config, known)
    yield from _slots(config, known)
    for path, message in preferring.faults(config.routes, config.queues, known.has):
        yield Finding(path, message)
    for i, route in enumerate(config.routes):
        yield from _route(config, tree, known, route, ("routes", i))


def _names(known: _Known) -> Iterator[Finding]:
    for section, name in known.names():
        fault = _fault(name)
        if fault is None and section == "phones" and not _SIP_USER.fullmatch(name):
            fault = "a phone's name is its SIP user: letters of ASCII, digits and _ . + -"
        if fault is not None:
            yield Finding((section, name), fault, at_key=True)


def _fault(name: str) -> str | None:
    if any(character in name for character in "/*?[]"):
        return "a name holds none of / * ? [ ]"
    if not name.isprintable() or name != name.strip() or name in (".", ".."):
        return "a name holds no control characters, has no space at its ends and is not '.' or '..'"
    return f"a name has {_LONGEST_NAME} characters at most" if len(name) > _LONGEST_NAME else None


def _sockets(config: Config) -> Iterator[Finding]:
    taken: list[tuple[str, str, int, str]] = []
    sip = [(("sip", "listen", i), *astuple(one)) for i, one in enumerate(config.sip.listen)]
    http = [(("http", "listen"), "tcp", *astuple(config.http.listen))]
    if config.provisioning.listen is not None:
        http.append((("provisioning", "listen"), "tcp", *astuple(config.provisioning.listen)))
    for path, transport, host, port in [*sip, *http]:
        transport = "tcp" if transport == "tls" else transport
        for other in taken:
            if other[0] == transport and other[2] == port != 0 and _overlap(other[1], host):
                yield Finding(path, f"port {port} of {transport} is already taken by {other[3]}")
        if transport == "udp" and port in config.media.ports and _overlap(config.media.listen, host):
            yield Finding(path, f"port {port} lies within media.ports")
        taken.append((transport, host, port, ".".join(map(str, path[:2]))))


def _session_timer(config: Config) -> Iterator[Finding]:
    """RFC 4028 section 5: nobody may be asked for less than 90 s."""
    if 0 < config.sip.session_expires < MIN_SE_S:
        yield Finding(("sip", "session_expires"), f"at least {MIN_SE_S}s (RFC 4028), or 0 for none")


def _tls(config: Config, tree: Tree) -> Iterator[Finding]:
    for i, socket in enumerate(config.sip.listen):
        if socket.transport == "tls" and config.sip.tls is None and not tree.is_removed(("sip", "tls")):
            message = "needs a certificate: give sip.tls with certificate and private_key, both PEM files"
            yield Finding(("sip", "listen", i), message)
    for key, message in certificates.faults(config):
        yield Finding(("sip", "tls", key), message)


def _http(config: Config, tree: Tree) -> Iterator[Finding]:
    for key, message in certificates.of_http(config):
        yield Finding(("http", "tls", key), message)
    http = config.http
    in_clear = http.tls is None and not tree.is_removed(("http", "tls")) and not http.tokens_in_clear
    if in_clear and not ip_address(http.listen.host).is_loopback:
        yield Finding(("http", "listen"), HTTP_IN_CLEAR)


def _overlap(one: str, other: str) -> bool:
    first, second = ip_address(one), ip_address(other)
    if first.version != second.version:
        return False
    return first == second or first.is_unspecified or second.is_unspecified


def _phones(config: Config, document: Document) -> Iterator[Finding]:
    for name, phone in config.phones.items():
        has_secret = document.has("phones", name, "secret")
        if has_secret and phone.secret_file is not None:
            yield Finding(
                ("phones", name, "secret_file"), "stands beside secret; give one of them", at_key=True
            )
        if not has_secret and not document.has("phones", name, "secret_file"):
            yield Finding(("phones", name), "needs secret or secret_file", at_key=True)


def _agents(config: Config, known: _Known) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for name, agent in config.agents.items():
        path = ("agents", name)
        for skill in agent.skills:
            if not _is_skill(skill):
                yield Finding(
                    (*path, "skills", skill), "a skill's name has letters, digits and _ . -", at_key=True
                )
        if agent.greeting is not None and (fault := _fault(agent.greeting)) is not None:
            yield Finding((*path, "greeting"), fault)
        if agent.phone is None:
            continue
        yield from known.unknown((*path, "phone"), "phones", agent.phone)
        owner = owners.setdefault(agent.phone, name)
        if owner != name:
            yield Finding((*path, "phone"), f"phone '{agent.phone}' is already that of agent '{owner}'")


def _is_skill(name: str) -> bool:
    try:
        return isinstance(parse(f"{name} >= 1"), Comparison)
    except SkillError:
        return False


def _queues(config: Config, known: _Known) -> Iterator[Finding]:
    for name, queue in config.queues.items():
        path = ("queues", name)
        yield from _requirement(path, queue.requires)
        hook = queue.decision
        if hook is not None and hook.secret_file is not None and hook.secret.get_secret_value():
            path_of_file = (*path, "decision", "secret_file")
            yield Finding(path_of_file, "stands beside secret; give one of them", at_key=True)
        if queue.hours is not None:
            yield from known.unknown((*path, "hours"), "hours", queue.hours)
        for key in ("music", "recording_notice", "closed_prompt"):
            prompt = getattr(queue, key)
            if prompt is not None and (fault := _fault(prompt)) is not None:
                yield Finding((*path, key), fault)
        for i, prompt in enumerate(queue.announce_to_agent):
            if prompt not in ANNOUNCED_FACTS and (fault := _fault(prompt)) is not None:
                yield Finding((*path, "announce_to_agent", i), fault)
        for key in ("overflow", "closed"):
            match getattr(queue, key):
                case QueueTarget(target):
                    yield from known.unknown((*path, key), "queues", target)
                case PhoneTarget(target):
                    yield from known.unknown((*path, key), "phones", target)
    for where, message, offset in recipes.faults(config.queues, known.has):
        yield Finding(where, message, offset=offset)
    for key in ("overflow", "closed"):
        yield from _circles(config, key)


def _requirement(path: Path, requires: str | None) -> Iterator[Finding]:
    try:
        parse(requires or "")
    except SkillError as error:
        yield Finding((*path, "requires"), error.message, offset=error.column - 1)


def _lamp_lists(config: Config, known: _Known) -> Iterator[Finding]:
    for name, watched in config.lamp_lists.items():
        for section in ("phones", "agents", "queues"):
            if known.has(section, name):
                yield Finding(("lamp_lists", name), f"'{name}' is the name of one of {section}", at_key=True)
        for i, each in enumerate(watched):
            is_slot = each in config.parking.slots
            if not is_slot and not any(known.has(kind, each) for kind in ("phones", "agents", "queues")):
                yield Finding(("lamp_lists", name, i), f"no phone, agent or queue is called '{each}'")


def _slots(config: Config, known: _Known) -> Iterator[Finding]:
    """A lamp has to know of whom it tells."""
    if (fault := _fault(config.parking.music)) is not None:
        yield Finding(("parking", "music"), fault)
    for slot in config.parking.slots:
        for section, name in known.names():
            if name == slot and section in ("phones", "agents", "queues"):
                yield Finding(("parking", "slots"), f"slot '{slot}' has the name of one of {section}")


def _circles(config: Config, key: str) -> Iterator[Finding]:
    """Queues whose `key`, overflow or closed, leads back to them, each circle once."""
    seen: set[str] = set()
    for start in config.queues:
        way = [start]
        while (after := _next_queue(config, way[-1], key)) is not None and after not in seen.union(way):
            way.append(after)
        if after in way:
            circle = way[way.index(after) :]
            message = f"callers would go round: {' -> '.join([*circle, circle[0]])}"
            yield Finding(("queues", circle[0], key), message)
        seen.update(way)


def _next_queue(config: Config, name: str, key: str) -> str | None:
    target = getattr(config.queues.get(name), key, None)
    return target.name if isinstance(target, QueueTarget) else None


def _route(config: Config, tree: Tree, known: _Known, route: Route, path: Path) -> Iterator[Finding]:
    place = tree.node(path).path
    wrong = any(tree.is_removed((*place, key)) for key in ("trunk", "phone"))
    if route.trunk is None and route.phone is None and not wrong:
        yield Finding(path, "needs the trunk or the phone whose calls it takes, such as phone: '*'")
    if route.trunk is not None and route.phone is not None:
        yield Finding((*path, "phone"), "stands beside trunk; give one of them", at_key=True)
    for key, origin in (("trunk", route.trunk), ("phone", route.phone)):
        if origin is not None:
            yield from _origin((*path, key), known, f"{key}s", origin)
    for i, number in enumerate(route.to):
        yield from _pattern((*path, "to", i), number)
    yield from _destination(config, tree, known, route, path, "go")
    yield from _requirement(path, route.requires)
    if route.requires is not None and not any(
        isinstance(t, QueueTarget) for t in (route.go, route.otherwise)
    ):
        yield Finding(
            (*path, "requires"), "stands beside a go that leads to no queue; leave it out", at_key=True
        )
    yield from _route_hours(config, tree, known, route, path)


def _route_hours(config: Config, tree: Tree, known: _Known, route: Route, path: Path) -> Iterator[Finding]:
    if route.otherwise is not None:
        yield from _destination(config, tree, known, route, path, "else")
    if route.hours is None:
        if route.otherwise is not None and not tree.is_removed((*tree.node(path).path, "hours")):
            yield Finding((*path, "else"), "needs 'hours' beside it: else than when?", at_key=True)
        return
    yield from known.unknown((*path, "hours"), "hours", route.hours)
    if route.emergency:
        yield Finding((*path, "hours"), "an emergency number is open at every hour", at_key=True)


def _origin(path: Path, known: _Known, section: str, written: str) -> Iterator[Finding]:
    yield from _pattern(path, written)
    if is_plain(written):
        yield from known.unknown(path, section, written)


def _pattern(path: Path, written: str) -> Iterator[Finding]:
    try:
        expression(written)
    except ValueError as error:
        yield Finding(path, str(error))


def _destination(
    config: Config, tree: Tree, known: _Known, route: Route, path: Path, key: str
) -> Iterator[Finding]:
    go, target = (*path, key), route.go if key == "go" else route.otherwise
    match target:
        case PickupTarget() | ParkTarget() if route.trunk is not None:
            yield Finding(go, f"only phones {target} calls; give the route a phone in place of its trunk")
        case ParkTarget() if not config.parking.slots and not tree.is_removed(("parking", "slots")):
            yield Finding(go, "there is no slot to park in; give parking.slots, such as 701-709")
        case ConferenceTarget(name):
            if (fault := _fault(name)) is not None:
                yield Finding(go, fault)
        case QueueTarget(name):
            yield from known.unknown(go, "queues", name)
        case PhoneTarget(name):
            yield from known.unknown(go, "phones", name)
        case TrunkTarget(name):
            yield from known.unknown(go, "trunks", name)
            trunk = config.trunks.get(name)
            wrong = any(
                tree.is_removed(("trunks", name, key)) for key in ("proxy", "targets", "registration")
            )
            if trunk is not None and not carriers.leads_out(trunk) and not wrong:
                yield Finding(go, f"trunk '{name}' has no proxy to send calls to")
            if route.trunk is not None and not route.transit:
                yield Finding(go, "leads from a trunk to a trunk; where that is meant, add transit: true")
