"""The attack that a certificate holds, as an exact point of the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from freerand_opt.attacks.strategies import box_form
from freerand_opt.certificates.held import listed
from freerand_opt.certificates.held_fold import cells
from freerand_opt.model.problem import Bits, Problem
from freerand_opt.programs.cycle import cycle_of, error_box
from freerand_opt.programs.strategies import Strategies

Masses = list[Fraction]


def point(made: Strategies, attack: Mapping[str, Any]) -> list[Fraction] | None:
    """Return the columns of an attack's strategies; None if a strategy has no place in the program."""
    x = [Fraction(0)] * made.program.matrix.shape[1]
    for masses, box in strategies(made.problem, attack):
        nodes = _nodes(made, masses)
        carriers = None if nodes is None else _columns(made, box)
        if nodes is None or carriers is None:
            return None
        best: tuple[Fraction, dict[int, Fraction]] | None = None
        for carrier, values in carriers:
            own = {
                made.column(carrier, node, k): mass * value
                for node, mass in nodes.items()
                for k, value in values.items()
                if mass and value
            }
            worth = sum((c * own[j] for j, c in made.program.objective.items() if j in own), Fraction(0))
            if best is None or worth > best[0]:
                best = worth, own
        for j, value in best[1].items() if best is not None else ():
            x[j] += value
    return x


def strategies(problem: Problem, attack: Mapping[str, Any]) -> Iterator[tuple[Masses, dict[str, Any]]]:
    """Yield the masses P(w) P(s|w) and the box, as it is written, of each strategy."""
    shares = _flow(problem, attack["flow"]) if "flow" in attack else []
    if "errors" in attack:
        cycle = cycle_of(problem)
        assert cycle is not None
        edges = sorted(cycle.edges)
        weights = listed(attack["weights"], len(attack["nodes"]))
        for weight, node, place in zip(weights, attack["nodes"], attack["errors"], strict=True):
            box = box_form(error_box(cycle, None if place is None else edges[place]))
            yield [Fraction(weight) * share for share in shares[node]], box
        return
    for one in attack["strategies"]:
        if "masses" in one:
            masses = [Fraction(m) for m in listed(one["masses"], problem.shape[0])]
        else:
            masses = [Fraction(one["weight"]) * share for share in shares[one["node"]]]
        yield masses, one["box"]


def _flow(problem: Problem, raw: Mapping[str, Any]) -> list[Masses]:
    """Return P(s|node) at the nodes of a flow ; only those at full depth are asked for."""
    assert isinstance(problem.source, Bits)
    chances = [Fraction(chance) for chance in raw["palette"]]
    strings: list[list[Fraction]] = []
    for code, left, right in raw["nodes"]:
        ends = [[Fraction(1)] if child is None else strings[child] for child in (left, right)]
        strings.append([chances[code] * x for x in ends[0]] + [(1 - chances[code]) * x for x in ends[1]])
    found = []
    for own in strings:
        masses = [Fraction(0)] * problem.shape[0]
        for s, share in zip(problem.source.leaves, own, strict=False):
            masses[s] += share
        found.append(masses)
    return found


def _nodes(made: Strategies, masses: Masses) -> dict[int, Fraction] | None:
    """Return the masses of nodes that make these masses of settings, None if there are several."""
    names = made.cone.names
    at: list[list[tuple[int, Fraction]]] = [[] for _ in masses]
    for s, node, share in made.cone.masses.entries():
        at[s].append((node, share))
    if all(name[0] == "last" for name in names):
        total = sum(masses, Fraction(0))
        for node in range(made.cone.nodes):
            own = {s: share for s, row in enumerate(at) for n, share in row if n == node}
            size = sum(own.values(), Fraction(0))
            if all(masses[s] * size == own.get(s, 0) * total for s in range(len(masses))):
                return {node: total / size}
        return None
    if any(len(row) != 1 or row[0][1] != 1 for row in at):
        return None
    nodes = {row[0][0]: mass for row, mass in zip(at, masses, strict=True)}
    if isinstance(made.problem.source, Bits):
        for v in reversed(range(2 ** len(made.problem.source.ranges) - 1)):
            nodes[v] = nodes[2 * v + 1] + nodes[2 * v + 2]
    elif made.cone.level is not None:
        nodes[len(masses)] = sum(masses, Fraction(0))
    return nodes


def _columns(made: Strategies, box: Mapping[str, Any]) -> list[tuple[int, dict[int, Fraction]]] | None:
    """Return the carriers that a box may stand on, with its cells."""
    space = made.space
    if space.boxes:
        found = [c for c, held in enumerate(space.boxes) if box_form(held) == box]
        return [(c, {0: Fraction(1)}) for c in found] or None
    chances = _table(made.problem, box)
    if chances is None:
        return None
    values: dict[int, Fraction] = {0: Fraction(1)}
    for k in range(1, space.width):
        values[k] = sum((chances[row] for row in cells(made, k)[0]), Fraction(0))
    return [(c, values) for c in range(space.carriers)]


def _table(problem: Problem, box: Mapping[str, Any]) -> list[Fraction] | None:
    if box["kind"] == "table":
        return [Fraction(n, box["denominator"]) for n in box["numerators"]]
    if box["kind"] != "deterministic":
        return None
    return [
        Fraction(all(own[x] == o for own, x, o in zip(box["outcomes"], settings, outcomes, strict=True)))
        for settings in problem.joint_settings
        for outcomes in problem.joint_outcomes
    ]
