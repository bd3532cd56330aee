"""Whether a source can show the observed settings at all, whatever the devices do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from freerand_opt.bounds.methods.facets import facets
from freerand_opt.bounds.methods.linear import vertices
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.problem import Kept, Problem


def shown(pool: Pool, options: Options) -> Iterator[None]:
    """Prove that no strategy exists if the observed settings are no average of what the source allows.

    The proof names the settings alone; its program has no tests and, first, one outcome for each party.
    """
    problem = pool.problem
    bare = replace(problem.exists, devices="no-signalling", tests=())
    plain = replace(bare, outcomes=(1,) * len(problem.outcomes))
    if _impossible(plain, options) is None:
        return
    found = _impossible(bare, options)
    if found is not None and found.upper is not None:
        prices = {**found.upper["prices"], "tests": [_nothing(test) for test in problem.tests]}
        pool.offer_upper({**found.upper, "prices": prices}, f"observed settings: {found.how['upper']}")
    yield


def _impossible(problem: Problem, options: Options) -> Pool | None:
    pool = Pool(problem, options.width)
    for method in (vertices, facets):
        for _ in method(pool, options):
            if pool.settled:
                return pool if pool.impossible else None
    return None


def _nothing(test: Any) -> Any:
    """Return the price 0 of a test."""
    return {"all": "0", "but": []} if isinstance(test, Kept) else "0"
