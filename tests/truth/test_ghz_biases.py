"""Perfect GHZ relations: the polynomial form against the definition, exact ends, tampered certificates.

Values are compared between formulations (all probabilities; moments of symmetric boxes; the polynomial form),
with closed forms and with theorems (docs/proofs/conjecture-1.md); none is copied from the program's output.
"""

from __future__ import annotations

import json
import random
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from conjecture_report import bits_needed, distance, fractions_csv, markdown
from flint import arb, ctx, fmpq, fmpz
from robust import Growth, growth, largest

from freerand_opt.bounds.bound import bound
from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.claims.conjecture import biases as exact
from freerand_opt.claims.conjecture.checker import biases as checked
from freerand_opt.claims.conjecture.checker.document import check
from freerand_opt.claims.conjecture.computed import compute
from freerand_opt.claims.conjecture.lemniscate import correlators, derivatives, half_constant, ratio
from freerand_opt.claims.conjecture.polynomial import (
    extrapolated,
    near_edges,
    probabilities,
    row,
    strings,
    unknowns,
)
from freerand_opt.claims.conjecture.relations import POWERS, Relations
from freerand_opt.errors import InputError
from freerand_opt.model.adversary import Adversary
from freerand_opt.model.ask import Ask
from freerand_opt.model.conditions import Relations as Condition
from freerand_opt.model.families.ghz import mermin_sign
from freerand_opt.model.question import Question
from freerand_opt.model.scenarios import ghz
from freerand_opt.model.sources.uniform import Uniform

KINDS = tuple(POWERS)
#: An input of Colbeck and Renner's relations at which each kind is what is asked.
WEIGHTS = {"even": 0, "opposite": 2, "odd": 1}
K_LOWER, K_UPPER = half_constant(120)


def relations_of(parties, kind):
    return Relations(M=parties, relations=kind)


def reduced(inputs, signs):
    """The relations with the same largest sum of signed biases as Colbeck and Renner's at some inputs."""
    power = (2 - sum(inputs) + 2 * sum(sign < 0 for sign in signs)) % 4
    return relations_of(len(inputs), {2: "even", 0: "opposite"}.get(power, "odd"))


def value(relations):
    """Return the largest sum of biases where box and multipliers meet."""
    box, proof = exact.optimum(relations)
    assert box.value == proof.value
    return box.value


def question(inputs, signs):
    """Return the question of signed biases under CR's perfect relations, every probability written out."""
    scenario = ghz(len(inputs))
    s = "".join(map(str, inputs))
    terms = {
        f"P({''.join(map(str, o))}|{s})": sum(t * (1 - 2 * x) for t, x in zip(signs, o, strict=True))
        for o in scenario.joint_outcomes
    }
    return Question(
        scenario,
        Uniform(),
        adversary=Adversary(devices="no-signalling"),
        tests=(Condition(relations="mermin"),),
        ask=Ask("score", functional={"terms": terms}),
    )


def lifted(relations):
    """Return P(x|a) of the optimal box by (outcomes, inputs), from its strings."""
    m = relations.M
    box, _ = exact.optimum(relations)
    found = {
        s: Fraction(int(p), int(box.unit) * 2**m) for s, p in probabilities(relations, box.point, box.unit)
    }
    table = {}
    for inputs in product((0, 1), repeat=m):
        for outcomes in product((0, 1), repeat=m):
            k = sum(inputs)
            minus, turned = (
                sum(x for x, a in zip(outcomes, inputs, strict=True) if a == one) for one in (0, 1)
            )
            # omega = x (-i)^input: 1, -1 at input 0, and -i for x = +1, i for x = -1 at input 1
            string = (m - k - minus, minus, turned, k - turned)
            mirror = (string[0], string[1], string[3], string[2])
            table[outcomes, inputs] = found.get(string, found.get(mirror if relations.real else string, 0))
    return table, box.value


def require_no_signalling(table, parties):
    strings_ = list(product((0, 1), repeat=parties))
    for p, a, x in product(range(parties), strings_, strings_):
        if not a[p] and not x[p]:
            other, flipped = (*a[:p], 1, *a[p + 1 :]), (*x[:p], 1, *x[p + 1 :])
            assert table[x, a] + table[flipped, a] == table[x, other] + table[flipped, other]


# ------------------------------------------------------------------ three programs


def test_every_input_and_every_sign_of_three_parties_is_one_of_three_programs():
    values = {kind: value(relations_of(3, kind)) for kind in KINDS}
    for inputs in product((0, 1), repeat=3):
        for signs in ((1, 1, 1), (-1, 1, 1), (1, -1, -1)):
            found = bound(question(inputs, signs))
            assert found.bracket.exact == values[reduced(inputs, signs).relations], (inputs, signs)


@pytest.mark.parametrize(
    ("inputs", "signs"),
    [
        ((0, 0, 0, 0), (1, 1, 1, 1)),
        ((0, 0, 0, 0), (1, -1, 1, 1)),
        ((1, 0, 1, 0), (1, 1, 1, 1)),
        ((1, 1, 1, 1), (1, 1, 1, -1)),
        ((1, 0, 0, 0), (1, 1, -1, 1)),
        ((1, 1, 1, 0), (1, 1, 1, 1)),
    ],
)
def test_relabelled_inputs_and_signs(inputs, signs):
    assert bound(question(inputs, signs)).bracket.exact == value(reduced(inputs, signs))


def test_relations_are_colbeck_and_renners():
    assert [relations_of(4, "even").product(k) for k in range(5)] == [mermin_sign(k) for k in range(5)]
    assert [relations_of(3, "odd").product(k) for k in range(4)] == [0, 1, 0, -1]  # sin(pi k/2)


@pytest.mark.parametrize(("parties", "kind"), [(2, "even"), (201, "even"), (151, "odd"), (5, "mermin")])
def test_relations_that_are_none(parties, kind):
    with pytest.raises(InputError, match=r"200|150|even"):
        relations_of(parties, kind)


# ------------------------------------------------------------------ formulations agree


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parties", range(3, 9))
def test_moments_of_symmetric_boxes_and_the_polynomial_form_agree(parties, kind):
    assert largest(parties, WEIGHTS[kind], Fraction(0)) == value(relations_of(parties, kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parties", [3, 4, 5, 7, 10])
def test_probabilities_are_the_rows(parties, kind):
    relations = relations_of(parties, kind)
    rng = random.Random(parties)
    place = [fmpz(rng.randint(-9, 9)) for _ in unknowns(relations)]
    found = dict(probabilities(relations, place, fmpz(7)))
    assert set(found) == set(strings(relations))
    for string in strings(relations):
        line = row(relations, string)
        assert 7 * line[0] + sum(x * y for x, y in zip(line[1:], place, strict=True)) == found[string]


# ------------------------------------------------------------------ lifting to the original probabilities


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parties", [3, 4, 5])
def test_lifted_boxes_obey_the_definition(parties, kind):
    """Nonnegative, normalised, no-signalling, with the relations, and with the sum that is claimed."""
    relations = relations_of(parties, kind)
    table, claimed = lifted(relations)
    strings_ = list(product((0, 1), repeat=parties))
    assert min(table.values()) >= 0
    for a in strings_:
        assert sum(table[x, a] for x in strings_) == 1
        wanted = relations.product(sum(a))
        assert not wanted or all(not table[x, a] for x in strings_ if wanted != (-1) ** sum(x))
    require_no_signalling(table, parties)
    zero = (0,) * parties
    assert sum((parties - 2 * sum(x)) * table[x, zero] for x in strings_) == claimed


# ------------------------------------------------------------------ closed forms and theorems


@pytest.mark.parametrize("parties", [*range(3, 41), 64, 65, 100])
def test_the_closed_form_of_opposite_relations(parties):
    relations = relations_of(parties, "opposite")
    guess = extrapolated(relations)
    box, proof = exact.vertex(relations, guess), exact.bound(relations, guess)
    assert not exact.broken(box)
    assert box.value == proof.value == ratio(parties)
    found = [Fraction(int(x), int(box.unit)) for x in box.point]
    assert found == list(correlators(parties)[1 : parties // 2 + 1])


def test_the_function_f():
    values = [Fraction(x) for x in derivatives(40)]
    taylor = [
        x / f for x, f in zip(values, np.cumprod([1, *map(int, range(1, 41))], dtype=object), strict=True)
    ]

    def times(left, right):
        return [sum(left[k] * right[n - k] for k in range(n + 1)) for n in range(len(left))]

    slope = [n * x for n, x in enumerate(taylor)][1:]
    square = times(taylor, taylor)
    fourth = times(square, square)
    fourth[0] += 1
    assert times(slope, slope) == [x / 2 for x in fourth[:-1]]  # F'^2 = (1 + F^4)/2


@pytest.mark.parametrize("bits", [20, 64, 200, 500])
def test_the_constant_against_ball_arithmetic(bits):
    lower, upper = half_constant(bits)
    assert upper - lower <= Fraction(4, 2**bits)
    ctx.prec = bits + 64
    ball = arb.gamma(arb(1) / 4) ** 2 / (4 * (2 * arb.pi()).sqrt())  # Gamma(1/4)^2 / (4 sqrt(2 pi))
    assert arb(fmpq(lower.numerator, lower.denominator)) < ball
    assert ball < arb(fmpq(upper.numerator, upper.denominator))
    ctx.prec = 53


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parties", [*range(3, 20), 33, 48])
def test_monogamy_of_the_optimal_boxes(parties, kind):
    """T1 at M - 1 parties is T1' for a symmetric box; the odd value is at least (M-1)/M times the others."""
    found = value(relations_of(parties, kind))
    assert found * Fraction(parties - 1, parties) <= K_LOWER
    assert value(relations_of(parties, "odd")) >= found * Fraction(parties - 1, parties)


def test_without_averaging_w_leaves_the_sector():
    """A party that always says +1 and a PR box: gamma_1 = 1 - i or 1 + i, so 1 + gamma_1 omega leaves it."""

    def probability(x, a):
        if x[0]:
            return Fraction(0)
        wanted = {(0, 0, 0): 1, (0, 1, 1): 0, (1, 0, 1): 0, (1, 1, 0): 0}.get(tuple(a))
        if wanted is None:  # the relation of the other first input
            wanted = {(1, 1): 0, (0, 0): 1}.get((a[1], a[2]), 0)
        return Fraction(int((x[1] + x[2]) % 2 == wanted), 2)

    strings_ = list(product((0, 1), repeat=3))
    table = {(x, a): probability(x, a) for x in strings_ for a in strings_}
    require_no_signalling(table, 3)
    for x, a in product(strings_, strings_):
        sign = mermin_sign(sum(a))
        if sign and sign != (-1) ** sum(x):
            assert table[x, a] == 0
    # E(x_1|0) = E(x_1|1) = 1, so gamma_1 = 1 + i and at omega = -1 the value is -i: real part 0 < 1
    gamma = complex(1, 1)
    assert abs((1 - gamma).imag) > (1 - gamma).real


# ------------------------------------------------------------------ finding and refusing


@pytest.mark.parametrize("kind", KINDS)
def test_negative_probabilities_are_found(kind):
    relations = relations_of(9, kind)
    box, _ = exact.optimum(relations)
    worse = exact.Vertex(relations, box.strings, tuple(3 * x for x in box.point), box.unit)
    found = exact.broken(worse)
    assert found
    assert min(found)[0] < 0
    assert not exact.broken(box)


@pytest.mark.parametrize(("parties", "kind"), list(product((4, 5, 6), POWERS)))
def test_the_checkers_probabilities_are_the_definition(parties, kind):
    """Gaussian integers, factor by factor; strings that it leaves out are impossible."""
    sigma = 1j ** POWERS[kind]
    rng = random.Random(parties)
    gamma = {0: 1 + 0j, parties: sigma}
    for d in range(1, parties):
        if d not in gamma:
            value = complex(rng.randrange(-9, 9), rng.randrange(-9, 9) * (kind == "odd"))
            if 2 * d == parties:
                value = {"even": 0j, "opposite": complex(value.real), "odd": value.real * (1 + 1j)}[kind]
            gamma[d], gamma[parties - d] = value, sigma * value.conjugate()
    free = [rng.randrange(9) * (kind == "odd" and k % 2 == 0) for k in range(parties + 1)]
    real, imaginary = ([int(part(gamma[d])) for d in range(parties + 1)] for part in (np.real, np.imag))
    least = (10**6, 0, 1, -3, 5)
    below = [set(checked._below(parties, kind, bound, real, imaginary, free)) for bound in least]
    for a, b, c in product(range(parties + 1), repeat=3):
        e = parties - a - b - c
        if e < 0:
            continue
        factor = np.poly1d([1])
        for root, count in ((1, a), (-1, b), (1j, c), (-1j, e)):
            factor *= np.poly1d([root, 1]) ** count
        powers = factor.coefficients[::-1]
        value = sum((gamma[d] * powers[d]).real for d in range(parties + 1)) + free[c + e] * (-1) ** (b + c)
        assert checked._probability((a, b, c, e), real, imaginary, free) == value
        spelt = {(a, b, c, e), (a, b, *((c, e) if kind == "odd" else (e, c)))}
        if not spelt & below[0]:
            assert value == 0
            continue
        assert [bool(spelt & found) for found in below] == [value < bound for bound in least]


def test_a_wrong_active_set_proves_nothing_false():
    relations = relations_of(8, "even")
    wrong = near_edges(relations, 0)[: len(unknowns(relations))]
    best = value(relations)
    proof, box = exact.bound(relations, wrong), exact.vertex(relations, wrong)
    assert proof is None or proof.value >= best
    assert box is None or exact.broken(box) or box.value <= best


def test_odd_relations_have_no_known_pattern():
    with pytest.raises(ValueError, match="even and opposite"):
        extrapolated(relations_of(9, "odd"))


def certificate(kind="odd", parties=9):
    return json.loads(compute(relations_of(parties, kind)).certificate)


@pytest.mark.parametrize("kind", KINDS)
def test_certificates_check_alone(kind):
    report = check(certificate(kind, 12))
    assert report.status == "PROVED*"
    assert report.lower == report.upper
    assert report.page == "docs/proofs/conjecture-1.md"


def plus(text):
    return str(int(text) + 1)


def changed(part, key, index=None):
    """Return a change of a part of the proof: put a value in, or take the last entry away."""

    def change(body, value):
        held = body["proof"][part]
        if index is None:
            held[key] = value
        else:
            held[key][index] = value(held[key][index]) if callable(value) else value

    return change


def popped(*keys):
    def change(body, _):
        for part, key in keys:
            body["proof"][part][key].pop()

    return change


def given(key):
    return lambda body, value: body["computation"].update({key: value})


NUMERATORS, STRINGS = ("multipliers", "numerators"), ("multipliers", "strings")
TAMPERED = {
    "upper end": (lambda body, value: body["answer"].update(upper=value), "1"),
    "lower end": (lambda body, value: body["answer"].update(lower=value), "2"),
    "upper without multipliers": (lambda body, value: body["proof"].update(multipliers=value), None),
    "lower without a box": (lambda body, value: body["proof"].update(box=value), None),
    "more parties": (given("M"), "10"),
    "two parties": (given("M"), "2"),
    "other relations": (given("relations"), "even"),
    "unknown relations": (given("relations"), "mermin"),
    "a correlator": (changed("box", "numerators", 2), plus),
    "larger biases": (changed("box", "numerators", 0), lambda text: str(2 * int(text))),
    "a correlator too few": (popped(("box", "numerators")), None),
    "negative denominator": (changed("box", "denominator"), "-5"),
    "no integer": (changed("box", "denominator"), "1/2"),
    "a float": (changed("box", "denominator"), 1.5),
    "a multiplier": (changed(*NUMERATORS, 0), plus),
    "a negative multiplier": (changed(*NUMERATORS, 0), "-1"),
    "smaller unit": (changed("multipliers", "denominator"), "1"),
    "a string": (changed(*STRINGS, 0), [9, 0, 0, 0]),
    "a string of too many": (changed(*STRINGS, 0), [9, 1, 0, 0]),
    "a string of negative counts": (changed(*STRINGS, 0), [10, -1, 0, 0]),
    "a string left out": (popped(STRINGS), None),
    "a pair left out": (popped(STRINGS, NUMERATORS), None),
    "another kind": (lambda body, value: body.update(format=value), "freerand-certificate"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_tampered_certificates_are_rejected(how):
    body = certificate()
    check(body)
    change, value_ = TAMPERED[how]
    change(body, value_)
    with pytest.raises((Rejected, Unreadable)):
        check(body)


def test_weaker_ends_are_fine():
    body = certificate()
    body["answer"] = {"lower": "1", "upper": "2"}
    report = check(body)
    assert (report.lower, report.upper) == (1, 2)


# ------------------------------------------------------------------ the report


def test_the_report_says_what_it_assumes_and_where_the_output_is_freer():
    values = {(m, kind): value(relations_of(m, kind)) for m in range(3, 17) for kind in KINDS}
    robust = {(m, kind): growth(m, weight) for m in (3, 4) for kind, weight in WEIGHTS.items()}
    text = markdown(values, 16, robust, "", ["-"])
    for words in ("common cause", "perfect relations", "1210.6514", "not proved, not refuted"):
        assert words in text.lower()
    assert "FAILS" not in text
    for epsilon in (Fraction(1, 10), Fraction(2, 5), Fraction(49, 100)):
        bits = bits_needed(values, epsilon)
        assert distance(values, epsilon, bits) < epsilon <= distance(values, epsilon, bits - 1)
        # T1' alone: (1/2 + eps)^n K M/(M-1)/2, never below what the exact values give
        assert distance(values, epsilon, bits) <= (Fraction(1, 2) + epsilon) ** bits * K_UPPER * Fraction(
            2**bits, 2 * (2**bits - 1)
        )
    lines = fractions_csv(values).splitlines()
    assert [Fraction(x) for x in lines[3].split(",")[1:]] == [values[5, kind] for kind in KINDS]
    wrong = {**values, (5, "opposite"): Fraction(1)}
    assert "FAILS" in markdown(wrong, 16, robust, "", ["-"])
    steep = {(3, "even"): Growth(Fraction(1), Fraction(5, 2))}
    assert "FAILS" in markdown(values, 16, steep, "", ["-"])


# ------------------------------------------------------------------ violated relations


def test_three_parties_reach_slope_two():
    """Mixing with the box that says +1 always (violation 1, sum 3) gives 1 + 2 v, and no more is possible."""
    assert growth(3, 0) == growth(3, 2) == Growth(Fraction(1), Fraction(2))
    for v in (Fraction(1, 7), Fraction(1, 2), Fraction(1)):
        assert largest(3, 0, v) == 1 + 2 * v
    assert largest(3, 0, Fraction(2)) == 3
    assert growth(3, 0, step=Fraction(1)) is None  # the curve bends before 2


@pytest.mark.parametrize("parties", [3, 4, 5, 6])
@pytest.mark.parametrize("weight", [0, 1, 2])
def test_growth_is_what_is_claimed(parties, weight):
    """The line holds beyond the step; T6 and the conjectured bound hold; the perfect value is another's."""
    found = growth(parties, weight)
    assert found.perfect == value(relations_of(parties, ("even", "odd", "opposite")[weight]))
    for v in (Fraction(1, 100), Fraction(2)):
        most = largest(parties, weight, v)
        assert most <= found.perfect + found.slope * v
        assert most <= K_UPPER * Fraction(parties, parties - 1) + 2 * v
        assert most**2 <= 2 * (K_UPPER * (1 + 6 * v) * Fraction(parties, parties - 1)) ** 2


def test_a_relabelled_input_has_the_same_growth():
    """Weights 0 and 4, 1 and 3, of four and five parties: relabelling keeps v (proof, section 1)."""
    assert growth(4, 0) == growth(4, 4)
    assert growth(5, 0) == growth(5, 4)
    assert growth(5, 1) == growth(5, 3)
