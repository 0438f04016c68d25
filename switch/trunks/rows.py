"""Trunks as the API shows them."""

from datetime import datetime, timedelta

from switch.api.backend import RegistrationRow, TargetRow, TrunkRow
from switch.config.trunk import Trunk as Settings
from switch.exchange import Exchange
from switch.records import utc
from switch.trunks.enrolment import Enrolment
from switch.trunks.target import Target, shown


def trunk_row(exchange: Exchange, name: str, settings: Settings) -> TrunkRow:
    """One trunk of the configuration."""
    trunk = exchange.trunks.trunk(name)
    enrolment = None if trunk is None else trunk.enrolment
    return TrunkRow(
        name=name,
        up=exchange.trunks.is_up(name),
        calls=exchange.limits.active(name),
        max_calls=settings.max_calls,
        proxy=settings.proxy.uri if settings.proxy is not None else None,
        targets=() if trunk is None else tuple(_target_row(target) for target in trunk.targets),
        registration=None if enrolment is None else _registration_row(exchange, enrolment),
    )


def _target_row(target: Target) -> TargetRow:
    return TargetRow(
        uri=target.proxy.uri,
        place=shown(target.place),
        up=target.takes_calls,
        health=target.health.value,
        status=target.status,
    )


def _registration_row(exchange: Exchange, enrolment: Enrolment) -> RegistrationRow:
    return RegistrationRow(
        uri=enrolment.account.record,
        registered=enrolment.registered,
        state=enrolment.state.value,
        expires_at=_moment(exchange, enrolment.expires_at),
        status=enrolment.status,
    )


def _moment(exchange: Exchange, at: float | None) -> datetime | None:
    """The time on the wall of a moment of the monotonic clock."""
    return None if at is None else utc(exchange.now_us()) + timedelta(seconds=at - exchange.now())
