"""What a page says of a maker's phones: how they write, register, describe their media, hold and transfer.

The pages are `yealink.py`, `polycom.py`, `snom.py` and `cisco.py`; a phone that obeys them is `desk.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

WITH_LISTS = "application/dialog-info+xml, multipart/related, application/rlmi+xml"
"""What is accepted of dialogs, where one subscription may be for all keys (RFC 4662)."""


class Hold(StrEnum):
    """How a description says that the other side is to wait (RFC 3264 section 8.4)."""

    SENDONLY = "sendonly"
    INACTIVE = "inactive"
    ZERO = "c=0.0.0.0"
    """As RFC 2543 had it."""
    ZERO_INACTIVE = "c=0.0.0.0 and inactive"
    """Both, for switches of either age."""


@dataclass(frozen=True)
class Package:
    """A kind of event that the phone subscribes to."""

    accept: str
    expires_s: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Maker:
    """A page. In texts `{user}`, `{here}` (HOST:PORT), `{domain}` and `{uuid}` stand for the phone's own."""

    name: str
    user_agent: str
    # How it writes
    transport: Literal["udp", "tcp"] = "udp"
    display: str = ""
    """Its name on the wire, before its address; UTF-8."""
    compact: bool = False
    """Short header names (RFC 3261 section 7.3.3)."""
    folded: tuple[str, ...] = ()
    """Headers that go over several lines."""
    user_phone: bool = False
    """`;user=phone` at what it dials."""
    dials_tel: bool = False
    """Numbers with + as tel: URIs (RFC 3966)."""
    headers: tuple[tuple[str, str], ...] = ()
    """In each INVITE and its answer."""
    invite_headers: tuple[tuple[str, str], ...] = ()
    """In each INVITE alone: whom it says to be, where the call has been."""
    attached: tuple[str, str] | None = None
    """Content type and text of what goes beside its description, in a multipart body."""
    # How it registers
    algorithm: Literal["MD5", "SHA-256"] = "MD5"
    """The strongest that it knows."""
    expires_s: int = 3600
    expires_in_contact: bool = False
    contact_params: str = ""
    """Behind the address in Contact when it registers."""
    second_contact: str = ""
    """Another Contact in the same REGISTER; none where it is empty."""
    keepalive: Literal["crlf", "nul", "ping", "options", "notify"] = "crlf"
    # What it can hear
    formats: tuple[tuple[int, str], ...] = ((8, "PCMA/8000"), (0, "PCMU/8000"))
    event_type: int = 101
    direction_at: Literal["media", "session"] = "media"
    session_name: str = "-"
    origin: str = "-"
    # How it calls
    late_offer: bool = False
    """Its INVITE has no description (RFC 3261 section 13.2.1)."""
    early_media: bool = False
    """Rings with 183 and a description."""
    reliable: bool = False
    """Knows RFC 3262: wants 18x reliably, and sends them so to who can."""
    session_expires_s: int = 0
    refresh_by: Literal["INVITE", "UPDATE"] = "INVITE"
    """How it refreshes a session, and says anything new that needs no answer in words."""
    locks_codec: bool = False
    """Offers again, with one codec only, where the answer left it several."""
    # How it holds and transfers
    holds: tuple[Hold, ...] = tuple(Hold)
    """The forms that it can be set to; the first is its own."""
    late_resume: bool = False
    """Resumes with a re-INVITE without description."""
    refer_headers: tuple[tuple[str, str], ...] = ()
    refer_sub: bool = True
    """Wants to be told what became of its REFER; else `Refer-Sub: false` (RFC 4488)."""
    semi_attended: Literal["replaces", "blind"] = "replaces"
    """Transferring to who still rings: by Replaces of that dialog; or it hangs up there first."""
    leaves: Literal["at-200", "at-202", "waits"] = "at-200"
    """When it hangs up after a REFER: told of success; accepted; never by itself."""
    # What it watches and obeys
    packages: Mapping[str, Package] = field(default_factory=dict)
    xml_prefix: str = ""
    """Before each element's name in what its soft keys ask for, with the colon."""
    xml_encoding: str = "UTF-8"
    answers_at_once: tuple[tuple[str, str], ...] = ()
    """Header and what stands in it where a call is to be answered without being asked."""
