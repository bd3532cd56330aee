"""Coefficients, scores and probabilities of any length: exact answers, or brackets that hold the truth.

Truths come from closed forms (a no-signalling box reaches the sum of the absolute weights of correlators
under any source; 3/2 - S/4 is the no-signalling guess at CHSH score S), from all deterministic boxes in
fractions, and from a second formulation in floats: vertices of the source times vertices of the boxes.
"""

from __future__ import annotations

import json
import random
from fractions import Fraction as F
from itertools import product
from math import gcd

import numpy as np
import pytest
from scipy.optimize import linprog

import freerand_opt as fr
from freerand_opt.numbers.exact import compare, cos_pi, log2, sqrt

CHSH = fr.chsh()
SETTINGS = list(product((0, 1), repeat=2))
GUESS = fr.Ask("guessing-probability", of="A", at=(0, 0))
WEIGHTS = (F(9825, 8713), F(143125, 92558), F(133357, 85913), F(-53974, 66747))
COUNTS = (53, 79, 62, 51)
LABELS = ("00", "01", "10", "11")
FREQUENCIES = {s: F(n, 245) for s, n in zip(LABELS, COUNTS, strict=True)}
SCORE = F(16036094, 6619647)


def stated(frequencies):
    """The settings are these frequencies whatever W is, said by rows."""
    return fr.Inequalities(
        [{"terms": {s: 1}, "relation": r, "bound": p} for s, p in frequencies.items() for r in ("<=", ">=")]
    )


def correlators(weights):
    """Return sum_s weights[s] E(s) for as many parties as give that many joint settings."""
    count = len(weights).bit_length() - 1
    joint = product((0, 1), repeat=count)
    return {
        "<" + " ".join(f"{'ABC'[p]}{x}" for p, x in enumerate(s)) + ">": w
        for s, w in zip(joint, weights, strict=True)
    }


def asked(ask, source=None, tests=(), devices="no-signalling", settings="uniform", scenario=CHSH):
    eve = fr.Adversary(devices, level="1 + A B") if devices == "quantum" else fr.Adversary(devices)
    return fr.Question(
        scenario, source or fr.Uniform(), adversary=eve, observed={"settings": settings}, tests=tests, ask=ask
    )


def score(functional, extreme="largest"):
    return fr.Ask("score", functional=functional, extreme=extreme)


def bracket(question, **how):
    """Return the ends, which the kernel read from the certificate."""
    found = fr.bound(question, **how)
    assert not found.impossible
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


# ------------------------------------------------------------------ truths: boxes as {(o, s): P(o|s)}


def deterministic(parties=2):
    """Yield all deterministic boxes of parties with two settings and two outcomes."""
    for box in product(product((0, 1), repeat=2), repeat=parties):
        yield {
            (tuple(own[x] for own, x in zip(box, s, strict=True)), s): F(1)
            for s in product((0, 1), repeat=parties)
        }


def extreme():
    """Yield the 24 vertices of the no-signalling polytope (Barrett et al., quant-ph/0404097)."""
    yield from deterministic()
    for a, b, c in product((0, 1), repeat=3):
        yield {
            ((u, v), (x, y)): F(1, 2)
            for u, v, x, y in product((0, 1), repeat=4)
            if u ^ v == (x & y) ^ (a & x) ^ (b & y) ^ c
        }


def tree_vertices(epsilon):
    """Yield P(s|w) of the extreme epsilon-free pairs of bits, A's first."""
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    for first, left, right in product((0, 1), repeat=3):
        a = (p, q) if first else (q, p)
        yield {(x, y): a[x] * ((p, q) if (left, right)[x] else (q, p))[y] for x, y in SETTINGS}


def value(table, share, box):
    """Return sum of the table's factors times share(s) P(o|s)."""
    return sum((x * share(s) * box.get((o, s), 0) for (o, s), x in table.items()), F(0))


def largest_by_vertices(worth, tests, boxes, points):
    """Return the largest mean of worth(point, box) over mixtures, in floats; settings are uniform.

    A test is (function of a point and a box, relation, score).
    """
    pairs = list(product(points, boxes))
    rows, limits = [], []
    for of, relation, wanted in tests:
        sign = -1 if relation == ">=" else 1
        row = [float(sign * of(point, box)) for point, box in pairs]
        scale = max(map(abs, row)) or 1.0
        rows.append([x / scale for x in row])
        limits.append(float(sign * wanted) / scale)
    found = linprog(
        [-float(worth(point, box)) for point, box in pairs],
        A_ub=rows or None,
        b_ub=limits or None,
        A_eq=[[float(point[s]) for point, _ in pairs] for s in SETTINGS],
        b_eq=[0.25] * 4,
        method="highs",
    )
    assert found.status == 0
    return -found.fun


# ------------------------------------------------------------------ the sum of the weights

BITS = fr.SanthaVazirani(F(1, 20))
SOURCES = {
    "uniform": fr.Uniform(),
    "bits": BITS,
    "bits of 18 digits": fr.SanthaVazirani(F(10**17 + 3, 10**18), order="B first"),
    "mutual": fr.Mutual(F(1, 20)),
    "independent": fr.Independent(F(1, 20)),
    "mixture": fr.Mixture({"A": fr.Uniform(), "B": BITS}),
    "limits": fr.MeasurementDependence(lower=F(1, 5), upper=F(3, 10)),
    "an upper limit": fr.MeasurementDependence(lower=0, upper=F(7, 23)),
    "rows": fr.Inequalities([{"terms": {"00": 1, "11": 1}, "relation": "<=", "bound": F(60009, 100019)}]),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_a_box_reaches_the_sum_of_the_weights_under_any_source(source):
    """The question that machine integers answer by 3.4767: the truth is 5.0348.."""
    truth = sum(map(abs, WEIGHTS))
    assert 5.03482176248 < truth < 5.03482176249
    assert bracket(asked(score(correlators(WEIGHTS)), source)).exact == truth
    assert bracket(asked(score(correlators(WEIGHTS), "smallest"), source)).exact == -truth


def test_a_question_file_with_decimals_of_eighteen_places(tmp_path, freerand):
    """By the command line: 5.000000000000000001 times CHSH is at most 20.000000000000000004."""
    path = tmp_path / "question.toml"
    path.write_text(
        '[scenario]\nfamily = "chsh"\n[source]\nkind = "santha-vazirani"\nepsilon = 0.050000000000000001\n'
        '[adversary]\ndevices = "no-signalling"\n[ask]\nquantity = "score"\n[ask.terms]\n'
        '"<A0 B0>" = 5.000000000000000001\n"<A0 B1>" = 5.000000000000000001\n'
        '"<A1 B0>" = 5.000000000000000001\n"<A1 B1>" = -5.000000000000000001\n'
    )
    run = freerand("bound", path, "--json")
    assert run.code == 0
    (row,) = run.data
    assert F(row["lower"]) == F(row["upper"]) == F("20.000000000000000004")


def test_what_is_printed_is_what_the_certificate_says(tmp_path, freerand):
    path = tmp_path / "question.toml"
    path.write_text(asked(score(correlators(WEIGHTS)), BITS).to_toml())
    assert freerand("bound", path, "--certificates", tmp_path / "proofs").code == 0
    (proof,) = (tmp_path / "proofs").rglob("*.json")
    run = freerand("check", proof)
    assert run.code == 0
    assert f"proved: score in [{sum(map(abs, WEIGHTS))}, " in " ".join(run.out.split())


@pytest.mark.parametrize("seed", range(20))
def test_random_weights_without_tests(seed):
    """No-signalling, any epsilon: the sum of the sizes. Local, perfect bits: the best of 16 boxes."""
    rng = random.Random(seed)
    weights = [heavy(rng) if seed % 2 else decimal(rng) for _ in range(4)]
    epsilon = F(rng.randrange(10**9), 2 * 10**9 + 1)
    ask = score(correlators(weights))
    size = sum(map(abs, weights))
    assert holds(asked(ask, fr.SanthaVazirani(epsilon)), size, size)
    local = max(
        sum(w * x[a] * y[b] for w, (a, b) in zip(weights, SETTINGS, strict=True))
        for x in product((1, -1), repeat=2)
        for y in product((1, -1), repeat=2)
    )
    assert holds(asked(ask, devices="local"), local, size)


@pytest.mark.parametrize("seed", range(6))
def test_random_weights_of_three_parties(seed):
    """Eight correlators of three parties: a box with unbiased marginals reaches every pattern of signs."""
    rng = random.Random(100 + seed)
    weights = [heavy(rng) for _ in range(8)]
    ask = score(correlators(weights))
    limits = fr.MeasurementDependence(lower=F(1, 9), upper=F(10**8, 7 * 10**8 + 1))
    size = sum(map(abs, weights))
    assert holds(asked(ask, fr.Uniform() if seed % 2 else limits, scenario=fr.ghz(3)), size, size)
    by_setting = dict(zip(product((0, 1), repeat=3), weights, strict=True))
    table = {(o, s): w * (-1) ** sum(o) for s, w in by_setting.items() for o in product((0, 1), repeat=3)}
    truth = max(value(table, lambda s: 1, box) for box in deterministic(3))
    assert holds(asked(ask, devices="local", scenario=fr.ghz(3)), truth, size)


# ------------------------------------------------------------------ with tests


@pytest.mark.parametrize("seed", range(16))
def test_random_tests_and_questions_beside_the_second_formulation(seed):
    rng = random.Random(1000 + seed)
    draw = heavy if seed % 3 else decimal
    epsilon = F(rng.randrange(10**9), 3 * 10**9 + 2)
    devices = ("no-signalling", "local")[seed % 2]
    boxes = list(extreme() if devices == "no-signalling" else deterministic())
    cells = list(product(SETTINGS, SETTINGS))

    def table():
        held = {cell: draw(rng) for cell in cells if rng.random() < 0.7}
        on = rng.choice(("conditional", "joint"))
        size = 4 if on == "conditional" else 1
        terms = {f"P({o[0]}{o[1]}|{s[0]}{s[1]})": x for (o, s), x in held.items()}
        return held, size, fr.Functional.from_terms(terms, on=on)

    tests, rows = [], []
    for _ in range(rng.randint(1, 2)):
        held, size, functional = table()
        # the score of a mixture that the adversary can play, so that there is a strategy
        own = [boxes[k] for k in (seed % len(boxes), (5 * seed + 3) % len(boxes))]
        reached = sum(value(held, lambda s, size=size: F(size, 4), box) for box in own) / 2
        relation = rng.choice(("<=", ">="))
        slack = F(rng.randrange(10**6), 10**7)
        wanted = reached + (slack if relation == "<=" else -slack)
        tests.append(fr.Test(functional, relation, wanted))
        rows.append(
            (
                lambda point, box, held=held, size=size: value(held, lambda s: size * point[s], box),
                relation,
                wanted,
            )
        )
    sign, size = 1, F(1)
    if rng.random() < 0.6:
        held, factor, functional = table()
        ask = score(functional, rng.choice(("largest", "smallest")))
        sign = 1 if ask.extreme == "largest" else -1
        size = max([F(1), *map(abs, held.values())])

        def worth(point, box):
            return sign * value(held, lambda s: factor * point[s], box)
    else:
        at = rng.choice(SETTINGS)
        ask = fr.Ask("guessing-probability", of="A", at=at)

        def worth(point, box):
            ones = sum(box.get(((1, b), at), F(0)) for b in (0, 1))
            return 4 * point[at] * max(ones, 1 - ones)

    source = fr.SanthaVazirani(epsilon, order="A first")
    truth = sign * largest_by_vertices(worth, rows, boxes, list(tree_vertices(epsilon)))
    found = bracket(asked(ask, source, tests, devices))
    assert found.width <= F(1, 10**9) * size
    assert float(found.lower) - 1e-6 * size <= truth <= float(found.upper) + 1e-6 * size


@pytest.mark.parametrize("devices", ["no-signalling", "local"])
def test_a_score_at_the_end_exists_and_one_beyond_does_not(devices):
    """What decides is a difference of 10^-30."""
    truth = sum(map(abs, WEIGHTS))
    if devices == "local":  # three weights have one sign and one the other: the least of them loses
        truth -= 2 * min(map(abs, WEIGHTS))

    def strategy(wanted):
        tests = [fr.Test(correlators(WEIGHTS), ">=", wanted)]
        return fr.bound(asked(fr.Ask("strategy"), tests=tests, devices=devices))

    assert str(strategy(truth)) == "exists"
    assert str(strategy(truth + F(1, 10**30))) == "none"


@pytest.mark.parametrize("places", [1, 9, 18, 40])
def test_the_guess_at_a_score_with_many_digits(places):
    """No-signalling, uniform settings: 3/2 - S/4 at each score S (the line through S = 2 and S = 4)."""
    wanted = F(2) + F(10**places // 7, 10**places)
    assert bracket(asked(GUESS, tests=[fr.Test("chsh", ">=", wanted)])).exact == F(3, 2) - wanted / 4


def test_numbers_of_a_hundred_digits_and_rows_beyond_floats():
    """Eight weights of 100 digits over coprime denominators: a row of integers of 800 digits.

    With product x y z = (-1)^(ab + bc + ca) for all settings nobody's outcome can be known better than by
    half: the others' product would have to change with a party's setting.
    """
    rng = random.Random(7)
    weights = [F(rng.randrange(10**100), 10**99 + 2 * rng.randrange(10**90) + 1) for _ in range(8)]
    signs = [(-1) ** (a * b + b * c + c * a) for a, b, c in product((0, 1), repeat=3)]
    total = sum(weights)
    functional = correlators([w * sign for w, sign in zip(weights, signs, strict=True)])
    assert bracket(asked(score(functional), scenario=fr.ghz(3))).exact == total
    guess = fr.Ask("guessing-probability", of="A", at=(0, 0, 0))
    tests = [fr.Test(functional, ">=", total)]
    assert holds(asked(guess, tests=tests, scenario=fr.ghz(3)), F(1, 2))


def test_numbers_too_long_for_a_certificate_are_one_clear_error():
    weights = [F(1, 10**4200 + k) for k in range(4)]
    with pytest.raises(fr.TooLargeError, match="digits, and a certificate has at most 4001; give shorter"):
        fr.bound(asked(GUESS, tests=[fr.Test(correlators(weights), ">=", 0)]))


# ------------------------------------------------------------------ an experiment's frequencies


@pytest.mark.parametrize("source", [stated(FREQUENCIES), fr.Free()], ids=["rows", "free"])
def test_frequencies_of_an_experiment(source):
    """S alone is tested, so that the guess is that of uniform settings; a local score is at most 2."""
    tests = [fr.Test("chsh", ">=", SCORE)]
    assert bracket(asked(GUESS, source, tests, settings=FREQUENCIES)).exact == F(3, 2) - SCORE / 4
    assert bracket(asked(score("chsh"), source, devices="local", settings=FREQUENCIES)).exact == 2


def test_frequencies_that_the_source_alone_states():
    assert bracket(asked(GUESS, stated(FREQUENCIES), settings="unconstrained")).exact == 1


def test_frequencies_of_an_experiment_quantum():
    """1/2 + sqrt(2 - S^2/4)/2 (Pironio et al., arXiv:0911.3427), in bits 0.20924304.."""
    truth = log2(F(1, 2) + sqrt(2 - SCORE**2 / 4) / 2) * -1
    assert 0.20924304 < float(truth) < 0.20924305
    ask = fr.Ask("min-entropy", of="A", at=(0, 0))
    tests = [fr.Test("chsh", ">=", SCORE)]
    found = bracket(asked(ask, stated(FREQUENCIES), tests, "quantum", FREQUENCIES))
    assert compare(found.lower, truth) <= 0 <= compare(found.upper, truth)
    assert found.width < F(1, 10**6)


def test_quantum_scores_of_long_weights():
    """Tilted weights w times CHSH: 2 sqrt 2 w, with w of 18 digits and with a long denominator."""
    for weight in (F("1.000000000000000001"), F(10**12 + 39, 10**9 + 7), F(1, 10**30 + 57)):
        functional = correlators([weight * sign for sign in (1, 1, 1, -1)])
        found = bracket(asked(score(functional), devices="quantum"))
        truth = cos_pi(F(1, 4)) * 4 * weight
        assert compare(found.lower, truth) <= 0 <= compare(found.upper, truth)
        assert found.width <= F(1, 10**6) * max(weight, 1)


# ------------------------------------------------------------------ negative controls


def test_a_coefficient_changed_by_one_is_noticed():
    question = asked(score(correlators(WEIGHTS)), BITS)
    certificate = fr.bound(question).certificate
    place = certificate.index("9825/8713")
    moved = certificate[:place] + "9826" + certificate[place + 4 :]
    assert json.loads(moved) != json.loads(certificate)
    from freerand_opt.bounds.answers.result import result_of

    assert result_of(question, certificate).bracket.exact == sum(map(abs, WEIGHTS))
    with pytest.raises(ValueError, match=r"."):
        result_of(question, moved)


def test_settings_that_are_conditioned_on_and_never_occur():
    """Free settings, P(s|w) <= 1/3: the adversary may leave out 11, where P(00|11) is tested."""
    tests = [fr.Test({"P(00|11)": 1}, relation, bound) for relation, bound in ((">=", F(99, 100)), ("<=", 1))]
    wanted = fr.Functional.from_terms({f"P(11|{s})": 1 for s in LABELS[:3]}, on="joint")
    source = fr.MeasurementDependence(lower=0, upper=F(1, 3))
    found = fr.bound(asked(score(wanted), source, tests, "local", "unconstrained")).bracket
    assert found.upper == 1  # reached in the limit of small P(11)
    assert found.lower is None or found.lower <= 1


def test_the_second_formulation_knows_chsh():
    """4 - 8 (1/2 - epsilon)^2 for local devices (docs/proofs/chained-local-model.md)."""
    table = {((a, b), (x, y)): F((-1) ** (a + b + x * y)) for a, b, x, y in product((0, 1), repeat=4)}

    def worth(point, box):
        return value(table, lambda s: 4 * point[s], box)

    found = largest_by_vertices(worth, [], list(deterministic()), list(tree_vertices(F(1, 20))))
    assert np.isclose(found, 4 - 8 * 0.45**2)
