"""ICE-lite (RFC 8445 section 2.5): we are where we say, so we only answer checks and learn where the peer is.

Sans-IO: datagrams in, answers out. A check counts when its user name is ours and its peer's and its integrity
is that of our password (RFC 8489 section 9.1); everything else gets no answer.
"""

import struct
from typing import Final

from aioice import stun

from media.keying import Ice

_ROLE_CONFLICT: Final = (487, "Role Conflict")


class IceLite:
    """The agent of one port; the peer is the one in control."""

    def __init__(self, ice: Ice) -> None:
        self.passed: set[tuple[str, int]] = set()
        """Addresses that proved that they know our password."""
        self.nominated: tuple[str, int] | None = None
        """The one that the peer has chosen last (USE-CANDIDATE)."""
        self._username = f"{ice.ours.ufrag}:{ice.theirs.ufrag}"
        self._key = ice.ours.password.encode()

    def receive(self, data: bytes, source: tuple[str, int]) -> bytes | None:
        """The answer to a check; None for whatever is none of the peer's."""
        try:
            check = stun.parse_message(data)
        except (ValueError, IndexError, KeyError, struct.error):
            return None
        if not self._is_check(check):
            return None
        if "ICE-CONTROLLED" in check.attributes:
            return self._answer(check, stun.Class.ERROR, "ERROR-CODE", _ROLE_CONFLICT)
        self.passed.add(source)
        if "USE-CANDIDATE" in check.attributes:
            self.nominated = source
        return self._answer(check, stun.Class.RESPONSE, "XOR-MAPPED-ADDRESS", source)

    def _is_check(self, message: stun.Message) -> bool:
        return (
            message.message_method is stun.Method.BINDING
            and message.message_class is stun.Class.REQUEST
            and message.attributes.get("USERNAME") == self._username
            and message.check_message_integrity(self._key)
        )

    def _answer(self, check: stun.Message, kind: stun.Class, name: str, value: object) -> bytes:
        answer = stun.Message(check.message_method, kind, check.transaction_id, {name: value})
        answer.add_message_integrity(self._key)
        return bytes(answer)
