"""`webhooks.NAME`: a program elsewhere that is told of events."""

from collections.abc import Callable, Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from switch.config import values
from switch.config.decision import hook_url
from switch.config.document import Path
from switch.config.section import Flag, Positive, Secret, Section, Words
from switch.events.filter import Filter


def _known(patterns: tuple[str, ...]) -> tuple[str, ...]:
    Filter.of(patterns)
    return patterns


class Webhook(Section):
    """`webhooks.NAME`"""

    url: Annotated[str, BeforeValidator(hook_url)]
    secret: Secret = SecretStr("")
    """Signs what is told (HMAC-SHA256); from `secret_file` where that is given. One of them is needed."""
    secret_file: Words | None = None
    events: Annotated[tuple[Words, ...], BeforeValidator(values.one_or_several), AfterValidator(_known)] = (
        "call.ended",
    )
    """Types, or patterns such as `call.*`."""
    queues: Annotated[tuple[Words, ...], BeforeValidator(values.one_or_several)] = ()
    """Only what is about one of these; none: about anything."""
    private: Flag = False
    """Addresses of our own networks, and http://, are allowed."""
    timeout: Annotated[Positive, Field(le=60)] = 10.0
    """So long its answer may take."""
    give_up_after: Positive = 24 * 3600.0
    """Of failing, before it is told nothing more until somebody says so."""


def faults(
    webhooks: dict[str, Webhook], queues: Callable[[str], bool], has: Callable[..., bool]
) -> Iterator[tuple[Path, str, bool]]:
    """Every mistake, where it is, and whether it is the key; `has` is whether the file has a value there."""
    for name, hook in webhooks.items():
        path: Path = ("webhooks", name)
        given = has(*path, "secret")
        if given and hook.secret_file is not None:
            yield (*path, "secret_file"), "stands beside secret; give one of them", True
        if not given and hook.secret_file is None:
            yield path, "needs secret or secret_file: what is told is signed", True
        if not hook.private and urlsplit(hook.url).scheme != "https":
            why = "is not encrypted; write https://, or private: true for a network of your own"
            yield (*path, "url"), why, False
        for i, queue in enumerate(hook.queues):
            if not queues(queue):
                yield (*path, "queues", i), f"there is no queue {queue!r}", False
