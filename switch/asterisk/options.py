"""What each option of a queue becomes here: a table, by the names of Asterisk's queues.conf.sample."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Values = dict[str, Any]
"""Keys of one of our queues, `service_level` as a mapping of its own."""


@dataclass(frozen=True, slots=True)
class Carried:
    """It has a counterpart: what to set (ValueError: nothing). `doubt` says what is not quite the same."""

    set: Callable[[str], Values]
    doubt: Callable[[str], str] = lambda text: ""


@dataclass(frozen=True, slots=True)
class Always:
    """It is so here whatever is written, or has no meaning here; where `value` is given, only that is so."""

    value: str | None = None
    doubt: str = ""
    """What another value loses."""


@dataclass(frozen=True, slots=True)
class Lost:
    """It cannot be carried over: why, and what to do instead."""

    why: str


Fate = Carried | Always | Lost

YES: Final = frozenset({"yes", "true", "y", "t", "1", "on"})
NOT_YET: Final = (
    "not yet: announcements of place and wait come later; a step with `announce` can play a prompt"
)
_OWN_WORDS: Final = "our prompts are sets by language; your own voice goes into data_dir/prompts"

STRATEGIES: Final[Mapping[str, tuple[str, str]]] = {
    "ringall": ("ring-all", ""),
    "roundrobin": ("round-robin", ""),
    "rrmemory": ("round-robin", ""),
    "rrordered": ("round-robin", ""),
    "leastrecent": (
        "longest-idle",
        "here the idle clock starts when an agent becomes available, not when a call of this queue ended",
    ),
    "fewestcalls": ("fewest-calls", "calls count since the agent logged in, over all queues"),
    "random": ("random", ""),
    "wrandom": ("random", "penalties are no weights here: each free agent of the best level is as likely"),
    "linear": ("linear", "the order is that of `agents` in the configuration"),
}
"""Ours, and what is not quite the same."""


def _always(doubt: str) -> Callable[[str], str]:
    return lambda text: doubt


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("that is no number")
    return int(text)


def seconds(text: str) -> str:
    """A duration of ours. Raises ValueError."""
    return f"{_number(text)}s"


def _strategy(text: str) -> Values:
    if text.lower() not in STRATEGIES:
        raise ValueError(f"no strategy of Asterisk's: {text}")
    return {"strategy": STRATEGIES[text.lower()][0]}


def _time(key: str) -> Callable[[str], Values]:
    return lambda text: {key: seconds(text)} if _number(text) > 0 else {}


def _wrap_up(text: str) -> Values:
    return {"wrap_up": seconds(text)}


def _most(text: str) -> Values:
    """0 is without limit there; here there always is one."""
    return {"max_waiting": _number(text) or 10_000}


def _level(text: str) -> Values:
    return {"service_level": {"within": seconds(text)}} if _number(text) > 0 else {}


def _paused(text: str) -> Values:
    return {"on_no_answer": "pause" if text.lower() in YES | {"all"} else "retry"}


def _empty(text: str) -> Values:
    """`yes` and `no` or a list of reasons: whoever may not come in, or stay, with nobody there, overflows."""
    return {"no_agents": "wait" if text.lower() in YES else "overflow"}


def _leave(text: str) -> Values:
    return {"no_agents": "wait" if text.lower() in {"no", "false", "n", "f", "0", "off"} else "overflow"}


OPTIONS: Final[Mapping[str, Fate]] = {
    "strategy": Carried(_strategy, lambda text: STRATEGIES[text.lower()][1]),
    "timeout": Carried(
        _time("ring_timeout"), lambda text: "" if _number(text) else "each phone rings for ring_timeout here"
    ),
    "wrapuptime": Carried(_wrap_up),
    "maxlen": Carried(_most, lambda text: "" if _number(text) else "10,000 wait here at most"),
    "servicelevel": Carried(_level),
    "musicclass": Carried(lambda text: {"music": text}, _always("put its files into data_dir/music/NAME/")),
    "musiconhold": Carried(lambda text: {"music": text}, _always("put its files into data_dir/music/NAME/")),
    "autopause": Carried(_paused),
    "joinempty": Carried(
        _empty, _always("here nobody is there when no agent who may take the call is logged in")
    ),
    "leavewhenempty": Carried(_leave, _always("as joinempty: one setting for coming in and staying")),
    "announce": Carried(
        lambda text: {"announce_to_agent": [text.rpartition("/")[2]]},
        _always("put the prompt into data_dir/prompts/LANGUAGE/NAME.wav"),
    ),
    "reportholdtime": Carried(
        lambda text: {"announce_to_agent": ["{wait}"]} if text.lower() in YES else {},
    ),
    "monitor-type": Always(),
    "monitor-format": Carried(
        lambda text: {"record": bool(text)}, _always("recordings are WAV here: left caller, right agent")
    ),
    "weight": Lost("queues have no weight: give the calls a priority in their route (larger first)"),
    "context": Lost("not yet: callers cannot leave a queue by a key"),
    "retry": Always(doubt="nobody is polled: an agent who becomes free is offered the next caller at once"),
    "ringinuse": Always("no", "an agent in a call is never offered another"),
    "autofill": Always("yes", "callers are served beside each other"),
    "autopausebusy": Lost("a busy phone is tried again after retry_busy"),
    "autopauseunavail": Lost("a phone that is not there makes its agent unreachable until it is back"),
    "autopausedelay": Lost("whoever lets a call ring is paused at once, or never (on_no_answer)"),
    "timeoutrestart": Always("no", "each phone rings for ring_timeout"),
    "timeoutpriority": Lost("how long a caller waits says max_wait, how long a phone rings ring_timeout"),
    "memberdelay": Lost("whoever answers is connected at once"),
    "penaltymemberslimit": Lost("write a step: when {agents: \"< N\"} do {requires: ''}"),
    "defaultrule": Lost("write queuerules.conf as steps: when {waited: 60s} do {requires: ''}"),
    "membermacro": Lost(
        "what an agent hears first: announce_to_agent; programs: see docs/how-to/decision-hook.md"
    ),
    "membergosub": Lost(
        "what an agent hears first: announce_to_agent; programs: see docs/how-to/decision-hook.md"
    ),
    "setinterfacevar": Always(),
    "setqueuevar": Always(),
    "setqueueentryvar": Always(),
    "eventwhencalled": Always(),
    "eventmemberstatus": Always(),
    "periodic-announce": Lost("steps with `announce` say it, one step for each time"),
    "periodic-announce-frequency": Lost("steps with `announce` say it, one step for each time"),
    "random-periodic-announce": Lost("steps with `announce` say it, one step for each time"),
    "relative-periodic-announce": Lost("steps count from when the caller came"),
    "announce-frequency": Lost(NOT_YET),
    "min-announce-frequency": Lost(NOT_YET),
    "announce-holdtime": Lost(NOT_YET),
    "announce-position": Lost(NOT_YET),
    "announce-position-limit": Lost(NOT_YET),
    "announce-position-only-up": Lost(NOT_YET),
    "announce-round-seconds": Lost(NOT_YET),
    "announce-to-first-user": Lost(NOT_YET),
}
"""By name; `queue-...` are the sounds of Asterisk's announcements."""

GENERAL: Final[Mapping[str, Fate]] = {
    "persistentmembers": Always("yes", "agents' states survive a restart"),
    "keepstats": Always(),
    "autofill": OPTIONS["autofill"],
    "monitor-type": Always(),
    "shared_lastcall": Always("yes", "wrap-up is the agent's, over all his queues"),
    "updatecdr": Always(),
    "log_membername_as_agent": Always(),
    "log_unpause_on_reason_change": Always(),
    "negative_penalty_invalid": Always(),
    "log-caller-id-name": Always(),
    "force_longest_waiting_caller": Always(
        "yes", "one order over all queues: who waited longest, with priority"
    ),
}


def fate(name: str, options: Mapping[str, Fate]) -> Fate:
    """What becomes of an option by that name."""
    if name in options:
        return options[name]
    return (
        Lost(_OWN_WORDS) if name.startswith("queue-") else Lost("no option of Asterisk's that is known here")
    )
