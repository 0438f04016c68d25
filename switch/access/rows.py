"""What the API tells of tokens."""

from datetime import datetime

import msgspec

from switch.access.rights import Role


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A token. Its secret is not in it: nobody knows that but who was given it."""

    id: str
    name: str
    """Of its holder, as the audit log and the queues' notes have him; no two that are in force share one."""
    role: Role
    queues: tuple[str, ...] = ()
    """With the agents, its scope: it sees and acts on nothing else. Both empty: on everything."""
    agents: tuple[str, ...] = ()
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the minute."""


class TokenMade(msgspec.Struct, frozen=True, kw_only=True):
    """A new token, and its secret: this once."""

    token: TokenRow
    secret: str
