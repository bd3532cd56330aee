"""Reading a question, with a closed grammar: terms are [s, o, factor]."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from typing import Any

from freerand_opt.checker.asked import (
    ENTROPY,
    GUESSES,
    Ask,
    Functional,
    Kept,
    Picked,
    Question,
    Relations,
    Test,
    joint,
)
from freerand_opt.checker.averages import read_average
from freerand_opt.checker.failures import Unreadable, Work
from freerand_opt.checker.numbers import read_number
from freerand_opt.checker.reading import (
    amount,
    ascending,
    choice,
    closed,
    flag,
    fraction,
    get,
    integer,
    integers,
    items,
    parities,
    tag,
)
from freerand_opt.checker.sources import Bits, Point, Source, read_ranges, read_source
from freerand_opt.checker.vectors import Vector, total, vector
from freerand_opt.checker.words import Algebra, Word, steps_of

MOST_PARTIES = 26
MOST_JOINT = 1 << 22
RELATIONS = ("<=", ">=", "=")


def read_question(raw: Any, work: Work) -> Question:
    """Return the question; raise Unreadable where it has no meaning."""
    where = "question"
    needed = ("settings", "outcomes", "source", "observed", "devices", "tests", "ask")
    closed(raw, where, needed, ("relations",))
    settings = tuple(integers(raw["settings"], f"{where}: settings", 1, MOST_JOINT))
    outcomes = tuple(integers(raw["outcomes"], f"{where}: outcomes", 1, 1000, len(settings)))
    if not 1 <= len(settings) <= (MOST_PARTIES if "relations" not in raw else 256):
        raise Unreadable(f"{where}: 1 to {MOST_PARTIES} parties are needed")
    devices = choice(raw["devices"], f"{where}: devices", ("local", "no-signalling", "quantum"))
    if "relations" in raw:
        return _many(raw, settings, outcomes, devices)
    if prod(settings) > MOST_JOINT or prod(outcomes) > MOST_JOINT:
        raise Unreadable(f"{where}: more than {MOST_JOINT} joint settings or outcomes")
    count = prod(settings)
    algebra = Algebra(settings, outcomes)
    observed = _observed(raw["observed"], count, f"{where}: observed")
    read = read_average if get(raw["source"], "kind") == "average" else read_source
    source: Source = read(raw["source"], settings, observed, work)
    reader = _Reader(count, prod(outcomes), len(settings), algebra, devices, work)
    ask = _ask(raw["ask"], settings, outcomes, reader)
    if ask.side == "quantum":  # the adversary is one more party
        algebra = Algebra((*settings, _letters(ask, settings)), (*outcomes, 2), adversary=True)
        reader = replace(reader, algebra=algebra)
    listed = enumerate(items(raw["tests"], f"{where}: tests"))
    tests = tuple(reader.test(test, f"{where}: test {k}") for k, test in listed)
    return Question(settings, outcomes, source, observed, devices, tests, None, ask, algebra)


def _observed(raw: Any, count: int, where: str) -> Vector[Fraction] | None:
    """Return the observed distribution of joint settings, None if it is unconstrained."""
    if raw == "unconstrained":
        return None
    if raw == "uniform":
        return Vector(count, Fraction(1, count), {})
    found = vector(raw, where, count, amount)
    if total(found) != 1:
        raise Unreadable(f"{where}: the probabilities do not sum to 1")
    return found


@dataclass(frozen=True)
class _Reader:
    count: int
    width: int
    parties: int
    algebra: Algebra
    devices: str
    work: Work

    def functional(self, raw: Any, where: str, others: tuple[str, ...]) -> Functional:
        """Return the functional of the keys `on` and `terms` or `errors`, beside other keys."""
        if type(raw) is dict and "errors" in raw:
            closed(raw, where, ("on", "errors", *others))
            return self._errors(raw, where)
        closed(raw, where, ("on", "terms", *others))
        on = choice(raw["on"], where, ("conditional", "joint", "moments"))
        terms: dict[tuple[int, int], Fraction] = {}
        words: dict[Word, Fraction] = {}
        listed = items(raw["terms"], f"{where}: terms")
        last = (-1, -1)
        if not listed:
            raise Unreadable(f"{where}: there are no terms")
        self.work.spend(4 * len(listed), where)
        for term in listed:
            if on == "moments":
                name, factor = items(term, f"{where}: terms", 2)
                self.work.spend(steps_of(name), where)
                word = self.algebra.moment(self.algebra.word(name, f"{where}: terms"))
                if any(word[self.parties :]):
                    raise Unreadable(f"{where}: tests do not speak of the adversary's operators")
                if word in words:
                    raise Unreadable(f"{where}: a moment is named twice")
                words[word] = _nonzero(factor, where)
                continue
            s, o, factor = items(term, f"{where}: terms", 3)
            key = (integer(s, f"{where}: setting", 0, self.count - 1), integer(o, where, 0, self.width - 1))
            if key <= last:
                raise Unreadable(f"{where}: terms must ascend by setting and outcome, each once")
            last = key
            terms[key] = _nonzero(factor, where)
        if on == "moments" and self.devices != "quantum":
            raise Unreadable(f"{where}: moments are those of quantum devices")
        return Functional(on, terms, words)

    def _errors(self, raw: dict[str, Any], where: str) -> Functional:
        """Return the probabilities, summed, that the outcomes' sum is odd (parity 0) or even (1)."""
        on = choice(raw["on"], where, ("conditional", "joint"))
        if self.parties != 2 or tuple(self.algebra.outcomes[:2]) != (2, 2):
            raise Unreadable(f"{where}: errors of a parity need two parties with two outcomes each")
        found = parities(raw["errors"], self.algebra.settings[:2], f"{where}: errors")
        places = [s for s, _ in found]
        if not found or places != sorted(set(places)):
            raise Unreadable(f"{where}: errors ascend by joint setting, and there is one at least")
        one = Fraction(1)
        terms = {(s, o): one for s, parity in found for o in ((1, 2), (0, 3))[parity]}
        return Functional(on, terms, {}, tuple(found))

    def test(self, raw: Any, where: str) -> Test | Kept:
        """Return a test."""
        if type(raw) is dict and "keep" in raw:
            closed(raw, where, ("keep", "tolerance"))
            self.work.spend(4 * len(items(raw["keep"], where)) * self.width, where)
            table = {
                s: [read_number(x, where, self.work) for x in items(values, where, self.width)]
                for s, values in ascending(raw["keep"], where, self.count)
            }
            if not table:
                raise Unreadable(f"{where}: nothing is kept")
            return Kept(table, fraction(raw["tolerance"], where, 0))
        functional = self.functional(raw, where, ("relation", "score"))
        relation = choice(raw["relation"], where, RELATIONS)
        return Test(functional, relation, read_number(raw["score"], f"{where}: score", self.work))


def _nonzero(raw: Any, where: str) -> Fraction:
    value = fraction(raw, f"{where}: factor")
    if not value:
        raise Unreadable(f"{where}: a zero is left out")
    return value


def _ask(raw: Any, settings: tuple[int, ...], outcomes: tuple[int, ...], reader: _Reader | None) -> Ask:
    """Return what is asked; without a reader of relations of many parties."""
    where = "question: ask"
    more = (ENTROPY, "score") if reader is not None else ("sum-of-biases",)
    quantity = tag(raw, "quantity", where, (*GUESSES, *more, "strategy"))
    if quantity == "strategy":
        closed(raw, where, ("quantity",))
        return Ask("strategy")
    if reader is not None and quantity == "score":
        functional = reader.functional(raw, where, ("quantity", "extreme"))
        smallest = choice(raw["extreme"], where, ("largest", "smallest")) == "smallest"
        return Ask("score", score=functional, sign=-1 if smallest else 1)
    average, entropy = reader is not None and raw.get("at") == "average", quantity == ENTROPY
    picked = reader is None and "picked" in raw
    values = () if quantity == "sum-of-biases" else ("picked",) if picked else ("values", "count")
    keys = ("quantity", "of", *values, "at", *(("told",) * average), *(("side",) * entropy))
    closed(raw, where, keys, ("noise",) * entropy)
    of = _parties(raw["of"], len(settings), where)
    ask = Ask(quantity, of)
    if entropy:
        ask = replace(ask, sign=-1, side=choice(raw["side"], f"{where}: side", ("quantum", "classical")))
        if reader is not None and ask.side == "quantum" and reader.devices != "quantum":
            raise Unreadable(f"{where}: quantum side information goes with quantum devices")
    if average:
        told = choice(raw["told"], f"{where}: told", ("settings", "nothing")) == "settings"
        ask = replace(ask, told=told)
    else:
        pairs = zip(items(raw["at"], where, len(settings)), settings, strict=True)
        ask = replace(ask, at=joint([integer(x, f"{where}: at", 0, n - 1) for x, n in pairs], settings))
    if picked:
        return replace(ask, count=2, picked=_read_picked(raw["picked"], len(of), where))
    if values:
        if reader is None and len(of) > 20:
            raise Unreadable(f"{where}: a function of at most 20 parties is asked for")
        count = integer(raw["count"], f"{where}: count", 1 if reader is not None else 2, 1000)
        size = prod(outcomes[party] for party in of)
        if reader is not None:
            reader.work.spend(4 * reader.width + count**2, where)
        listed = integers(raw["values"], f"{where}: values", 0, count - 1, size)
        ask = replace(ask, values=tuple(listed), count=count)
    if "noise" in raw:
        ask = replace(ask, noise=fraction(raw["noise"], f"{where}: noise"))
        if ask.count != 2 or not 0 < ask.noise <= Fraction(1, 2):
            raise Unreadable(f"{where}: noise flips one of two values, with a probability in (0, 1/2]")
    return ask


def _read_picked(raw: Any, parties: int, where: str) -> Picked:
    held = closed(raw, where, ("bits", "selection", "epsilon"))
    bits = integer(held["bits"], f"{where}: bits", 0, 4)
    selection = choice(held["selection"], where, ("common-cause", "outcome-dependent"))
    epsilon = amount(held["epsilon"], f"{where}: epsilon")
    if parties != 1 << bits or epsilon > Fraction(1, 2):
        raise Unreadable(f"{where}: {bits} bits pick one of {1 << bits} parties, epsilon is at most 1/2")
    return Picked(bits, selection, epsilon)


def _letters(ask: Ask, settings: tuple[int, ...]) -> int:
    """Return how many observables an adversary with quantum side information has.

    One for each value of the output, and for an average told the settings for each joint setting of its
    parties as well.
    """
    count = ask.count * (prod(settings[party] for party in ask.of) if ask.told else 1)
    if len(settings) >= MOST_PARTIES or count > 1000:
        raise Unreadable("question: an adversary beside the parties has a letter, at most 1000 observables")
    return count


def _parties(raw: Any, parties: int, where: str) -> tuple[int, ...]:
    of = tuple(integers(raw, f"{where}: of", 0, parties - 1))
    if not of or list(of) != sorted(set(of)):
        raise Unreadable(f"{where}: parties are listed in ascending order, each once")
    return of


def _many(raw: Any, settings: tuple[int, ...], outcomes: tuple[int, ...], devices: str) -> Question:
    """Return a question about relations of many parties; nothing of size 4^M is written out."""
    where, parties = "question", len(settings)
    if {*settings, *outcomes} != {2} or parties < 3 or raw["tests"] != [] or raw["observed"] != "uniform":
        raise Unreadable(
            f"{where}: relations need 3 parties or more, two settings and outcomes, no other tests"
        )
    if devices != "no-signalling":
        raise Unreadable(f"{where}: relations of many parties are asked of no-signalling devices")
    source: Source = Point(Vector(1 << parties, Fraction(1, 1 << parties), {}))
    if tag(raw["source"], "kind", f"{where}: source", ("uniform", "bits")) == "bits":
        # each bit of each setting comes once, and only how biased it may be counts
        source = Bits(1 << parties, read_ranges(raw["source"], settings, f"{where}: source")[0], ())
    else:
        closed(raw["source"], f"{where}: source", ("kind",))
    held = closed(raw["relations"], f"{where}: relations", ("signs", "violated", "whole"))
    signs = tuple(integers(held["signs"], f"{where}: signs", -1, 1, parties + 1))
    violated = amount(held["violated"], f"{where}: violated")
    if flag(held["whole"], f"{where}: whole") and violated:
        raise Unreadable(f"{where}: 'whole' goes with nothing violated")
    ask = _ask(raw["ask"], settings, outcomes, None)
    relations = Relations(signs, violated, held["whole"])
    return Question(settings, outcomes, source, None, devices, (), relations, ask, Algebra((1,), (2,)))
