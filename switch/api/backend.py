"""What the API needs of the running switch: a protocol that the server implements.

Every method is called in the loop's thread, and must not block.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from acd.events import Act
from switch.api.rows import (
    AgentRow,
    BanRow,
    Draining,
    ForkRow,
    HoldRow,
    PhoneRow,
    PlaceRow,
    PreferencesRow,
    ProvisioningRow,
    QueueRow,
    Readiness,
    RecordingRow,
    RecordingState,
    Reloaded,
    SupervisionRow,
    TransferRow,
    TrunkRow,
)
from switch.calls.supervision import Mode
from switch.preferences import Preferences
from switch.records import AgentState, CallRecord, OfferRecord


class Unknown(Exception):
    """There is no such queue, agent or call: 404."""


class Refused(Exception):
    """It exists, but the switch will not do that to it now: 409 with the message."""


class Backend(Protocol):
    """The running switch, as its API sees it."""

    def readiness(self) -> Readiness: ...

    def queues(self) -> Sequence[QueueRow]: ...

    def queue(self, name: str) -> QueueRow:
        """Raises Unknown."""
        ...

    def close_queues(self, name: str | None, by: str, why: str) -> Sequence[QueueRow]:
        """Close it, or (None) every one, out of turn. Raises Unknown."""
        ...

    def open_queues(self, name: str | None, by: str, why: str) -> Sequence[QueueRow]:
        """Take that back. Raises Unknown."""
        ...

    def agents(self) -> Sequence[AgentRow]: ...

    def agent(self, name: str) -> AgentRow:
        """Raises Unknown."""
        ...

    def queues_of(self, agent: str) -> Sequence[str]:
        """Which queues he may serve; none where there is no such agent."""
        ...

    def set_agent_state(
        self, name: str, state: AgentState, reason: str | None, phone: str | None = None
    ) -> AgentRow:
        """Ask for ready, paused or offline; the row shows the state that follows. Raises Unknown, Refused."""
        ...

    def active_ids(self) -> Sequence[str]:
        """The calls in progress, newest first."""
        ...

    def active_call(self, call: str) -> CallRecord | None:
        """The record so far of a call in progress, or of one that is about to be written."""
        ...

    def offers(self, call: str) -> Mapping[str, OfferRecord]:
        """The offers that have ended, of a call in progress or about to be written, by their ids."""
        ...

    def originate(
        self, phone: str, to: str, *, answers: bool, ring_s: float, variables: Mapping[str, str]
    ) -> CallRecord:
        """Ring a phone that is to call `to` once answered. Raises Unknown for no such phone, Refused where
        it is busy, cannot be reached or may not call that.
        """
        ...

    def hangup(self, call: str) -> None:
        """End the call as the administrator. Raises Unknown when it is not in progress."""
        ...

    def hold(self, call: str, on: bool) -> HoldRow:
        """Part the phone in the call from the other side, or join them again. Raises Unknown when it is not
        in progress, Refused when no phone talks in it, or nobody is on hold.
        """
        ...

    def recording(self, call: str) -> RecordingRow:
        """Of a call in progress. Raises Unknown when it is none, Refused when it is not recorded."""
        ...

    def set_recording(self, call: str, state: RecordingState) -> RecordingRow:
        """Pause it or let it go on; the row shows the state that follows. Raises Unknown, Refused."""
        ...

    def forks(self, call: str) -> Sequence[ForkRow]:
        """Of a call in progress. Raises Unknown."""
        ...

    def begin_fork(self, call: str, url: str, rate_hz: int) -> ForkRow:
        """Let a service hear the call. Raises Unknown; Refused where the configuration does not allow it."""
        ...

    def end_fork(self, call: str, fork: str) -> None:
        """Raises Unknown."""
        ...

    def supervision(self, call: str) -> SupervisionRow:
        """Raises Unknown when it is no call in progress, or nobody supervises it."""
        ...

    async def supervise(self, call: str, phone: str, mode: Mode) -> SupervisionRow:
        """Call the phone, or change what it is to the call; the row is of when it rings. Raises Unknown,
        Refused.
        """
        ...

    def leave(self, call: str) -> None:
        """Let its supervisor go. Raises Unknown as `supervision` does."""
        ...

    def transfer(self, call: str, to: str) -> TransferRow:
        """Send the caller on to where his party could dial `to`; it leaves. Raises Unknown, Refused."""
        ...

    def place(self, call: str) -> PlaceRow:
        """Of a call in a queue, or from one. Raises Unknown."""
        ...

    def act(self, act: Act) -> PlaceRow | None:
        """Do with a waiting call what a supervisor wants; its place then, None where it has none any more.
        Raises Unknown, Refused.
        """
        ...

    def phones(self) -> Sequence[PhoneRow]: ...

    def preferences(self, phone: str) -> PreferencesRow:
        """Raises Unknown."""
        ...

    def set_preferences(self, phone: str, wanted: Preferences) -> PreferencesRow:
        """Of calls from now on. Raises Unknown, and Refused where calls cannot be forwarded there."""
        ...

    def provisioning(self, phone: str) -> ProvisioningRow:
        """Raises Unknown where it has no files, Refused where we serve none."""
        ...

    def trunks(self) -> Sequence[TrunkRow]: ...

    def bans(self) -> Sequence[BanRow]: ...

    def remove_bans(self, address: str) -> None:
        """Raises Unknown when the address is not banned."""
        ...

    async def reload(self) -> Reloaded: ...

    def drain(self) -> Draining: ...
