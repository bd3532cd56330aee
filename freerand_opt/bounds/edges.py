"""The method for errors on a cycle that all cost the same: both ends in closed form, no program."""

from __future__ import annotations

from collections.abc import Iterator

from freerand_opt.attacks.edge_paths import edge_paths, even_errors
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.programs.cycle import cycle_of


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
