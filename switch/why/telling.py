"""What was found out about an offer, in words: rows for the API, with the texts of `switch.why.texts`."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec

from acd.agent import AgentState
from acd.aging import POINT
from acd.counterfactual import Change, Counterfactual
from acd.explaining import Candidate, Choice, Hindrance, Rival
from acd.strategies import RANKINGS, Ranking, Strategy
from acd.why import Decision, Kept, Rule, decode, seal
from switch.config.schema import Language
from switch.records import OfferRecord, utc
from switch.why import texts
from switch.why.child import Explained
from switch.why.rows import AgentWhyRow, CallerWhyRow, ChangeRow, HindranceRow, OfferWhyRow, WhyRow

_NAMES: Final[Mapping[Ranking, str]] = {
    Ranking.IDLE: "idle_s",
    Ranking.LAST_OFFER: "last_offer_s",
    Ranking.CALLS: "calls",
    Ranking.TALK: "talk_s",
    Ranking.PLACE: "place",
    Ranking.SKILL: "levels",
}
_SINCE: Final = (Ranking.IDLE, Ranking.LAST_OFFER)
_SPANS: Final = (Ranking.TALK,)
_TENTH_US: Final = 100_000
_RING_SEVERAL: Final = (Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY)


def why_row(
    call: str,
    kept: list[Kept],
    explained: Mapping[str, Explained],
    offers: Mapping[str, OfferRecord],
    language: Language,
) -> WhyRow:
    """A call's offers; those of the ledger that cannot even be read are passed over."""
    rows = tuple(
        row for each in kept if (row := _Teller(language).offer(each, explained, offers)) is not None
    )
    text = rows[-1].text if rows else texts.SENTENCES[language]["nobody"]
    return WhyRow(call=call, language=language, text=text, offers=rows)


class _Teller:
    """Says it in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._texts = texts.SENTENCES[language]

    def offer(
        self, kept: Kept, explained: Mapping[str, Explained], offers: Mapping[str, OfferRecord]
    ) -> OfferWhyRow | None:
        """One offer."""
        try:
            decision = decode(kept.text)
        except msgspec.MsgspecError:
            return None
        found = explained.get(decision.offer) or Explained(decision.offer, kept=False)
        choice = found.choice if found.same else None  # what explains another decision explains nothing
        record = offers.get(decision.offer)
        intact = seal(kept.text) == kept.seal
        return OfferWhyRow(
            offer=decision.offer,
            queue=decision.queue,
            agent=decision.agent,
            offered_at=utc(decision.at_us),
            result=None if record is None else record.result,
            text=self._text(decision, found) if intact else self._texts["altered"],
            rule=decision.rule.value,
            strategy=decision.strategy,
            relaxed=decision.relaxed,
            policy=decision.policy,
            position=decision.position,
            number=decision.number,
            seal=kept.seal,
            previous=decision.previous,
            intact=intact,
            same=found.same if found.kept else None,
            requires=None if choice is None else choice.requires,
            agents=() if choice is None else tuple(self._agent(choice, one) for one in choice.agents),
            agents_left_out={} if choice is None else {str(k): n for k, n in choice.agents_left_out.items()},
            callers=() if choice is None else tuple(self._callers(choice)),
            callers_left_out=0 if choice is None else choice.callers_left_out,
            would_change=None
            if choice is None or found.change is None
            else self._change(choice, found.change),
        )

    # Sentences

    def _text(self, decision: Decision, found: Explained) -> str:
        said = self._sentence(decision, found)
        return said + self._texts["relaxed"].format(n=decision.relaxed) if decision.relaxed else said

    def _sentence(self, decision: Decision, found: Explained) -> str:
        choice = found.choice
        if choice is None or not found.same:
            key = "differs" if found.kept else "not kept"
            return self._texts[key].format(agent=decision.agent, strategy=decision.strategy)
        facts = {
            "agent": decision.agent,
            "free": choice.free,
            "open": choice.open,
            "rule": decision.rule.value,
            "costs": self._costs(decision),
        }
        if decision.rule is Rule.CALLER_CHOSE and choice.next_agent is None:
            return self._texts["alone"].format(**facts, others=self._others(choice))
        if decision.rule is Rule.AGENT_CHOSE and choice.next_caller is None:
            return self._texts["alone for"].format(**facts)
        text = self._texts.get(decision.rule, self._texts["rule"])
        return text.format(**facts, because=self._because(decision.rule, choice))

    def _costs(self, decision: Decision) -> str:
        """The terms that are not 0."""
        named = zip(texts.COSTS[self._language], decision.costs, strict=False)  # an older ledger has none
        told = ", ".join(f"{name} {self._points(term)}" for name, term in named if term)
        return f" ({told})" if told else ""

    def _because(self, rule: Rule, choice: Choice) -> str:
        reasons = []
        if rule is not Rule.CALLER_CHOSE and choice.next_caller is not None:
            reasons.append(self._caller_first(choice))
        if rule is not Rule.AGENT_CHOSE and choice.next_agent is not None:
            reasons.append(self._agent_first(choice))
        return "; ".join(reasons) or self._texts["nothing"]

    def _agent_first(self, choice: Choice) -> str:
        runner, decision = choice.next_agent, choice.decision
        assert runner is not None
        chosen, other = choice.agents[0], choice.agents[1]
        ranking = RANKINGS[Strategy(decision.strategy)]
        facts = {"agent": chosen.agent, "next": runner.name, "strategy": decision.strategy}
        last = len(chosen.key) - 1
        if ranking is Ranking.CHANCE:
            return texts.RANKS[self._language][ranking].format(**facts)
        if runner.term > last:
            return self._texts["tie"].format(**facts)
        shown = Ranking.IDLE if runner.term == last else ranking
        own, others = (self._term(shown, one.key[runner.term], decision.at_us) for one in (chosen, other))
        text = texts.RANKS[self._language][ranking] if runner.term == 0 else self._texts["idle"]
        return text.format(**facts, own=own, other=others)

    def _caller_first(self, choice: Choice) -> str:
        runner = choice.next_caller
        assert runner is not None
        own = self._caller_term(choice, choice.decision.caller, runner.term)
        other = self._caller_term(choice, runner.key, runner.term)
        return texts.CALLERS[self._language][runner.term].format(next=runner.name, own=own, other=other)

    def _others(self, choice: Choice) -> str:
        """Counts of what kept the other agents from it."""
        bars = Counter(choice.agents_left_out)
        bars.update(one.hindrances[0].bar for one in choice.agents if one.hindrances)
        counts = texts.COUNTS[self._language]
        told = ", ".join(counts[bar].format(n=n) for bar, n in bars.most_common())
        return self._texts["others"].format(counts=told) if told else ""

    # Rows

    def _agent(self, choice: Choice, agent: Candidate) -> AgentWhyRow:
        return AgentWhyRow(
            agent=agent.agent,
            chosen=agent.chosen,
            state=agent.state,
            since=utc(agent.since_us),
            levels=agent.levels,
            terms=_terms(choice.decision, agent),
            hindrances=tuple(self._hindrance(choice, one) for one in agent.hindrances),
        )

    def _hindrance(self, choice: Choice, hindrance: Hindrance) -> HindranceRow:
        until_us = hindrance.until_us
        text = texts.BARS[self._language][hindrance.bar].format(
            agent=choice.decision.agent,
            requires=hindrance.requires,
            levels=", ".join(f"{skill} {level}" for skill, level in hindrance.levels.items()),
            reason=f" ({hindrance.reason})" if hindrance.reason else "",
            whom=hindrance.reason,
            call=hindrance.call,
            n=next(iter(hindrance.levels.values()), 0),
            until=self._span((until_us or choice.decision.at_us) - choice.decision.at_us),
        )
        return HindranceRow(
            bar=hindrance.bar.value,
            text=text,
            requires=hindrance.requires or None,
            until=None if until_us is None else utc(until_us),
            reason=hindrance.reason or None,
            call=hindrance.call,
        )

    def _callers(self, choice: Choice) -> list[CallerWhyRow]:
        own = next(one.key for one in choice.callers if one.chosen)
        return [self._caller(choice, one, own) for one in choice.callers]

    def _caller(self, choice: Choice, caller: Rival, own: tuple[int, ...]) -> CallerWhyRow:
        key = "behind" if caller.key > own else "before"
        if caller.chosen:
            key = "chosen"
        elif not caller.open:
            key = "requires" if caller.requires else "reserved"
        text = texts.RIVALS[self._language][key].format(
            agent=choice.decision.agent, requires=caller.requires, whom=caller.reserved
        )
        return CallerWhyRow(
            call=caller.call,
            queue=caller.queue,
            chosen=caller.chosen,
            priority=caller.priority,
            waited_s=(choice.decision.at_us - caller.key[1]) / 1e6,
            text=text,
        )

    def _change(self, choice: Choice, change: Counterfactual) -> ChangeRow:
        facts: dict[str, object] = {
            "agent": choice.decision.agent,
            "who": change.who,
            "by": self._span(change.by_us),
            "skill": change.skill,
            "level": change.level,
            "was": change.was,
            "then": change.then_agent or change.then_call,
        }
        key = "left" if change.then_left else "nobody"
        key = "agent" if change.then_agent else "call" if change.then_call else key
        if choice.decision.strategy in _RING_SEVERAL:
            key = "silent"
        told = texts.IFS[self._language][change.change] + texts.THENS[self._language][key]
        return ChangeRow(
            change=change.change.value,
            text=told.format(**facts),
            who=change.who,
            by_s=change.by_us / 1e6 if change.by_us else None,
            skill=change.skill or None,
            level=change.level if change.change in _WITH_LEVEL else None,
            was=change.was if change.change in _WITH_LEVEL else None,
            then_agent=change.then_agent,
            then_call=change.then_call,
        )

    # Figures

    def _term(self, ranking: Ranking, term: int, at_us: int) -> str:
        if ranking in _SINCE:
            return self._span(at_us - term) if term else "-"
        return self._span(term) if ranking in _SPANS else str(abs(term))

    def _caller_term(self, choice: Choice, key: tuple[int, ...], term: int) -> str:
        if term == 0:
            return f"{-key[0] / POINT:.1f}".replace(".", texts.DECIMAL_POINT[self._language])
        return self._span(choice.decision.at_us - key[1]) if term == 1 else str(key[term])

    def _points(self, term: int) -> str:
        return f"{term / 1000:+.1f}".replace(".", texts.DECIMAL_POINT[self._language])

    def _span(self, us: int) -> str:
        """Seconds, with a decimal: `12.3 s`; milliseconds where that would be none."""
        shown = f"{us / 1000:g} ms" if 0 < us < _TENTH_US else f"{us / 1e6:.1f} s"
        return shown.replace(".", texts.DECIMAL_POINT[self._language])


_WITH_LEVEL: Final = (Change.LEVEL, Change.PRIORITY, Change.MORE_CALLS, Change.LISTED_LATER)


def _terms(decision: Decision, agent: Candidate) -> dict[str, float]:
    """What the strategy goes by, by name, of an agent who was free; who takes calls out of their turn may
    be paused.
    """
    if not agent.key or (agent.key[-1] == 0 and agent.state != AgentState.READY):
        return {}
    ranking = RANKINGS[Strategy(decision.strategy)]
    *rank, idle = agent.key
    named = {_NAMES[ranking]: _figure(ranking, rank[0], decision.at_us)} if rank and ranking in _NAMES else {}
    return {**named, _NAMES[Ranking.IDLE]: _figure(Ranking.IDLE, idle, decision.at_us)}


def _figure(ranking: Ranking, term: int, at_us: int) -> float:
    if ranking in _SINCE:
        return (at_us - term) / 1e6
    return term / 1e6 if ranking in _SPANS else abs(term)
