"""What devices do for one w of an attack: a box written out or of a cycle, moments; in a few numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

from freerand_opt.checker.asked import Question, joint, split
from freerand_opt.checker.devices import Box, Deterministic
from freerand_opt.checker.numbers import sign
from freerand_opt.errors import InputError
from freerand_opt.model.scenario import joined
from freerand_opt.model.tables.text import said_at
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.kernel import exact

if TYPE_CHECKING:
    from freerand_opt.bounds.answers.seen import Seen

#: Most joint settings of which correlations are told, and longest fraction that is written as such.
MOST_SETTINGS, SHORT = 9, 7


class Devices:
    """What the devices do for one w; `answers` by party and setting where the box is deterministic."""

    def at(self, s: int) -> dict[int, Exact]:
        """Return P(o|s, w) by joint outcome, without zeros."""
        raise NotImplementedError

    @property
    def answers(self) -> tuple[tuple[int, ...], ...] | None:
        """Return the outcome by party and setting of a deterministic box."""
        return None

    @property
    def words(self) -> str:
        """Return what the box is, shortly."""
        raise NotImplementedError

    @property
    def seen(self) -> Seen | None:
        """Return the state and its measurements, rounded, of a pure state with projectors."""
        return None

    def moment(self, name: str, q: Question) -> Exact:
        """Return the real part of the mean of a product such as ``<A0 A1 B0>`` or ``<A[0|1] B[0|0]>``.

        Raise InputError for what is none of the scenario, and for boxes that have no state.
        """
        raise InputError("moment", f"{self.words}: no state is known")


@dataclass(frozen=True, eq=False)
class Written(Devices):
    """A box that is written out: deterministic answers, a table, a state, or angles of two qubits."""

    box: Box
    form: dict[str, Any]

    def at(self, s: int) -> dict[int, Exact]:
        """Return the probabilities that are not 0."""
        return {o: exact(x) for o, x in self.box.at(s).items() if sign(x)}

    @property
    def answers(self) -> tuple[tuple[int, ...], ...] | None:
        """Return the outcome by party and setting if the box is deterministic."""
        return tuple(map(tuple, self.box.answers)) if isinstance(self.box, Deterministic) else None

    @property
    def words(self) -> str:
        """Return what the box is, shortly."""
        if self.answers is not None:
            own = (joined(answers, (max(answers) + 1,)) for answers in self.answers)
            return "answers " + ", ".join(f"{chr(65 + p)} {word}" for p, word in enumerate(own))
        if self.form["kind"] in ("quantum", "purified"):
            what = "a state" if self.form["kind"] == "quantum" else "a mixed state that she purifies,"
            return f"{what} of dimensions {' x '.join(map(str, self.form['dimensions']))}"
        return "angles of two qubits" if self.form["kind"] == "qubits" else "a no-signalling table"

    @property
    def seen(self) -> Seen | None:
        """Return the state and its measurements, rounded, of a pure state with projectors."""
        if self.form["kind"] not in ("qubits", "quantum"):
            return None
        from freerand_opt.bounds.answers.seen import seen  # numpy

        return seen(self.form)

    def moment(self, name: str, q: Question) -> Exact:
        """Return the real part of the mean of a product of operators, 0 if the product is."""
        from freerand_opt.model.problem import Parties
        from freerand_opt.programs.npa.matrix import operators

        with said_at("moment"):
            found = operators(Parties(q.settings, q.outcomes), name)
        letters: list[list[tuple[int, int]]] = [[] for _ in q.settings]
        for party, setting, outcome in found:
            letters[party].append((setting, -1 if outcome is None else outcome))
        numbers = [q.algebra.number(party, own) for party, own in enumerate(letters)]
        word = tuple(number for number in numbers if number is not None)
        if self.form["kind"] in ("table", "qubits"):
            return super().moment(name, q)
        return exact(self.box.mean(word)) if len(word) == len(numbers) else Fraction(0)


@dataclass(frozen=True, eq=False)
class Cycle:
    """A cycle of settings of two parties: (joint setting, parity of the right outcomes) of each edge."""

    edges: tuple[tuple[int, int], ...]
    sizes: tuple[int, ...]

    @cached_property
    def parities(self) -> dict[int, int]:
        """Return the parity of the right outcomes at each edge."""
        return dict(self.edges)

    @cached_property
    def walk(self) -> tuple[dict[tuple[int, int], tuple[int, int]], dict[int, int]]:
        """Return {(party, setting): (place on the cycle, outcome)} and {edge: place after it}.

        These outcomes err at the last edge alone.
        """
        near: dict[tuple[int, int], list[tuple[tuple[int, int], int]]] = {}
        for s, _ in self.edges:
            a, b = divmod(s, self.sizes[1])
            near.setdefault((0, a), []).append(((1, b), s))
            near.setdefault((1, b), []).append(((0, a), s))
        here, before, outcome = next(iter(near)), -1, 0
        places, after = {here: (0, 0)}, {}
        for k in range(1, len(self.edges) + 1):
            here, before = next(pair for pair in near[here] if pair[1] != before)
            outcome ^= self.parities[before]
            places.setdefault(here, (k, outcome))
            after[before] = k
        return places, after

    def answer(self, error: int, party: int, setting: int) -> int:
        """Return the outcome of the box that errs at one edge alone; 0 for a setting off the cycle."""
        places, after = self.walk
        place, outcome = places.get((party, setting), (0, 0))
        return outcome ^ (place >= after[error])


@dataclass(frozen=True, eq=False)
class OnCycle(Devices):
    """A box of a cycle: deterministic with one error, or (`error` None) unbiased and never wrong there.

    `error` is the joint setting of an edge. Settings off the cycle do not count.
    """

    cycle: Cycle
    error: int | None

    @property
    def answers(self) -> tuple[tuple[int, ...], ...] | None:
        """Return the outcome by party and setting of the box with one error."""
        if self.error is None:
            return None
        error, sizes = self.error, self.cycle.sizes
        return tuple(tuple(self.cycle.answer(error, p, x) for x in range(n)) for p, n in enumerate(sizes))

    def at(self, s: int) -> dict[int, Exact]:
        """Return the probabilities that are not 0."""
        if self.error is not None:
            first, second = (self.cycle.answer(self.error, p, x) for p, x in enumerate(self._digits(s)))
            return {2 * first + second: Fraction(1)}
        parity = self.cycle.parities.get(s)
        outcomes = [o for o in range(4) if parity in (None, (0, 1, 1, 0)[o])]
        return dict.fromkeys(outcomes, Fraction(1, len(outcomes)))

    def _digits(self, s: int) -> list[int]:
        return split(s, self.cycle.sizes)

    @property
    def words(self) -> str:
        """Return where the box errs."""
        if self.error is None:
            return "unbiased, no error on the cycle"
        where = joined(self._digits(self.error), self.cycle.sizes)
        return f"deterministic, errs on the cycle at settings {where} alone"


@dataclass(frozen=True, eq=False)
class Moments(Devices):
    """A symmetric box of many parties by its moments: (counts by class.., outside), mean (docs/kernel.md)."""

    moments: tuple[tuple[tuple[int, ...], Fraction], ...]

    def at(self, s: int) -> dict[int, Exact]:
        """Raise InputError: only moments are known."""
        raise InputError("attack", "boxes of many parties are symmetric and known by their moments alone")

    @property
    def words(self) -> str:
        """Return how many moments it has."""
        return f"symmetric box, {len(self.moments)} moments beside 0 and 1"


# ------------------------------------------------------------------ in a few numbers


def told(devices: Devices, q: Question) -> str:
    """Return the numbers of a box; nothing for answers, large boxes and boxes on a cycle, which words tell.

    Outcomes 0, 1 count as +1, -1; correlations are in the order of joint settings.
    """
    if devices.answers is not None or isinstance(devices, Moments | OnCycle):
        return ""
    if prod(q.settings) > MOST_SETTINGS or len(q.settings) > 3:
        return ""
    return "; ".join(_means(devices, q) if set(q.outcomes) == {2} else _chances(devices, q))


def _means(devices: Devices, q: Question) -> Iterator[str]:
    parties = range(len(q.settings))
    for count in (1, len(q.settings)):
        for chosen in combinations(parties, count):
            sizes = [q.settings[p] for p in chosen]
            values = []
            for k in range(prod(sizes)):
                at = dict(zip(chosen, split(k, tuple(sizes)), strict=True))
                s = joint([at.get(p, 0) for p in parties], q.settings)
                signs = {o: (-1) ** sum(split(o, q.outcomes)[p] for p in chosen) for o in devices.at(s)}
                values.append(sum((x * signs[o] for o, x in devices.at(s).items()), Fraction(0)))
            name = "".join(chr(65 + p) for p in chosen)
            yield f"<{name}> = {', '.join(map(_short, values))}"


def _chances(devices: Devices, q: Question) -> Iterator[str]:
    for p, (size, outcomes) in enumerate(zip(q.settings, q.outcomes, strict=True)):
        rows = []
        for x in range(size):
            s = joint([x if other == p else 0 for other in range(len(q.settings))], q.settings)
            chances: list[Exact] = [Fraction(0)] * outcomes
            for o, value in devices.at(s).items():
                chances[split(o, q.outcomes)[p]] += value
            rows.append(f"({', '.join(map(_short, chances))})")
        yield f"P({chr(65 + p)}) = {', '.join(rows)}"


def _short(x: Exact) -> str:
    words = str(x) if isinstance(x, Fraction) else ""
    return words if words and len(words) <= SHORT else f"{float(x):.4f}"
