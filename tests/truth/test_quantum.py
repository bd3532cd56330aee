"""Quantum devices through the public way: values of the literature, contradictions, exact faces, sources."""

from __future__ import annotations

import warnings
from fractions import Fraction
from math import cos, pi, sin, sqrt

import pytest

from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.methods.quantum import quantum
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.checker.document import check
from freerand_opt.checker.failures import Work
from freerand_opt.model.question import Question

CHSH = {"family": "chsh"}
A = {"quantity": "guessing-probability", "of": "A", "at": [0, 0]}


def question(**tables):
    held = {
        "scenario": CHSH,
        "source": {"kind": "uniform"},
        "adversary": {"devices": "quantum", "level": "1 + A B"},
        "ask": A,
    }
    return Question.from_dict({**held, **tables})


def chsh(score, **tables):
    return question(test=[{"functional": "chsh", "relation": ">=", "score": score}], **tables)


def ends(result):
    return float(result.lower), float(result.upper)


@pytest.mark.parametrize("score", ["21/10", "23/9", "27/10"])
def test_a_guess_at_a_chsh_score_is_that_of_pironio_and_others(score):
    """arXiv:0911.3427, Eq. (3); at 23/9 boxes at a float's price fell short of the test by a rounding."""
    s = eval(score)
    lower, upper = ends(bound(chsh(score)))
    assert upper - lower < 1e-9
    assert lower <= 1 / 2 + sqrt(2 - s**2 / 4) / 2 <= upper


def test_at_the_quantum_maximum_one_outcome_is_uniform():
    lower, upper = ends(bound(chsh("2*sqrt(2)")))
    assert lower == 0.5
    assert upper < 0.5 + 1e-12


@pytest.mark.parametrize("score", ["2.8285", "2.83", 3])
def test_no_strategy_passes_beyond_the_quantum_maximum(score):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = bound(chsh(score))
    assert result.impossible
    assert result.lower is None
    assert result.upper is None
    assert check(result.document, Work(10**7)).impossible


def test_whether_a_strategy_exists_is_an_answer():
    ask = {"quantity": "strategy"}
    assert bound(chsh("2.83", ask=ask)).impossible
    found = bound(chsh("2.8", ask=ask))
    assert not found.impossible
    assert "attack" in dict(found.how)


def test_more_than_mermin_allows_is_impossible():
    test = [{"functional": "mermin", "relation": ">=", "score": "4.01"}]
    adversary = {"devices": "quantum", "level": "1 + A B + A C + B C + A B C"}
    asked = {**A, "at": [0, 0, 0]}
    assert bound(
        question(scenario={"family": "ghz", "M": 3}, test=test, adversary=adversary, ask=asked)
    ).impossible


@pytest.mark.parametrize("level", ["1 + A B", "2", "3"])
def test_hardys_probability_is_that_of_rabelo_zhi_and_scarani(level):
    """arXiv:1205.3280: (5 sqrt 5 - 11)/2; zeros hold exactly in the attack."""
    zeros = [
        {"terms": {cell: 1}, "relation": "<=", "score": 0} for cell in ("P(01|01)", "P(10|10)", "P(00|11)")
    ]
    scenario = {"settings": {"A": 2, "B": 2}, "outcomes": {"A": 2, "B": 2}}
    ask = {"quantity": "score", "terms": {"P(00|00)": 1}}
    adversary = {"devices": "quantum", "level": level}
    lower, upper = ends(bound(question(scenario=scenario, test=zeros, ask=ask, adversary=adversary)))
    truth = (5 * sqrt(5) - 11) / 2
    assert truth - 1e-8 < lower <= truth + 1e-15
    assert truth - 1e-15 <= upper < truth + 1e-12


@pytest.mark.parametrize(
    ("parties", "level", "epsilon"),
    [
        (3, "local 1", "0"),
        (3, "local 1", "1/20"),
        (3, "local 1", "49/100"),
        (4, "local 1", "1/20"),
        (4, "local 1", "49/100"),
        (5, "3", "1/20"),
        (5, "3", "49/100"),
    ],
)
def test_perfect_ghz_relations_force_a_uniform_outcome(parties, level, epsilon):
    """arXiv:1105.3195, last paragraph; by stabilisers exactly 1/2, at every epsilon < 1/2."""
    source = {"kind": "santha-vazirani", "epsilon": epsilon}
    test = [{"relations": "mermin", "violated": 0}]
    adversary = {"devices": "quantum", "level": level}
    asked = {**A, "at": [0] * parties}
    made = question(
        scenario={"family": "ghz", "M": parties}, source=source, test=test, adversary=adversary, ask=asked
    )
    assert str(bound(made).bracket) == "1/2"


def test_a_mermin_score_of_four_forces_a_uniform_outcome():
    """The score's maximum says the same as the relations: exactly 1/2."""
    test = [{"functional": "mermin", "relation": ">=", "score": 4}]
    adversary = {"devices": "quantum", "level": "1 + A B + A C + B C"}
    asked = {**A, "at": [0, 0, 0]}
    made = question(scenario={"family": "ghz", "M": 3}, test=test, adversary=adversary, ask=asked)
    assert str(bound(made).bracket) == "1/2"


def test_a_condition_on_an_anticommutator():
    """The norms of A0 + A1 and A0 - A1 give sqrt(2 + 2c) + sqrt(2 - 2c)."""
    condition = [{"terms": {"<A0 A1>": 1}, "relation": "=", "bound": "1/2"}]
    ask = {"quantity": "score", "functional": "chsh"}
    lower, upper = ends(bound(question(moment=condition, ask=ask)))
    assert upper - lower < 1e-9
    assert lower <= sqrt(3) + 1 <= upper


def test_cglmp_of_three_outcomes():
    """arXiv:quant-ph/0111143: 1 + sqrt(11/3)."""
    ask = {"quantity": "score", "functional": "cglmp"}
    lower, upper = ends(bound(question(scenario={"family": "cglmp", "d": 3}, ask=ask)))
    assert upper - lower < 1e-9
    assert lower <= 1 + sqrt(11 / 3) <= upper


@pytest.mark.parametrize(("level", "n"), [("1", 64), ("1 + A B", 10)])
def test_large_chains_by_squares(level, n):
    """Wehner, quant-ph/0510076: 2N sin^2(pi/4N)."""
    ask = {"quantity": "score", "functional": "chained", "extreme": "smallest"}
    adversary = {"devices": "quantum", "level": level}
    lower, upper = ends(bound(question(scenario={"family": "chained", "N": n}, adversary=adversary, ask=ask)))
    assert upper - lower < 1e-9
    assert lower - 1e-15 <= 2 * n * sin(pi / (4 * n)) ** 2 <= upper + 1e-15


def test_sources_contain_each_other():
    """Uniform settings are among those of every biased source."""
    limits = {"kind": "measurement-dependence", "lower": "6/25", "upper": "13/50"}
    mutual = {"kind": "mutual", "epsilon": "1/50"}
    small, *larger = (bound(chsh("13/5", source=source)) for source in ({"kind": "uniform"}, limits, mutual))
    for result in larger:
        lower, upper = ends(result)
        assert ends(small)[1] < lower
        assert upper - lower < 1e-7


@pytest.mark.parametrize("epsilon", [1 / 100, 1 / 20])
def test_deep_trees_of_bits_know_what_no_signalling_devices_may_know(epsilon):
    """Eight settings: half of f applied six times to I/(1 - 2 eps)^6 (docs/proofs/chained-leakage.md).

    The facets of this tree alone say 1.
    """
    made = question(
        scenario={"family": "chained", "N": 8},
        source={"kind": "santha-vazirani", "epsilon": str(Fraction(epsilon).limit_denominator(100))},
        observed={"behaviour": "quantum", "visibility": "99/100"},
        test=[{"functional": "chained", "relation": "<=", "score": "observed"}],
    )
    pool = Pool(made.shortest(), Fraction(1, 10**9))
    upper = None
    for _ in quantum(pool, Options(level="1")):
        upper = pool.height
        if "no-signalling" in pool.how.get("upper", ""):
            break
    t = 8 * (1 - 0.99 * cos(pi / 16)) / (1 - 2 * epsilon) ** 6
    for _ in range(6):
        t = min((1 + 2 * epsilon) * t, 2 * epsilon + (1 - 2 * epsilon) * t)
    assert upper == pytest.approx((1 + t) / 2, abs=1e-12)


def test_a_named_symmetry_that_is_none_is_refused():
    from freerand_opt.errors import InputError

    with pytest.raises(InputError, match="does not keep"):
        bound(chsh("2.7"), symmetry=("A0 -> A1, A1 -> A0",))


def test_found_symmetries_change_nothing():
    plain, found = bound(chsh("2.7")), bound(chsh("2.7"), symmetry=("find",))
    assert abs(float(plain.upper) - float(found.upper)) < 1e-9


@pytest.mark.parametrize(("number", "value"), [(7, 20 / 3), (33, 9.7899), (4, 4 * sqrt(2) - 2)])
def test_sliwas_inequalities(number, value):
    """Vallins, Sainz and Liang, Phys. Rev. A 95, 022111: 6.6667, 9.7899, 3.6569."""
    ask = {"quantity": "score", "functional": f"sliwa-{number}"}
    adversary = {"devices": "quantum", "level": "1 + A B + A C + B C + A B C"}
    lower, upper = ends(bound(question(scenario={"family": "ghz", "M": 3}, adversary=adversary, ask=ask)))
    assert upper - lower < 1e-9
    assert abs(lower - value) < (6e-5 if number == 33 else 1e-9)


def test_a_guess_of_three_outcomes_is_closed():
    """Given CGLMP 29/10: attack and proof meet, as the trees' equations are solved to the last digits."""
    test = [{"functional": "cglmp", "relation": ">=", "score": "29/10"}]
    lower, upper = ends(bound(question(scenario={"family": "cglmp", "d": 3}, test=test)))
    assert 0 <= upper - lower < 1e-9


def test_cglmp_of_four_outcomes():
    """2.972698: Acin, Durt, Gisin and Latorre, quant-ph/0111143; dependent equations of its blocks."""
    ask = {"quantity": "score", "functional": "cglmp"}
    lower, upper = ends(bound(question(scenario={"family": "cglmp", "d": 4}, ask=ask)))
    assert upper - lower < 1e-9
    assert abs(upper - 2.972698) < 5e-7
