"""Skill expressions: `support >= 1 and (english >= 5 or spanish >= 5) and not trainee >= 1`.

    expression  = term { "or" term }
    term        = factor { "and" factor }
    factor      = "not" factor | "(" expression ")" | comparison
    comparison  = skill ( ">=" | ">" | "==" | "!=" | "<" | "<=" ) level

A skill that an agent lacks is level 0. The empty expression takes everyone.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

MAX_DEPTH = 32  # of parentheses and nots: a bound for the parser's recursion, far beyond any use
MAX_DIGITS = 9  # of a level, as of every number of the configuration

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
}
_ASKING = (">=", ">", "==")
_WORDS = ("and", "or", "not")
_TOKEN = re.compile(r"\s*(?:(?P<name>[^\W\d][\w.-]*)|(?P<level>\d+)|(?P<sign>>=|<=|==|!=|[^\s]))")


class SkillError(ValueError):
    """The text is no skill expression. `column` counts from 1; `message` names the remedy."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column
        self.message = message


class Requirement(Protocol):
    """A parsed expression. `str()` gives its normal form: equal forms mean the same."""

    def accepts(self, skills: Mapping[str, int]) -> bool:
        """Whether an agent with these levels may serve."""
        ...

    def comparisons(self) -> tuple["Comparison", ...]:
        """All of its comparisons, in the order in which they stand."""
        ...

    def gap(self, skills: Mapping[str, int]) -> int:
        """How many levels more than this asks an agent has who may serve: what is spent on the call without
        need. Lower bounds add up; of alternatives the nearest counts; what is asked not to be costs
        nothing."""
        ...

    def wanted(self) -> tuple[str, ...]:
        """The skills that it asks for (`>=`, `>`, `==`, under no `not`), each once."""
        ...


@dataclass(frozen=True, slots=True)
class Everyone:
    """The empty expression."""

    def comparisons(self) -> tuple["Comparison", ...]:
        return ()

    def accepts(self, skills: Mapping[str, int]) -> bool:
        return True

    def gap(self, skills: Mapping[str, int]) -> int:
        return 0

    def wanted(self) -> tuple[str, ...]:
        return ()

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One skill against one level."""

    skill: str
    sign: str
    level: int

    def comparisons(self) -> tuple["Comparison", ...]:
        return (self,)

    def accepts(self, skills: Mapping[str, int]) -> bool:
        return _COMPARE[self.sign](skills.get(self.skill, 0), self.level)

    def gap(self, skills: Mapping[str, int]) -> int:
        asked = {">=": self.level, ">": self.level + 1}.get(self.sign)
        return 0 if asked is None else max(0, skills.get(self.skill, 0) - asked)

    def wanted(self) -> tuple[str, ...]:
        return (self.skill,) if self.sign in _ASKING else ()

    def __str__(self) -> str:
        return f"{self.skill} {self.sign} {self.level}"


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not hold."""

    operand: Requirement

    def comparisons(self) -> tuple[Comparison, ...]:
        return self.operand.comparisons()

    def accepts(self, skills: Mapping[str, int]) -> bool:
        return not self.operand.accepts(skills)

    def gap(self, skills: Mapping[str, int]) -> int:
        return 0

    def wanted(self) -> tuple[str, ...]:
        return ()

    def __str__(self) -> str:
        return f"not {self.operand}" if not isinstance(self.operand, Every | Any) else f"not ({self.operand})"


@dataclass(frozen=True, slots=True)
class Every:
    """All operands hold (`and`)."""

    operands: tuple[Requirement, ...]

    def comparisons(self) -> tuple[Comparison, ...]:
        return tuple(each for operand in self.operands for each in operand.comparisons())

    def accepts(self, skills: Mapping[str, int]) -> bool:
        return all(operand.accepts(skills) for operand in self.operands)

    def gap(self, skills: Mapping[str, int]) -> int:
        return sum(operand.gap(skills) for operand in self.operands)

    def wanted(self) -> tuple[str, ...]:
        return _wanted(self.operands)

    def __str__(self) -> str:
        return " and ".join(f"({one})" if isinstance(one, Any) else str(one) for one in self.operands)


@dataclass(frozen=True, slots=True)
class Any:
    """At least one operand holds (`or`)."""

    operands: tuple[Requirement, ...]

    def comparisons(self) -> tuple[Comparison, ...]:
        return tuple(each for operand in self.operands for each in operand.comparisons())

    def accepts(self, skills: Mapping[str, int]) -> bool:
        return any(operand.accepts(skills) for operand in self.operands)

    def gap(self, skills: Mapping[str, int]) -> int:
        return min((one.gap(skills) for one in self.operands if one.accepts(skills)), default=0)

    def wanted(self) -> tuple[str, ...]:
        return _wanted(self.operands)

    def __str__(self) -> str:
        return " or ".join(str(one) for one in self.operands)


def failing(requirement: Requirement, skills: Mapping[str, int]) -> str:
    """The smallest part of the requirement that these levels do not meet, in normal form; empty if they meet
    all of it."""
    if requirement.accepts(skills):
        return ""
    if isinstance(requirement, Every):
        return next(part for operand in requirement.operands if (part := failing(operand, skills)))
    return str(requirement)


def _wanted(operands: tuple[Requirement, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(skill for operand in operands for skill in operand.wanted()))


def both(first: Requirement, second: Requirement) -> Requirement:
    """What asks for one and the other."""
    if isinstance(first, Everyone) or first == second:
        return second
    return first if isinstance(second, Everyone) else Every((first, second))


def parse(text: str) -> Requirement:
    """Read an expression; raise `SkillError` with the column and what to write instead."""
    if not text.strip():
        return Everyone()
    parser = _Parser(text)
    requirement = parser.expression(0)
    parser.end()
    return requirement


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # name, word, level, sign or end
    text: str
    column: int


class _Parser:
    """Recursive descent over the grammar above."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0

    def expression(self, depth: int) -> Requirement:
        operands = [self._term(depth)]
        while self._took("or"):
            operands.append(self._term(depth))
        return operands[0] if len(operands) == 1 else Any(tuple(operands))

    def end(self) -> None:
        token = self._peek()
        if token.text == ")":
            raise SkillError(token.column, "')' without '('; remove it")
        if token.kind != "end":
            raise SkillError(token.column, f"expected 'and' or 'or' before '{token.text}'")

    def _term(self, depth: int) -> Requirement:
        operands = [self._factor(depth)]
        while self._took("and"):
            operands.append(self._factor(depth))
        return operands[0] if len(operands) == 1 else Every(tuple(operands))

    def _factor(self, depth: int) -> Requirement:
        if depth > MAX_DEPTH:
            raise SkillError(self._peek().column, f"nested deeper than {MAX_DEPTH}; write it flatter")
        if self._took("not"):
            return Not(self._factor(depth + 1))
        opening = self._peek()
        if not self._took("("):
            return self._comparison()
        inner = self.expression(depth + 1)
        if not self._took(")"):
            raise SkillError(opening.column, "'(' is never closed; add ')'")
        return inner

    def _comparison(self) -> Requirement:
        skill = self._peek()
        if skill.kind != "name":
            found = f"found '{skill.text}'" if skill.text else "the expression ends here"
            raise SkillError(skill.column, f"expected a skill, as in 'support >= 1'; {found}")
        self._next += 1
        sign = self._peek()
        if sign.text == "=":
            raise SkillError(sign.column, f"'=' is no comparison; write '{skill.text} == LEVEL'")
        if sign.text not in _COMPARE:
            raise SkillError(sign.column, f"expected a comparison; write '{skill.text} >= 1'")
        self._next += 1
        level = self._peek()
        if level.kind != "level":
            raise SkillError(level.column, f"expected a level, as in '{skill.text} {sign.text} 1'")
        if len(level.text) > MAX_DIGITS:
            raise SkillError(level.column, f"a level has {MAX_DIGITS} digits at most")
        self._next += 1
        return Comparison(skill.text, sign.text, int(level.text))

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _took(self, text: str) -> bool:
        taken = self._peek().text == text
        self._next += taken
        return taken


def _tokens(text: str) -> list[_Token]:
    tokens = []
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        word = found[kind]
        column = found.start(kind) + 1
        if kind == "name" and word.lower() in _WORDS:
            if word not in _WORDS:
                raise SkillError(column, f"write '{word.lower()}' instead of '{word}'")
            kind = "word"
        if kind == "sign" and word not in (*_COMPARE, "(", ")", "="):
            raise SkillError(column, f"'{word}' has no place here; only {' '.join(_COMPARE)} and ( )")
        tokens.append(_Token(kind, word, column))
    tokens.append(_Token("end", "", len(text.rstrip()) + 1))
    return tokens
