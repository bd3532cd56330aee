"""Small questions after public reports and published tables, with right values."""

from __future__ import annotations

from fractions import Fraction as F
from math import log2, sqrt

import numpy as np
import pytest

import freerand_opt as fr
from tests.experiments.shared import VIENNA

QUANTUM = fr.Adversary("quantum", level="1 + A B")
CORRELATORS = {"<A0 B0>": 1, "<A0 B1>": 1, "<A1 B0>": 1, "<A1 B1>": -1}
BIASED = {"00": "3/10", "01": "2/10", "10": "3/10", "11": "2/10"}


def asked(scenario=None, source=None, adversary=QUANTUM, tests=(), ask=None, **more):
    ask = ask or fr.Ask("guessing-probability", of="A", at=(0, 0))
    return fr.Question(
        scenario or fr.chsh(), source or fr.Uniform(), adversary=adversary, tests=tests, ask=ask, **more
    )


def holds(question, value, within=1e-8, rounding=1e-14):
    found = fr.bound(question, width=within).bracket
    inside = float(found.lower) <= value + rounding and value - rounding <= float(found.upper)
    return inside and float(found.width) <= within


def curve(s):
    """The guess of one outcome at a CHSH score (arXiv:0911.3427)."""
    return 1 / 2 + sqrt(2 - s**2 / 4) / 2


def test_guess_of_a_key_setting_beside_others():
    """Device-independent keys (Nature 607, 687): CHSH >= 2.7 on A0, A1, B0, B1 and <A0 B2> >= 0.9."""
    tests = [fr.Test(CORRELATORS, ">=", "27/10"), fr.Test({"<A0 B2>": 1}, ">=", "9/10")]
    ask = fr.Ask("guessing-probability", of="A", at=(0, 2))
    assert holds(asked(fr.Scenario((2, 3), (2, 2)), tests=tests, ask=ask), curve(2.7))


def test_guess_of_both_outcomes_at_tsirelsons_bound():
    """(2 + sqrt 2)/8: 1.2284 bits (arXiv:0911.3427)."""
    tests = [fr.Test("chsh", ">=", "observed")]
    ask = fr.Ask("guessing-probability", of=["A", "B"], at=(0, 0))
    assert holds(asked(tests=tests, ask=ask, observed={"behaviour": "quantum"}), (2 + sqrt(2)) / 8, 1e-9)


@pytest.mark.parametrize(("visibility", "tolerance", "apart"), [(0.95, 1e-9, 1e-7), (1, 1e-9, 1e-4)])
def test_a_table_of_floats_within_a_tolerance_has_both_ends(visibility, tolerance, apart):
    """Correlators of CHSH as NumPy has them. On the boundary a tolerance t costs about sqrt(t)."""
    signs = np.array([[1, 1], [1, -1]]) * visibility / np.sqrt(2)
    values = np.array(
        [[[[(1 + (-1) ** (a + b) * c) / 4 for c in row] for row in signs] for b in (0, 1)] for a in (0, 1)]
    )
    table = fr.Behaviour.from_array(values, nearest=True)
    found = fr.bound(asked(tests=[fr.Keep("behaviour", tolerance=tolerance)], observed=table)).bracket
    assert found.lower is not None and found.width < apart
    assert float(found.upper) < curve(2 * sqrt(2) * visibility - 16 * tolerance) + 1e-8
    assert found.lower >= F(1, 2)  # on the boundary by a maximally entangled pair alone


def test_i3322_as_its_collins_gisin_table():
    """Local 0, no-signalling 1, and .2514709 at 1 + A B (quant-ph/0306129; arXiv:0803.4290 for the level)."""
    table = [[0, -1, 0, 0], [-2, 1, 1, 1], [-1, 1, 1, -1], [0, 1, -1, 0]]
    ask = fr.Ask("score", functional=fr.Functional.from_collins_gisin(table), extreme="largest")
    found = {
        devices: fr.bound(asked(fr.i3322(), adversary=fr.Adversary(devices), ask=ask)).bracket
        for devices in ("local", "no-signalling")
    }
    assert (found["local"].lower, found["local"].upper) == (0, 0)
    assert (found["no-signalling"].lower, found["no-signalling"].upper) == (1, 1)
    assert abs(float(fr.bound(asked(fr.i3322(), ask=ask)).bracket.upper) - 0.25147090) < 1e-8
    with pytest.raises(fr.InputError, match=r"\[0\]\[0\]: 1 is a constant; take it to the bound"):
        fr.Functional.from_collins_gisin([[1, -1], [-1, 1]])


@pytest.mark.parametrize("of", ["A", ["A", "B"]])
def test_guesses_at_hardys_table_within_a_billionth(of):
    """1 - h, h = (5 sqrt 5 - 11)/2, for one outcome or both (cited in arXiv:1810.11648)."""
    question = asked(
        adversary=fr.Adversary("no-signalling"),
        tests=[fr.Keep("behaviour", tolerance="1/1000000000")],
        ask=fr.Ask("guessing-probability", of=of, at=(0, 0)),
        observed={"behaviour": "hardy"},
    )
    assert holds(question, 1 - (5 * sqrt(5) - 11) / 2, 1e-9, rounding=1e-8)


@pytest.mark.parametrize(
    ("beta", "most", "at", "value"),
    [
        ("1/2", "sqrt(17/2)", 1, 1 / 2),
        ("1", "sqrt(10)", 1, 1 / 2),
        ("1", "sqrt(10)", 0, (1 + sqrt(2 / 5)) / 2),
    ],
)
def test_outcomes_at_the_tilted_maximum(beta, most, at, value):
    """At sqrt(8 + 2 beta^2) A1 is fair, <A0> = sqrt(2 beta^2/(4 + beta^2)) (Acin et al., arXiv:1107.2754)."""
    tests = [fr.Test({"<A0>": beta, **CORRELATORS}, ">=", most)]
    assert holds(asked(tests=tests, ask=fr.Ask("guessing-probability", of="A", at=(at, 0))), value, 1e-9)


@pytest.mark.parametrize(("n", "of", "value"), [(2, ["A", "B"], (2 + sqrt(2)) / 8), (3, "A", 1 / 2)])
def test_outcomes_at_the_chained_maximum(n, of, value):
    """2N sin^2(pi/4N) is reached by one box alone (Supic et al., arXiv:1511.09220)."""
    tests = [fr.Test("chained", "<=", "observed")]
    ask = fr.Ask("guessing-probability", of=of, at=(0, 0))
    question = asked(fr.chained(n), tests=tests, ask=ask, observed={"behaviour": "quantum"})
    found = fr.bound(question, width="1e-9").bracket
    assert float(found.lower) <= value + 1e-14 and value - 1e-14 <= float(found.upper) < value + 1e-9


def test_a_key_setting_beside_a_maximum_that_is_reached():
    """At 2 sqrt 2 with <A0 B2> = 1 the key is fair and shared (Tsirelson, Lett. Math. Phys. 4, 93)."""
    turned = {"<A0 B0>": -1, "<A0 B1>": 1, "<A1 B0>": 1, "<A1 B1>": 1}
    tests = [fr.Test(turned, ">=", "2*sqrt(2)"), fr.Test({"<A0 B2>": 1}, ">=", 1)]
    ask = fr.Ask("guessing-probability", of="A", at=(0, 2))
    assert holds(asked(fr.Scenario((2, 3), (2, 2)), tests=tests, ask=ask), 1 / 2)


def test_a_missing_lower_end_says_why():
    """No box of the kernel's grammar has a constant outcome beside a pair at 2 sqrt 2."""
    ask = fr.Ask("guessing-probability", of="B", at=(0, 2))
    tests = [fr.Test(CORRELATORS, ">=", "2*sqrt(2)")]
    found = fr.bound(asked(fr.Scenario((2, 3), (2, 2)), tests=tests, ask=ask))
    assert found.bracket.lower is None
    assert any("none was found that does exactly" in note for note in found.notes)
    assert not any("level" in note for note in found.notes)


def test_largest_product_of_one_partys_observables():
    """S^2 = 4 + 4 sqrt(1 - c^2): <A0 A1> at most 7/25 at S = 14/5."""
    ask = fr.Ask("score", functional={"<A0 A1>": 1})
    eve = fr.Adversary("quantum", level="2")
    assert holds(asked(adversary=eve, tests=[fr.Test("chsh", ">=", "14/5")], ask=ask), 7 / 25)


@pytest.mark.parametrize("of", ["A", ["A", "B"]])
def test_an_irrational_table_within_a_tolerance_has_both_ends(of):
    """Hardy's p = (5 sqrt 5 - 11)/2 is S = 2 + 4p; no-signalling devices: 3/2 - S/4 (arXiv:quant-ph/0508016).

    Each of the four probabilities in S may move by the tolerance.
    """
    tests = [fr.Keep("behaviour", tolerance="1/10000")]
    ask = fr.Ask("guessing-probability", of=of, at=(0, 0))
    eve, observed = fr.Adversary("no-signalling"), {"behaviour": "hardy"}
    question = asked(adversary=eve, tests=tests, ask=ask, observed=observed)
    assert holds(question, 1 - (5 * sqrt(5) - 11) / 2 + 4e-4, 1e-9)


def test_all_probabilities_of_a_noisy_box_tell_more_than_its_score():
    """Kept exactly, at S = 14/5: both ends, below the guess from S alone (arXiv:0911.3427)."""
    observed = {"behaviour": "pr-box", "visibility": "7/10"}
    found = fr.bound(asked(tests=[fr.Keep("behaviour")], observed=observed)).bracket
    assert 0.59 < float(found.lower) <= float(found.upper) < curve(2.8) - 5e-4
    assert float(found.width) <= 1e-6


def test_free_settings_with_unequal_frequencies():
    """As uniform ones: S alone is tested. A uniform source cannot show them."""
    tests, more = [fr.Test("chsh", ">=", "27/10")], {"observed": {"settings": BIASED}}
    assert holds(asked(source=fr.Free(), tests=tests, **more), curve(2.7))
    assert fr.bound(asked(tests=tests, **more)).impossible
    local = {"adversary": fr.Adversary("local"), "ask": fr.Ask("score", functional="chsh")}
    assert fr.bound(asked(source=fr.Free(), **local, **more)).bracket.exact == 2


def test_a_game_with_three_questions():
    """Fortnow, Feige and Lovasz: (a or x) != (b or y), questions 00, 01, 10: 2/3 for all devices."""
    wins = ("01|00", "10|00", "00|01", "01|01", "00|10", "10|10")
    third = {"00": "1/3", "01": "1/3", "10": "1/3"}
    for eve in (QUANTUM, fr.Adversary("no-signalling")):
        ask = fr.Ask("score", functional={f"P({cell})": "1/3" for cell in wins})
        found = fr.bound(asked(source=fr.Free(), adversary=eve, ask=ask, observed={"settings": third}))
        assert float(found.lower) <= 2 / 3 <= float(found.upper) < 2 / 3 + 1e-6


def test_frequencies_within_a_wide_tolerance_say_nothing():
    """Hensen et al. (Nature 526, 682): counts that signal; each frequency may give way by 1/5."""
    counts = {"00": (23, 3, 4, 23), "01": (33, 11, 5, 30), "10": (22, 10, 6, 24), "11": (4, 20, 21, 6)}
    tests = [
        fr.Test({f"P({o}|{s})": 1}, relation, F(n, sum(row)) + sign * F(1, 5))
        for s, row in counts.items()
        for o, n in zip(("00", "01", "10", "11"), row, strict=True)
        for relation, sign in (("<=", 1), (">=", -1))
    ]
    ask = fr.Ask("min-entropy", of="A", at=(0, 0))
    found = fr.bound(asked(adversary=fr.Adversary("no-signalling"), tests=tests, ask=ask)).bracket
    assert found.exact == 0


def test_no_click_as_a_third_outcome_is_local_below_the_threshold():
    """Efficiency .82 < 2/(1 + sqrt 2) (Garg and Mermin, Phys. Rev. D 35, 3831): irrational probabilities."""
    eta = F(82, 100)
    table = {}
    for x in (0, 1):
        for y in (0, 1):
            for a in (0, 1):
                for b in (0, 1):
                    sign = (-1) ** (a + b + x * y)
                    table[f"P({a}{b}|{x}{y})"] = f"{eta**2 / 4} + {sign * eta**2 / 8}*sqrt(2)"
                table[f"P({a}2|{x}{y})"] = table[f"P(2{a}|{x}{y})"] = str(eta * (1 - eta) / 2)
            table[f"P(22|{x}{y})"] = str((1 - eta) ** 2)
    question = asked(
        fr.Scenario((2, 2), (3, 3)),
        adversary=fr.Adversary("local"),
        tests=[fr.Keep("behaviour", tolerance="1e-9")],
        ask=fr.Ask("strategy"),
        observed={"table": table},
    )
    assert str(fr.bound(question)) == "exists"


def test_a_label_of_one_party_says_how_it_is_written():
    with pytest.raises(fr.InputError, match=r"of one party alone it is PA\(0\|1\)"):
        fr.bound(asked(ask=fr.Ask("score", functional={"P(0|0)": 1})))


LOCAL = fr.Adversary("local")


def test_only_equal_settings_are_known():
    """Settings 00 and 11 alone were measured, perfectly correlated: a shared bit does it."""
    table = {"P(00|00)": "1/2", "P(11|00)": "1/2", "P(00|11)": "1/2", "P(11|11)": "1/2"}
    keep, exists = [fr.Keep("behaviour")], fr.Ask("strategy")
    question = asked(adversary=LOCAL, tests=keep, ask=exists, observed=fr.Observed(table=table))
    assert str(fr.bound(question)) == "exists"
    chain = {**table, "P(00|10)": "1/2", "P(11|10)": "1/2", "P(01|01)": "1/2", "P(10|01)": "1/2"}
    assert fr.bound(question.changed(observed=fr.Observed(table=chain))).impossible


def test_settings_that_are_not_uniform_and_no_test_at_all():
    """A uniform source cannot show 3/2/3/2 of 10; settings chosen freely give local devices 2 (CHSH)."""
    score = fr.Ask("score", functional="chsh")
    question = asked(adversary=LOCAL, ask=score, observed=fr.Observed(settings=BIASED))
    refused = fr.bound(question)
    assert refused.impossible and "cannot show the observed settings" in refused.reason
    assert fr.bound(question.changed(source=fr.Free())).bracket.exact == 2


def test_settings_beyond_what_biased_bits_can_show():
    """Hensen et al. (Nature 526, 682): 79 of 245 is more than (51/100)^2 = .2601."""
    often = {"00": "53/245", "01": "79/245", "10": "62/245", "11": "51/245"}
    source = fr.SanthaVazirani("1/100")
    question = asked(
        source=source, adversary=LOCAL, ask=fr.Ask("strategy"), observed=fr.Observed(settings=often)
    )
    found = fr.bound(question)
    assert found.impossible and "P(settings 01) = 79/245 (32.24 %) is more than 2601/10000" in found.reason


def test_free_settings_of_an_experiment_tell_what_uniform_ones_do():
    """S = 2.4225 alone is tested: 1 - log2(1 + sqrt(2 - S^2/4)) = .2092430 bits (arXiv:0911.3427)."""
    often = {"00": "53/245", "01": "79/245", "10": "62/245", "11": "51/245"}
    bits = fr.Ask("min-entropy", of="A", at=(0, 0))
    tests = [fr.Test("chsh", ">=", "2.4225")]
    question = asked(source=fr.Free(), tests=tests, ask=bits, observed=fr.Observed(settings=often))
    assert holds(question, 1 - log2(1 + sqrt(2 - 2.4225**2 / 4)), 1e-7)


def test_score_of_an_experiment_without_signalling():
    """S = 2.4225 alone: the guess is 3/2 - S/4, .1610482 bits."""
    bits = fr.Ask("min-entropy", of="A", at=(0, 0))
    question = asked(
        adversary=fr.Adversary("no-signalling"), tests=[fr.Test("chsh", ">=", "2.4225")], ask=bits
    )
    assert holds(question, -log2(3 / 2 - 2.4225 / 4))


def test_photons_alone_bear_little_bias():
    """J = 7.268e-6 of 3.5e9 trials (PRL 115, 250401): local devices reach 1 - 4 (1/2 - eps)^2."""
    rows = [[F(n, sum(VIENNA[4 * s : 4 * s + 4])) for n in VIENNA[4 * s : 4 * s + 4]] for s in range(4)]
    seen = rows[0][0] - rows[1][1] - rows[2][2] - rows[3][0]
    assert float(seen) == pytest.approx(7.268e-6, abs=5e-10)
    terms = {"P(00|00)": 1, "P(01|01)": -1, "P(10|10)": -1, "P(00|11)": -1}
    question = asked(
        source=fr.SanthaVazirani(0),
        adversary=LOCAL,
        tests=[fr.Test(terms, ">=", seen)],
        ask=fr.Ask("strategy"),
    )
    sought = {"of": "source.epsilon", "between": (0, F(1, 1000)), "width": F(1, 10**10)}
    found = fr.bound(question, threshold=sought).bracket
    assert float(found.width) <= 1e-10
    assert 4 * (F(1, 2) - found.upper) ** 2 <= 1 - seen <= 4 * (F(1, 2) - found.lower) ** 2


def test_five_notations_are_one_functional():
    """The page howto/write-my-inequality: equal on every deterministic box, 0 for local devices."""
    array = [[[[0, 0], [0, 0]], [[0, 0], [0, 0]]], [[[0, 0], [0, 0]], [[0, 0], [0, 0]]]]
    for a, b, x, y, factor in ((0, 0, 0, 0, 1), (0, 1, 0, 1, -1), (1, 0, 1, 0, -1), (0, 0, 1, 1, -1)):
        array[a][b][x][y] = factor
    constant = {f"P({a}{b}|00)": "-1/2" for a in (0, 1) for b in (0, 1)}
    marginals = {"P(00|00)": 1, "P(00|01)": 1, "P(00|10)": 1, "P(00|11)": -1, "PA(0|0)": -1, "PB(0|0)": -1}
    means = {"<A0 B0>": "1/4", "<A0 B1>": "1/4", "<A1 B0>": "1/4", "<A1 B1>": "-1/4", **constant}
    ways = [
        fr.Functional.named("hardy"),
        fr.Functional.from_terms({"P(00|00)": 1, "P(01|01)": -1, "P(10|10)": -1, "P(00|11)": -1}),
        fr.Functional.from_terms(marginals),
        fr.Functional.from_terms(means),
        fr.Functional.from_array(array, axes="abxy"),
    ]
    boxes = [box for box in fr.extreme_boxes(fr.chsh()) if {p for row in box.rows for p in row} <= {0, 1}]
    values = []
    for way in ways:
        terms = way.resolved(fr.chsh(), "functional").terms
        values.append([sum(x * box.rows[s][o] for s, o, x in terms) for box in boxes])
    assert all(own == values[0] for own in values[1:])
    assert (len(boxes), max(values[0])) == (16, 0)
