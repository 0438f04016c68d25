"""Reload: parse, check, compare and apply at once; a bad file changes nothing."""

import asyncio
from pathlib import Path
from subprocess import SubprocessError

import structlog

from switch.api.entrance import Entrance
from switch.api.rows import Reloaded
from switch.config.apart import load_apart
from switch.config.changes import compare
from switch.config.errors import ConfigErrors
from switch.config.schema import Config
from switch.desk.codes import FeatureCodes
from switch.exchange import Exchange
from switch.identities.identities import read_keys
from switch.metrics.queue_counts import QueueTarget
from switch.peers import Identification
from switch.persistence.journal import Retention
from switch.routes import Routes
from switch.sounds import names_missing, read_sounds
from switch.staffing import Staffing, configured
from switch.transports import bounds, tls_files


def queue_targets(config: Config) -> dict[str, QueueTarget]:
    """What the service level of each queue is measured by."""
    return {
        name: QueueTarget(level.within, level.short_abandon, level.target)
        for name, level in ((name, queue.service_level) for name, queue in config.queues.items())
    }


def apply(exchange: Exchange, config: Config, staffing: Staffing, identification: Identification) -> None:
    """Make `config` the one in force, in one turn of the loop."""
    exchange.config = config
    exchange.routes = Routes(config.routes, exchange.hours.is_open)
    exchange.codes = FeatureCodes(config.codes)
    exchange.identities.configure(config)
    exchange.shell.bounds = bounds(config)
    exchange.limits.configure(config.trunks)
    exchange.metrics.configure(queue_targets(config), config.trunks)
    exchange.dispatch.keep_past(Retention(config.journal.keep, config.journal.size_mb * 1_000_000))
    exchange.tracing.configure(config.trace)
    exchange.debugging.levels.configure(config.logs)
    exchange.trunks.configure(config.trunks)
    identification.configure(config)
    exchange.endpoint.session_expires_s = int(config.sip.session_expires)
    exchange.gate.configure(config.sip)
    exchange.toll.configure(config)
    exchange.dispatch.post(configured(config))
    exchange.hours.configure(config)
    exchange.preferences.configure(config.phones)
    exchange.lamps.configured()
    exchange.desk.configured()
    exchange.provisioning.files.configure(config)
    exchange.webhooks.configure(config.webhooks, config.server.data_dir)
    exchange.reports.configure(config)
    staffing.configure(config, registered=lambda phone: bool(exchange.registrations.bindings(phone)))


class Reloader:
    """Reloads one file, one reload after another."""

    def __init__(
        self,
        path: Path,
        exchange: Exchange,
        staffing: Staffing,
        identification: Identification,
        entrance: Entrance,
    ) -> None:
        self._path = path
        self._exchange = exchange
        self._staffing = staffing
        self._identification = identification
        self._entrance = entrance
        self._one_at_a_time = asyncio.Lock()
        self._log = structlog.get_logger("server")

    async def reload(self) -> Reloaded:
        """Read the file again in a child process and apply it, or say what is wrong with it."""
        async with self._one_at_a_time:
            try:
                config = await asyncio.to_thread(load_apart, self._path, self._exchange.config)
            except ConfigErrors as errors:
                return self._refused(tuple(str(error) for error in errors.errors))
            except SubprocessError as error:
                return self._refused((f"the file could not be read: {error}",))
            library = await asyncio.to_thread(read_sounds, config)
            # What is removed now may still be played to those who are in it, and must not be read then.
            await asyncio.to_thread(names_missing, library, self._exchange.config)
            if missing := names_missing(library, config):
                return self._refused(missing)
            try:
                await self._exchange.shell.reload_tls(tls_files(config))
            except OSError as error:  # it was right when it was checked
                return self._refused((f"sip.tls: {error}",))
            for section, renew in (
                ("provisioning", self._exchange.provisioning.renew),
                ("http.tls", self._entrance.renew),
            ):
                try:
                    await asyncio.to_thread(renew, config)
                except (OSError, ValueError) as error:
                    return self._refused((f"{section}: {error}",))
            try:
                keys = await asyncio.to_thread(read_keys, config)
            except ValueError as error:  # it was good when the child read it
                return self._refused((str(error),))
            changes = str(compare(self._exchange.config, config))
            self._exchange.sounds, self._exchange.identities.keys = library, keys
            apply(self._exchange, config, self._staffing, self._identification)
            self._exchange.metrics.config_reloaded(applied=True)
            self._log.info("reloaded", changes=changes)
            self._exchange.news.reloaded(changes.split("; "))
            return Reloaded(applied=True, changes=tuple(changes.split("; ")))

    def _refused(self, errors: tuple[str, ...]) -> Reloaded:
        self._exchange.metrics.config_reloaded(applied=False)
        for error in errors:
            self._log.error("reload refused", error=error)
        return Reloaded(applied=False, errors=errors)
