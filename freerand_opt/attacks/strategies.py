"""From exact points of programs over complete strategies to attacks in the certificate's form."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm, prod
from typing import Any

from freerand_opt.attacks.graph import Graph, leaves_root
from freerand_opt.checker.vectors import over
from freerand_opt.model.certificate_form import coded_form, vector_form
from freerand_opt.model.problem import Average, Bits, Problem
from freerand_opt.programs.box import Box
from freerand_opt.programs.strategies import Strategies


@dataclass(frozen=True)
class Strategy:
    """What the adversary does for one w: `masses[s]` = P(w) P(s|w), and a box.

    `strings` are the masses of strings of bits, where several name one setting; `bad` says whether the
    distribution is none of the good source, where a fraction of trials may be so.
    """

    masses: tuple[Fraction, ...]
    box: Box
    strings: tuple[Fraction, ...] = ()
    bad: bool | None = None

    @property
    def weight(self) -> Fraction:
        """Return P(w)."""
        counts = Counter(mass.as_integer_ratio() for mass in self.masses)  # few are different
        return sum((Fraction(*mass) * count for mass, count in counts.items()), Fraction(0))


def strategies(made: Strategies, x: Sequence[Fraction]) -> tuple[Strategy, ...]:
    """Read the strategies of an exact point; weights are normalised to sum 1.

    A carrier that is a listed box is one strategy (one for each copy, if the source's cone is a union of
    copies); cells at a node that is a vertex of the source are one.
    """
    found: list[Strategy] = []
    count = made.problem.shape[0]
    copies = _copies(made)
    source = made.problem.source
    coded = isinstance(source, Bits) and len(set(source.leaves)) < len(source.leaves)
    first = made.cone.nodes - len(source.leaves) if isinstance(source, Bits) else 0
    size = made.cone.nodes * made.space.width
    for carrier in range(made.space.carriers):
        if not any(x[carrier * size : (carrier + 1) * size]):
            continue
        for nodes in copies:
            masses = [Fraction(0)] * count
            columns: dict[int, Fraction] = {}
            products: dict[tuple[int, int], Fraction] = {}  # values are a few fractions, each one object
            for s, node, value in nodes:
                mass = x[made.column(carrier, node, 0)]
                if mass:
                    place = (node, id(value))
                    if place not in products:
                        products[place] = value * mass
                    masses[s] = masses[s] + products[place] if masses[s] else products[place]
                    columns.setdefault(node, mass)
            if any(masses):
                box = made.space.boxes[carrier] if made.space.boxes else _table(made, x, carrier, columns)
                strings = [columns.get(node, Fraction(0)) for node in range(first, made.cone.nodes)]
                bad = None
                if isinstance(source, Average) and source.good is not None:
                    bad = any(node in made.cone.costs[0][0] for node in columns)
                found.append(Strategy(tuple(masses), box, tuple(strings) if coded else (), bad))
    total = sum((one.weight for one in found), Fraction(0))
    if total != 1:
        found = [_normalised(one, total) for one in found]
    return tuple(found)


def _normalised(one: Strategy, total: Fraction) -> Strategy:
    masses, strings = (tuple(mass / total for mass in part) for part in (one.masses, one.strings))
    return replace(one, masses=masses, strings=strings)


def _copies(made: Strategies) -> list[list[tuple[int, int, Fraction]]]:
    """Return the masses of each copy of the source: of each vertex, each product of vertices, or of all."""
    entries = list(made.cone.masses.entries())
    names = made.cone.names
    if all(name[0] == "last" for name in names):
        by_node: dict[int, list[tuple[int, int, Fraction]]] = {}
        for s, node, value in entries:
            by_node.setdefault(node, []).append((s, node, value))
        return list(by_node.values())
    if any(name[0] == "product" for name in names):
        copies = 1 + max(int(name[1]) for name in names)
        each = made.cone.nodes // copies
        found: list[list[tuple[int, int, Fraction]]] = [[] for _ in range(copies)]
        for s, node, value in entries:
            found[node // each].append((s, node, value))
        return found
    return [entries]


def _table(made: Strategies, x: Sequence[Fraction], carrier: int, columns: dict[int, Fraction]) -> Box:
    """Return the box in the cells of the only node with a mass."""
    ((node, mass),) = columns.items()
    start = made.column(carrier, node, 0)
    count, width = made.problem.shape
    rows = []
    for s in range(count):
        row = []
        for o in range(width):
            factors = made.space.value(carrier, s, {o: Fraction(1)})
            value = sum((f * x[start + place] for place, f in factors.items()), Fraction(0)) / mass
            if value:
                row.append((o, value))
        rows.append(tuple(row))
    return Box(
        None, tuple(rows), made.problem.settings, made.problem.outcomes, f"guess {made.labels[carrier]}"
    )


def attack_form(problem: Problem, found: Sequence[Strategy]) -> dict[str, Any]:
    """Return an attack in the certificate's grammar, masses listed or by a flow graph, the shorter one."""
    listed, source = [], problem.source
    for one in found:
        marked = {} if one.bad is None else {"bad": one.bad}
        spelt = min(vector_form(one.masses), coded_form(one.masses), key=_length)
        listed.append({"masses": spelt, "box": box_form(one.box), **marked})
    if not isinstance(source, Bits):
        return {"strategies": listed}
    plain, coded = {"strategies": listed}, flow_form(source, found)
    return coded if any(one.strings for one in found) else min(plain, coded, key=_length)


def flow_form(source: Bits, found: Sequence[Strategy]) -> dict[str, Any]:
    """Return an attack in the certificate's grammar, masses by a flow graph."""
    graph, rooted = Graph(), []
    for one in found:
        strings = one.strings or tuple(one.masses[s] for s in source.leaves)
        node = leaves_root(graph, strings, source.ranges)
        rooted.append({"weight": str(one.weight), "node": node, "box": box_form(one.box)})
    return {"flow": graph.form(), "strategies": rooted}


def spelt_form(found: Sequence[Strategy]) -> dict[str, Any]:
    """Return an attack in the certificate's grammar, all masses listed, whatever they are."""
    return {
        "strategies": [
            {"masses": [str(mass) for mass in one.masses], "box": box_form(one.box)} for one in found
        ]
    }


def _length(form: Any) -> int:
    return len(json.dumps(form))


def box_form(box: Box) -> dict[str, Any]:
    """Return a box in the certificate's grammar."""
    if box.state:
        found: dict[str, Any] = json.loads(box.state)
        return found
    if box.answers is not None:
        return {"kind": "deterministic", "outcomes": [list(own) for own in box.answers]}
    assert box.table is not None
    rows = {id(row): row for row in box.table}  # many are one and the same
    unit = lcm(1, *(value.denominator for row in rows.values() for _, value in row))
    whole = {}
    for place, row in rows.items():
        whole[place] = [0] * prod(box.outcomes)
        for o, value in row:
            whole[place][o] = over(value, unit)
    numbers = [number for row in box.table for number in whole[id(row)]]
    return {"kind": "table", "denominator": unit, "numerators": numbers}
