"""Perfect GHZ relations: the polynomial form against the definition, exact ends, tampered certificates.

Values are compared between formulations (all probabilities; outcome counts; the polynomial form), with
closed forms and with theorems (docs/proofs/conjecture-1.md); none is copied from the program's output.
"""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from flint import arb, ctx, fmpq, fmpz

from freerand_opt.answers.biases import largest, optimum
from freerand_opt.answers.bounding import bound
from freerand_opt.answers.robust import Growth, growth
from freerand_opt.certificates import biases as exact
from freerand_opt.certificates import check as checker
from freerand_opt.certificates.certify import feasible, multipliers, objective_value, point
from freerand_opt.model import functional
from freerand_opt.model.lemniscate import correlators, derivatives, half_constant, ratio
from freerand_opt.model.question import Adversary, Ask, Question
from freerand_opt.model.question import Test as Condition
from freerand_opt.model.relations import POWERS, Relations, SumOfBiases, reduced
from freerand_opt.model.scenario import ghz
from freerand_opt.model.source import Uniform
from freerand_opt.programs.build import build
from freerand_opt.programs.ghz_orbits import lifted, orbits, outcome_counts
from freerand_opt.programs.ghz_polynomial import (
    extrapolated,
    near_edges,
    probabilities,
    row,
    strings,
    unknowns,
)
from freerand_opt.programs.no_signalling import no_signalling_rows
from freerand_opt.programs.program import vector
from freerand_opt.programs.refinement import reduce
from freerand_opt.solvers.highs import solve

KINDS = tuple(POWERS)
#: An input of Colbeck and Renner's relations at which each kind is what is asked.
WEIGHTS = {"even": 0, "opposite": 2, "odd": 1}
K_LOWER, K_UPPER = half_constant(120)


def value(relations):
    """Return the largest sum of biases where box and multipliers meet."""
    box, proof, _ = optimum(relations)
    assert box.value == proof.value
    return box.value


def question(parties, total):
    """Return the question of a score under CR's perfect relations, from the definition."""
    scenario = ghz(parties)
    errors = functional.mermin_errors(scenario)
    return Question(
        scenario,
        Uniform(),
        "uniform",
        Adversary("no-signalling"),
        (Condition(errors, "<=", Fraction(0), "relations"),),
        Ask("score", functional=total),
    )


def signed_biases(parties, inputs, signs):
    scenario = ghz(parties)
    s = scenario.setting_index(inputs)
    terms = {
        (o, s): Fraction(sum(t * (1 - 2 * x) for t, x in zip(signs, outcomes, strict=True)))
        for o, outcomes in enumerate(scenario.joint_outcomes)
    }
    return functional.from_terms(terms)


# ------------------------------------------------------------------ three programs


def test_every_input_and_every_sign_of_three_parties_is_one_of_three_programs():
    values = {kind: value(Relations(3, kind)) for kind in KINDS}
    for inputs in product((0, 1), repeat=3):
        for signs in ((1, 1, 1), (-1, 1, 1), (1, -1, -1)):
            result = bound(question(3, signed_biases(3, inputs, signs)))
            assert result.bracket.exact == values[reduced(inputs, signs).kind], (inputs, signs)


@pytest.mark.parametrize(
    ("inputs", "signs"),
    [
        ((0, 0, 0, 0), (1, 1, 1, 1)),
        ((0, 0, 0, 0), (1, -1, 1, 1)),
        ((1, 0, 1, 0), (1, 1, 1, 1)),
        ((1, 1, 1, 1), (1, 1, 1, -1)),
        ((1, 0, 0, 0), (1, 1, -1, 1)),
        ((1, 1, 1, 0), (1, 1, 1, 1)),
        ((0, 1, 1, 0, 0), (1, 1, 1, 1, 1)),
        ((0, 1, 1, 0, 1), (1, 1, -1, 1, 1)),
    ],
)
def test_relabelled_inputs_and_signs(inputs, signs):
    result = bound(question(len(inputs), signed_biases(len(inputs), inputs, signs)))
    assert result.bracket.exact == value(reduced(inputs, signs))


def test_relations_are_colbeck_and_renners():
    asked = Relations(4, "even")
    assert [asked.product(k) for k in range(5)] == [
        functional.mermin_sign((1,) * k + (0,) * (4 - k)) for k in range(5)
    ]
    assert [Relations(3, "odd").product(k) for k in range(4)] == [0, 1, 0, -1]  # sin(pi k/2)


@pytest.mark.parametrize(("parties", "kind"), [(2, "even"), (201, "even"), (151, "odd"), (5, "mermin")])
def test_relations_that_are_none(parties, kind):
    with pytest.raises(ValueError, match="relations are"):
        Relations(parties, kind)


# ------------------------------------------------------------------ formulations agree


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parties", range(3, 13))
def test_outcome_counts_and_the_polynomial_form_agree(parties, kind):
    program = outcome_counts(Relations(parties, kind))
    solution = solve(program)
    wanted = value(Relations(parties, kind))
    assert multipliers(program, solution).bound == wanted
    assert objective_value(program, point(program, solution)) == wanted


@pytest.mark.parametrize(("parties", "weight"), [(6, 0), (6, 1), (6, 2), (7, 2)])
def test_colour_refinement_of_the_full_program_agrees(parties, weight):
    inputs = (1,) * weight + (0,) * (parties - weight)
    asked = question(parties, functional.biases(ghz(parties), inputs))
    program = build(asked).above.program
    small = reduce(program).program
    assert small.shape[1] < program.shape[1] // 15
    assert multipliers(small, solve(small)).bound == value(reduced(inputs, (1,) * parties))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parties", [3, 4, 5, 7, 10])
def test_probabilities_are_the_rows(parties, kind):
    relations = Relations(parties, kind)
    rng = random.Random(parties)
    place = [fmpz(rng.randint(-9, 9)) for _ in unknowns(relations)]
    found = dict(probabilities(relations, place, fmpz(7)))
    assert set(found) == set(strings(relations))
    for string in strings(relations):
        line = row(relations, string)
        assert 7 * line[0] + sum(x * y for x, y in zip(line[1:], place, strict=True)) == found[string]


# ------------------------------------------------------------------ lifting to the original probabilities


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parties", range(3, 15))
def test_lifted_boxes_are_feasible_by_outcome_counts(parties, kind):
    relations = Relations(parties, kind)
    box, _, _ = optimum(relations)
    masses = lifted(relations, dict(probabilities(relations, box.point, box.unit)), box.unit)
    program = outcome_counts(relations)
    assert feasible(program, masses)
    assert objective_value(program, masses) == box.value
    masses[0], masses[1] = masses[0] + 1, masses[1] - 1  # the total stays, no-signalling does not
    assert not feasible(program, masses)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parties", [3, 4, 5])
def test_lifted_boxes_in_all_probabilities(parties, kind):
    relations, scenario = Relations(parties, kind), ghz(parties)
    box, _, _ = optimum(relations)
    masses = lifted(relations, dict(probabilities(relations, box.point, box.unit)), box.unit)
    by_orbit = dict(zip(orbits(parties), masses, strict=True))
    table = []
    for outcomes in scenario.joint_outcomes:
        for inputs in scenario.joint_settings:
            k = sum(inputs)
            j = sum(x for x, a in zip(outcomes, inputs, strict=True) if a)
            i = sum(outcomes) - j
            p = by_orbit[k, i, j] / (comb(parties - k, i) * comb(k, j))
            assert p >= 0
            if relations.product(k) and relations.product(k) != (-1) ** sum(outcomes):
                assert p == 0
            table.append(p)
    settings = scenario.shape[1]
    for s in range(settings):
        assert sum(table[s::settings]) == 1
    matrix, _ = no_signalling_rows(scenario)
    assert not any(sum(f * table[k] for k, f in matrix.row(i)) for i in range(matrix.shape[0]))
    biases = sum(
        (parties - 2 * sum(outcomes)) * table[o * settings]
        for o, outcomes in enumerate(scenario.joint_outcomes)
    )
    assert biases == box.value


# ------------------------------------------------------------------ closed forms and theorems


@pytest.mark.parametrize("parties", [*range(3, 41), 64, 65, 100])
def test_the_closed_form_of_opposite_relations(parties):
    relations = Relations(parties, "opposite")
    box, proof, how = optimum(relations)
    assert how == "extrapolated active rows"
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
    found = value(Relations(parties, kind))
    assert found * Fraction(parties - 1, parties) <= K_LOWER
    assert value(Relations(parties, "odd")) >= found * Fraction(parties - 1, parties)


@pytest.mark.parametrize("parties", [3, 4])
def test_monogamy_of_random_boxes(parties):
    """T1 for boxes without any symmetry: random vertices and mixtures, every input, every party left out."""
    rng = np.random.default_rng(parties)
    scenario = ghz(parties)
    outcomes, settings = scenario.shape
    asked = question(parties, functional.biases(scenario, (0,) * parties))
    program = build(asked).above.program
    largest_seen = Fraction(0)
    vertices = []
    for _ in range(12):
        cost = [Fraction(int(x)) for x in rng.integers(-9, 10, program.shape[1])]
        changed = replace(program, objective=vector(cost))
        x = point(changed, solve(changed))
        assert x is not None
        vertices.append(x)
    for _ in range(6):
        weights = [Fraction(int(w)) for w in rng.integers(0, 20, len(vertices))]
        total = sum(weights)
        vertices.append(
            [
                sum((w * v[j] for w, v in zip(weights, vertices, strict=False)), Fraction(0)) / total
                for j in range(program.shape[1])
            ]
        )
    for x in vertices:
        table = x[: outcomes * settings]
        for s in range(settings):
            p = table[s::settings]
            mass = sum(p)
            each = [
                sum(q * (1 - 2 * values[i]) for q, values in zip(p, scenario.joint_outcomes, strict=True))
                / mass
                for i in range(parties)
            ]
            for left_out in range(parties):
                others = sum(abs(each[i]) for i in range(parties) if i != left_out)
                assert others <= K_LOWER
                largest_seen = max(largest_seen, others)
    assert largest_seen >= Fraction(1, 2)  # the boxes are biased


def test_without_averaging_w_leaves_the_sector():
    """A party that always says +1 and a PR box: gamma_1 = 1 - i or 1 + i, so 1 + gamma_1 omega leaves it."""
    scenario = ghz(3)

    def probability(x, a):
        if x[0]:
            return Fraction(0)
        wanted = {(0, 0, 0): 1, (0, 1, 1): 0, (1, 0, 1): 0, (1, 1, 0): 0}.get(tuple(a))
        if wanted is None:  # the relation of the other first input
            wanted = {(1, 1): 0, (0, 0): 1}.get((a[1], a[2]), 0)
        return Fraction(int((x[1] + x[2]) % 2 == wanted), 2)

    table = [probability(x, a) for x in scenario.joint_outcomes for a in scenario.joint_settings]
    matrix, _ = no_signalling_rows(scenario)
    assert not any(sum(f * table[k] for k, f in matrix.row(i)) for i in range(matrix.shape[0]))
    for o, x in enumerate(scenario.joint_outcomes):
        for s, a in enumerate(scenario.joint_settings):
            sign = functional.mermin_sign(a)
            if sign and sign != (-1) ** sum(x):
                assert table[o * 8 + s] == 0
    # E(x_1|0) = E(x_1|1) = 1, so gamma_1 = 1 + i and at omega = -1 the value is -i: real part 0 < 1
    gamma = complex(1, 1)
    assert abs((1 - gamma).imag) > (1 - gamma).real


# ------------------------------------------------------------------ finding and refusing


@pytest.mark.parametrize("kind", KINDS)
def test_negative_probabilities_are_found(kind):
    relations = Relations(9, kind)
    box, _, _ = optimum(relations)
    worse = exact.Vertex(relations, box.strings, tuple(3 * x for x in box.point), box.unit)
    found = exact.broken(worse)
    assert found
    assert min(found)[0] < 0
    assert not exact.broken(box)


def test_a_wrong_active_set_proves_nothing_false():
    relations = Relations(8, "even")
    wrong = near_edges(relations, 0)[: len(unknowns(relations))]
    best = value(relations)
    proof, box = exact.bound(relations, wrong), exact.vertex(relations, wrong)
    assert proof is None or proof.value >= best
    assert box is None or exact.broken(box) or box.value <= best


def test_odd_relations_have_no_known_pattern():
    with pytest.raises(ValueError, match="even and opposite"):
        extrapolated(Relations(9, "odd"))


def certificate(kind="odd", parties=9):
    return largest(SumOfBiases(Relations(parties, kind)), name="n", instance="i").certificate


@pytest.mark.parametrize("kind", KINDS)
def test_certificates_check_alone(kind):
    report = checker.check(certificate(kind, 12))
    assert report.carried
    assert report.lower == report.upper
    assert any("is to be read" in line for line in report.lines)


def plus(text):
    return str(int(text) + 1)


TAMPERED = {
    "upper end": lambda c: c["answer"].update(upper="1"),
    "lower end": lambda c: c["answer"].update(lower="2"),
    "upper without multipliers": lambda c: c.update(multipliers=None),
    "lower without a box": lambda c: c.update(box=None),
    "more parties": lambda c: c.update(parties=10),
    "two parties": lambda c: c.update(parties=2),
    "other relations": lambda c: c.update(relations="even"),
    "unknown relations": lambda c: c.update(relations="mermin"),
    "a correlator": lambda c: c["box"]["numerators"].__setitem__(2, plus(c["box"]["numerators"][2])),
    "larger biases": lambda c: c["box"]["numerators"].__setitem__(0, str(2 * int(c["box"]["numerators"][0]))),
    "a correlator too few": lambda c: c["box"]["numerators"].pop(),
    "negative denominator": lambda c: c["box"].update(denominator="-" + c["box"]["denominator"]),
    "no integer": lambda c: c["box"].update(denominator="1/2"),
    "a float": lambda c: c["box"].update(denominator=1.5),
    "a multiplier": lambda c: c["multipliers"]["numerators"].__setitem__(
        0, plus(c["multipliers"]["numerators"][0])
    ),
    "a negative multiplier": lambda c: c["multipliers"]["numerators"].__setitem__(0, "-1"),
    "smaller unit": lambda c: c["multipliers"].update(denominator="1"),
    "a string": lambda c: c["multipliers"]["strings"].__setitem__(0, [9, 0, 0, 0]),
    "a string of too many": lambda c: c["multipliers"]["strings"].__setitem__(0, [9, 1, 0, 0]),
    "a string of negative counts": lambda c: c["multipliers"]["strings"].__setitem__(0, [10, -1, 0, 0]),
    "a string left out": lambda c: c["multipliers"]["strings"].pop(),
    "a pair left out": lambda c: (c["multipliers"]["strings"].pop(), c["multipliers"]["numerators"].pop()),
    "no proof named": lambda c: c.pop("rests_on"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_tampered_certificates_are_rejected(how):
    body = copy.deepcopy(certificate())
    checker.check(body)
    TAMPERED[how](body)
    with pytest.raises(checker.CertificateError):
        checker.check(body)


def test_weaker_ends_are_fine():
    body = certificate()
    body["answer"] = {"lower": "1", "upper": "2"}
    report = checker.check(body)
    assert (report.lower, report.upper) == ("1", "2")


# ------------------------------------------------------------------ the report


def test_the_report_says_what_it_assumes_and_where_the_output_is_freer():
    from freerand_opt.reporting.conjecture import bits_needed, distance, fractions_csv, markdown

    values = {(m, kind): value(Relations(m, kind)) for m in range(3, 17) for kind in KINDS}
    robust = {(m, kind): growth(m, weight) for m in (3, 4) for kind, weight in WEIGHTS.items()}
    text = markdown(values, 16, robust, (), ["-"])
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
    assert "FAILS" in markdown(wrong, 16, robust, (), ["-"])
    steep = {(3, "even"): Growth(Fraction(1), Fraction(5, 2))}
    assert "FAILS" in markdown(values, 16, steep, (), ["-"])


# ------------------------------------------------------------------ violated relations


@pytest.mark.parametrize("seed", range(6))
def test_the_shifted_sector_of_violated_relations(seed):
    """T6: Re H + 3 (v + v_0) >= |Im H| at the corners of Q', for random no-signalling boxes, exactly."""
    parties = 4
    scenario, rng = ghz(parties), np.random.default_rng(seed)
    outcomes, settings = scenario.shape
    base = build(question(parties, functional.biases(scenario, (0,) * parties))).above.program
    loose = question(parties, functional.biases(scenario, (0,) * parties))
    free = build(replace(loose, tests=())).above.program
    parts = []
    for program in (base, free):
        cost = [Fraction(int(x)) for x in rng.integers(-9, 10, program.shape[1])]
        changed = replace(program, objective=vector(cost))
        parts.append(point(changed, solve(changed))[: outcomes * settings])
    share = Fraction(int(rng.integers(0, 20)), 100) if seed else Fraction(1)
    table = [(1 - share) * p + share * q for p, q in zip(*parts, strict=True)]
    mass = sum(table[0::settings])

    def correlator(members, inputs):
        s = scenario.setting_index([inputs[members.index(i)] if i in members else 0 for i in range(parties)])
        return (
            sum(
                table[o * settings + s] * (-1) ** sum(x[i] for i in members)
                for o, x in enumerate(scenario.joint_outcomes)
            )
            / mass
        )

    broken = {
        a: sum(
            table[o * settings + s]
            for o, x in enumerate(scenario.joint_outcomes)
            if (-1) ** sum(x) != functional.mermin_sign(a)
        )
        / mass
        for s, a in enumerate(scenario.joint_settings)
        if sum(a) % 2 == 0
    }
    slack = 3 * (sum(broken.values()) + broken[(0,) * parties])
    means = {}
    for subset in product((0, 1), repeat=parties - 1):
        members = [i for i, chosen in enumerate(subset) if chosen]
        even = [a for a in product((0, 1), repeat=len(members)) if sum(a) % 2 == 0]
        signed = [(-1) ** (sum(a) // 2) * correlator(members, a) for a in even]
        means[tuple(members)] = sum(signed) / len(signed)
    assert means[()] == 1
    for corner in product(((1, 1), (1, -1), (-1, 1), (-1, -1)), repeat=parties - 1):
        real = imaginary = Fraction(0)
        for members, mean in means.items():
            re, im = Fraction(1), Fraction(0)
            for i in members:
                x, y = corner[i]
                re, im = (re * x - im * y) / 2, (re * y + im * x) / 2
            real, imaginary = real + mean * re, imaginary + mean * im
        assert real + slack >= abs(imaginary)
