r"""An attack: for each w a source point and a box; the tests it passes and the value it reaches.

.. math:: P(o, s) = \sum_w P(w)\, P(s|w)\, P(o|s, w)
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from freerand_opt.checker.asked import ENTROPY, Functional, Kept, Question
from freerand_opt.checker.averages import check_averages
from freerand_opt.checker.cycle import check_chain
from freerand_opt.checker.devices import Box, Deterministic, Quantum, Qubits, Table
from freerand_opt.checker.entropies import Purified, entropy_reached
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.guesses import Guesses
from freerand_opt.checker.numbers import Number, combined, denominator, largest, show
from freerand_opt.checker.points import check_observed, read_flow, read_point
from freerand_opt.checker.reading import closed, flag, get, items, tag
from freerand_opt.checker.scale import ALLOWED, Scale, terms_of
from freerand_opt.checker.sources import Average
from freerand_opt.checker.strings import check_orbits
from freerand_opt.checker.vectors import total

#: Steps of work of a term of a number that is kept.
KEPT = 16
BOXES = ("deterministic", "table", "quantum", "qubits", "purified")


def check_attack(raw: Any, q: Question, work: Work) -> Number:
    """Return the value that an attack reaches (1 for a question of existence); raise Rejected."""
    if q.relations is not None:
        return check_orbits(raw, q, work)
    if type(raw) is dict and "edges" in raw:
        if q.ask.quantity == ENTROPY:
            raise Rejected("attack: of an entropy the boxes are written out")
        return check_chain(raw, q, work)
    closed(raw, "attack", ("strategies",), ("flow",))
    flow = read_flow(raw.get("flow"), q, work)
    boxes, masses, bad = list[Box](), [], []
    average = q.source if isinstance(q.source, Average) else None
    keys = ("box", "bad") if average is not None and average.good is not None else ("box",)
    strategies = items(raw["strategies"], "attack")
    for w, entry in enumerate(strategies):
        where = f"attack: strategy {w}"
        masses.append(read_point(entry, keys, q, flow, work, where))
        bad.append(len(keys) > 1 and flag(entry["bad"], f"{where}: bad"))
        boxes.append(read_box(entry["box"], q, work, f"{where}: box"))
    if len({get(entry, "masses") is None for entry in strategies}) > 1:
        raise Rejected("attack: masses are all listed, or all given by the flow graph")
    weights = [total(own) for own in masses]
    check_observed(q, masses, weights, work)
    if average is not None:
        check_averages(average, masses, bad, work)
    held = Held(q, masses, weights, boxes, work, Scale(work))
    for k, test in enumerate(q.tests):
        held.test(test, f"attack: test {k}")
    value: Number = held.value()
    return value


def read_box(raw: Any, q: Question, work: Work, where: str) -> Box:
    """Return a box of the question's devices."""
    allowed = {
        "local": BOXES[:1],
        "quantum": ("deterministic", "quantum", "qubits", "purified"),
        "no-signalling": BOXES[:4],
    }
    kind = tag(raw, "kind", where, BOXES)
    if kind not in allowed[q.devices]:
        raise Rejected(f"{where}: {q.devices} devices have no {kind} boxes here")
    if kind == "deterministic":
        return Deterministic(raw, q, where)
    if kind == "table":
        return Table(raw, q, work, where)
    if kind == "purified":
        return Purified(raw, q, work, where)
    return Quantum(raw, q, work, where) if kind == "quantum" else Qubits(raw, q, work, where)


class Held:
    """What an attack shows: P(o, s) at the settings that count, summed over w, times `one` of a scale."""

    def __init__(
        self,
        q: Question,
        masses: Sequence[Any],
        weights: list[Fraction],
        boxes: list[Box],
        work: Work,
        scale: Scale,
    ) -> None:
        self.q, self.masses, self.weights, self.boxes, self.work = q, masses, weights, boxes, work
        self.scale = scale
        work.spend(4 * q.shape[1], "attack")
        self.guesses = Guesses(q, empty=False)
        self.used, self.named = self._used(), self._named()
        work.spend(len(self.used) * len(boxes) * 4, "attack")
        self.leak: Any = Fraction(0)
        if q.observed is not None:  # as was checked
            self.seen = {s: q.observed[s] for s in self.used}
        else:
            self.seen = {s: sum((own[s] for own in masses), Fraction(0)) for s in self.used}
        self.parts: dict[tuple[int, int], list[tuple[Number, Any]]] = {}
        for own, box in zip(masses, boxes, strict=True):
            self._add(own, box)
        for parts in self.parts.values():
            work.weigh_sum({x.denominator * m.denominator for x, m in parts if isinstance(x, Fraction)})
            work.spend(sum(terms_of(x) for x, _ in parts) * KEPT, "attack")
        self.joint = {
            key: scale.total(parts) if len(parts) > 1 else parts[0][0] * parts[0][1]
            for key, parts in self.parts.items()
        }

    def _used(self) -> list[int]:
        ask = self.q.ask
        if ask.quantity != "strategy" and ask.score is None and ask.at is None:
            return list(range(self.q.shape[0]))
        found = set() if ask.score is None else set(ask.score.settings)
        found |= set() if ask.at is None else {ask.at}
        for test in self.q.tests:
            found |= set(test.table if isinstance(test, Kept) else test.functional.settings)
        return sorted(found)

    def _named(self) -> dict[int, set[int]]:
        """Return the outcomes that a test or the score speaks of, by setting; no other sums are kept."""
        found: dict[int, set[int]] = {}
        for test in self.q.tests:
            if isinstance(test, Kept):
                found |= {s: set(range(self.q.shape[1])) for s in test.table}
        spoken = [test.functional for test in self.q.tests if not isinstance(test, Kept)]
        for f in (*spoken, *([] if self.q.ask.score is None else [self.q.ask.score])):
            for s, o in f.terms:
                found.setdefault(s, set()).add(o)
        return found

    def _add(self, own: Any, box: Box) -> None:
        """Add one strategy to what P(o, s) sums, and its best guesses to the leak."""
        known = self.q.ask.told or self.q.ask.at is not None
        tallies: list[Any] = [Fraction(0)] * len(self.guesses.worths)
        for s in self.used:
            mass = own[s]
            if not mass:
                continue
            row = box.at(s)
            self.work.spend(KEPT * sum(map(terms_of, row.values())), "attack")
            for o in self.named.get(s, set()) & row.keys():
                self.parts.setdefault((s, o), []).append((row[o], mass))
            if not self.guesses.guessed or self.q.ask.at not in (None, s):
                continue
            self.work.spend(len(tallies) * len(self.guesses.outputs), "attack")
            shown: dict[int, Number] = {}  # the values' probabilities
            for o, chance in row.items():
                value = self.guesses.outputs[o]
                shown[value] = shown[value] + chance if value in shown else chance
            gains = [
                combined((x, worth[v]) for v, x in shown.items() if worth[v]) for worth in self.guesses.worths
            ]
            if self.q.ask.at is not None and self.q.observed is not None:
                mass = mass * (1 / self.q.weight(s))
            if known:
                self._leaks(largest(gains, self.work) * mass)
                continue
            tallies = [tally + gain * mass for tally, gain in zip(tallies, gains, strict=True)]
            for tally in tallies:
                self.work.weigh(denominator(tally))
        if self.guesses.guessed and not known:
            self._leaks(largest(tallies, self.work))

    def _leaks(self, gain: Any) -> None:
        """Add the best guess to the leak; its denominator grows with each box."""
        self.leak = self.leak + gain
        self.work.weigh(denominator(self.leak))
        self.work.spend(1, "attack")

    def score(self, f: Functional) -> Any:
        """Return the score of a functional; conditional on settings that occur."""
        shares = dict.fromkeys((s for s, _ in f.terms), Fraction(1))
        for s in shares if f.on == "conditional" else ():
            if not self.seen[s]:
                raise Rejected(f"attack: setting {s} never occurs, P(.|{s}) has no meaning")
            shares[s] = 1 / self.seen[s]
        zero = Fraction(0)
        total = self.scale.total(
            (self.joint.get(key, zero), x * shares[key[0]]) for key, x in f.terms.items()
        )
        for word, factor in f.words.items():
            for weight, box in zip(self.weights, self.boxes, strict=True):
                total = total + box.mean(word) * (weight * factor)
        return total

    def test(self, test: Any, where: str) -> None:
        """Raise Rejected unless a test is passed."""
        if isinstance(test, Kept):
            for s, row in test.table.items():
                if not self.seen[s]:
                    raise Rejected(f"{where}: setting {s} never occurs")
                for o, wanted in enumerate(row):
                    gap = self.joint.get((s, o), Fraction(0)) * (1 / self.seen[s]) - wanted * self.scale.one
                    off = test.tolerance * self.scale.one
                    if self.scale.sign(gap - off) not in (0, -1) or self.scale.sign(gap + off) not in (0, 1):
                        raise Rejected(f"{where}: P({o}|{s}) is off by more than the tolerance")
            return
        gap = self.score(test.functional) - test.score * self.scale.one
        if self.scale.sign(gap) not in ALLOWED[test.relation]:
            raise Rejected(f"{where}: the score is not {test.relation} {show(test.score)}")

    def value(self) -> Any:
        """Return what is reached."""
        ask = self.q.ask
        if ask.quantity == "strategy":
            return self.scale.one
        if ask.score is not None:
            return self.score(ask.score)
        if ask.quantity == ENTROPY:
            return entropy_reached(self.q, self.masses, self.boxes, self.work)
        if ask.at is None or self.q.observed is not None:
            return self.leak
        if not self.seen[ask.at]:
            raise Rejected("attack: the settings asked for never occur")
        return self.leak * (1 / self.seen[ask.at])
