"""A switch whose test lines speak: 600 in English, 602 in Spanish."""

import sys
from typing import Final

from media.spoken.grammar import Noun
from media.spoken.sayings import PAUSE, Ahead, Count, Prompt, Saying, TimeOfDay
from switch.calls.flow import Call
from switch.cli import main
from switch.flows import leading
from tests.peers.switch import ROOT

LANGUAGES: Final = {"600": "en", "602": "es"}
SAYINGS: Final[tuple[Saying, ...]] = (Ahead(21), TimeOfDay(13, 5), Count(21, Noun.MINUTE))
COMMAND: Final = (
    sys.executable,
    "-c",
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.e2e.saying import serve; serve()",
)


async def say_all(call: Call) -> None:
    """The flow of both lines."""
    call.language = LANGUAGES[call.ledger.to]
    await call.answer()
    await call.say(Prompt(PAUSE), *SAYINGS)


def serve() -> None:
    """`centralita`, with that flow."""
    leading.echo = leading.tone = say_all  # type: ignore[attr-defined]
    main()
