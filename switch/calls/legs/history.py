"""What became of one leg: its moments, its final status, its cause, and so its part of the call's record."""

from datetime import datetime
from typing import Any, Final

from media.port import PortStats
from switch.records import Encryption, LegRecord, LegRole, to_us, utc

_COUNTED: Final = (
    "packets_received",
    "packets_sent",
    "packets_lost",
    "packets_duplicated",
    "packets_discarded",
)
_MEASURED: Final = ("jitter_s", "bursts", "burst_loss", "gap_loss", "burst_s", "gap_s")


class LegHistory:
    """Noted as it happens. Moments are microseconds of UTC."""

    def __init__(self, id: str, role: LegRole, peer: str, invited_us: int, of_trunk: bool = False) -> None:
        """`peer` is the name of the trunk or phone; `of_trunk` says which."""
        self.sip_call_id = ""
        self.sip_status: int | None = None
        """Of the final response to its INVITE."""
        self.q850: int | None = None
        """Why it ended."""
        self.invited_us = invited_us
        self.role = role
        self._id = id
        self._peer = peer
        self._of_trunk = of_trunk
        self._ringing_us: int | None = None
        self._answered_us: int | None = None
        self._ended_us: int | None = None

    @property
    def ringing_at(self) -> datetime | None:
        """When it began to ring."""
        return _moment(self._ringing_us)

    def resume(self, record: LegRecord) -> None:
        """It goes on after a crash of ours, as last noted."""
        self.sip_status = record.sip_status
        self._ringing_us = None if record.ringing_at is None else to_us(record.ringing_at)
        self._answered_us = None if record.answered_at is None else to_us(record.answered_at)

    def rings(self, now_us: int) -> None:
        """A provisional response; the first counts."""
        if self._ringing_us is None:
            self._ringing_us = now_us

    def answered(self, now_us: int, sip_status: int) -> None:
        """A final response of 2xx."""
        self._answered_us, self.sip_status = now_us, sip_status

    def ended(self, now_us: int) -> None:
        """It is over."""
        self._ended_us = now_us

    def record(self, codec: str | None, encryption: Encryption | None, stats: PortStats | None) -> LegRecord:
        """As the call's record has it, with what its port has counted; None where that is unknown."""
        return LegRecord(
            id=self._id,
            role=self.role,
            peer=self._peer,
            of_trunk=self._of_trunk,
            sip_call_id=self.sip_call_id,
            sip_status=self.sip_status,
            q850=self.q850,
            invited_at=utc(self.invited_us),
            ringing_at=self.ringing_at,
            answered_at=_moment(self._answered_us),
            ended_at=_moment(self._ended_us),
            codec=codec,
            encryption=encryption,
            **_counts(stats),
        )


def _counts(stats: PortStats | None) -> dict[str, Any]:
    """The fields of the record that the port fills."""
    if stats is None:
        return dict.fromkeys(_COUNTED)
    counted: dict[str, Any] = {name: getattr(stats, name) for name in _COUNTED}
    counted["round_trip_s"] = stats.round_trip_s
    counted["sent_packets_lost"] = stats.peer_packets_lost
    if (here := stats.received) is not None:
        counted |= {name: getattr(here, name) for name in _MEASURED}
        counted |= {"mos": round(here.mos, 2), "r": round(here.r, 1)}
    if (there := stats.sent) is not None:
        counted["sent_jitter_s"] = there.jitter_s
        counted |= {"sent_mos": round(there.mos, 2), "sent_r": round(there.r, 1)}
    return counted


def _moment(us: int | None) -> datetime | None:
    return utc(us) if us is not None else None
