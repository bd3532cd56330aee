"""Quantum devices through the public way: levels, conditions on moments, symmetries, solvers by name."""

from __future__ import annotations

import json
from fractions import Fraction as F
from itertools import pairwise, product
from math import pi, sin, sqrt

import pytest
from flint import arb, ctx, fmpq

import freerand_opt as fr
from freerand_opt.errors import InputError, SolverUnavailableError, TooLargeError
from freerand_opt.solvers.choose import solver_named

SCORES = {"ask": {"quantity": "score", "functional": "chsh"}}
CHSH, CGLMP, I3322 = {"family": "chsh"}, {"family": "cglmp", "d": 3}, {"family": "i3322"}
GHZ = {"family": "ghz", "M": 3}


def bound(level=None, *, devices="quantum", options=None, **tables):
    adversary = {"devices": devices} | ({} if level is None else {"level": level})
    held = {"scenario": CHSH, "source": {"kind": "uniform"}, "adversary": adversary}
    question = fr.Question.from_dict({**held, **tables})
    return fr.bound(question, **(options or {}))


def score(functional, extreme="largest"):
    return {"quantity": "score", "functional": functional, "extreme": extreme}


def closes(result, value, within=1e-8):
    lower, upper = float(result.lower), float(result.upper)
    return value - within <= lower <= value + 1e-12 and value - 1e-12 <= upper <= value + within


# ------------------------------------------------------------------ values of the literature


@pytest.mark.parametrize(
    ("scenario", "functional", "value"),
    [
        (I3322, "i3322", 1),  # Collins and Gisin, arXiv:quant-ph/0306129
        ({"family": "cglmp", "d": 2}, "cglmp", 4),
        (CGLMP, "cglmp", 4),  # the largest sum of four differences of probabilities
        (GHZ, "svetlichny", 8),
    ],
)
def test_no_signalling_values(scenario, functional, value):
    result = bound(devices="no-signalling", scenario=scenario, ask=score(functional))
    assert result.bracket.exact == value


@pytest.mark.parametrize("level", ["1 + A B", "2"])
def test_cglmp_of_two_outcomes_is_tsirelsons(level):
    assert closes(bound(level, scenario={"family": "cglmp", "d": 2}, ask=score("cglmp")), sqrt(8))


def test_a_joint_score_over_any_settings_stays_in_its_range():
    """An average of -4/3 P(00), over settings that are nowhere stated, is at most 0."""
    ask = {"quantity": "score", "terms": {"P(00|20)": "-4/3"}, "on": "joint"}
    result = bound("1", scenario=I3322, observed={"settings": "unconstrained"}, ask=ask)
    assert result.bracket.exact == 0
    assert result.notes == ()


def test_level_one_does_not_imply_positive_probabilities():
    """With P >= 0 it would be Q1 of arXiv:0803.4290 (2 + 2/sqrt 3); a second formulation without gives 4."""
    assert float(bound("1", scenario=CGLMP, ask=score("cglmp")).upper) == pytest.approx(4, abs=1e-6)


@pytest.mark.parametrize(
    ("level", "value"),
    # Navascues, Pironio and Acin, arXiv:0803.4290; Pal and Vertesi, arXiv:1006.3032, table I
    [("1", 3 / 8), ("1 + A B", 0.2514709), ("2", 0.2509397)],
)
def test_i3322_levels(level, value):
    result = bound(level, scenario=I3322, ask=score("i3322"))
    assert float(result.upper) == pytest.approx(value, abs=1e-6)
    assert float(result.lower) == pytest.approx(0.25, abs=1e-6)  # two qubits


def test_mermin_reaches_four():
    assert closes(bound("1 + A B + A C + B C", scenario=GHZ, ask=score("mermin")), 4)


def test_the_elegant_bracket_closes():
    """4 sqrt 3 with a complex state (Gisin, arXiv:quant-ph/0702021)."""
    signs = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
    terms = {f"<A{x} B{y}>": signs[y][x] for x in range(3) for y in range(4)}
    scenario = {"settings": {"A": 3, "B": 4}, "outcomes": {"A": 2, "B": 2}}
    result = bound("1 + A B", scenario=scenario, ask={"quantity": "score", "terms": terms})
    assert closes(result, 4 * sqrt(3))
    boxes = [held["box"] for held in result.document["attack"]["strategies"]]
    vectors = [v for box in boxes for own in box["measurements"] for m in own for vs in m for v in vs]
    assert any(isinstance(entry, list) for v in vectors for entry in v)


@pytest.mark.parametrize(("level", "n"), [("1", 3), ("1", 151), ("1 + A B", 5)])
def test_chains_are_wehners_value_from_both_sides(level, n):
    """2N sin^2(pi/4N), Wehner, arXiv:quant-ph/0510076, by ball arithmetic."""
    result = bound(level, scenario={"family": "chained", "N": n}, ask=score("chained", "smallest"))
    low = result.lower.value
    assert isinstance(low, F)
    with ctx.workprec(300):
        gap = 2 * n * arb.sin_pi_fmpq(fmpq(1, 4 * n)) ** 2 - arb(fmpq(low.numerator, low.denominator))
    assert 0 <= float(gap) < 1e-9
    value = 2 * n * sin(pi / (4 * n)) ** 2
    assert value - 1e-12 <= float(result.upper) < value + 1e-9


def test_the_joint_score_is_a_share():
    """P(o, s) = P(o|s) / 16 at N = 4."""
    chain = {"family": "chained", "N": 4}
    joint = {**score("chained", "smallest"), "on": "joint"}
    assert closes(bound("1 + A B", scenario=chain, ask=joint), 8 * sin(pi / 16) ** 2 / 16)


# ------------------------------------------------------------------ conditions on moments


def moment(relation, limit, **terms):
    return {
        "terms": {f"<{name.replace('_', ' ')}>": x for name, x in terms.items()},
        "relation": relation,
        "bound": limit,
    }


@pytest.mark.parametrize(("relation", "c"), [("=", F(9, 10)), (">=", F(1, 2)), (">=", F(1))])
def test_chsh_given_an_anticommutator(relation, c):
    """sqrt(2 + 2c) + sqrt(2 - 2c), the norms of A0 + A1 and A0 - A1; exact states reach it."""
    result = bound("1 + A B", moment=[moment(relation, str(c), A0_A1=1)], **SCORES)
    assert closes(result, sqrt(2 + 2 * c) + sqrt(2 - 2 * c), 1e-6)


@pytest.mark.parametrize(
    ("held", "value"),
    [
        ([moment("<=", "1/2", A0_A1=1)], sqrt(8)),  # holds for Tsirelson's
        ([moment("=", "-1/3", A0_A1=1)], sqrt(4 / 3) + sqrt(8 / 3)),
        # <A0 A1> + <A1 A0> >= sqrt 3 says the same as <A0 A1> >= sqrt(3)/2
        ([moment(">=", "sqrt(3)", A0_A1=1, A1_A0=1)], sqrt(2 + sqrt(3)) + sqrt(2 - sqrt(3))),
    ],
)
def test_relations_and_sums(held, value):
    result = bound("1 + A B", moment=held, **SCORES)
    assert float(result.upper) == pytest.approx(value, abs=1e-7)
    assert float(result.lower) <= value + 1e-12


def test_a_condition_is_averaged_over_guesses():
    """A guess given <A0 B0> as a moment is a guess given the correlator as a test."""
    guess = {"quantity": "guessing-probability", "of": "A", "at": [0, 0]}
    chsh = {"functional": "chsh", "relation": ">=", "score": "27/10"}
    correlator = {"terms": {"<A0 B0>": 1}, "relation": ">=", "score": "3/4"}
    one = bound("1 + A B", test=[chsh], moment=[moment(">=", "3/4", A0_B0=1)], ask=guess)
    other = bound("1 + A B", test=[chsh, correlator], ask=guess)
    assert float(one.upper) == pytest.approx(float(other.upper), abs=1e-7)


def test_conditions_with_a_biased_source_are_reached():
    """<A0 A1> = 1 makes A0 = A1: errors at one setting of four, each of which has at least 1/5."""
    source = {"kind": "measurement-dependence", "lower": "1/5", "upper": "3/10"}
    result = bound("1 + A B", source=source, moment=[moment("=", "1", A0_A1=1)], **SCORES)
    assert float(result.lower) == pytest.approx(4 - 8 / 5, abs=1e-8)
    assert float(result.upper) >= 4 - 8 / 5


def test_conditions_that_cannot_hold():
    held = [moment(">=", "3/4", A0_A1=1), moment("<=", "1/2", A0_A1=1)]
    assert bound("1 + A B", moment=held, **SCORES).impossible


def test_an_attack_that_breaks_a_condition_is_rejected():
    strict = bound("1 + A B", moment=[moment(">=", "1/2", A0_A1=1)], **SCORES)
    loose = bound("1 + A B", moment=[moment(">=", "0", A0_A1=1)], **SCORES)
    forged = json.loads(json.dumps(strict.document))
    forged["attack"] = loose.document["attack"]
    with pytest.raises(InputError, match=r"is rejected|not"):
        fr.load(json.dumps(forged), strict.question)


@pytest.mark.parametrize(
    ("name", "words"),
    [("A0 A1 A0 A1 A0", "level"), ("A7", "settings of A are 0..1"), ("C0", "C0")],
)
def test_moments_that_are_not_there(name, words):
    with pytest.raises(InputError, match=words):
        bound("1", moment=[moment(">=", 0, **{name.replace(" ", "_"): 1})], **SCORES)


# ------------------------------------------------------------------ symmetries


def chain_symmetries(n):
    """The shift along the chain and its reflection, as text."""
    names = [f"{'AB'[k % 2]}{k // 2}" for k in range(2 * n)]
    shift = ", ".join(f"{a} -> {b}" for a, b in pairwise(names)) + f", {names[-1]} -> -{names[0]}"
    return shift, ", ".join(f"{a} -> {b}" for a, b in zip(names, reversed(names), strict=True))


#: The shift of all outcomes by 1; the chain of CGLMP (arXiv:quant-ph/0106024) turned by one link.
SHIFT = ", ".join(f"{name} -> {name} (0 1 2)" for name in ("A0", "A1", "B0", "B1"))
TURN = "A0 -> B0, B0 -> A1 (0 2 1), A1 -> B1, B1 -> A0"
MIRROR = "A0 -> B1 (1 2), B1 -> A0 (1 2), A1 -> B0 (1 2), B0 -> A1 (1 2)"


@pytest.mark.parametrize("named", [(SHIFT,), (TURN,), (SHIFT, MIRROR), ("find",)])
def test_symmetries_of_outcomes_keep_the_value_of_cglmp(named):
    """Acin, Durt, Gisin and Latorre, arXiv:quant-ph/0111143: 1 + sqrt(11/3)."""
    result = bound("1 + A B", scenario=CGLMP, ask=score("cglmp"), options={"symmetry": named})
    assert closes(result, 1 + sqrt(11 / 3))


@pytest.mark.parametrize("n", [3, 5])
def test_named_symmetries_of_edges_give_wehners_value(n):
    """One test an edge: the dihedral group permutes them, and multipliers are averaged."""
    edges = [(a, b) for a, b in product(range(n), repeat=2) if a - b in (0, 1)] + [(0, n - 1)]
    wrong = {(a, b): ("00", "11") if (a, b) == (0, n - 1) else ("01", "10") for a, b in edges}
    limit = {"relation": "<=", "score": "7/100"}
    tests = [{"terms": {f"P({o}|{a}{b})": 1 for o in wrong[a, b]}, **limit} for a, b in edges]
    result = bound(
        "1 + A B",
        scenario={"family": "chained", "N": n},
        ask=score("chained", "smallest"),
        **({"test": tests} if n == 3 else {}),
        options={"symmetry": chain_symmetries(n)},
    )
    assert closes(result, 2 * n * sin(pi / (4 * n)) ** 2, 1e-7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A0 -> A1, A1 -> A0", "does not keep"),
        ("A0 -> A1", "two observables have the same image"),
        ("A0 -> B0, B0 -> A0", "go to different parties"),
        ("A0 => B0", "write maps such as"),
        ("A7 -> A0", "is not there"),
        ("A0 -> A0 (0 2)", "cycles are disjoint, of outcomes 0..1"),
        ("A -> C, C -> A", "C is no party"),
        ("A0 -> B0, A0 -> B1", "given twice"),
        ("A[0|0] -> A[1|0]", "the outcomes of A0 are not permuted"),
        ("A[0|0] -> A[0|1]", "go to different measurements"),
    ],
)
def test_what_is_no_symmetry_is_named(text, said):
    with pytest.raises(InputError, match=said):
        bound("1", options={"symmetry": (text,)}, **SCORES)


def test_too_long_a_search_is_refused():
    chain = {"family": "chained", "N": 8}
    with pytest.raises((InputError, TooLargeError), match="name generators"):
        bound("1", scenario=chain, ask=score("chained", "smallest"), options={"symmetry": ("find",)})


# ------------------------------------------------------------------ solvers by name


def runs(name):
    try:
        solver_named(name)
    except SolverUnavailableError:
        return False
    return True


@pytest.mark.parametrize("name", ["clarabel", "high-precision", "qics", "picos:cvxopt", "mosek"])
def test_whatever_solves_it_the_bracket_is_proved(name, capfd):
    """arXiv:0911.3427, Eq. (3): 1/2 + sqrt(2 - S^2/4)/2; nothing is printed."""
    if not runs(name):
        pytest.skip(f"{name} cannot run here")
    guess = {"quantity": "guessing-probability", "of": "A", "at": [0, 0]}
    test = [{"functional": "chsh", "relation": ">=", "score": "27/10"}]
    result = bound("1 + A B", test=test, ask=guess, options={"solver": name})
    value = 1 / 2 + sqrt(2 - 2.7**2 / 4) / 2
    assert float(result.lower) <= value + 1e-12
    assert value - 1e-12 <= float(result.upper) <= value + 1e-5
    assert capfd.readouterr() == ("", "")
