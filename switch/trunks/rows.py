"""Trunks as the API shows them."""

from datetime import datetime, timedelta

from switch.api.rows import RegistrationRow, TargetRow, TrunkRow
from switch.config.trunk import Trunk as Settings
from switch.exchange import Exchange
from switch.records import utc
from switch.trunks.registration import Registration
from switch.trunks.target import Target, shown


def trunk_row(exchange: Exchange, name: str, settings: Settings) -> TrunkRow:
    """One trunk of the configuration."""
    trunk = exchange.trunks.trunk(name)
    registration = None if trunk is None else trunk.registration
    return TrunkRow(
        name=name,
        up=exchange.trunks.is_up(name),
        calls=exchange.limits.active(name),
        max_calls=settings.max_calls,
        proxy=settings.proxy.uri if settings.proxy is not None else None,
        targets=() if trunk is None else tuple(_target_row(target) for target in trunk.targets),
        registration=None if registration is None else _registration_row(exchange, registration),
    )


def _target_row(target: Target) -> TargetRow:
    return TargetRow(
        uri=target.proxy.uri,
        place=shown(target.place),
        up=target.takes_calls,
        health=target.health.value,
        status=target.status,
    )


def _registration_row(exchange: Exchange, registration: Registration) -> RegistrationRow:
    return RegistrationRow(
        uri=registration.account.record,
        registered=registration.registered,
        state=registration.state.value,
        expires_at=_moment(exchange, registration.expires_at),
        status=registration.status,
    )


def _moment(exchange: Exchange, at: float | None) -> datetime | None:
    """The time on the wall of a moment of the monotonic clock."""
    return None if at is None else utc(exchange.now_us()) + timedelta(seconds=at - exchange.now())
