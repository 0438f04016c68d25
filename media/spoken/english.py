"""English, as in Britain: one hundred and five, quarter to two."""

from typing import Final

from media.spoken.grammar import Form, Grammar, Noun, NounWords, Opening, Slot, number_texts

_UNITS: Final = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
"""
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"

ENGLISH: Final = Grammar(
    texts={
        **number_texts(_UNITS),
        **number_texts(_TENS, first=20, step=10),
        "hundred": "hundred",
        "thousand": "thousand",
        "and": "and",
        "call": "call",
        "calls": "calls",
        "hour": "hour",
        "hours": "hours",
        "minute": "minute",
        "minutes": "minutes",
        "second": "second",
        "seconds": "seconds",
        "it-is": "It is",
        "at": "at",
        "past": "past",
        "to": "to",
        "quarter": "quarter",
        "half": "half",
        "oclock": "o'clock",
        "noon": "noon",
        "midnight": "midnight",
        "in-the-morning": "in the morning",
        "in-the-afternoon": "in the afternoon",
        "in-the-evening": "in the evening",
        "at-night": "at night",
        "you-are-next": "You are next in line.",
        "you-are-number": "You are number",
        "there-is": "There is",
        "there-are": "There are",
        "ahead-of-you": "ahead of you.",
        "wait-is": "The estimated waiting time is",
        "about": "about",
        "less-than-a-minute": "less than a minute.",
    },
    numbers={
        **{value: {0: (f"number-{value}",)} for value in range(20)},
        **{ten: {0: (f"number-{ten}",), 1: (f"number-{ten}", Slot.REST)} for ten in range(20, 100, 10)},
        100: {0: (Slot.QUOTIENT, "hundred"), 1: (Slot.QUOTIENT, "hundred", "and", Slot.REST)},
        1000: {
            0: (Slot.QUOTIENT, "thousand"),
            1: (Slot.QUOTIENT, "thousand", "and", Slot.REST),
            100: (Slot.QUOTIENT, "thousand", Slot.REST),
        },
    },
    nouns={
        Noun.CALL: NounWords(Form.COUNTING, "call", "calls"),
        Noun.HOUR: NounWords(Form.COUNTING, "hour", "hours"),
        Noun.MINUTE: NounWords(Form.COUNTING, "minute", "minutes"),
        Noun.SECOND: NounWords(Form.COUNTING, "second", "seconds"),
    },
    minutes={15: "quarter", 30: "half"},
    bare_minutes=frozenset({5, 10, 20, 25}),
    clock={
        0: (Slot.OPENING, Slot.HOUR, "oclock", Slot.PERIOD),
        1: (Slot.OPENING, Slot.MINUTES, "past", Slot.HOUR, Slot.PERIOD),
        31: (Slot.OPENING, Slot.MINUTES, "to", Slot.HOUR, Slot.PERIOD),
    },
    named_times={(0, 0): (Slot.OPENING, "midnight"), (12, 0): (Slot.OPENING, "noon")},
    openings={Opening.IT_IS: {1: "it-is"}, Opening.AT: {1: "at"}},
    periods={
        0: "at-night",
        1: "in-the-morning",
        12: "in-the-afternoon",
        18: "in-the-evening",
        21: "at-night",
    },
    position={1: ("you-are-next",), 2: ("you-are-number", Slot.VALUE)},
    ahead={
        0: ("you-are-next",),
        1: ("there-is", Slot.VALUE, "ahead-of-you"),
        2: ("there-are", Slot.VALUE, "ahead-of-you"),
    },
    wait={0: ("wait-is", "less-than-a-minute"), 1: ("wait-is", "about", Slot.VALUE)},
)
