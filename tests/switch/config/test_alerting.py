"""What is wrong with how phones are to show calls, ring and answer, each mistake at its place."""

import pytest

from tests.switch.config.conftest import Mistakes

KNOWN = "{queue}, {number}, {name}, {priority}, {wait}, {dialled}"


@pytest.mark.parametrize(
    ("queue", "fault"),
    [
        (
            "caller_display: '{caller}'",
            f"3:21: queues.s.caller_display: '{{caller}}' is not known; known are {KNOWN}",
        ),
        (
            "ring: two words",
            "3:11: queues.s.ring: 'two words' is not a ring's name: "
            "at most 32 letters of ASCII, digits and _ . -",
        ),
        (
            "ring: alert-autoanswer",
            "3:11: queues.s.ring: 'alert-autoanswer' would make phones answer; "
            "where that is meant, auto_answer: true",
        ),
        (
            "announce_to_agent: [support, '{waited}']",
            "3:34: queues.s.announce_to_agent[1]: '{waited}' is not known; "
            "known are {wait} and {priority}, or a prompt",
        ),
        ("announce_to_agent: ../x", "3:24: queues.s.announce_to_agent: a name holds none of / * ? [ ]"),
        (
            "auto_answer: maybe",
            "3:18: queues.s.auto_answer: 'maybe' is not a yes or no; write it as true or false",
        ),
    ],
)
def test_mistakes_of_a_queue(mistakes: Mistakes, queue: str, fault: str) -> None:
    assert mistakes(f"queues:\n  s:\n    {queue}\n") == [fault]


def test_a_maker_that_nobody_knows(mistakes: Mistakes) -> None:
    (line,) = mistakes("phones:\n  '1001':\n    {secret: x, maker: yeelink}\n")
    assert line.startswith("3:24: phones.1001.maker: ")
    assert "'yealink'" in line


def test_a_greeting_is_a_prompts_name(mistakes: Mistakes) -> None:
    assert mistakes("agents:\n  ana: {greeting: a/b}\n") == [
        "2:19: agents.ana.greeting: a name holds none of / * ? [ ]"
    ]
