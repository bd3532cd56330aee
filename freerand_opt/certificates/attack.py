"""An explicit attack: for each w a weight, a source distribution and a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

from freerand_opt.certificates.orbits import OrbitStrategy, orbit_from_json, orbit_strategies
from freerand_opt.model.question import Question
from freerand_opt.numbers.digits import short
from freerand_opt.numbers.exact import compare
from freerand_opt.numbers.parse import parse
from freerand_opt.programs.boxes import Angles, Box, Deterministic, Table, Xor
from freerand_opt.programs.gaussian import read
from freerand_opt.programs.outer import StrategyProgram
from freerand_opt.programs.pairs import PairStrategies
from freerand_opt.programs.program import vector
from freerand_opt.programs.quantum_box import Quantum
from freerand_opt.programs.quotient import QuotientStrategies
from freerand_opt.programs.strategies import BoxStrategies, VertexStrategies

#: Equal masses of more joint settings than this are written once.
WRITTEN_OUT = 2**14


@dataclass(frozen=True)
class Strategy:
    """What the adversary does for one w: `masses[s]` = P(w) P(s|w), exact, and a box."""

    masses: tuple[Fraction, ...]
    box: Box

    @property
    def weight(self) -> Fraction:
        """Return P(w)."""
        return self.masses[0] * len(self.masses) if self.even else sum(self.masses, Fraction(0))

    @property
    def even(self) -> bool:
        """Return whether all settings were given one mass, which a million of them share."""
        return len(set(map(id, self.masses))) == 1

    @property
    def label(self) -> str:
        """Return what the box does, in words."""
        return self.box.label

    @property
    def chances(self) -> tuple[tuple[int, Fraction], ...]:
        """Return (s, P(s|w)) for each joint setting."""
        weight = self.weight
        return tuple((s, mass / weight) for s, mass in enumerate(self.masses))

    def as_json(self) -> dict[str, Any]:
        """Return the strategy in the certificate's form."""
        masses: dict[str, Any]
        if self.even and len(self.masses) > WRITTEN_OUT:
            masses = {"palette": [str(self.masses[0])], "codes": 0}
        else:
            masses = vector(self.masses).as_json()
        return {"masses": masses, "box": self.box.as_json(), "label": self.box.label}


#: The strategies of an attack: one by one, or by orbits of symmetries of the source's tree.
Strategies: TypeAlias = tuple[Strategy, ...] | tuple[OrbitStrategy, ...]


def written(found: Strategies) -> bool:
    """Return whether all numbers of an attack are short enough to be written down."""
    numbers = {id(mass): mass for strategy in found for mass in strategy.masses}
    boxes = [strategy.box for strategy in found if isinstance(strategy, Strategy)]
    tables = [Fraction(box.denominator) for box in boxes if isinstance(box, Table)]
    return all(map(short, (*numbers.values(), *tables)))


def conditioned(question: Question, found: Sequence[Strategy] | Strategies) -> bool:
    """Return whether all joint settings that are conditioned on occur; free settings may leave one out.

    In the program's closure such a test holds as 0 <= 0, but P(o|s) has no meaning.
    """
    if question.settings != "free":
        return True
    tests = (test.functional for test in question.tests if test.functional.on == "conditional")
    used = {s for functional in tests for s in functional.settings()}
    if isinstance(question.ask.at, tuple):
        used.add(question.scenario.setting_index(question.ask.at))
    # orbits are for observed settings
    return all(any(one.masses[s] for one in found) for s in used)


def orbits_or_strategies(
    question: Question, made: StrategyProgram | QuotientStrategies, x: Sequence[Fraction]
) -> Strategies:
    """Read the strategies of an exact program's point, by orbits if the program is about orbits."""
    if isinstance(made, QuotientStrategies):
        return orbit_strategies(made, x)
    return strategies(question, made, x)


def strategies(
    question: Question, made: StrategyProgram | PairStrategies, x: Sequence[Fraction]
) -> tuple[Strategy, ...]:
    """Read the strategies of an exact program's point; weights are normalised to sum 1.

    Raise TypeError for an outer program, whose points are no strategies.
    """
    settings = question.scenario.shape[1]
    if isinstance(made, BoxStrategies):
        nodes = len(made.cone.names)
        found = []
        for k, box in enumerate(made.boxes):
            if made.cone.vertices:
                found += _from_hull(made, k, box, x, settings)
                continue
            masses = tuple(x[k * nodes + int(column)] / settings for column in made.cone.leaf)
            if any(masses):
                found.append(Strategy(masses, box))
    elif isinstance(made, PairStrategies):
        found = [
            Strategy(tuple(weight * mass / settings for mass in pair.masses), pair.box)
            for pair, weight in zip(made.pairs, x, strict=True)
            if weight
        ]
    elif isinstance(made, VertexStrategies):
        found = _from_vertices(question, made, x)
    else:
        raise TypeError("the points of an outer program are no strategies")
    total = sum((strategy.weight for strategy in found), Fraction(0))
    if total == 1 or not found:
        return tuple(found)
    return tuple(Strategy(tuple(mass / total for mass in s.masses), s.box) for s in found)


def _from_hull(made: BoxStrategies, k: int, box: Box, x: Sequence[Fraction], settings: int) -> list[Strategy]:
    """One strategy for each vertex with weight: a mixture of products is no product."""
    start = k * len(made.cone.names) + made.cone.weights
    return [
        Strategy(tuple(weight * mass / settings for mass in vertex), box)
        for vertex, weight in zip(made.cone.vertices, x[start : start + len(made.cone.vertices)], strict=True)
        if weight
    ]


def _from_vertices(question: Question, made: VertexStrategies, x: Sequence[Fraction]) -> list[Strategy]:
    outcomes, settings = question.scenario.shape
    width = outcomes * settings
    found = []
    for copy in range(len(made.vertices) * made.labels):
        vertex = made.vertices[copy // made.labels]
        cells = x[copy * width : (copy + 1) * width]
        weight = sum((cells[o * settings] for o in range(outcomes)), Fraction(0))
        if weight:
            shares = [cell / weight for cell in cells]
            denominator = lcm(*(share.denominator for share in shares))
            box = Table(
                tuple(int(share * denominator) for share in shares),
                denominator,
                f"source vertex {copy // made.labels}, guess {copy % made.labels}",
            )
            found.append(Strategy(tuple(weight * mass / settings for mass in vertex), box))
    return found


def from_json(plain: dict[str, Any]) -> Strategies:
    """Read the strategies of a certificate that has been checked."""
    if "orbits" in plain:
        return tuple(orbit_from_json(entry) for entry in plain["orbits"])
    found = []
    for entry in plain["strategies"]:
        palette = [Fraction(value) for value in entry["masses"]["palette"]]
        box = entry["box"]
        label = entry.get("label", "")
        made: Box
        if box["kind"] == "deterministic":
            made = Deterministic(tuple(tuple(party) for party in box["outcomes"]), label)
        elif box["kind"] == "xor":
            made = Xor(tuple(box["parity"]), label)
        elif box["kind"] == "angles":
            made = Angles(tuple(tuple(map(Fraction, party)) for party in box["angles"]), label)
        elif box["kind"] == "quantum":
            held = tuple(
                tuple(tuple(tuple(read(v) for v in vs) for vs in outcomes) for outcomes in party)
                for party in box["measurements"]
            )
            made = Quantum(tuple(box["dimensions"]), read(box["state"]), held, label)
        else:
            made = Table(tuple(box["numerators"]), box["denominator"], label)
        codes = entry["masses"]["codes"]
        if isinstance(codes, int):  # all entries are equal; their sum is 1
            codes = [codes] * (1 / palette[codes]).numerator
        found.append(Strategy(tuple(palette[code] for code in codes), made))
    return tuple(found)


def reached(certificate: dict[str, Any]) -> Strategies:
    """Return the strategies that reach the answer of a certificate that has been checked; () without any."""
    kind = certificate.get("kind")
    if kind == "bracket":
        attack = certificate["attack"]
        # questions about relations have a point of their program, no list of strategies
        return () if attack is None or "point" in attack else from_json(attack)
    if kind == "worst":
        parts = certificate["parts"]
        end = "upper" if parts[0]["question"]["ask"]["quantity"] == "min-entropy" else "lower"
        return reached(next(part for part in parts if part["answer"][end] == certificate["answer"][end]))
    if kind == "threshold":
        return reached(certificate["above" if _refuted_above(certificate) else "below"])
    return ()


def _refuted_above(threshold: dict[str, Any]) -> bool:
    """Return whether it is at the upper end that an attack refutes the claim of a threshold."""
    part = threshold["above"]
    if threshold["crosses"] is None:
        return part["answer"]["lower"] is not None
    limit = parse(threshold["crosses"].replace(threshold["field"], f"({threshold['answer']['upper']})"))
    entropy = part["question"]["ask"]["quantity"] == "min-entropy"
    end = part["answer"]["upper" if entropy else "lower"]
    return end is not None and (compare(parse(end), limit) < 0 if entropy else compare(parse(end), limit) > 0)
