"""Coefficients, scores and probabilities of any length: exact answers, or brackets that hold the truth.

Truths come from closed forms (a no-signalling box reaches the sum of the absolute weights of correlators
under any source; 3/2 - S/4 is the no-signalling guess at CHSH score S), from all deterministic boxes in
fractions, and from a second formulation in floats: vertices of the source times vertices of the boxes.
"""

from __future__ import annotations

import copy
import json
import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import product
from math import gcd

import numpy as np
import pytest
from scipy.optimize import linprog

import freerand_opt as fr
from freerand_opt.certificates.check import CertificateError
from freerand_opt.errors import TooLargeError
from freerand_opt.model import functional as fn
from freerand_opt.model import scenario as sc
from freerand_opt.model.question import Adversary, Ask, Output, Question
from freerand_opt.model.question import Test as Check
from freerand_opt.model.source import (
    Inequalities,
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Uniform,
)
from freerand_opt.numbers.exact import compare, cos_pi, log2, sqrt

CHSH = sc.chsh()
SETTINGS = CHSH.joint_settings
X = Output((0, 0, 1, 1), 2, "A")
WEIGHTS = (F(9825, 8713), F(143125, 92558), F(133357, 85913), F(-53974, 66747))
COUNTS = (53, 79, 62, 51)
FREQUENCIES = tuple(F(n, 245) for n in COUNTS)
SCORE = F(16036094, 6619647)
#: The settings are these frequencies whatever W is.
FREE_CHOICE = Inequalities(
    tuple((((s, F(sign)),), sign * p) for s, p in enumerate(FREQUENCIES) for sign in (1, -1))
)


def correlators(weights, scenario=CHSH):
    """Return sum_s weights[s] E(s)."""
    terms = {}
    for s, weight in enumerate(weights):
        for o, outcomes in enumerate(scenario.joint_outcomes):
            terms[o, s] = weight * (-1) ** sum(outcomes)
    return fn.from_terms(terms)


def asked(ask, source=None, tests=(), devices="no-signalling", observed="uniform", scenario=CHSH):
    level = "1 + A B" if devices == "quantum" else ""
    return Question(
        scenario, source or Uniform(), observed, Adversary(devices, level=level), tuple(tests), ask
    )


def bracket(question, **how):
    """Return the ends; the certificate is checked again as a file would be, its program rebuilt."""
    found = fr.bound(question, **how)
    fr.check_certificate(json.loads(json.dumps(found.certificate)))
    return found.bracket


def holds(question, truth, size=1):
    """Return whether the ends hold the truth, and are as close as 10^-9 of the size of the numbers."""
    found = bracket(question)
    return found.lower <= truth <= found.upper and found.width <= F(1, 10**9) * max(size, 1)


def heavy(rng):
    """A rational with a denominator of 5 to 9 digits, heavy-tailed."""
    while True:
        bottom = rng.randrange(10**4, 10 ** rng.randint(5, 9))
        top = rng.randint(-(10 ** rng.randint(1, 10)), 10 ** rng.randint(1, 10))
        if gcd(top, bottom) == 1 and top:
            return F(top, bottom)


def decimal(rng):
    return F(rng.randrange(-(10**19), 10**19), 10**18)


# ------------------------------------------------------------------ truths


def deterministic_tables(scenario):
    """Yield the tables p[o, s] of all deterministic boxes."""
    parts = [
        list(product(range(d), repeat=n)) for d, n in zip(scenario.outcomes, scenario.settings, strict=True)
    ]
    for box in product(*parts):
        table = np.zeros(scenario.shape, dtype=object)
        for s, joint in enumerate(scenario.joint_settings):
            table[scenario.outcome_index([own[x] for own, x in zip(box, joint, strict=True)]), s] = 1
        yield table


def chsh_boxes():
    """Yield the 24 vertices of the no-signalling polytope (Barrett et al., quant-ph/0404097)."""
    yield from deterministic_tables(CHSH)
    for a, b, c in product((0, 1), repeat=3):
        table = np.zeros((4, 4), dtype=object)
        for s, (x, y) in enumerate(SETTINGS):
            for o, (u, v) in enumerate(CHSH.joint_outcomes):
                table[o, s] = F(int(u ^ v == (x & y) ^ (a & x) ^ (b & y) ^ c), 2)
        yield table


def tree_vertices(epsilon):
    """Yield P(s|w) of the extreme epsilon-free pairs of bits, A's first."""
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    for first, left, right in product((0, 1), repeat=3):
        a = (p, q) if first else (q, p)
        yield [a[x] * ((p, q) if (left, right)[x] else (q, p))[y] for x, y in SETTINGS]


def largest_by_vertices(question, boxes, points):
    """Return the optimum over mixtures of (source vertex, box), in floats; settings are uniform."""
    columns, worths, tests = [], [], [[] for _ in question.tests]
    for point, box in product(points, boxes):
        joint = [[float(box[o, s] * point[s]) for s in range(4)] for o in range(4)]
        columns.append([float(p) for p in point])

        def score(functional, joint=joint):
            size = 4 if functional.on == "conditional" else 1
            return sum(float(f) * joint[o][s] * size for o, s, f in functional.terms)

        for row, test in zip(tests, question.tests, strict=True):
            row.append(score(test.functional) * (-1 if test.relation == ">=" else 1))
        if question.ask.functional is not None:
            worths.append(score(question.ask.functional) * question.ask.sign)
        else:
            s = CHSH.setting_index(question.ask.at)
            worths.append(max(joint[0][s] + joint[1][s], joint[2][s] + joint[3][s]) * 4)
    limits = [float(t.score) * (-1 if t.relation == ">=" else 1) for t in question.tests]
    scales = [max(map(abs, row)) or 1.0 for row in tests]
    found = linprog(
        -np.array(worths),
        A_ub=[[x / k for x in row] for row, k in zip(tests, scales, strict=True)] or None,
        b_ub=[limit / k for limit, k in zip(limits, scales, strict=True)] or None,
        A_eq=np.array(columns).T,
        b_eq=[0.25] * 4,
        method="highs",
    )
    assert found.status in (0, 2)
    return None if found.status == 2 else -found.fun * question.ask.sign


# ------------------------------------------------------------------ the sum of the weights


def sources():
    epsilon = F(1, 20)
    bits = SanthaVazirani(epsilon)
    yield from (Uniform(), bits, SanthaVazirani(F(10**17 + 3, 10**18), "B first"), Mutual(epsilon))
    yield from (PerParty((bits, bits)), PerParty((Uniform(), bits)))
    yield from (MeasurementDependence(F(1, 5), F(3, 10)), MeasurementDependence(F(0), F(7, 23)))
    yield Inequalities(((((0, F(1)), (3, F(1))), F(60009, 100019)),))


@pytest.mark.parametrize("source", list(sources()), ids=lambda source: type(source).__name__)
def test_a_box_reaches_the_sum_of_the_weights_under_any_source(source):
    """The question that machine integers answered by 3.4767: the truth is 5.0348.."""
    truth = sum(map(abs, WEIGHTS))
    assert 5.03482176248 < truth < 5.03482176249
    found = bracket(asked(Ask("score", functional=correlators(WEIGHTS)), source))
    assert found.exact == truth
    least = bracket(asked(Ask("score", functional=correlators(WEIGHTS), extreme="smallest"), source))
    assert least.exact == -truth


def test_a_question_file_with_decimals_of_eighteen_places(tmp_path, freerand):
    """By the command line: 5.000000000000000001 times CHSH is at most 20.000000000000000004."""
    body = (
        '[scenario]\nfamily = "chsh"\n[source]\nkind = "santha-vazirani"\nepsilon = 0.050000000000000001\n'
        '[adversary]\ndevices = "no-signalling"\n[ask]\nquantity = "score"\n[ask.terms]\n'
        '"<A0 B0>" = 5.000000000000000001\n"<A0 B1>" = 5.000000000000000001\n'
        '"<A1 B0>" = 5.000000000000000001\n"<A1 B1>" = -5.000000000000000001\n'
    )
    path = tmp_path / "question.toml"
    path.write_text(body)
    (instance,) = fr.read(path).instances
    assert bracket(instance.question).exact == F("20.000000000000000004")
    run = freerand("bound", path, "--json")
    assert run.code == 0
    assert (
        "20000000000000000004" in run.out.replace(".", "").replace("/", " ")
        or "5000000000000000001/" in run.out
    )


@pytest.mark.parametrize("seed", range(40))
def test_random_weights_without_tests(seed):
    """No-signalling, any epsilon: the sum of the sizes. Local, perfect bits: the best of 16 boxes."""
    rng = random.Random(seed)
    weights = [heavy(rng) if seed % 2 else decimal(rng) for _ in range(4)]
    epsilon = F(rng.randrange(10**9), 2 * 10**9 + 1)
    ask = Ask("score", functional=correlators(weights))
    size = sum(map(abs, weights))
    assert holds(asked(ask, SanthaVazirani(epsilon)), size, size)
    local = max(
        sum(w * x[a] * y[b] for w, (a, b) in zip(weights, SETTINGS, strict=True))
        for x in product((1, -1), repeat=2)
        for y in product((1, -1), repeat=2)
    )
    assert holds(asked(ask, devices="local"), local, size)


@pytest.mark.parametrize("seed", range(12))
def test_random_weights_of_three_parties(seed):
    """Eight correlators of three parties: a box with unbiased marginals reaches every pattern of signs."""
    rng = random.Random(100 + seed)
    scenario = sc.ghz(3)
    weights = [heavy(rng) for _ in range(8)]
    ask = Ask("score", functional=correlators(weights, scenario))
    source = Uniform() if seed % 2 else MeasurementDependence(F(1, 9), F(10**8, 7 * 10**8 + 1))
    size = sum(map(abs, weights))
    assert holds(asked(ask, source, scenario=scenario), size, size)
    values = [(-1) ** sum(outcomes) for outcomes in scenario.joint_outcomes]
    truth = max(
        sum(w * sum(v * int(table[o, s]) for o, v in enumerate(values)) for s, w in enumerate(weights))
        for table in deterministic_tables(scenario)
    )
    assert holds(asked(ask, devices="local", scenario=scenario), truth, size)


# ------------------------------------------------------------------ with tests


@pytest.mark.parametrize("seed", range(30))
def test_random_tests_and_questions_beside_the_second_formulation(seed):
    rng = random.Random(1000 + seed)
    draw = heavy if seed % 3 else decimal
    epsilon = F(rng.randrange(10**9), 3 * 10**9 + 2)
    devices = ("no-signalling", "local")[seed % 2]
    boxes = list(chsh_boxes() if devices == "no-signalling" else deterministic_tables(CHSH))

    def table():
        return fn.from_terms(
            {(o, s): draw(rng) for o in range(4) for s in range(4) if rng.random() < 0.7},
            rng.choice(("conditional", "joint")),
        )

    tests = []
    for _ in range(rng.randint(1, 2)):
        functional = table()
        share = F(1) if functional.on == "conditional" else F(1, 4)
        # the score of a mixture that the adversary can play, so that there is a strategy
        own = [boxes[k] for k in (seed % len(boxes), (5 * seed + 3) % len(boxes))]
        score = sum(f * share * sum(box[o, s] for box in own) / 2 for o, s, f in functional.terms)
        relation = rng.choice(("<=", ">="))
        slack = F(rng.randrange(10**6), 10**7)
        tests.append(Check(functional, relation, score + (slack if relation == "<=" else -slack), "t"))
        if len(tests) == 2 and rng.random() < 0.3:
            tests.pop()
    ask = (
        Ask("score", functional=table(), extreme=rng.choice(("largest", "smallest")))
        if rng.random() < 0.6
        else Ask("guessing-probability", X, rng.choice(SETTINGS))
    )
    question = asked(ask, SanthaVazirani(epsilon, "A first"), tests, devices)
    truth = largest_by_vertices(question, boxes, list(tree_vertices(epsilon)))
    assert truth is not None
    found = bracket(question)
    factors = ask.functional.terms if ask.functional else ()
    size = max([1.0, *(abs(float(f)) for _, _, f in factors)])
    assert found.width <= F(1, 10**9) * F(size)
    assert float(found.lower) - 1e-6 * size <= truth <= float(found.upper) + 1e-6 * size


@pytest.mark.parametrize("devices", ["no-signalling", "local"])
def test_a_score_at_the_end_exists_and_one_beyond_does_not(devices):
    """What decides is a difference of 10^-30."""
    truth = sum(map(abs, WEIGHTS))
    if devices == "local":  # one of the four correlators has the wrong sign, the least of them
        truth -= 2 * min(map(abs, WEIGHTS))

    def strategy(score):
        tests = (Check(correlators(WEIGHTS), ">=", score, "t"),)
        return fr.bound(asked(Ask("strategy"), tests=tests, devices=devices))

    assert str(strategy(truth)) == "exists"
    assert str(strategy(truth + F(1, 10**30))) == "none"


@pytest.mark.parametrize("places", [1, 9, 18, 40])
def test_the_guess_at_a_score_with_many_digits(places):
    """No-signalling, uniform settings: 3/2 - S/4 at each score S (the line through S = 2 and S = 4)."""
    score = F(2) + F(10**places // 7, 10**places)
    tests = (Check(fn.chsh(CHSH), ">=", score, "chsh"),)
    found = bracket(asked(Ask("guessing-probability", X, (0, 0)), tests=tests))
    assert found.exact == F(3, 2) - score / 4


def test_numbers_of_a_hundred_digits_and_rows_beyond_floats():
    """Eight weights of 100 digits over coprime denominators: a row of integers of 800 digits.

    With product x y z = (-1)^(ab + bc + ca) for all settings nobody's outcome can be known better than by
    half: the others' product would have to change with a party's setting.
    """
    rng = random.Random(7)
    scenario = sc.ghz(3)
    weights = [F(rng.randrange(10**100), 10**99 + 2 * rng.randrange(10**90) + 1) for _ in range(8)]
    signs = [(-1) ** (a * b + b * c + c * a) for a, b, c in scenario.joint_settings]
    total = sum(weights)
    functional = correlators([w * sign for w, sign in zip(weights, signs, strict=True)], scenario)
    found = bracket(asked(Ask("score", functional=functional), scenario=scenario))
    assert found.exact == total
    output = Output(tuple(o // 4 for o in range(8)), 2, "A")
    tests = (Check(functional, ">=", total, "t"),)
    question = asked(Ask("guessing-probability", output, (0, 0, 0)), tests=tests, scenario=scenario)
    assert bracket(question).exact == F(1, 2)


def test_numbers_too_long_for_a_certificate_are_one_clear_error():
    weights = [F(1, 10**4200 + k) for k in range(4)]
    question = asked(
        Ask("guessing-probability", X, (0, 0)), tests=(Check(correlators(weights), ">=", F(0), "t"),)
    )
    with pytest.raises(TooLargeError, match="binary digits, and a certificate has at most 14000; give"):
        fr.bound(question)


# ------------------------------------------------------------------ an experiment's frequencies


def test_frequencies_of_an_experiment_no_signalling():
    """S alone is tested, so that the guess is that of uniform settings."""
    tests = (Check(fn.chsh(CHSH), ">=", SCORE, "chsh"),)
    for observed in (FREQUENCIES, "free"):
        part = tests if observed != "free" else ()
        question = asked(Ask("guessing-probability", X, (0, 0)), FREE_CHOICE, part, observed=observed)
        assert bracket(question).exact == (F(3, 2) - SCORE / 4 if part else 1)


def test_frequencies_of_an_experiment_local():
    question = asked(
        Ask("score", functional=fn.chsh(CHSH)), FREE_CHOICE, devices="local", observed=FREQUENCIES
    )
    assert bracket(question).exact == 2


@pytest.mark.parametrize("solver", ["auto", "clarabel", "cvxpy:CLARABEL", "picos:cvxopt"])
def test_frequencies_of_an_experiment_quantum(solver):
    """1/2 + sqrt(2 - S^2/4)/2 (Pironio et al., arXiv:0911.3427), in bits 0.20924304.."""
    pytest.importorskip(solver.split(":")[0]) if ":" in solver else None
    truth = log2(F(1, 2) + sqrt(2 - SCORE**2 / 4) / 2) * -1
    assert 0.20924304 < float(truth) < 0.20924305
    tests = (Check(fn.chsh(CHSH), ">=", SCORE, "chsh"),)
    question = asked(Ask("min-entropy", X, (0, 0)), FREE_CHOICE, tests, "quantum", FREQUENCIES)
    found = bracket(question, solver=solver)
    assert compare(found.lower, truth) <= 0
    assert compare(truth - found.lower, F(1, 10**6)) < 0
    if solver == "auto":
        assert compare(found.upper, truth) >= 0
        assert found.width < F(1, 10**6)


@pytest.mark.parametrize("form", ["json", "mps", "cbf", "vipr", "sdpa", "task"])
def test_frequencies_of_an_experiment_are_exported(form, tmp_path, freerand):
    rows = ", ".join(
        f'{{terms = {{"{s}" = 1}}, relation = "{relation}", bound = "{n}/245"}}'
        for s, n in zip(("00", "01", "10", "11"), COUNTS, strict=True)
        for relation in ("<=", ">=")
    )
    devices = '"quantum"\nlevel = "1"' if form in ("sdpa", "cbf", "task") else '"no-signalling"'
    if form == "task":
        pytest.importorskip("mosek")
    observed = "\n".join(f'"{s}" = "{n}/245"' for s, n in zip(("00", "01", "10", "11"), COUNTS, strict=True))
    path = tmp_path / "question.toml"
    path.write_text(
        f'[scenario]\nfamily = "chsh"\n[source]\nkind = "inequalities"\nrows = [{rows}]\n'
        f"[observed.settings]\n{observed}\n[adversary]\ndevices = {devices}\n"
        f'[[test]]\nfunctional = "chsh"\nrelation = ">="\nscore = "{SCORE}"\n'
        '[ask]\nquantity = "guessing-probability"\nof = "A"\nat = [0, 0]\n'
    )
    run = freerand("show", path, "--as", form)
    assert run.code == 0, run.err
    assert len(run.out) > 1000


def test_quantum_scores_of_long_weights():
    """Tilted weights w times CHSH: 2 sqrt 2 w, with w of 18 digits and with a long denominator."""
    for weight in (F("1.000000000000000001"), F(10**12 + 39, 10**9 + 7), F(1, 10**30 + 57)):
        functional = correlators([weight * sign for sign in (1, 1, 1, -1)])
        found = bracket(asked(Ask("score", functional=functional), devices="quantum"))
        truth = cos_pi(F(1, 4)) * 4 * weight
        assert compare(found.lower, truth) <= 0 <= compare(found.upper, truth)
        assert found.width <= F(1, 10**6) * max(weight, 1)


def test_moment_matrices_of_facets_with_long_limits():
    """Limits of 30 digits beside short ones near them; a source of 6 settings has facets, no vertices."""
    scenario = sc.Scenario((3, 2), (2, 2))
    functional = correlators([1, 1, 1, -1, 0, 0], scenario)

    def ends(lower, upper):
        question = asked(
            Ask("score", functional=functional),
            MeasurementDependence(lower, upper),
            devices="quantum",
            scenario=scenario,
        )
        question = replace(question, adversary=Adversary("quantum", level="1"))
        return bracket(question)

    near = ends(F(1, 8), F(1, 5))
    long = ends(F(10**30, 8 * 10**30 + 1), F(10**30 + 3, 5 * 10**30))
    assert abs(float(long.upper) - float(near.upper)) < 1e-6
    assert abs(float(long.lower) - float(near.lower)) < 1e-6


# ------------------------------------------------------------------ negative controls


def test_a_coefficient_changed_by_one_is_noticed():
    found = fr.bound(asked(Ask("score", functional=correlators(WEIGHTS)), SanthaVazirani(F(1, 20))))
    body = json.loads(json.dumps(found.certificate))
    lower = copy.deepcopy(body)
    lower["answer"] = {"lower": "3", "upper": "34767/10000"}  # what was printed with machine integers
    with pytest.raises(CertificateError, match="claimed upper"):
        fr.check_certificate(lower)
    moved = copy.deepcopy(body)
    term = next(term for term in moved["question"]["ask"]["terms"] if term[2] == "9825/8713")
    term[2] = "9826/8713"
    with pytest.raises(CertificateError, match="the question's is"):
        fr.check_certificate(moved)


def test_settings_that_are_conditioned_on_and_never_occur():
    """Free settings, P(s|w) <= 1/3: the adversary may leave out 11, where P(00|11) is tested."""
    seen = fn.from_terms({(0, 3): F(1)})
    tests = (Check(seen, ">=", F(99, 100), "P(00|11)"), Check(seen, "<=", F(1), "P(00|11)"))
    wanted = fn.from_terms({(3, s): F(1) for s in range(3)}, "joint")
    source = MeasurementDependence(F(0), F(1, 3))
    found = bracket(asked(Ask("score", functional=wanted), source, tests, "local", "free"))
    assert found.upper == 1  # reached in the limit of small P(11)
    assert found.lower is None or found.lower <= 1
