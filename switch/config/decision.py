"""`queues.NAME.decision`: the outside program that is asked about each caller of a queue."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr

from switch.config.section import Count, Positive, Secret, Section, Words
from switch.config.values import expected, shown, text


def hook_url(value: object) -> str:
    """`http://` or `https://`, a host, and what else there is; passwords have no place in it."""
    written = text(value)
    try:
        place = urlsplit(written)
        known = place.scheme in ("http", "https") and place.hostname and place.port != 0
    except ValueError:
        known = False
    if not known:
        raise expected(value, "an http:// or https:// URL", "https://crm.example/decide")
    if "@" in place.netloc:
        raise ValueError(f"{shown(place.scheme)} URL with a user in it; give 'secret' instead")
    return written


class DecisionHook(Section):
    """`queues.NAME.decision`"""

    url: Annotated[str, BeforeValidator(hook_url)]
    timeout: Annotated[Positive, Field(le=5)] = 0.2
    """So long a caller waits for its answer, in no line."""
    secret: Secret = SecretStr("")
    """Signs what it is asked (HMAC-SHA256); from `secret_file` where that is given. None: unsigned."""
    secret_file: Words | None = None
    failures: Annotated[Count, Field(ge=1)] = 5
    """After so many in a row it is left alone..."""
    retry_after: Positive = 10.0
    """...for so long; then one caller tries it again."""
