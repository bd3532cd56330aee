"""Theorem 1 under each reading: programs against docs/proofs/theorem-1-readings.md."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

import freerand_opt as fr
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.model.functional import Functional
from freerand_opt.first.model.question import Adversary, Ask, Output, Question
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.model.source import SanthaVazirani
from freerand_opt.first.programs.cones import source_cone
from freerand_opt.first.programs.support import best_distribution

X = Output((0, 0, 1, 1), 2, "A")
LEAST = ("interleaved", "least-significant-first")
ORDERS = [LEAST, ("A first", "gray"), ("B first", "most-significant-first")]
CASES = [(1, F(1, 8), F(1, 20)), (1, F(1, 10), F(1, 7)), (2, F(1, 30), F(1, 25)), (2, F(1, 60), F(1, 12))]


def question(r, kappa, epsilon, order, *, settings="free", at=(0, 0), local=False):
    """Each edge errs with probability at most kappa; N = 2^r."""
    scenario = sc.chained(2**r)
    total = fn.chained(scenario)
    tests = tuple(
        Check(Functional(tuple(term for term in total.terms if term[1] == s)), "<=", kappa, str(s))
        for s in sorted(total.settings())
    )
    ask = Ask("strategy") if local else Ask("trace-distance", output=X, at=at)
    devices = Adversary("local" if local else "no-signalling")
    return Question(scenario, SanthaVazirani(epsilon, *order), settings, devices, tests, ask)


def chances(epsilon):
    return F(1, 2) - epsilon, F(1, 2) + epsilon


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("r", [1, 2, 3])
def test_the_most_that_a_source_puts_on_edges(r, order):
    """Statement 4: p^(r-1)."""
    scenario, epsilon = sc.chained(2**r), F(1, 9)
    edges = fn.chained(scenario).settings()
    gains = [F(int(s in edges)) for s in range(scenario.shape[1])]
    best = best_distribution(SanthaVazirani(epsilon, *order), scenario, gains)
    mass = sum(best[s] for s in edges) / scenario.shape[1]
    assert mass == (F(1, 2) + epsilon) ** (r - 1)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("r", "kappa", "epsilon"), CASES)
def test_fixed_settings_free_each_edge(r, kappa, epsilon, order):
    """Statement 5: at least y/(2(1+y)), at most kappa p^(3r-1)/(2 q^(4r))."""
    q, p = chances(epsilon)
    bracket = fr.bound(question(r, kappa, epsilon, order)).bracket
    y = kappa * p ** (3 * r) / q ** (4 * r)
    assert bracket.upper >= y / (1 + y) / 2
    assert bracket.lower <= kappa * p ** (3 * r - 1) / q ** (4 * r) / 2
    assert bracket.exact is not None


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("r", "kappa", "epsilon"), CASES)
def test_averaged_free_each_edge(r, kappa, epsilon, order):
    """Statement 4: at most kappa p^(r-1)/(2 q^(2r))."""
    q, p = chances(epsilon)
    bracket = fr.bound(question(r, kappa, epsilon, order, at="average")).bracket
    assert bracket.lower <= kappa * p ** (r - 1) / q ** (2 * r) / 2
    assert bracket.exact is not None


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("r", "epsilon"), [(1, F(1, 10)), (2, F(1, 10)), (2, F(1, 5))])
def test_local_models_free_each_edge(r, epsilon, order):
    """Statement 4: one at kappa = q^(2r)/p^r, none below q^(2r)/p^(r-1)."""
    q, p = chances(epsilon)
    there = q ** (2 * r) / p**r
    here = q ** (2 * r) / p ** (r - 1) * F(99, 100)
    assert str(fr.bound(question(r, there, epsilon, order, local=True))) == "exists"
    assert str(fr.bound(question(r, here, epsilon, order, local=True))) == "none"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("r", "kappa", "epsilon"), CASES)
@pytest.mark.parametrize("at", [(0, 0), (1, 0)])
def test_fixed_settings_uniform_each_edge(r, kappa, epsilon, order, at):
    """Statement 1: at least half of f applied n times to min(1/2, N kappa/(1-2 eps)^n)."""
    n = 2 * r
    t = min(F(1, 2), 2**r * kappa / (1 - 2 * epsilon) ** n)
    for _ in range(n):
        t = min((1 + 2 * epsilon) * t, 2 * epsilon + (1 - 2 * epsilon) * t)
    bracket = fr.bound(question(r, kappa, epsilon, order, settings="uniform", at=at)).bracket
    assert bracket.upper >= t / 2
    assert bracket.lower <= 2**r * kappa * ((1 + 2 * epsilon) / (1 - 2 * epsilon)) ** n


def bernoulli_top(n, p, count):
    """The sum of the `count` largest weights of n independent bits."""
    weights = [F(1)]
    for _ in range(n):
        weights = [weight * share for weight in weights for share in (p, 1 - p)]
    return sum(sorted(weights, reverse=True)[:count])


@pytest.mark.parametrize("seed", range(4))
def test_no_assignment_puts_more_on_edges_than_independent_bits(seed):
    """Statement 6: for every set of 2N strings; sets at random, and equality for the most likely ones."""
    from random import Random

    scenario, epsilon = Scenario((4, 4), (2, 2)), F(1, 9)
    source = SanthaVazirani(epsilon, "interleaved", "most-significant-first")
    limit = bernoulli_top(4, F(1, 2) + epsilon, 8)
    chosen = set(Random(seed).sample(range(16), 8))
    gains = [F(int(s in chosen)) for s in range(16)]
    best = best_distribution(source, scenario, gains)
    assert sum(best[s] for s in chosen) / 16 <= limit
    leaf = source_cone(source, scenario).leaf
    likely = sorted(range(16), key=lambda s: int(leaf[s] + 1).bit_count())[:8]
    gains = [F(int(s in likely)) for s in range(16)]
    assert sum(best_distribution(source, scenario, gains)[s] for s in likely) / 16 == limit
