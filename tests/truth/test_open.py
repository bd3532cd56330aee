"""What docs/proofs/open.md states: the explicit GHZ box is positive, linear functions are plain bits."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations, combinations_with_replacement, islice, product
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

import freerand_opt as fr
from freerand_opt.bounds.methods.facets import facets
from freerand_opt.bounds.options import Options
from freerand_opt.bounds.search.design import chained_device
from freerand_opt.bounds.search.wanted import EPSILON, VISIBILITY, Wanted
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Work
from freerand_opt.claims.conjecture.lemniscate import ratio
from freerand_opt.model.certificate_form import plain_form

P = Fraction(3, 5)


@pytest.fixture(scope="module")
def positivity():
    spec = spec_from_file_location("positivity", Path(__file__).parents[2] / "benchmarks" / "positivity.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_explicit_box_has_no_negative_probability(positivity):
    known = positivity.derivatives(40)
    assert [M for M in range(3, 41) if positivity.negative(M, known)] == []
    assert Fraction(4 * known[1] * known[3], known[4]) == ratio(4) == Fraction(4, 3)


def test_the_check_sees_a_derivative_that_is_wrong(positivity):
    known = positivity.derivatives(20)
    known[7] += 40
    assert all(positivity.negative(M, known) for M in range(8, 20))


def heaviest(values, count, k):
    """The largest weight of k of the values over all eps-free strings, by the tree."""
    best = Fraction(0)
    for chosen in combinations(range(count), k):
        held = [Fraction(int(value in chosen)) for value in values]
        while len(held) > 1:
            pairs = zip(held[::2], held[1::2], strict=True)
            held = [max(P * a + (1 - P) * b, (1 - P) * a + P * b) for a, b in pairs]
        best = max(best, held[0])
    return best


def test_linear_functions_onto_two_bits_select_like_two_plain_bits():
    plain = [heaviest(range(4), 4, k) for k in (1, 2, 3)]
    assert plain == [Fraction(9, 25), Fraction(3, 5), Fraction(21, 25)]
    seen = 0
    for columns in product(range(4), repeat=3):
        values = []
        for bits in product((0, 1), repeat=3):
            value = 0
            for bit, column in zip(bits, columns, strict=True):
                value ^= bit * column
            values.append(value)
        if len(set(values)) == 4:
            seen += 1
            assert [heaviest(values, 4, k) for k in (1, 2, 3)] == plain
    assert seen == 42


def test_no_function_of_up_to_four_bits_selects_one_of_four_values_better():
    """Merge the weights, times 5 per bit, that all sets of values have on a subtree; bits at .6 and .4."""
    sets = [chosen for k in (1, 2, 3) for chosen in combinations(range(4), k)]
    reached = {tuple(int(value in chosen) for chosen in sets) for value in range(4)}
    for height in range(1, 5):
        pairs = combinations_with_replacement(sorted(reached), 2)
        reached = {
            tuple(max(3 * a + 2 * b, 2 * a + 3 * b) for a, b in zip(x, y, strict=True)) for x, y in pairs
        }
        least = [min(max(one[part]) for one in reached) for part in (slice(4), slice(4, 10), slice(10, 14))]
        if height > 1:
            assert [Fraction(weight, 5**height) for weight in least] == [P**2, P, P + (1 - P) * P]
    assert len(reached) > 252


def test_eight_settings_of_the_chain_are_not_known_at_fifteen_hundredths():
    """The whole behaviour: the kernel reads an upper end below 1."""
    wanted = Wanted(8, {EPSILON: Fraction(3, 20), VISIBILITY: Fraction(1)})
    pool = Pool(wanted.question(chained_device(8)).problem())
    with threadpool_limits(1):  # as in the corridor
        list(islice(facets(pool, Options()), 2))
    assert pool.height < 0.9999781


@pytest.mark.parametrize(("name", "most"), [("ladder", "0.690637"), ("found", "0.664138")])
def test_certificates_of_eight_settings_are_about_their_states(name, most):
    """docs/proofs/two-parties.md, 9, after a search in floats by another program: .690626 and .664135."""
    folder = Path(__file__).parents[2] / "reports" / "eight"
    (asked,) = fr.read(folder / f"{name}.toml").instances
    held = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    assert held["question"] == plain_form(asked.question.problem())
    assert held["question"]["source"]["epsilon"] == "1/10"
    upper = check(held, Work(10**8)).upper
    assert Fraction(most) - Fraction(1, 10**5) < upper < Fraction(most)
