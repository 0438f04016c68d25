"""The bodies of NOTIFYs: dialog-info (RFC 4235), presence (RFC 3863), message-summary (RFC 3842)."""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Final

from switch.lamps.shown import Lit, Shown, ShownDialog

DIALOG_INFO = "application/dialog-info+xml"
PIDF = "application/pidf+xml"
MESSAGE_SUMMARY = "application/simple-message-summary"

_KEPT: Final = 512
"""Texts that are written once for all who watch the same."""
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def dialog_info(
    entity: str, version: int, dialogs: Iterable[ShownDialog], domain: str, *, full: bool
) -> bytes:
    """`entity` is the subject's URI; a document that is not `full` tells of what has changed only."""
    state = "full" if full else "partial"
    told = "".join(_dialog(dialog, entity, domain) for dialog in dialogs)
    return (
        f'{_HEAD}<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}"'
        f' state="{state}" entity="{escape(entity)}">\n{told}</dialog-info>\n'
    ).encode()


@lru_cache(_KEPT)
def _dialog(dialog: ShownDialog, entity: str, domain: str) -> str:
    names = {"call-id": dialog.call_id, "local-tag": dialog.local_tag, "remote-tag": dialog.remote_tag}
    named = "".join(f' {name}="{escape(value)}"' for name, value in names.items() if value)
    direction = "initiator" if dialog.initiator else "recipient"
    rendering = "no" if dialog.held else "yes"
    local = (
        f"<local><identity>{escape(entity)}</identity>"
        f'<target uri="{escape(entity)}"><param pname="+sip.rendering" pval="{rendering}"/></target></local>'
    )
    return (
        f'<dialog id="{escape(dialog.id)}"{named} direction="{direction}"><state>{dialog.lit}</state>\n'
        f"{local}\n{_remote(dialog, domain)}</dialog>\n"
    )


def _remote(dialog: ShownDialog, domain: str) -> str:
    if not dialog.remote:
        return ""
    uri = escape(f"sip:{dialog.remote}@{domain}")
    display = f' display="{escape(dialog.display)}"' if dialog.display else ""
    return f'<remote><identity{display}>{uri}</identity><target uri="{uri}"/></remote>\n'


@lru_cache(_KEPT)
def presence(entity: str, shown: Shown) -> bytes:
    """Whether it can be reached, and what it is doing."""
    basic = "open" if shown.there else "closed"
    busy = any(dialog.lit in (Lit.EARLY, Lit.CONFIRMED) for dialog in shown.dialogs)
    activity = "<rpid:on-the-phone/>" if busy else ""
    return (
        f'{_HEAD}<presence xmlns="urn:ietf:params:xml:ns:pidf"'
        ' xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
        f' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="{escape(entity)}">\n'
        f'<tuple id="it"><status><basic>{basic}</basic></status><note>{escape(shown.note)}</note></tuple>\n'
        f'<dm:person id="they"><rpid:activities>{activity}</rpid:activities></dm:person>\n</presence>\n'
    ).encode()


def message_summary(entity: str, shown: Shown) -> bytes:
    """How many voice messages wait."""
    waiting = "yes" if shown.new_messages else "no"
    return (
        f"Messages-Waiting: {waiting}\r\nMessage-Account: {entity}\r\n"
        f"Voice-Message: {shown.new_messages}/{shown.old_messages}\r\n"
    ).encode()
