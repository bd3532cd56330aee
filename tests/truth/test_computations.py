"""Computations against second formulations and closed forms; their certificates, and changed ones."""

from __future__ import annotations

import json
import math
from fractions import Fraction as F
from itertools import combinations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import sample

from freerand_opt.checker.failures import Rejected, Unreadable
from freerand_opt.claims.conjecture import protocol
from freerand_opt.claims.conjecture.checker.document import check, derived
from freerand_opt.claims.conjecture.checker.roots import ROOTS
from freerand_opt.claims.conjecture.computed import compute
from freerand_opt.claims.conjecture.file import computation
from freerand_opt.claims.conjecture.values import VALUES
from freerand_opt.model.scenarios import chained
from freerand_opt.model.sources.santha_vazirani import SanthaVazirani
from freerand_opt.model.tables.table import fields
from freerand_opt.numbers.exact import compare, enclose, log2

EPSILONS = (F(0), F(1, 20), F(1, 10), F(1, 4), F(2, 5))
ORDERS = ("interleaved", "A first", "B first")
ENCODINGS = ("most-significant-first", "least-significant-first", "gray")


def value(name, **given):
    """The answer to a computation that is one number, or its float where the number is irrational."""
    lower, upper = derived({"name": name} | {key: str(x) for key, x in given.items()}, {})
    assert 0 <= upper - lower <= F(1, 2**98)
    return lower


def chance_of_a_test(r, order, bits, extreme, epsilon):
    return value("test-probability", r=r, order=order, bits=bits, extreme=extreme, epsilon=epsilon)


def weight(n, count, epsilon):
    return value("selection-weight", n=n, count=count, epsilon=epsilon)


def answer(name, **given):
    """The lower end of the answer to a computation, with its proof."""
    return compute(computation({"name": name} | given)).bracket.lower


def exponent(name, epsilon, m=3, i=0):
    """A function of epsilon whose root is asked, with exact logarithms."""
    return ROOTS[name][2](epsilon, {"m": F(m), "i": F(i)}, log2)


def edges(size):
    """The 2N pairs of settings whose errors are counted, from their definition."""
    real = {(a, b): (2 * a, 2 * b + 1) for a, b in product(range(size), repeat=2)}
    return {s for s, (x, y) in real.items() if abs(x - y) == 1 or (x, y) == (0, 2 * size - 1)}


def largest(values, epsilon):
    """The largest mean of values at the leaves of a tree of bits, over all sources."""
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    while len(values) > 1:
        values = [p * max(pair) + q * min(pair) for pair in zip(values[::2], values[1::2], strict=True)]
    return values[0]


def vertices(n, epsilon):
    """The extreme distributions of n bits: at every node the heavy share to one side."""
    if n == 0:
        return [[F(1)]]
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    below = vertices(n - 1, epsilon)
    return [
        [share * x for x in left] + [(1 - share) * x for x in right]
        for left, right in product(below, repeat=2)
        for share in (p, q)
    ]


# ------------------------------------------------------------------ tests of a protocol


@pytest.mark.parametrize("r", [1, 2, 3, 4])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_probability_of_a_test_is_the_support_function(r, order, encoding):
    scenario, epsilon = chained(2**r), F(1, 10)
    source = SanthaVazirani(epsilon, order=order, bits=encoding)
    tests = [F(scenario.joint_settings[s] in edges(2**r)) for s in source.form(scenario, None).leaves]
    assert chance_of_a_test(r, order, encoding, "largest", epsilon) == largest(tests, epsilon)
    smallest = chance_of_a_test(r, order, encoding, "smallest", epsilon)
    assert smallest == -largest([-x for x in tests], epsilon)


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("r", [1, 2, 5])
def test_closed_forms_of_the_probability_of_a_test(r, epsilon):
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    least, gray = "least-significant-first", "gray"
    assert chance_of_a_test(r, "interleaved", least, "largest", epsilon) == (
        F(2, 2**r) * (1 + 2 * epsilon) ** (r - 1)
    )
    factor = 1 + 2 * epsilon * (1 - p ** (r - 1))
    assert chance_of_a_test(r, "interleaved", gray, "largest", epsilon) == p ** (r - 1) * factor
    factor = 1 - 2 * epsilon * (1 - q ** (r - 1))
    assert chance_of_a_test(r, "interleaved", gray, "smallest", epsilon) == q ** (r - 1) * factor


@pytest.mark.parametrize("order", ORDERS)
def test_detection_ratio_by_vertices(order):
    """N = 2: every pair of settings is an edge."""
    ratio = protocol.detection_ratio(1, order, "gray", F(1, 10))
    assert ratio == min(min(masses) for masses in vertices(2, F(1, 10)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(ORDERS), st.sampled_from(ENCODINGS))
def test_no_source_is_below_the_detection_ratio(seed, order, encoding):
    scenario, epsilon = chained(4), F(1, 10)
    ratio = protocol.detection_ratio(2, order, encoding, epsilon)
    masses = sample(SanthaVazirani(epsilon, order=order, bits=encoding), scenario, Random(seed))
    chances = dict(zip(scenario.joint_settings, masses, strict=True))
    tests = sum(chances[e] for e in edges(4))
    assert min(chances[e] for e in edges(4)) >= ratio * tests


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("r", [1, 2, 3, 4])
def test_detection_ratio_is_above_the_printed_bound_and_ours(r, epsilon):
    for order, encoding in product(ORDERS, ENCODINGS[1:2]):
        ratio = protocol.detection_ratio(r, order, encoding, epsilon)
        p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
        assert ratio >= q ** (2 * r) / p ** (r - 1) >= q ** (2 * r) / (2 ** (r + 1) * p ** (2 * r))


@pytest.mark.parametrize(("r", "m"), [(4, F(5, 2)), (6, F(3)), (10, F(299, 100)), (3, F(7, 3))])
def test_honest_runs(r, m):
    error = math.sin(math.pi / 4 / 2**r) ** 2
    rounds = 2 ** float(m * r)
    passed = (1 - 2 / 2**r * error) ** rounds
    assert 2 ** -float(value("honest-bits", r=r, m=m, protocol="printed")) == pytest.approx(passed, rel=1e-6)
    passed = (1 - error) ** (rounds / 2**r)
    assert 2 ** -float(value("honest-bits", r=r, m=m, protocol="repaired")) == pytest.approx(passed, rel=1e-6)


# ------------------------------------------------------------------ exponents


def test_exponents_are_positive_iff_integer_powers_compare():
    """N to the exponent, at m = 3 and i = 0 and where p^a q^b are rational."""
    for k in range(1, 200):
        epsilon = F(k, 500)
        p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
        assert (compare(exponent("exact-tests-exponent", epsilon), F(0)) > 0) == (q**2 > p**3)
        assert (compare(exponent("selected-exponent", epsilon), F(0)) > 0) == (4 * q**2 > p)
        entropy = -float(p) * math.log2(p) - float(q) * math.log2(q)
        value = 2 * entropy + 2 * math.log2(q) - math.log2(p)
        assert float(exponent("majorised-exponent", epsilon)) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("epsilon", [F(0), F(1, 50), F(29, 500), F(7, 100), F(1, 5)])
def test_the_chain_of_inequalities_is_the_last_display(epsilon):
    """(S4) and (S5) multiplied are N to CR's exponent, exactly, at their smallest N = 2^100."""
    r, m, i = 100, F(299, 100), F(1, 100)
    n, limit = 199, F(2, 2)
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    fewest = 1 / p**n  # (S4): |F n T| >= this times P(f in F)
    caught = q ** (2 * r) / (2 ** (r + 1) * p ** (2 * r)) * limit  # (S5)
    chi = exponent("theorem-2-exponent", epsilon, m, i)
    if isinstance(chi, F):
        assert fewest * caught == 2 ** (chi * r)
    else:
        assert abs(enclose(log2(fewest * caught) - chi * r, 200)[0]) < F(1, 2**190)
    assert (fewest * caught > 1) == (q**200 > 2**101 * p**399) == (compare(chi, F(0)) > 0)


@pytest.mark.parametrize("kind", ["theorem-2", "exact-tests", "majorised", "selected"])
def test_exponents_decrease(kind):
    values = [float(exponent(f"{kind}-exponent", F(k, 100), F(299, 100), F(1, 100))) for k in range(49)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("analysis", ["printed", "tests"])
@pytest.mark.parametrize("epsilon", [F(0), F(1, 50), F(29, 500), F(7, 100), F(1, 10), F(2, 5)])
def test_margin_is_the_optimum_of_the_program(analysis, epsilon):
    from scipy.optimize import linprog

    heavy, light = math.log2(F(1, 2) + epsilon), math.log2(F(1, 2) - epsilon)
    d = 2 * light - 2 * heavy - 1 if analysis == "printed" else 2 * light - heavy
    rows = [[1, 0, 0, 1], [0, -1, 0, 1], [0, 1, -1, 1], [heavy, 0, 1, 1]]
    solved = linprog([0, 0, 0, -1], rows, [3, 0, d, heavy], bounds=[(1, 3), (0, 3), (0, 32), (-32, 3)])
    found = compute(computation({"name": "exponent-margin", "analysis": analysis, "epsilon": epsilon}))
    lower, upper = found.bracket.lower, found.bracket.upper
    assert upper - lower < F(1, 10**15)
    assert float(lower) == pytest.approx(-solved.fun, abs=1e-9)


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize(("r", "m"), [(1, 2), (1, 3), (2, 3), (2, 4), (3, 3)])
def test_the_heaviest_strings_are_those_of_a_list(r, m, epsilon):
    """All strings of n bits by weight; the other parts of the bound as docs/proofs/theorem-2-protocol.md."""
    n, p, q = (m - 1) * r, F(1, 2) + epsilon, F(1, 2) - epsilon
    weights = sorted(
        (math.prod(q if x else p for x in bits) for bits in product((0, 1), repeat=n)), reverse=True
    )
    parameters = {"name": "output-bias", "r": r, "m": m, "i": 1, "analysis": "majorised", "epsilon": epsilon}
    limit = F(2, 2**r)
    for k in range(1, 2**n + 2):
        escaped = F(1, 2 ** math.floor(k * limit * q ** (2 * r) / p ** (r - 1)))
        rest = limit + escaped + F(607, 1000) * p ** (n // 2)
        _, upper = derived({key: str(x) for key, x in parameters.items()}, {"k": [str(k)]})
        assert 2 * upper - rest == sum(weights[:k])


# ------------------------------------------------------------------ selection


def test_selection_by_all_strings_of_outcomes():
    epsilon = F(3, 20)
    for n in (0, 1, 2, 3):
        chances = [largest([F(x) for x in string], epsilon) for string in product((0, 1), repeat=2**n)]
        assert value("selection-bias", n=n, epsilon=epsilon) == sum(chances) / len(chances) - F(1, 2)


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_selection_polynomials(epsilon):
    assert value("selection-bias", n=1, epsilon=epsilon) == epsilon / 2
    assert value("selection-bias", n=2, epsilon=epsilon) == 7 * epsilon / 8
    assert value("selection-bias", n=3, epsilon=epsilon) == F(147, 128) * epsilon - F(5, 8) * epsilon**3


def test_selection_slope():
    lower, upper = derived({"name": "selection-slope", "terms": str(12)}, {})
    total = sum(
        math.exp(math.lgamma(2 * m + 1) - 2 * math.lgamma(m + 1) - m * math.log(4))
        for m in (2**k for k in range(30))
    )
    assert lower - F(1, 10**4) < total < upper
    for terms in range(12):
        wide = derived({"name": "selection-slope", "terms": str(terms)}, {})
        assert wide[0] <= lower <= upper <= wide[1]


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_heaviest_sets_of_leaves_by_all_sets(epsilon):
    for count in range(9):
        best = max(
            largest([F(k in chosen) for k in range(8)], epsilon) for chosen in combinations(range(8), count)
        )
        assert weight(3, count, epsilon) == best <= count * (F(1, 2) + epsilon) ** 3


@pytest.mark.parametrize("caught", [F(1, 10), F(1, 100)])
def test_escape_of_an_adaptive_adversary_is_below_the_bound(caught):
    """She stops being bad when she likes: max over b of (1 - caught)^b times the weight of b choices."""
    n, epsilon = 6, F(1, 20)
    best = max((1 - caught) ** b * weight(n, b, epsilon) for b in range(2**n + 1))
    for k in range(1, 2**n):
        escaped = F(1, 2 ** math.floor(k * caught))
        assert (1 - caught) ** k <= escaped
        assert best <= escaped + weight(n, k, epsilon)
        assert weight(n, k, epsilon) <= k * (F(1, 2) + epsilon) ** n
    assert math.exp(-0.5) < 0.607


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_no_abort_moves_few_outcomes(seed):
    """sum_f pi_f |E[X_f G]| <= sum_f pi_f E[G |beta_f|] + g sqrt(2 sum pi_f^2 ln 1/g), on random models."""
    random = Random(seed)
    n = 4
    chances, biases = {(): 1.0}, {}
    for _ in range(n):
        for past in [key for key in chances if len(key) == max(map(len, chances))]:
            beta = random.choice((0.0, random.uniform(-0.2, 0.2)))
            biases[past] = beta
            for x in (1, -1):
                chances[(*past, x)] = chances[past] * (1 + x * beta) / 2
    strings = [key for key in chances if len(key) == n]
    kept = {x: random.choice((0.0, 1.0, random.random())) for x in strings}
    weights = [random.random() for _ in range(n)]
    pi = [w / sum(weights) for w in weights]
    g = sum(chances[x] * kept[x] for x in strings)
    if g == 0:
        return
    left = sum(pi[f] * abs(sum(chances[x] * kept[x] * x[f] for x in strings)) for f in range(n))
    mean = sum(chances[x] * kept[x] * pi[f] * abs(biases[x[:f]]) for x in strings for f in range(n))
    moved = g * math.sqrt(2 * sum(w * w for w in pi) * max(0.0, math.log(1 / g)))
    assert left <= mean + moved + 1e-12


@pytest.mark.parametrize("epsilon", [F(1, 20), F(1, 10)])
@pytest.mark.parametrize("height", [3, 4, 5])
def test_a_random_selecting_function_misses_sparse_sets(epsilon, height):
    """The mean of the tree's value over independent leaves of density delta, by its whole distribution."""
    p = F(1, 2) + epsilon
    delta = 0.5**height
    values = {0.0: 1 - delta, 1.0: delta}
    worst = 0.0
    for _ in range(6):
        above = {}
        for (x, a), (y, b) in product(values.items(), repeat=2):
            v = round(float(p) * max(x, y) + float(1 - p) * min(x, y), 4)
            above[v] = above.get(v, 0.0) + a * b
        values = above
        worst = max(worst, sum(v * a for v, a in values.items()))
    factor = 1 + float(epsilon) * math.sqrt(2) / (1 - math.sqrt(2) * float(p))
    assert worst <= delta ** -math.log2(p) * factor + 1e-3


# ------------------------------------------------------------------ functions of bits


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_every_function_of_two_bits_by_vertices(epsilon):
    corners = vertices(2, epsilon)
    found = []
    for table in product((0, 1), repeat=4):
        chances = [sum(mass for mass, x in zip(v, table, strict=True) if x) for v in corners]
        found.append(max(max(x, 1 - x) for x in chances) - F(1, 2))
    assert value("least-bias", n=2, epsilon=epsilon) == min(found) == epsilon


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_least_bias_is_epsilon(epsilon):
    """The bound of docs/proofs/supplement.md: u >= b + 2 eps min(b, 1-b) for the share b of ones."""
    assert value("least-bias", n=0, epsilon=epsilon) == F(1, 2)
    for n in (1, 2, 3, 4):
        assert value("least-bias", n=n, epsilon=epsilon) == epsilon
    for table in product((0, 1), repeat=8):
        share = F(sum(table), 8)
        u = largest([F(x) for x in table], epsilon)
        assert u >= share + 2 * epsilon * min(share, 1 - share)


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("n", [1, 3, 5, 11])
def test_majority_and_parity(n, epsilon):
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    binomial = sum(math.comb(n, k) * p**k * q ** (n - k) for k in range(n // 2 + 1, n + 1))
    assert value("function-bias", function="majority", n=n, epsilon=epsilon) == binomial - F(1, 2)
    assert value("function-bias", function="parity", n=n, epsilon=epsilon) == epsilon


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_inner_product_of_one_sequence(n, epsilon):
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    assert value("function-bias", function="inner-product", n=2 * n, epsilon=epsilon) == epsilon + q * p**n
    table = [sum(a * b for a, b in zip(s[:n], s[n:], strict=True)) % 2 for s in product((0, 1), repeat=2 * n)]
    sides = ([F(x == wanted) for x in table] for wanted in (0, 1))
    assert max(largest(side, epsilon) for side in sides) == F(1, 2) + epsilon + q * p**n


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_inner_product_of_independent_sources(epsilon):
    q = F(1, 2) - epsilon
    found = [value("independent-inner-product", n=n, epsilon=epsilon) for n in (1, 2, 3)]
    assert found == [(1 - 2 * q * q) ** n / 2 for n in (1, 2, 3)]
    # both sources at vertices
    corners = vertices(2, epsilon)
    signs = [[(-1) ** (x & y).bit_count() for y in range(4)] for x in range(4)]
    assert (
        max(
            abs(sum(u[x] * v[y] * signs[x][y] for x in range(4) for y in range(4)))
            for u, v in product(corners, repeat=2)
        )
        / 2
        == found[1]
    )


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_inner_product_of_copies(n, epsilon):
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    joint = {("up", "up"): p * p, ("up", "down"): p * q, ("down", "up"): q * q, ("down", "down"): p * q}
    assert sum(joint.values()) == 1
    for one, closed in (("up", 1 - 2 * p * p), ("down", F(1, 2) + 2 * epsilon**2)):
        chance = F(0)
        for copies in product(joint, repeat=n):
            if sum(copy == (one, one) for copy in copies) % 2:
                chance += math.prod(joint[copy] for copy in copies)
        assert abs(chance - F(1, 2)) == abs(closed) ** n / 2
        assert value("copied-inner-product", one=one, n=n, epsilon=epsilon) == abs(closed) ** n / 2


# ------------------------------------------------------------------ freeness


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_four_term_state(epsilon):
    values = {
        (order, bit): value("four-term-state", order=order, bit=bit, epsilon=epsilon)
        for order, bit in product(("1 first", "2 first"), (1, 2))
    }
    assert values["1 first", 1] == values["1 first", 2] == epsilon
    assert values["2 first", 2] == 2 * epsilon**2
    assert values["2 first", 1] == 2 * epsilon / (1 + 4 * epsilon**2)


def random_model(random):
    """P(a1 a2 x1 x2) with a_i uniform given (a_j, x_j): P(a1 a2) = 1/4 and a no-signalling box."""
    box = {}
    weights = [random.randrange(1, 9) for _ in range(3)]
    parts = [[[random.randrange(2) for _ in range(2)] for _ in range(2)] for _ in range(2)]
    for a1, a2, x1, x2 in product((0, 1), repeat=4):
        value = F(weights[2] * ((x1 ^ x2) == (a1 & a2)), 2)
        value += sum(w * (f[0][a1] == x1) * (f[1][a2] == x2) for w, f in zip(weights, parts, strict=False))
        box[a1, a2, x1, x2] = value / sum(weights) / 4
    return box


def marginal(model, keep):
    found = {}
    for key, value in model.items():
        part = tuple(key[k] for k in keep)
        found[part] = found.get(part, F(0)) + value
    return found


@pytest.mark.parametrize("seed", range(20))
def test_bayes_identity_and_freeness(seed):
    """P(x2|a1 a2) = P(x2|a2) P(a1|a2 x2)/P(a1|a2), term by term; a1 free iff x2 does not depend on it."""
    random = Random(seed)
    model = random_model(random)
    if seed % 2:  # any positive distribution at all
        model = {key: F(random.randrange(1, 9)) for key in model}
        total = sum(model.values())
        model = {key: value / total for key, value in model.items()}
    all_three, settings_, own, pair = (marginal(model, k) for k in ((0, 1, 3), (0, 1), (1,), (1, 3)))
    for a1, a2, x2 in product((0, 1), repeat=3):
        if pair[a2, x2] == 0:
            continue
        left = all_three[a1, a2, x2] / settings_[a1, a2]
        right = (
            pair[a2, x2] / own[a2,] * (all_three[a1, a2, x2] / pair[a2, x2]) / (settings_[a1, a2] / own[a2,])
        )
        assert left == right
        if seed % 2 == 0:
            assert all_three[a1, a2, x2] / pair[a2, x2] == settings_[a1, a2] / own[a2,] == F(1, 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=4, max_size=8), st.sampled_from(EPSILONS[1:]))
def test_signalling_of_eps_free_settings(weights, epsilon):
    """X of any size; the setting's chance given x is pulled into [q, p]."""
    low = F(1, 2) - epsilon
    outcomes = list(zip(weights[::2], weights[1::2], strict=False))
    total = sum(w for w, _ in outcomes)
    joint = [(F(w, total), low + 2 * epsilon * F(k, 60)) for w, k in outcomes]
    chance = sum(w * a for w, a in joint)
    distance = sum(abs(w * a / chance - w * (1 - a) / (1 - chance)) for w, a in joint) / 2
    assert distance <= 2 * epsilon == answer("signalling", epsilon=epsilon)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 20)), min_size=1, max_size=6))
def test_markov(values):
    total = sum(w for w, _ in values)
    delta = sum(F(w, total) * F(d, 40) for w, d in values)
    for level in (F(1, 10), F(1, 4), F(1, 2)):
        assert sum(F(w, total) for w, d in values if F(d, 40) >= level) <= value(
            "markov-step", delta=delta, level=level
        )


@pytest.mark.parametrize("size", [2, 3, 4, 6])
@pytest.mark.parametrize("weight", [F(1, 2), F(1, 10), F(1, 1000)])
def test_missing_edge(size, weight):
    assert answer("missing-edge", size=size, weight=weight, edges="printed") == F(1, 4) - weight / 2
    assert answer("missing-edge", size=size, weight=weight, edges="all") == 0


# ------------------------------------------------------------------ certificates


CHOSEN = {
    "r": 2,
    "n": 2,
    "m": 2,
    "i": 1,
    "terms": 3,
    "count": 2,
    "size": 2,
    "weight": "1/10",
    "delta": "1/100",
    "level": "1/10",
    "epsilon": "1/10",
    "bit": 1,
}
NAMES = {cls.tag()["name"]: cls for cls in VALUES}


def keys(name):
    return [field.key for field in fields(NAMES[name])]


def small(name):
    """A certificate of each computation, with parameters for which all is quick."""
    given = {
        field.key: CHOSEN.get(field.key) or field.kind.schema["enum"][0] for field in fields(NAMES[name])
    }
    return json.loads(compute(computation({"name": name} | given)).certificate)


def refused(body):
    try:
        check(body)
    except (Rejected, Unreadable):
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_certificates_check_and_stronger_ones_do_not(name):
    body = small(name)
    assert check(body).status == "COMPUTED"
    for end, more in (("lower", F(1, 10**7)), ("upper", -F(1, 10**7))):
        if body["answer"][end] is not None:
            assert refused({**body, "answer": {**body["answer"], end: str(F(body["answer"][end]) + more)}})
    assert refused({**body, "computation": {**body["computation"], "more": "1"}})
    assert refused({**body, "computation": {**body["computation"], "name": "other"}})
    assert refused({**body, "proof": {**body["proof"], "more": "1"}})
    for key in keys(name):
        assert refused({**body, "computation": {k: v for k, v in body["computation"].items() if k != key}})
    if "epsilon" in keys(name):
        assert refused({**body, "computation": {**body["computation"], "epsilon": "1/2"}})


def leaves(value, path=()):
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from leaves(inner, (*path, key))


@pytest.mark.parametrize("name", NAMES)
def test_only_refusals(name):
    """What is no certificate is refused, by no other exception; what can be meant may pass."""
    text = json.dumps(small(name))
    for path in leaves(json.loads(text)):
        for wrong in (None, True, -1, 0.5, "", "x", "1/0", "-1", "0", "sqrt(2)", "1" * 300, [], {}, [[]]):
            body = json.loads(text)
            inner = body
            for key in path[:-1]:
                inner = inner[key]
            nothing = wrong in ("", "x", "1/0") or isinstance(wrong, float | dict) or wrong is True
            meant = type(wrong) is type(inner[path[-1]]) and not isinstance(wrong, str)
            inner[path[-1]] = wrong
            assert refused(body) or not nothing or meant, (path, wrong)


def test_proofs_that_break_a_rule():
    edge = small("missing-edge")
    edge["proof"]["boxes"][0][0] = ["0", "1", "0", "0"]
    with pytest.raises(Rejected, match="signals"):
        check(edge)
    signal = small("signalling")
    signal["proof"]["joint"] = [["1/2", "0"], ["0", "1/2"]]
    with pytest.raises(Rejected):
        check(signal)
    signal["proof"]["joint"] = [["2/5", "1/10"], ["1/10", "2/5"]]
    with pytest.raises(Rejected, match="not eps-free"):
        check(signal)
    ratio = small("detection-ratio")
    ratio["proof"]["ratio"] = ["1/1000"]
    with pytest.raises(Rejected, match="not the smallest"):
        check(ratio)
    margin = small("exponent-margin")
    margin["proof"]["point"][3] = "1/2"
    with pytest.raises(Rejected, match="breaks a row"):
        check(margin)
    margin = small("exponent-margin")
    margin["proof"]["prices"][0] = "-1"
    with pytest.raises(Rejected, match="negative"):
        check(margin)


# ------------------------------------------------------------------ roots


@pytest.mark.parametrize(
    ("given", "closed"),
    [
        ({"name": "theorem-1-base"}, (math.sqrt(2) - 1) ** 2 / 2),
        ({"name": "averaged-base"}, (1 - 1 / math.sqrt(2)) / 2),
        ({"name": "free-fixed-base"}, (2**0.25 - 1) / (2 * (2**0.25 + 1))),
        ({"name": "free-edges-averaged-base"}, (5 - math.sqrt(17)) / 8),
        ({"name": "devices-like-sources-base"}, (2 ** (1 / 12) - 1) / (2 * (2 ** (1 / 12) + 1))),
        (
            {"name": "any-encoding-base", "fraction": "1/10"},
            (2 ** (1 / 1.8) - 1) / (2 * (2 ** (1 / 1.8) + 1)),
        ),
        ({"name": "selected-exponent", "m": 3, "i": 0}, (5 - math.sqrt(17)) / 8),
    ],
)
def test_roots_by_closed_forms_and_certificates_that_are_moved(given, closed):
    found = compute(computation(given))
    lower, upper = found.bracket.lower, found.bracket.upper
    assert 0 < upper - lower <= F(1, 10**12)
    assert lower - F(1, 10**14) <= F(closed) <= upper + F(1, 10**14)
    assert found.status == "PROVED*"
    for end, moved in (("lower", upper + F(1, 10**6)), ("upper", lower - F(1, 10**6))):
        body = json.loads(found.certificate)
        body["answer"][end] = str(moved)
        with pytest.raises(Rejected):
            check(body)
    body = json.loads(found.certificate)
    body["answer"]["upper"] = None
    with pytest.raises(Rejected, match="two ends"):
        check(body)


@pytest.mark.parametrize("x", [F(3), F(1, 3), F(7, 5), F(999, 1000), F(1, 10**30), 1 + F(1, 10**30)])
def test_logarithms_hold_what_ball_arithmetic_says(x):
    from flint import arb, ctx, fmpq

    from freerand_opt.claims.conjecture.checker.intervals import log2 as interval_log2

    found = interval_log2(x, 300)
    with ctx.workprec(400):
        ball = arb(fmpq(x.numerator, x.denominator)).log() / arb(2).log()
        assert arb(fmpq(found.low.numerator, found.low.denominator)) < ball
        assert ball < arb(fmpq(found.high.numerator, found.high.denominator))
    assert found.high - found.low < F(1, 2**280)
