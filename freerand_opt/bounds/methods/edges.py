"""The method for errors on a cycle that all cost the same: both ends in closed form, no program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from freerand_opt.attacks.edge_paths import edge_curve, edge_paths, even_errors
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.curve import read_part
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.model.problem import Bits, Problem
from freerand_opt.programs.cycle import cycle_of

WORK = 10**9


def paths(pool: Pool, options: Options) -> Iterator[None]:
    """Offer a strategy for each edge, and that none errs less (docs/proofs/chained-local-model.md)."""
    cycle = cycle_of(pool.problem)
    even = None if cycle is None or options.solver != "auto" else even_errors(cycle)
    if even is None:
        return
    words, pool.margin = f"one strategy for each of {len(even.cycle.edges)} edges", even.margin
    yield
    if pool.margin is None or pool.margin >= 0:
        attack = edge_paths(even)
        if attack is None:
            return
        pool.offer_attack(attack, words)
        yield
    pool.offer_upper(even.prices, words)
    yield


def in_epsilon(problem: Callable[[Fraction], Problem], ends: tuple[Fraction, Fraction]) -> bool:
    """Return whether the source is one of bits that are all within x of fair."""
    half = Fraction(1, 2)
    sources = [(x, problem(x).source) for x in ends]
    return all(isinstance(own, Bits) and set(own.ranges) == {(half - x, half + x)} for x, own in sources)


def edge_parts(
    problem: Callable[[Fraction], Problem], ends: tuple[Fraction, Fraction], raw: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    """Return both ends of a score's curve in epsilon, whose question is `raw`; None if it is another.

    Also None if somewhere on the interval no chance makes up for the edges below.
    """
    cycle = cycle_of(problem(ends[1])) if in_epsilon(problem, ends) else None
    even = None if cycle is None else even_errors(cycle)
    if even is None or even.test is not None:
        return None
    whole = {"from": str(ends[0]), "to": str(ends[1])}
    upper, lower = ({**whole, **part} for part in edge_curve(even))
    try:
        read_part("lower", lower, raw, ends, Work(WORK))
    except Rejected:
        return None
    return [upper], [lower]
