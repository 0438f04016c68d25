"""What must be true of `media.codecs`: each can be had on this machine, and one of them can be heard."""

from collections.abc import Iterator

from media.codecs import CODECS
from switch.config.document import Path
from switch.config.packages import absent
from switch.config.schema import Config


def faults(config: Config) -> Iterator[tuple[Path, str]]:
    """Each mistake with its place."""
    names = config.media.codecs
    for i, name in enumerate(names):
        package = CODECS[name].package
        if package is not None:
            yield ("media", "codecs", i), absent(name, [package])
    if not any(CODECS[name].is_heard for name in names):
        yield ("media", "codecs"), "no prompt and no music can be heard in these; add PCMA"
