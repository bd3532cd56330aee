"""Half of a relaxation by the exchange of guesses: its optimum and its dual are those of the whole."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from freerand_opt.model import Question
from freerand_opt.programs.of_quantum import relaxation
from freerand_opt.programs.symmetry.exchange import half_of
from freerand_opt.solvers import clarabel

GUESS = {"quantity": "guessing-probability", "of": "A", "at": [0, 0]}
SV = {"kind": "santha-vazirani", "epsilon": "1/50"}


def made(terms=None, source=None, ask=GUESS, kept=None):
    test = {"functional": "chsh"} if terms is None else {"terms": terms}
    tables = {
        "scenario": {"family": "chsh"},
        "source": source or {"kind": "uniform"},
        "adversary": {"devices": "quantum", "level": "1 + A B"},
        "test": [{**test, "relation": ">=", "score": "27/10"}],
        "ask": ask,
    }
    if kept is not None:
        observed = {"behaviour": "pr-box", "visibility": kept}
        tables |= {"test": [{"keep": "behaviour"}], "observed": observed}
    return relaxation(Question.from_dict(tables).problem(), "1 + A B")


@pytest.mark.parametrize(("source", "kept"), [(None, None), (SV, None), (None, "7/10")])
def test_half_the_program_has_the_same_optimum(source, kept):
    """With uniform settings it is 1/2 + sqrt(2 - S^2/4)/2, arXiv:0911.3427, Eq. (3).

    A kept table has tests on both guesses whose images are others; it tells no less than its score.
    """
    whole = made(source=source, kept=kept)
    half = half_of(whole)
    assert 2 * half.program.columns == whole.program.columns
    found = half.lifted(clarabel.solve(half.program))
    full = clarabel.solve(whole.program)
    value = whole.program.cost @ full.x
    assert whole.program.cost @ found.x == pytest.approx(value, abs=1e-6)
    if kept is not None:
        assert 1 / 2 < value < 1 / 2 + sqrt(2 - 2.8**2 / 4) / 2
    elif source is None:
        assert value == pytest.approx(1 / 2 + sqrt(2 - 2.7**2 / 4) / 2, abs=1e-6)
    # the dual that is written out is one of the whole program, with the same value
    z = found.multipliers
    assert np.abs(whole.program.matrix.T @ z - whole.program.cost).max() < 1e-6
    assert whole.program.sides @ z == pytest.approx(value, abs=1e-6)
    assert z[whole.program.equalities : whole.program.linear].min(initial=0) > -1e-8
    for start, n in whole.program.spans:
        part = np.zeros((n, n))
        part[np.tril_indices(n)] = z[start : start + n * (n + 1) // 2]
        assert np.linalg.eigvalsh((part + part.T) / 2).min() > -1e-7


def test_no_exchange_where_a_test_tells_outcomes_apart():
    tilted = {"<A0 B0>": 1, "<A0 B1>": 1, "<A1 B0>": 1, "<A1 B1>": -1, "P(00|00)": "1/10"}
    assert half_of(made(tilted)) is None
    assert half_of(made(ask={"quantity": "score", "functional": "chsh"})) is None
