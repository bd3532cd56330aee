"""Programs over strategies: several formulations of one question must agree, and one is written here."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from freerand_opt.errors import TooLargeError
from freerand_opt.first.certificates import certify
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.model.question import Adversary, Ask, Output, Question
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.source import BIT_ORDERS, SanthaVazirani, Uniform
from freerand_opt.first.programs import boxes as bx
from freerand_opt.first.programs import (
    build,
    cones,
    no_signalling,
    observation,
    outer,
    strategies,
    support,
    vertices,
)
from freerand_opt.first.programs.integer_matrix import of_rows
from freerand_opt.first.programs.program import Rows, conic_program, constant, vector
from freerand_opt.first.solvers.highs import sharpen, solve

REFERENCE = tomllib.loads((Path(__file__).parent / "reference_values.toml").read_text())
X = Output((0, 0, 1, 1), 2, "A")
Y = Output((0, 1, 0, 1), 2, "B")
PARITY = Output((0, 1, 1, 0), 2, "parity")
BOTH = Output((0, 1, 2, 3), 4, "AB")
ORDERS = ("interleaved", "A first", "B first")
PR_TYPE = tuple(bx.Xor(p, "PR") for p in itertools.product((0, 1), repeat=4) if sum(p) % 2)


def all_boxes():
    return (*bx.all_deterministic(sc.chained(2)), *PR_TYPE)


def optimum(program):
    """Return the exact optimum: a feasible point and multipliers that meet as fractions."""
    solution = solve(program)
    assert solution.status == "optimal"
    for hint in (solution, sharpen(program, solution)):
        x, bound = certify.point(program, hint), certify.multipliers(program, hint).bound
        if x is not None and value(program, x) == bound:
            return bound
    raise AssertionError("point and multipliers do not meet")


def value(program, x):
    return sum((program.objective[j] * x[j] for j in range(len(x))), F(0))


# ------------------------------------------------------------------ a formulation of our own


def own_settings(order, bits, counts):
    """Yield (joint setting, string of bits in time) by brute force over the joint settings."""
    for joint in itertools.product(*(range(2**n) for n in counts)):
        strings = []
        for setting, n in zip(joint, counts, strict=True):
            number = setting ^ (setting >> 1) if bits == "gray" else setting
            written = format(number, f"0{n}b")
            strings.append(written[::-1] if bits == "least-significant-first" else written)
        if order == "interleaved":
            text = "".join(s[j] for j in range(max(counts)) for s in strings if j < len(s))
        else:
            first = "ABC".index(order[0])
            text = strings[first] + "".join(s for p, s in enumerate(strings) if p != first)
        yield joint, text


def own_vertices(epsilon, order, bits, counts):
    """All extreme Santha-Vazirani distributions {joint setting: probability}."""
    n = sum(counts)
    prefixes = ["".join(p) for k in range(n) for p in itertools.product("01", repeat=k)]
    places = dict(own_settings(order, bits, counts))
    for favoured in itertools.product("01", repeat=len(prefixes)):
        likes = dict(zip(prefixes, favoured, strict=True))
        yield {
            joint: np.prod(
                [F(1, 2) + (epsilon if text[k] == likes[text[:k]] else -epsilon) for k in range(n)]
            )
            for joint, text in places.items()
        }


def errs(x, y, a, b):
    """N = 2 chained: outcomes should agree on all settings but (0, 1)."""
    return (x != y) != ((a, b) == (0, 1))


CELLS = list(itertools.product((0, 1), repeat=4))  # x, y, a, b


def own_guesses(output, ask, told, here):
    """The list of guesses: functions (a, b) -> value, earning 1 when right."""
    if told == "settings" and ask == "average":
        domain = {X: (0,), Y: (1,)}.get(output, (0, 1))
        keys = list(itertools.product((0, 1), repeat=len(domain)))
        for choice in itertools.product(range(output.count), repeat=len(keys)):
            table = dict(zip(keys, choice, strict=True))
            yield lambda ab, table=table, domain=domain: table[tuple(ab[p] for p in domain)]
    else:
        for v in range(output.count):
            yield lambda ab, v=v: v


def own_optimum(case):
    """The maximum over (vertex, guess) times full no-signalling boxes, in plain floats."""
    epsilon, order, bits, observed, told, at, output, tests = case
    vertices = (
        list(own_vertices(epsilon, order, bits, (1, 1)))
        if epsilon
        else [{(a, b): F(1, 4) for a in (0, 1) for b in (0, 1)}]
    )
    guesses = list(own_guesses(output, at, told, at))
    kinds = list(itertools.product(vertices, guesses))
    n = 16 * len(kinds)
    joint = np.zeros((16, n))  # P(x, y, a, b) of the observed mixture
    cost = np.zeros(n)
    for k, (s, guess) in enumerate(kinds):
        for c, (x, y, a, b) in enumerate(CELLS):
            joint[c, 16 * k + c] = s[a, b]
            right = output.values[2 * x + y] == guess((a, b))
            if at == "average" or (a, b) == at:
                cost[16 * k + c] = s[a, b] * right
    rows, right = [], []
    for k in range(len(kinds)):
        for side, u, v in itertools.product((0, 1), (0, 1), (0, 1)):
            # marginal of outcome u at setting v of one side, under the other side's two settings
            row = np.zeros(n)
            for c, (x, y, a, b) in enumerate(CELLS):
                mine, other = ((x, a), b) if side == 0 else ((y, b), a)
                if mine == (u, v):
                    row[16 * k + c] = 1 if other == 0 else -1
            rows.append(row)
            right.append(0)
    mass = {
        ab: sum(joint[c] for c, cell in enumerate(CELLS) if cell[2:] == ab)
        for ab in itertools.product((0, 1), repeat=2)
    }
    if observed == "uniform":
        for ab in mass:
            rows.append(mass[ab])
            right.append(F(1, 4))
        if at != "average":
            cost = cost * 4
    else:
        rows.append(mass[at] if at != "average" else sum(mass.values()))
        right.append(1)
    upper, caps = [], []
    error = {
        ab: sum(joint[c] for c, cell in enumerate(CELLS) if cell[2:] == ab and errs(*cell)) for ab in mass
    }
    kind, data = tests
    if kind == "total":
        upper.append(4 * sum(error.values()))
        caps.append(data)
    elif kind == "edges":
        for ab, cap in data.items():
            upper.append(error[ab] - float(cap) * mass[ab])
            caps.append(0)
    elif kind == "joint":
        upper.append(sum(error.values()) - float(data) * sum(mass.values()))
        caps.append(0)
    else:
        for c, cell in enumerate(CELLS):
            rows.append(joint[c] - float(data[cell]) * mass[cell[2:]])
            right.append(0)
    found = linprog(
        -cost,
        A_ub=np.array(upper) if upper else None,
        b_ub=[float(c) for c in caps] if caps else None,
        A_eq=np.array(rows),
        b_eq=[float(r) for r in right],
    )
    return -found.fun if found.status == 0 else None


# ------------------------------------------------------------------ the same, as questions


def error_terms(scenario, s):
    return tuple(t for t in fn.chained(scenario).terms if t[1] == s)


def question(case):
    epsilon, order, bits, observed, told, at, output, (kind, data) = case
    scenario = sc.chained(2)
    if kind == "total":
        tests = (Check(fn.chained(scenario), "<=", data, "I_N"),)
    elif kind == "joint":
        tests = (Check(replace(fn.chained(scenario), on="joint"), "<=", data, "joint"),)
    elif kind == "edges":
        tests = tuple(
            Check(fn.Functional(error_terms(scenario, scenario.setting_index(ab))), "<=", cap, str(ab))
            for ab, cap in data.items()
        )
    else:
        tests = tuple(
            Check(fn.from_terms({(2 * x + y, 2 * a + b): F(1)}), "=", data[x, y, a, b], str((x, y, a, b)))
            for x, y, a, b in CELLS
        )
    source = SanthaVazirani(epsilon, order, bits)
    return Question(
        scenario,
        source,
        observed,
        Adversary("no-signalling", told),
        tests,
        Ask("guessing-probability", output, at),
    )


def noisy_pr(visibility):
    """A behaviour with error (1 - visibility)/2 on every edge, uniform marginals."""
    return {cell: (F(1) - visibility) / 4 if errs(*cell) else (F(1) + visibility) / 4 for cell in CELLS}


EDGES = {(0, 0): F(1, 10), (1, 0): F(1, 8), (1, 1): F(3, 20), (0, 1): F(1, 7)}
CYCLE_CASES = [
    (F(1, 20), "interleaved", "most-significant-first", "uniform", "settings", (0, 0), X, ("total", F(3, 5))),
    (F(3, 25), "A first", "gray", "uniform", "settings", (0, 1), Y, ("total", F(2, 5))),
    (F(3, 10), "B first", "least-significant-first", "uniform", "settings", (1, 0), Y, ("total", F(1, 5))),
    (F(1, 20), "B first", "most-significant-first", "uniform", "settings", "average", X, ("total", F(3, 5))),
    (F(1, 10), "interleaved", "gray", "uniform", "settings", "average", Y, ("total", F(1, 2))),
    (F(1, 10), "A first", "most-significant-first", "uniform", "nothing", "average", X, ("total", F(1, 2))),
    (F(1, 8), "B first", "most-significant-first", "uniform", "nothing", "average", Y, ("edges", EDGES)),
    (F(1, 50), "interleaved", "most-significant-first", "uniform", "settings", (1, 1), X, ("edges", EDGES)),
    (F(1, 25), "B first", "gray", "uniform", "settings", "average", X, ("edges", EDGES)),
    (F(1, 25), "A first", "most-significant-first", "free", "settings", (0, 1), X, ("edges", EDGES)),
    (F(1, 10), "B first", "least-significant-first", "free", "settings", (1, 0), Y, ("edges", EDGES)),
    (F(1, 10), "interleaved", "most-significant-first", "free", "settings", "average", X, ("edges", EDGES)),
    (F(1, 12), "A first", "most-significant-first", "free", "nothing", "average", Y, ("edges", EDGES)),
    (F(1, 10), "interleaved", "most-significant-first", "free", "settings", (0, 0), X, ("joint", F(1, 10))),
    (F(1, 10), "B first", "most-significant-first", "free", "settings", "average", X, ("joint", F(1, 10))),
    (F(1, 6), "B first", "gray", "free", "settings", (1, 1), Y, ("joint", F(1, 20))),
    (F(0), "interleaved", "most-significant-first", "uniform", "settings", (0, 0), X, ("total", F(3, 5))),
]
OTHER_CASES = [
    (
        F(1, 50),
        "interleaved",
        "most-significant-first",
        "uniform",
        "settings",
        (0, 0),
        X,
        ("whole", noisy_pr(F(9, 10))),
    ),
    (
        F(3, 100),
        "A first",
        "most-significant-first",
        "uniform",
        "settings",
        (0, 1),
        Y,
        ("whole", noisy_pr(F(4, 5))),
    ),
    (F(1, 20), "B first", "gray", "uniform", "settings", "average", X, ("whole", noisy_pr(F(9, 10)))),
    (
        F(1, 20),
        "interleaved",
        "most-significant-first",
        "uniform",
        "nothing",
        "average",
        Y,
        ("whole", noisy_pr(F(7, 10))),
    ),
    (
        F(1, 25),
        "B first",
        "most-significant-first",
        "free",
        "settings",
        (1, 0),
        X,
        ("whole", noisy_pr(F(9, 10))),
    ),
    (
        F(1, 25),
        "A first",
        "most-significant-first",
        "free",
        "nothing",
        "average",
        X,
        ("whole", noisy_pr(F(9, 10))),
    ),
    (
        F(1, 20),
        "interleaved",
        "most-significant-first",
        "uniform",
        "settings",
        (0, 0),
        PARITY,
        ("total", F(3, 5)),
    ),
    (F(1, 20), "A first", "most-significant-first", "uniform", "settings", (1, 0), BOTH, ("total", F(3, 5))),
    (
        F(1, 20),
        "B first",
        "most-significant-first",
        "uniform",
        "nothing",
        "average",
        BOTH,
        ("total", F(1, 2)),
    ),
    (
        F(1, 20),
        "B first",
        "most-significant-first",
        "uniform",
        "settings",
        "average",
        PARITY,
        ("edges", EDGES),
    ),
]


def name(case):
    epsilon, order, bits, observed, told, at, output, (kind, _) = case
    words = (kind, observed, told, at, output.label, order[0] + bits[0], epsilon)
    return "-".join(map(str, words)).replace(" ", "")


@pytest.mark.parametrize("case", CYCLE_CASES, ids=name)
def test_cycle_boxes_24_boxes_vertices_and_a_plain_program_agree(case):
    q = question(case)
    few = build.cycle_boxes(q)
    assert len(few) == 5
    exact = optimum(strategies.by_boxes(q, few).program)
    assert optimum(strategies.by_boxes(q, all_boxes()).program) == exact
    assert optimum(strategies.by_source_vertices(q).program) == exact
    assert optimum(outer.outer(q).program) >= exact
    assert own_optimum(case) == pytest.approx(float(exact), abs=1e-8)
    # a guess is never free of charge here: neither trivial end is what was compared
    assert F(1, 2) < exact <= 1


@pytest.mark.parametrize("case", OTHER_CASES, ids=name)
def test_24_boxes_vertices_and_a_plain_program_agree_where_the_cycle_does_not_apply(case):
    q = question(case)
    assert build.cycle_boxes(q) is None
    exact = optimum(strategies.by_boxes(q, all_boxes()).program)
    assert optimum(strategies.by_source_vertices(q).program) == exact
    assert optimum(outer.outer(q).program) >= exact
    assert own_optimum(case) == pytest.approx(float(exact), abs=1e-8)
    assert F(1, q.ask.output.count) < exact <= 1


def test_the_comparison_would_notice_a_missing_box():
    q = question(CYCLE_CASES[7])
    *erring, unbiased = build.cycle_boxes(q)
    assert solve(strategies.by_boxes(q, erring).program).status == "infeasible"
    exact = optimum(strategies.by_source_vertices(q).program)
    for k in range(4):
        fewer = [*erring[:k], *erring[k + 1 :], unbiased]
        assert optimum(strategies.by_boxes(q, fewer).program) < exact


@given(
    st.sampled_from(ORDERS),
    st.sampled_from(BIT_ORDERS),
    st.fractions(F(1, 40), F(9, 20), max_denominator=40),
    st.sampled_from([(0, 0), (0, 1), (1, 0), (1, 1), "average"]),
    st.sampled_from([X, Y]),
    st.sampled_from(["settings", "nothing"]),
    st.fractions(F(1, 20), 2, max_denominator=20),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_boxes_against_vertices_at_random(order, bits, epsilon, at, output, told, score):
    q = question((epsilon, order, bits, "uniform", told, at, output, ("total", score)))
    assert optimum(strategies.by_boxes(q, build.cycle_boxes(q)).program) == optimum(
        strategies.by_source_vertices(q).program
    )


# ------------------------------------------------------------------ the outer program is only outer


ROWS = [[-1, 1, 1, 0], [1, 0, 0, 1], [0, 0, -1, 0], [1, 0, 0, -1]]  # rows xy, columns ab


def gap_question():
    terms = {(o, s): F(ROWS[o][s]) for o in range(4) for s in range(4)}
    return Question(
        sc.chsh(),
        SanthaVazirani(F(1, 5)),
        "free",
        Adversary("no-signalling"),
        (),
        Ask("score", functional=fn.from_terms(terms, on="joint")),
    )


def test_exact_and_outer_programs_differ_where_they_should():
    q = gap_question()
    by_hand = max(
        sum(
            F(ROWS[o][s]) * vertex[joint] * F(int(table[o, s]), int(bottom))
            for o in range(4)
            for s, joint in enumerate(itertools.product((0, 1), repeat=2))
        )
        for vertex in own_vertices(F(1, 5), "interleaved", "most-significant-first", (1, 1))
        for table, bottom in (bx.table(sc.chsh(), box) for box in all_boxes())
    )
    assert by_hand == F(7, 10)
    assert optimum(strategies.by_source_vertices(q).program) == F(7, 10)
    assert optimum(strategies.by_boxes(q, all_boxes()).program) == F(7, 10)
    program = outer.outer(q).program
    solution = solve(program)
    x = certify.point(program, solution) or certify.point(program, sharpen(program, solution))
    matrix = program.matrix.toarray().astype(object)
    slack = [
        program.right[i] - sum(m * v for m, v in zip(matrix[i], x, strict=True) if m)
        for i in range(len(matrix))
    ]
    assert all(s == 0 if zero else s >= 0 for s, zero in zip(slack, program.zero_rows, strict=True))
    assert min(x) >= 0
    assert value(program, x) >= F(793, 1000)
    assert certify.multipliers(program, solution).bound >= value(program, x)


def test_outer_is_exact_where_the_source_cone_is_simplicial():
    # one bit: two facets, two rays (docs/proofs/strategies.md, section 3)
    scenario = sc.Scenario((2, 1), (2, 2))
    rng = np.random.default_rng(1)
    for _ in range(10):
        terms = {(o, s): F(int(rng.integers(-3, 4))) for o in range(4) for s in range(2)}
        q = Question(
            scenario,
            SanthaVazirani(F(1, 5)),
            "free",
            Adversary("no-signalling"),
            (),
            Ask("score", functional=fn.from_terms(terms, on="joint")),
        )
        assert optimum(outer.outer(q).program) == optimum(strategies.by_source_vertices(q).program)


# ------------------------------------------------------------------ cones and polytopes


def dense(matrix):
    return matrix.toarray().astype(object)


def test_no_signalling_polytope_of_chsh():
    published = REFERENCE["no_signalling_222"]
    rows, names = no_signalling.no_signalling_rows(sc.chsh())
    normalised = np.zeros((4, 16))
    for s in range(4):
        normalised[s, [o * 4 + s for o in range(4)]] = 1
    rank = np.linalg.matrix_rank(np.vstack([rows.toarray(), normalised]))
    assert 16 - rank == published["dimension"]
    assert len(names) == rows.shape[0]
    found = set()
    for box in all_boxes():
        table, bottom = bx.table(sc.chsh(), box)
        p = table.ravel() / bottom
        assert not (rows.toarray() @ table.ravel()).any()
        assert np.array_equal(normalised @ p, np.ones(4))
        # a vertex: the constraints that hold with equality fix the point
        tight = np.vstack([rows.toarray(), normalised, np.eye(16)[p == 0]])
        assert np.linalg.matrix_rank(tight) == 16
        found.add(tuple(p))
    assert len(found) == published["vertices"]
    assert len(bx.all_deterministic(sc.chsh())) == published["local_vertices"]
    assert len(PR_TYPE) == published["extremal_nonlocal_vertices"]


@given(st.lists(st.integers(-6, 6), min_size=16, max_size=16))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_24_boxes_are_all_vertices(cost):
    rows, _ = no_signalling.no_signalling_rows(sc.chsh())
    normalised = np.zeros((4, 16))
    for s in range(4):
        normalised[s, [o * 4 + s for o in range(4)]] = 1
    found = linprog(
        -np.array(cost), A_eq=np.vstack([rows.toarray(), normalised]), b_eq=[0] * rows.shape[0] + [1] * 4
    )
    best = max(
        float((table.ravel() * cost).sum() / bottom)
        for table, bottom in (bx.table(sc.chsh(), b) for b in all_boxes())
    )
    assert -found.fun == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("counts", [(1,), (1, 1), (2, 1), (1, 2)])
@pytest.mark.parametrize("order", ORDERS[:2])
@pytest.mark.parametrize("bits", BIT_ORDERS)
def test_source_vertices_are_ours_and_lie_in_the_cone(counts, order, bits):
    epsilon = F(1, 7)
    scenario = sc.Scenario(tuple(2**n for n in counts), (2,) * len(counts))
    source = SanthaVazirani(epsilon, order, bits)
    n = sum(counts)
    found = vertices.source_vertices(source, scenario)
    assert len(found) == len(set(found)) == 2 ** (2**n - 1)
    ours = {
        tuple(2**n * s[joint] for joint in scenario.joint_settings)
        for s in own_vertices(epsilon, order, bits, counts)
    }
    assert set(found) == ours
    cone = cones.source_cone(source, scenario)
    equal, facets = dense(cone.equalities), dense(cone.inequalities)
    widest = 0
    for vertex in found:
        t = tree_point(cone, vertex)
        assert not (equal @ t).any()
        slack = facets @ t
        assert min(slack) == 0
        assert all(s >= 0 for s in slack)
        assert t[cone.root] == 1
        assert max(t) <= cone.growth
        widest = max(widest, max(t) / min(t))
    assert widest == cone.ratio
    # a source that is a little worse leaves the cone at every vertex
    for vertex in vertices.source_vertices(replace(source, epsilon=epsilon + F(1, 10**30)), scenario):
        assert min(facets @ tree_point(cone, vertex)) < 0


def tree_point(cone, masses):
    """The tree's columns from its leaves: each node the mean of its children."""
    t = np.zeros(len(cone.names), dtype=object)
    for s, column in enumerate(cone.leaf):
        t[column] = masses[s]
    for node in reversed(range(len(cone.names) // 2)):
        t[node] = (t[2 * node + 1] + t[2 * node + 2]) / 2
    return t


@given(
    st.sampled_from([(1, 1), (2, 1), (1, 2)]),
    st.sampled_from(ORDERS),
    st.sampled_from(BIT_ORDERS),
    st.fractions(F(1, 50), F(9, 20), max_denominator=50),
    st.data(),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_support_function_and_membership(counts, order, bits, epsilon, data):
    scenario = sc.Scenario(tuple(2**n for n in counts), (2, 2))
    source = SanthaVazirani(epsilon, order, bits)
    size = scenario.shape[1]
    gains = data.draw(st.lists(st.integers(-9, 9), min_size=size, max_size=size))
    best = max(
        sum(s[joint] * g for joint, g in zip(scenario.joint_settings, gains, strict=True))
        for s in own_vertices(epsilon, order, bits, counts)
    )
    exact = [F(value) for value in gains]
    assert support.gain(exact, support.best_distribution(source, scenario, exact)) == best * size
    # membership: any distribution is in the cone iff all its conditional bits are epsilon-free
    weights = data.draw(st.lists(st.integers(1, 6), min_size=size, max_size=size))
    cone = cones.source_cone(source, scenario)
    texts = dict(own_settings(order, bits, counts))
    mass = {texts[joint]: F(w) for joint, w in zip(scenario.joint_settings, weights, strict=True)}
    free = True
    for depth in range(sum(counts)):
        for prefix in map("".join, itertools.product("01", repeat=depth)):
            both = [sum(m for text, m in mass.items() if text.startswith(prefix + bit)) for bit in "01"]
            free &= abs(both[0] / sum(both) - F(1, 2)) <= epsilon
    inside = min(dense(cone.inequalities) @ tree_point(cone, [F(w) for w in weights])) >= 0
    assert inside == free


def test_too_many_source_vertices_are_refused():
    with pytest.raises(TooLargeError, match=r"2\^15"):
        vertices.source_vertices(SanthaVazirani(F(1, 10)), sc.chained(4))


def test_a_source_at_epsilon_0_has_one_vertex():
    assert vertices.source_vertices(SanthaVazirani(F(0)), sc.chained(4)) == ((F(1),) * 16,)


# ------------------------------------------------------------------ GHZ: perfect Mermin relations


def ghz_question(m, ask):
    scenario = sc.ghz(m)
    tests = (Check(fn.mermin_errors(scenario), "<=", F(0), "relations"),)
    return Question(scenario, Uniform(), "uniform", Adversary("no-signalling"), tests, ask)


def ghz_guess(m, function, at):
    scenario = sc.ghz(m)
    output = Output(tuple(function(o) for o in scenario.joint_outcomes), 2, "function")
    return ghz_question(m, Ask("guessing-probability", output, at))


def own_ghz(objective, at):
    """The largest mean of objective(outcomes) at a setting, over boxes with perfect relations, in floats."""
    points = list(itertools.product(itertools.product((0, 1), repeat=3), repeat=2))  # (outcomes, settings)
    place = {key: i for i, key in enumerate(points)}
    rows, right, top = [], [], []
    for s in itertools.product((0, 1), repeat=3):
        row = np.zeros(64)
        for o in itertools.product((0, 1), repeat=3):
            row[place[o, s]] = 1
        rows.append(row)
        right.append(1)
    for party in range(3):
        for rest_o, rest_s in itertools.product(itertools.product((0, 1), repeat=2), repeat=2):
            row = np.zeros(64)
            for x in (0, 1):
                o = (*rest_o[:party], x, *rest_o[party:])
                for a in (0, 1):
                    row[place[o, (*rest_s[:party], a, *rest_s[party:])]] = 1 - 2 * a
            rows.append(row)
            right.append(0)
    wanted = {0: -1, 2: 1}
    for o, s in points:
        broken = sum(s) in wanted and (-1) ** sum(o) != wanted[sum(s)]
        top.append(0 if broken else 1)
    cost = np.zeros(64)
    for o in itertools.product((0, 1), repeat=3):
        cost[place[o, at]] = objective(o)
    return -linprog(-cost, A_eq=np.array(rows), b_eq=right, bounds=[(0, t) for t in top]).fun


def test_one_output_of_three_perfect_ghz_parties_can_be_known():
    published = F(REFERENCE["ghz_three_single"]["value"])
    for at in itertools.product((0, 1), repeat=3):
        for party in range(3):
            q = ghz_guess(3, lambda o, party=party: o[party], at)
            assert optimum(strategies.by_source_vertices(q).program) == published


FUNCTIONS = {
    "majority": lambda o: int(sum(o) >= 2),
    "parity": lambda o: sum(o) % 2,
    "and": lambda o: int(all(o)),
    "two": lambda o: o[0] ^ o[1],
    "selected": lambda o: o[1] if o[0] else o[2],
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("at", [(0, 0, 0), (0, 1, 1), (0, 0, 1), (1, 1, 1)])
def test_functions_of_three_perfect_ghz_parties(function, at):
    exact = optimum(strategies.by_source_vertices(ghz_guess(3, FUNCTIONS[function], at)).program)
    ours = max(own_ghz(lambda o, v=v: FUNCTIONS[function](o) == v, at) for v in (0, 1))
    assert float(exact) == pytest.approx(ours, abs=1e-9)


@pytest.mark.parametrize("at", [(1, 1, 1), (0, 0, 0), (0, 0, 1)])
@pytest.mark.parametrize("signs", [(1, 1, 1), (1, 1, -1), (1, -1, -1)])
def test_sum_of_the_biases_of_three_perfect_ghz_parties(at, signs):
    scenario = sc.ghz(3)

    def biases(o):
        return sum(sign * (-1) ** bit for sign, bit in zip(signs, o, strict=True))

    s = scenario.setting_index(at)
    terms = {(o, s): F(biases(joint)) for o, joint in enumerate(scenario.joint_outcomes)}
    q = ghz_question(3, Ask("score", functional=fn.from_terms(terms)))
    exact = optimum(strategies.by_source_vertices(q).program)
    assert float(exact) == pytest.approx(own_ghz(biases, at), abs=1e-9)


def test_majority_of_three_of_five_perfect_mermin_parties():
    from freerand_opt.first.programs.refinement import reduce

    q = ghz_guess(5, lambda o: int(sum(o[:3]) >= 2), (1, 1, 1, 1, 1))
    reduced = reduce(strategies.by_source_vertices(q).program).program
    assert optimum(reduced) == F(REFERENCE["mermin_five_majority"]["value"])


# ------------------------------------------------------------------ labels, digests, data


LABELLED = [
    question(case)
    for case in (CYCLE_CASES[0], CYCLE_CASES[6], CYCLE_CASES[11], OTHER_CASES[0], OTHER_CASES[8])
]


@pytest.mark.parametrize("q", LABELLED, ids=lambda q: f"{q.settings}-{q.ask.at}")
def test_every_row_and_column_has_a_label_of_its_own(q):
    for made in (strategies.by_boxes(q, all_boxes()), strategies.by_source_vertices(q), outer.outer(q)):
        program = made.program
        rows, columns = program.shape
        assert sum(map(len, program.row_labels)) == rows == len(program.right) == len(program.zero_rows)
        assert sum(map(len, program.column_labels)) == columns == len(program.objective)
        names = [program.row_label(i) for i in range(rows)]
        assert len(set(names)) == rows or isinstance(made, strategies.BoxStrategies)
        with pytest.raises(IndexError):
            program.row_label(rows)
        assert sum(label.startswith("test: ") for label in names) == len(q.tests)
        tests = [i for i, label in enumerate(names) if label.startswith("test: ")]
        assert [program.zero_rows[i] for i in tests] == [t.relation == "=" for t in q.tests]
        assert len({program.column_label(j) for j in range(columns)}) == columns or isinstance(
            made, strategies.BoxStrategies
        )


def test_labels_name_the_right_cells():
    q = question(CYCLE_CASES[2])  # B's bit comes first
    program = strategies.by_boxes(q, build.cycle_boxes(q)).program
    row = [program.row_label(i) for i in range(program.shape[0])].index("observed settings 01")
    columns = program.matrix[[row]].indices
    assert {program.column_label(j).split(" ")[0] for j in columns} == {"t(10)"}
    vertices = strategies.by_source_vertices(q).program
    row = [vertices.row_label(i) for i in range(vertices.shape[0])].index("observed settings 01")
    names = {vertices.column_label(j).split(" ")[0] for j in vertices.matrix[[row]].indices}
    assert names == {"P(00|01)", "P(01|01)", "P(10|01)", "P(11|01)"}


def test_the_digest_changes_with_every_datum():
    base = strategies.by_boxes(q := question(CYCLE_CASES[0]), build.cycle_boxes(q)).program
    again = strategies.by_boxes(q, build.cycle_boxes(q)).program
    assert again.digest == base.digest
    rows = [dict(base.matrix.row(i)) for i in range(base.shape[0])]
    first = min(rows[0])
    matrix = of_rows([{**rows[0], first: rows[0][first] + 1}, *rows[1:]], base.shape[1])
    free = next(j for j in range(base.shape[1]) if j not in rows[0])
    moved = of_rows([{(free if j == first else j): v for j, v in rows[0].items()}, *rows[1:]], base.shape[1])
    fewer = base.matrix[:-1]
    first, second = base.blocks
    changed = {
        "entry": replace(base, matrix=matrix),
        "place": replace(base, matrix=moved),
        "row": replace(base, matrix=fewer, right=base.right.take(np.arange(len(base.right) - 1))),
        "kind": replace(base, blocks=((first[0], first[1] - 1), (second[0], second[1] + 1))),
    }
    for field in ("right", "objective", "lower", "upper"):
        entries = [getattr(base, field)[i] for i in range(len(getattr(base, field)))]
        entries[3] += F(1, 10**30)
        changed[field] = replace(base, **{field: vector(entries)})
    digests = {key: program.digest for key, program in changed.items()}
    assert len({base.digest, *digests.values()}) == len(digests) + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda q: replace(q, source=replace(q.source, epsilon=F(1, 21))),
        lambda q: replace(q, source=replace(q.source, order="B first")),
        lambda q: replace(q, ask=replace(q.ask, at=(1, 0))),
        lambda q: replace(q, tests=(replace(q.tests[0], score=F(3, 5) + F(1, 10**20)),)),
        lambda q: replace(q, settings=(F(1, 4), F(1, 4), F(1, 4) + F(1, 50), F(1, 4) - F(1, 50))),
    ],
)
def test_the_digest_changes_with_the_question(change):
    q = question(CYCLE_CASES[0])
    assert (
        strategies.by_source_vertices(q).program.digest
        != strategies.by_source_vertices(change(q)).program.digest
    )


def test_entries_beyond_floats_are_exact_and_seen_in_range():
    whole = 3**1000  # beyond 10^308, where floats end
    rows = Rows(
        "nonnegative", of_rows([{0: whole, 1: -1}], 2), vector([F(whole, 7)]), observation.Labels("r", ())
    )
    made = conic_program(
        [rows], objective=constant(1, 2), lower=constant(0, 2), upper=constant(1, 2), column_labels=()
    )
    assert made.matrix.entries == made.plain["values"] == [whole, -1]
    (shift,) = made.shifts.tolist()
    assert made.float_matrix.toarray()[0].tolist() == [whole / 2**shift, 0.0]
    assert made.float_right[0] == whole / (7 * 2**shift)
    assert 1 <= made.float_matrix.max() < 2
    assert made.exact_multipliers({0: F(1, 3)}) == {0: F(1, 3 * 2**shift)}


def test_numbers_that_cannot_be_written_are_refused():
    """Python writes at most 4300 digits; one line says so before anything is solved."""
    q = question((F(1, 10**4300), *CYCLE_CASES[0][1:]))
    with pytest.raises(TooLargeError, match=r"\d+ binary digits, .* at most 14000; give"):
        strategies.by_source_vertices(q)
