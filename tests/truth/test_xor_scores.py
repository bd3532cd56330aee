"""Scores of correlators alone: both ends from vectors, at any level."""

from __future__ import annotations

import random
import time
from fractions import Fraction
from math import cos, pi, sqrt

import numpy as np
import pytest

import freerand_opt as fr


def bracket(settings, terms, extreme="largest", level="1 + A B", **tables):
    question = {
        "scenario": {"settings": dict(zip("AB", settings, strict=True)), "outcomes": {"A": 2, "B": 2}},
        "source": {"kind": "uniform"},
        "adversary": {"devices": "quantum", "level": level},
        "ask": {"quantity": "score", "terms": terms, "extreme": extreme},
    }
    result = fr.bound(fr.Question.from_dict({**question, **tables}), width=1e-9)
    assert result.lower is not None
    assert result.upper is not None
    assert not result.notes
    return result


def ends(result):
    return float(result.lower), float(result.upper)


@pytest.mark.parametrize("n", [5, 7])
def test_odd_cycles(n):
    """Are two colours enough for the n-cycle? cos^2(pi/4n): Cleve and others, quant-ph/0404076."""
    terms = {}
    for k in range(n):
        terms[f"P(00|{k}{k})"] = terms[f"P(11|{k}{k})"] = Fraction(1, 2 * n)
        terms[f"P(01|{k}{(k + 1) % n})"] = terms[f"P(10|{k}{(k + 1) % n})"] = Fraction(1, 2 * n)
    lower, upper = ends(bracket((n, n), {key: str(value) for key, value in terms.items()}))
    assert lower <= cos(pi / (4 * n)) ** 2 + 1e-15
    assert cos(pi / (4 * n)) ** 2 - 1e-9 < lower <= upper < cos(pi / (4 * n)) ** 2 + 1e-9


def test_complex_qubits():
    """Gisin's elegant functional, 4 sqrt 3, needs vectors of length 3."""
    signs = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
    result = bracket((3, 4), {f"<A{x} B{y}>": signs[y][x] for x in range(3) for y in range(4)})
    lower, upper = ends(result)
    assert lower <= 4 * sqrt(3) + 1e-14
    assert 4 * sqrt(3) - 1e-9 < lower <= upper < 4 * sqrt(3) + 1e-9


def test_unequal_weights_on_a_chain():
    """Settings 8, weights 1 + k/10 along the chain: .248972460970 by two solvers of moment matrices."""
    terms, n = {}, 8
    for k in range(2 * n):
        a, b = (k + 1) // 2 % n, k // 2
        for outcomes in ("00", "11") if k == 2 * n - 1 else ("01", "10"):
            terms[f"P({outcomes}|{a}{b})"] = str(1 + Fraction(k, 10))
    result = bracket((n, n), terms, "smallest")
    lower, upper = ends(result)
    assert upper - lower < 1e-11
    assert abs(lower - 0.248972460970) < 1e-11


@pytest.mark.parametrize("seed", range(4))
def test_random_factors_need_longer_vectors(seed):
    """The kernel proves both ends; a bound by norms, sqrt(n m) |c|, holds (Linial and others)."""
    chosen = random.Random(seed)
    n, m = 9, 8
    factors = np.array([[chosen.randint(-9, 9) for _ in range(m)] for _ in range(n)])
    terms = {f"<A{x} B{y}>": int(factors[x, y]) for x in range(n) for y in range(m) if factors[x, y]}
    result = bracket((n, m), terms)
    lower, upper = ends(result)
    assert upper - lower < 1e-9
    assert np.abs(factors @ np.ones(m)).sum() <= upper <= sqrt(n * m) * np.linalg.norm(factors, 2) + 1e-9


def test_a_score_with_marginals_goes_another_way():
    """sqrt((1 + 1) (4 + 1/4)), arXiv:1107.2754, at beta = 1/2: marginals are no correlators."""
    terms = {"<A0>": "1/2", "<A0 B0>": 1, "<A0 B1>": 1, "<A1 B0>": 1, "<A1 B1>": -1}
    lower, upper = ends(bracket((2, 2), terms))
    assert sqrt(17 / 2) - 1e-9 < lower <= upper < sqrt(17 / 2) + 1e-9


def test_more_settings_than_boxes_can_be_listed():
    """A score with a marginal and 10^3 deterministic boxes or more once ended in an error."""
    terms = {"<A0>": "1/10", **{f"<A{k} B{k}>": 1 for k in range(5)}}
    assert ends(bracket((5, 5), terms, level="1"))[0] > 5.1 - 1e-9


def test_it_takes_no_moment_matrix():
    """Twenty settings a side at level 2 would be a matrix of 1,600 rows and more."""
    begun = time.process_time()
    terms = {f"<A{k} B{b}>": -1 if (k, b) == (0, 19) else 1 for k in range(20) for b in (k - 1, k) if b >= 0}
    terms["<A0 B19>"] = "-3/2"
    result = bracket((20, 20), terms, level="2")
    assert float(result.upper) - float(result.lower) < 1e-9
    assert time.process_time() - begun < 20


def test_a_level_whose_blocks_are_too_large_is_refused(monkeypatch):
    """Where arrays of symmetric blocks would take more than memory, one clear error says so."""
    from freerand_opt.solvers import invariant

    monkeypatch.setattr(invariant, "MOST_ENTRIES", 10)
    question = {
        "scenario": {"family": "i3322"},
        "source": {"kind": "uniform"},
        "adversary": {"devices": "quantum", "level": "4"},
        "ask": {"quantity": "score", "functional": "i3322"},
    }
    with pytest.raises(fr.TooLargeError, match="use a lower level"):
        fr.bound(question)
