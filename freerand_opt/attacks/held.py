"""The strategies that a certificate holds, each with its masses of settings and its box."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from freerand_opt.attacks.strategies import box_form
from freerand_opt.certificates.held import listed
from freerand_opt.model.problem import Bits, Problem
from freerand_opt.programs.cycle import cycle_of, error_box

Masses = list[Fraction]


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
