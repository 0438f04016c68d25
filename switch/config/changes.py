"""What a new configuration changes in a running switch."""

from collections.abc import Mapping
from dataclasses import dataclass

from switch.config.schema import Config
from switch.config.section import Section

_FIXED = (
    ("server", "data_dir"),
    ("database", "url"),
    ("sip", "listen"),
    ("sip", "t1"),
    ("media", "listen"),
    ("media", "ports"),
    ("http", "listen"),
    ("provisioning", "listen"),
)
"""What is bound or opened once, at the start."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The names of one section that came, went, or mean something else now."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a reload applies at once, and what only a restart could."""

    trunks: Difference
    phones: Difference
    agents: Difference
    queues: Difference
    routes: bool
    settings: tuple[str, ...]
    """Changed keys outside those sections that take effect at once, such as `server.drain_timeout`."""
    restart: tuple[tuple[str, str], ...]
    """Changed keys, as (section, key), that a running switch cannot follow; `load` refuses them."""

    def __bool__(self) -> bool:
        named = (self.trunks, self.phones, self.agents, self.queues)
        return any(named) or self.routes or bool(self.settings or self.restart)

    def __str__(self) -> str:
        """One line for the log and for who asked, without values."""
        parts = [
            f"{section} {what}: {', '.join(sorted(names))}"
            for section in ("trunks", "phones", "agents", "queues")
            for what in ("added", "removed", "changed")
            if (names := getattr(getattr(self, section), what))
        ]
        parts += ["routes changed"] if self.routes else []
        parts += [f"{setting} changed" for setting in self.settings]
        return "; ".join(parts) or "nothing changed"


_SECTIONS = (
    "server",
    "database",
    "sip",
    "media",
    "http",
    "journal",
    "retention",
    "trace",
    "logs",
    "provisioning",
    "parking",
    "desk",
    "codes",
    "routing",
)


def compare(old: Config, new: Config) -> Changes:
    """What has to happen for a switch that runs `old` to run `new`."""
    changed = [
        (section, key)
        for section in _SECTIONS
        for key in _changed(getattr(old, section), getattr(new, section))
    ]
    return Changes(
        trunks=_difference(old.trunks, new.trunks),
        phones=_difference(old.phones, new.phones),
        agents=_difference(old.agents, new.agents),
        queues=_difference(old.queues, new.queues),
        routes=old.routes != new.routes,
        settings=(
            *(f"{section}.{key}" for section, key in changed if (section, key) not in _FIXED),
            *(["hours"] if old.hours != new.hours else []),
            *(["music"] if old.music != new.music else []),
            *(
                key
                for key in ("webhooks", "lamp_lists", "mail", "reports")
                if getattr(old, key) != getattr(new, key)
            ),
        ),
        restart=tuple(pair for pair in changed if pair in _FIXED),
    )


def _changed(old: Section, new: Section) -> list[str]:
    return [key for key in type(old).model_fields if getattr(old, key) != getattr(new, key)]


def _difference(old: Mapping[str, Section], new: Mapping[str, Section]) -> Difference:
    return Difference(
        added=frozenset(new.keys() - old.keys()),
        removed=frozenset(old.keys() - new.keys()),
        changed=frozenset(name for name in old.keys() & new.keys() if old[name] != new[name]),
    )
