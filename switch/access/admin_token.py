"""The administrator's bearer token: a file that is made at the first start."""

import hmac
import os
import secrets
from pathlib import Path


class AdminToken:
    """The token in `path`, which only its owner may read."""

    def __init__(self, path: Path) -> None:
        """Read it, or make it. Raises OSError, and ValueError for a file without a token in it."""
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            path.chmod(0o600)
        else:
            with os.fdopen(file, "w", encoding="ascii") as made:
                made.write(secrets.token_urlsafe(32) + "\n")
        self._token = path.read_bytes().strip()
        if not self._token:
            raise ValueError(f"{path} is empty: delete it, and the next start makes a new token")

    def matches(self, token: str) -> bool:
        """Whether this is the token; in a time that does not tell how much of it is right."""
        return hmac.compare_digest(self._token, token.encode("utf-8", "surrogateescape"))
