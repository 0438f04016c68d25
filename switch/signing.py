"""Proof for programs elsewhere that it is we who ask or tell them something."""

import hashlib
import hmac
from typing import Final

TIMESTAMP: Final = "X-Centralita-Timestamp"
"""Seconds since 1970."""
SIGNATURE: Final = "X-Centralita-Signature"


def signed(body: bytes, secret: str, now_s: int) -> dict[str, str]:
    """Headers that prove to whoever knows the secret that we said this then: an HMAC-SHA256 (RFC 2104) over
    the time in decimal digits, a full stop and the body. None without a secret.
    """
    if not secret:
        return {}
    digest = hmac.new(secret.encode(), b"%d." % now_s + body, hashlib.sha256).hexdigest()
    return {TIMESTAMP: str(now_s), SIGNATURE: f"sha256={digest}"}
