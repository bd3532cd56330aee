r"""The attack of an answer, read from its certificate: explicit strategies of the adversary.

.. math:: P(o, s) = \sum_w P(w)\, P(s|w)\, P(o|s, w)

Every number is exact; `to_array` rounds to the nearest floats. Joint settings s and joint outcomes o are
numbers in row-major order, party A slowest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from freerand_opt.bounds.answers.devices import Cycle, Devices, Moments, OnCycle, Written, told
from freerand_opt.bounds.answers.given import Given, Graph, Listed, Root
from freerand_opt.checker.asked import Question, split
from freerand_opt.checker.attack import check_attack, read_box
from freerand_opt.checker.cycle import read_edges
from freerand_opt.checker.failures import Work
from freerand_opt.checker.numbers import Number, sign
from freerand_opt.checker.points import read_flow
from freerand_opt.checker.question import read_question
from freerand_opt.checker.varied import Varied
from freerand_opt.checker.vectors import Vector, vector
from freerand_opt.errors import TooLargeError
from freerand_opt.model.scenario import joined
from freerand_opt.numbers import markup
from freerand_opt.numbers.exact import Exact

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: Most floats of the arrays of an attack.
MOST_CELLS = 5 * 10**6
#: Steps of work of reading a certificate that was checked.
WORK = 2 * 10**9
#: Longest fraction that a line shows as such.
SHORT = 12


class Arrays(NamedTuple):
    """An attack in floats: ``weights[w]``, ``settings[w, s]`` = P(s|w), ``boxes[w, s, o]`` = P(o|s, w)."""

    weights: npt.NDArray[np.float64]
    settings: npt.NDArray[np.float64]
    boxes: npt.NDArray[np.float64]


class Played(NamedTuple):
    """Rounds played by an attack: the value of W, the joint setting and the joint outcome of each."""

    w: npt.NDArray[np.int64]
    settings: npt.NDArray[np.int64]
    outcomes: npt.NDArray[np.int64]


class Line(NamedTuple):
    """A strategy in words: its weight P(w), what the devices do, and which settings the source favours."""

    weight: Fraction
    devices: str
    settings: str


@dataclass(frozen=True, eq=False)
class Strategy:
    """What the adversary does for one w: its weight P(w) > 0, P(s|w), and the devices' P(o|s, w)."""

    weight: Fraction
    settings: Given
    devices: Devices

    def row(self, s: int) -> dict[int, Exact]:
        """Return P(o|s, w) by joint outcome, without zeros."""
        return self.devices.at(s)


@dataclass(frozen=True, eq=False)
class Attack(Sequence[Strategy]):
    """An attack: its strategies, one for each value of the adversary's variable W.

    `question` is the one attacked as the kernel reads it: of a threshold at the value `at`, of worst settings
    at those with the largest answer.
    """

    question: Question
    strategies: tuple[Strategy, ...]
    at: Fraction | None = None

    def __len__(self) -> int:
        return len(self.strategies)

    def __getitem__(self, w: Any) -> Any:
        return self.strategies[w]

    def __iter__(self) -> Iterator[Strategy]:
        return iter(self.strategies)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the numbers of values of W, of joint settings and of joint outcomes."""
        return len(self), prod(self.question.settings), prod(self.question.outcomes)

    @property
    def heaviest(self) -> list[Strategy]:
        """Return the strategies, heaviest first."""
        return sorted(self.strategies, key=lambda one: -one.weight)

    def to_array(self) -> Arrays:
        """Return weights[w], settings[w, s] and boxes[w, s, o] in floats.

        Raise TooLargeError beyond `MOST_CELLS` floats, and InputError for boxes of many parties, whose
        moments are all that is known.
        """
        import numpy as np

        if prod(self.shape) > MOST_CELLS:
            raise TooLargeError(
                f"the arrays of this attack have {prod(self.shape)} entries, more than {MOST_CELLS}; "
                "read its strategies one by one"
            )
        boxes = np.zeros(self.shape)
        for w, one in enumerate(self):
            for s in range(self.shape[1]):
                for o, chance in one.row(s).items():
                    boxes[w, s, o] = float(chance)
        weights = np.array([float(one.weight) for one in self])
        settings = np.array([[float(x) for x in one.settings] for one in self])
        return Arrays(weights, settings, boxes)

    def sample(self, rounds: int, seed: int) -> Played:
        """Return independent rounds that the attack plays, drawn in floating point; see `to_array`."""
        import numpy as np

        weights, settings, boxes = self.to_array()
        draw = np.random.default_rng(seed)
        w = draw.choice(len(self), rounds, p=weights / weights.sum())
        s = _drawn(np.cumsum(settings, axis=1)[w], draw)
        return Played(w, s, _drawn(np.cumsum(boxes, axis=2)[w, s], draw))

    def behaviour(self, s: int) -> dict[int, Exact]:
        """Return the observed P(o|s) at a joint setting, {} if it never occurs."""
        total: dict[int, Exact] = {}
        mass = Fraction(0)
        for one in self:
            share = one.weight * one.settings[s]
            mass += share
            for o, chance in one.row(s).items() if share else ():
                total[o] = total.get(o, Fraction(0)) + chance * share
        return {o: value * (1 / mass) for o, value in total.items()}

    def moment(self, name: str) -> Exact:
        """Return the mean over W of the real part of a product of operators; see `Devices.moment`."""
        parts = (one.devices.moment(name, self.question) * one.weight for one in self)
        return sum(parts, Fraction(0))

    def table(self) -> tuple[Line, ...]:
        """Return a line for each strategy, heaviest first."""
        return tuple(
            Line(one.weight, self._words(one), self._favoured(one.settings)) for one in self.heaviest
        )

    def _words(self, one: Strategy) -> str:
        """Return what devices do, in words and in numbers."""
        numbers = told(one.devices, self.question)
        return f"{one.devices.words}, {numbers}" if numbers else one.devices.words

    def _favoured(self, given: Given) -> str:
        (low, least), (high, most) = given.ends
        if least == most:
            return "all equally likely"
        names = [joined(split(s, self.question.settings), self.question.settings) for s in (low, high)]
        return f"{names[1]} most likely ({_short(most)}), {names[0]} least ({_short(least)})"

    def __str__(self) -> str:
        lines = [
            f"weight {_short(line.weight)}: {line.devices}; settings {line.settings}" for line in self.table()
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the strategies, heaviest first."""
        return markup.table(
            ("weight", "devices", "settings"), ((_short(x), *words) for x, *words in self.table())
        )


def _drawn(sums: npt.NDArray[np.float64], draw: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return for each row of cumulated chances a place, drawn by them."""
    u = draw.random(len(sums)) * sums[:, -1]
    found: npt.NDArray[np.int64] = (sums <= u[:, None]).sum(axis=1)
    return found


def _short(x: Fraction) -> str:
    words = str(x)
    return words if len(words) <= SHORT else f"{float(x):.6g}"


# ------------------------------------------------------------------ from a certificate


def read_attack(document: dict[str, Any]) -> Attack | None:
    """Return the attack of a certificate that the kernel checked, None if it has none.

    Of worst settings it is the attack with the largest answer, of a threshold the one at its end.
    """
    work = Work(WORK)
    if document["kind"] == "threshold":
        side = next(document[key] for key in ("below", "above") if document[key]["attack"] is not None)
        place = Fraction(side["at"])
        return Attack(
            q := Varied(document, work).question(place), _strategies(side["attack"], q, work), place
        )
    if document["kind"] == "worst":
        found = [
            (part["attack"], _asked(document, k, work))
            for k, part in enumerate(document["parts"])
            if part["attack"]
        ]
        best: tuple[Number, Any, Question] | None = None
        for raw, q in found:
            value = check_attack(raw, q, work)
            best = (value, raw, q) if best is None or sign(value - best[0]) > 0 else best
        return None if best is None else Attack(best[2], _strategies(best[1], best[2], work))
    if document["attack"] is None:
        return None
    q = read_question(document["question"], work)
    return Attack(q, _strategies(document["attack"], q, work))


def _asked(document: dict[str, Any], k: int, work: Work) -> Question:
    """Return the question of one part of a certificate of worst settings."""
    raw = document["question"]
    return read_question({**raw, "ask": {**raw["ask"], "at": split(k, tuple(raw["settings"]))}}, work)


def _strategies(raw: dict[str, Any], q: Question, work: Work) -> tuple[Strategy, ...]:
    """Return the strategies that have a weight."""
    found: Iterable[Strategy]
    if q.relations is not None:
        found = _symmetric(raw, q)
    elif "edges" in raw:
        found = _of_cycle(raw, q, work)
    else:
        found = _written_out(raw, q, work)
    return tuple(one for one in found if one.weight)


def _symmetric(raw: dict[str, Any], q: Question) -> Iterator[Strategy]:
    size = prod(q.settings)
    even = Listed(Vector(size, Fraction(1, size), {}), Fraction(1))
    for one in raw["strategies"]:
        moments = tuple((tuple(key), Fraction(value)) for key, value in one["moments"])
        yield Strategy(Fraction(one["weight"]), even, Moments(moments))


def _of_cycle(raw: dict[str, Any], q: Question, work: Work) -> Iterator[Strategy]:
    flow = read_flow(raw["flow"], q, work)
    assert flow is not None
    graph, edges = Graph(flow), tuple(read_edges(raw["edges"], q))
    cycle = Cycle(edges, q.settings)
    weights = vector(raw["weights"], "weights", len(raw["nodes"]), lambda x, _: Fraction(x))
    for w, (node, place) in enumerate(zip(raw["nodes"], raw["errors"], strict=True)):
        box = OnCycle(cycle, None if place is None else edges[place][0])
        yield Strategy(weights[w], Root(graph, node), box)


def _written_out(raw: dict[str, Any], q: Question, work: Work) -> Iterator[Strategy]:
    flow = read_flow(raw.get("flow"), q, work)
    graph = None if flow is None else Graph(flow)
    for w, one in enumerate(raw["strategies"]):
        box = Written(read_box(one["box"], q, work, f"strategy {w}"), one["box"])
        if "masses" in one:
            masses = vector(one["masses"], "masses", q.shape[0], lambda x, _: Fraction(x))
            weight = _total(masses)
            yield Strategy(weight, Listed(masses, weight), box)
        else:
            assert graph is not None
            yield Strategy(Fraction(one["weight"]), Root(graph, one["node"]), box)


def _total(masses: Vector[Fraction]) -> Fraction:
    rest = Fraction(0) if masses.default is None else masses.default * (masses.length - len(masses.but))
    return rest + sum(masses.but.values())


__all__ = ["Arrays", "Attack", "Line", "Strategy", "read_attack"]
