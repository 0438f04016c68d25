"""The body of a NOTIFY about several resources at once (RFC 4662 section 5.2): what they are, and each one's
own document.
"""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

EXTENSION: Final = "eventlist"
"""Its option tag: without it nobody can read such a body."""
_RLMI: Final = "application/rlmi+xml"
_BOUNDARY: Final = "centralita-list"
_ROOT: Final = "<list>"


class Resource(NamedTuple):
    """One of the list: its URI, its name, and the document that tells of it."""

    uri: str
    name: str
    content_type: str
    body: bytes


def resource_list(
    entity: str, version: int, resources: Sequence[Resource], *, full: bool
) -> tuple[str, bytes]:
    """Content type and body. `entity` is the list's URI; one that is not `full` has only what has changed."""
    told = "".join(_described(number, resource) for number, resource in enumerate(resources))
    state = "true" if full else "false"
    root = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<list xmlns="urn:ietf:params:xml:ns:rlmi" uri="{escape(entity)}" version="{version}"'
        f' fullState="{state}">\n{told}</list>\n'
    ).encode()
    parts = [_part(_ROOT, _RLMI, root)]
    parts += [
        _part(f"<{_content_id(number)}>", resource.content_type, resource.body)
        for number, resource in enumerate(resources)
    ]
    content_type = f'multipart/related;type="{_RLMI}";start="{_ROOT}";boundary={_BOUNDARY}'
    return content_type, b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def _content_id(number: int) -> str:
    return f"resource-{number}"


def _described(number: int, resource: Resource) -> str:
    return (
        f'<resource uri="{escape(resource.uri)}"><name>{escape(resource.name)}</name>'
        f'<instance id="1" state="active" cid="{_content_id(number)}"/></resource>\n'
    )


def _part(content_id: str, content_type: str, body: bytes) -> bytes:
    head = (
        f"--{_BOUNDARY}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {content_id}\r\n"
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"
