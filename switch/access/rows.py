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


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked of the API."""

    id: str
    at: datetime
    who: str
    """The token's name; `administrator` for `admin.token`."""
    token: str
    """Its id; empty for `admin.token`."""
    role: Role
    method: str
    path: str
    address: str
    """Where it came from."""
    status: int
    """Of the answer: 2xx is done, 403 and 404 are refused."""
    detail: str
    """The JSON that was sent, secrets masked; empty where there was none, or over 2,000 octets."""


class TokenMade(msgspec.Struct, frozen=True, kw_only=True):
    """A new token, and its secret: this once."""

    token: TokenRow
    secret: str
