"""The secret part of each phone's path: derived from one key, so that nothing else has to be kept."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

FILE: Final = "provisioning.key"
_KEY_BYTES: Final = 32
_PATH_BYTES: Final = 16
"""128 bits: nobody guesses one, and people can still type it (26 letters and digits)."""


def read_key(data_dir: Path) -> bytes:
    """The key in `data_dir`, which only its owner may read; made where it is not there. Deleted, every path
    changes with the next reload or start. Raises OSError, and ValueError for a file that is cut short.
    """
    path = data_dir / FILE
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        path.chmod(0o600)
    else:
        with os.fdopen(file, "wb") as made:
            made.write(secrets.token_bytes(_KEY_BYTES))
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{path} is no key: delete it, and the next start makes a new one")
    return key


def path_key(key: bytes, phone: str, rotation: int) -> str:
    """The secret part of this phone's path; each `rotation` has another."""
    told = hmac.digest(key, f"{phone}\n{rotation}".encode(), hashlib.sha256)
    return base64.b32encode(told[:_PATH_BYTES]).decode("ascii").rstrip("=").lower()
