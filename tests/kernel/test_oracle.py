"""Random small questions: what the library proves of each against a program written anew (oracle.py)."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.methods.linear import FEW_VERTICES
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.numbers import Number, enclose

from . import oracle, oracle_sources, random_questions
from .from_json import problem_of

#: Questions of each kind of source; FREERAND_ORACLE asks for more.
EACH = int(os.environ.get("FREERAND_ORACLE", "20"))
#: The oracle solves in floats.
NEAR = 2e-6
#: Attacks need masses by string where strings share a setting; where only P(s|w) > 0 is known none may exist.
NO_ATTACKS = ("leaves", "full-support")


def _float(x: Number | None) -> float | None:
    return None if x is None else float(enclose(x, 80)[0])


def faults(kind: str, q: dict[str, Any], value: float | None, pool: Pool) -> list[str]:
    """Return in what the library's answer differs from the oracle's."""
    # where masses are not stated the largest value may be approached by strategies whose masses go to 0
    missing = kind not in NO_ATTACKS and not any("never occurs" in text for text in pool.failures)
    if pool.impossible:
        return [] if value is None else [f"no strategy, but {value} is reached"]
    # where masses are not stated nothing is contradicted by strategies in which a setting does not occur
    decided = q["observed"] != "unconstrained"
    if q["ask"]["quantity"] == "strategy":
        if pool.attack is not None:
            return ["a strategy, but there is none"] if value is None else []
        return ["undecided"] if (missing if value is not None else decided) else []
    upper, lower = _float(pool.bound), _float(pool.reached)
    found = []
    if value is None:
        if lower is not None:
            found.append(f"{lower} is reached, but nothing passes")
        return [*found, "undecided"] if decided else found
    # products of facets, for sources with many vertices, may lie above
    room = (
        NEAR
        if len(oracle_sources.source_corners(q["source"], q["settings"], [0.0] * 64)) <= FEW_VERTICES
        else 0.1
    )
    if upper is None or not value - NEAR <= upper <= value + room:
        found.append(f"the bound {upper} is not {value}")
    if (lower is None and missing) or (lower is not None and not value - NEAR <= lower <= value + NEAR):
        found.append(f"{lower} is reached, not {value}")
    return found


@pytest.mark.parametrize("kind", random_questions.KINDS)
def test_answers_are_those_of_the_oracle(kind: str) -> None:
    found = {}
    for number in range(EACH):
        q = random_questions.some_question(random.Random(f"{kind} {number}"), kind)
        wrong = faults(kind, q, oracle.answer(q).value, corridor(problem_of(q), Options()))
        if wrong:
            found[number] = wrong, q
    assert not found
