"""A dialog as a value (RFC 3261 section 12)."""

from dataclasses import dataclass
from typing import Any

from sip.flow import Flow


@dataclass(slots=True)
class Dialog:
    """What both sides remember of each other. Serialises with `to_dict`, so a restarted switch can end it.

    `local` and `remote` are From and To values with their tags; `routes` is the route set in the order in which we
    write it; CSeq numbers are the last ones used, `remote_cseq` None before their first request.
    """

    call_id: str
    local_tag: str
    remote_tag: str
    local: str
    remote: str
    local_cseq: int
    remote_cseq: int | None
    target: str
    routes: tuple[str, ...]
    flow: Flow
    natted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types only."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Dialog":
        """The inverse of `to_dict`; raises KeyError, TypeError or ValueError for anything else."""
        raise NotImplementedError
