"""Questions that stay the same when outcomes are turned: half of the labels, attacks of boxes and images."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

import freerand_opt as fr
from freerand_opt.attacks import turned as attacks
from freerand_opt.attacks.pairs import hints_of
from freerand_opt.attacks.strategies import attack_form
from freerand_opt.attacks.two_outcomes import TwoOutcomes
from freerand_opt.bounds.methods.linear import multipliers
from freerand_opt.certificates.pool import Pool
from freerand_opt.conic.central import central, placed
from freerand_opt.conic.linear import solve
from freerand_opt.programs import turned
from freerand_opt.programs.box import deterministic_boxes
from freerand_opt.programs.boxes import cell_matrix
from freerand_opt.programs.source_cone import source_cone, vertex_cone
from freerand_opt.programs.strategies import over_cells

KEPT = fr.Keep("behaviour", tolerance="1/1000")
ERRORS = fr.Test(fr.Functional.from_terms({"P(01|0,0)": "1", "P(10|0,0)": "1"}), "=", "1/5")
ONE_CELL = fr.Test(fr.Functional.from_terms({"P(00|0,0)": "1"}), "<=", "1/2")


def asked(tests, ask=None):
    """A guess of A's outcome at the first settings; bits within 1/20 of fair, uniform settings shown."""
    return fr.Question(
        fr.chained(2),
        fr.SanthaVazirani("1/20"),
        observed=fr.Observed(behaviour="quantum", visibility="9/10", settings="uniform"),
        adversary={"devices": "no-signalling"},
        tests=tests,
        ask=ask or fr.Ask("guessing-probability", of="A", at=[0, 0]),
    ).problem()


def worth(program, x):
    """Return the objective at a point."""
    return sum(float(value) * x[k] for k, value in program.objective.items())


@pytest.mark.parametrize("test", [KEPT, ERRORS], ids=["whole", "errors"])
def test_half_of_the_labels_has_the_value_and_the_multipliers_of_all(test):
    problem = asked([test])
    made = over_cells(problem, source_cone(problem))
    half = turned.half_of(made)
    assert half.first.program.matrix.shape[1] * 2 == made.program.matrix.shape[1]
    hint, whole = solve(half.first.program), solve(made.program)
    assert worth(half.first.program, hint.x) == pytest.approx(worth(made.program, whole.x), abs=1e-8)
    z = half.lifted(multipliers(half.first.program, hint))
    total = dict.fromkeys(range(made.program.matrix.shape[1]), Fraction(0))
    for row, column, x in made.program.matrix.entries():
        total[column] += z[row] * x
    assert {k: x for k, x in total.items() if x} == made.program.objective
    lifted = half.hint(hint, z)
    assert worth(made.program, lifted.x) == pytest.approx(worth(made.program, whole.x), abs=1e-8)
    shown = np.zeros(made.program.matrix.shape[0])
    np.add.at(
        shown, made.program.matrix.rows, made.program.matrix.floats() * lifted.x[made.program.matrix.columns]
    )
    over = shown - np.array([float(b) for b in made.program.right])
    assert over.max() < 1e-8
    assert np.abs(over[np.array(made.program.equal)]).max() < 1e-8


@pytest.mark.parametrize(
    ("test", "ask"),
    [
        (ONE_CELL, None),
        (KEPT, fr.Ask("guessing-probability", of=["A", "B"], at=[0, 0])),
        (KEPT, fr.Ask("strategy")),
    ],
)
def test_what_does_not_stay_the_same_has_no_half(test, ask):
    problem = asked([test], ask)
    assert turned.half_of(over_cells(problem, source_cone(problem))) is None


def test_cells_turn_with_three_outcomes_as_tables_do():
    scenario = fr.Scenario(settings=[2, 1], outcomes=[3, 2])
    rows = cell_matrix(scenario)

    class Shape:
        settings, outcomes = (2, 1), (3, 2)

    turn = turned._turn(Shape)
    cells = [Fraction(k * k + 1, 97) for k in range(rows.shape[1])]
    table, image = rows.applied(cells), rows.applied(turn.applied(cells))
    assert image == [x for s in range(2) for x in reversed(table[6 * s : 6 * s + 6])]
    assert turn.applied(turn.applied(cells)) == cells


def test_boxes_are_the_best_of_all_deterministic_and_unbiased_ones():
    """Two settings each: 16 and 16 boxes, with every vertex of the source."""
    problem = asked([KEPT])
    oracle = TwoOutcomes(problem, problem.source)
    points = vertex_cone(problem).masses.dense()
    tables = [
        np.array([[box.at(s).get(o, 0) for o in range(4)] for s in range(4)], dtype=float)
        for box in deterministic_boxes(problem)
    ]
    halves = np.array([[0.5, 0, 0, 0.5], [0, 0.5, 0.5, 0]])
    unbiased = [halves[list(kinds)] for kinds in product((0, 1), repeat=4)]
    rng = np.random.default_rng(3)
    for _ in range(40):
        gains = rng.normal(size=(4, 4))
        best = [
            max(float(((table * gains).sum(axis=1) @ points).max()) for table in own)
            for own in (tables, unbiased)
        ]
        found = {box.answers is None: box for box in reversed(list(oracle.best(gains, -np.inf, 5)))}
        for fair, wanted in zip((False, True), best, strict=True):
            table = np.array([[float(found[fair].at(s).get(o, 0)) for o in range(4)] for s in range(4)])
            assert float(((table * gains).sum(axis=1) @ points).max()) == pytest.approx(wanted, abs=1e-12)
        assert list(oracle.best(gains, max(best) + 1e-9, 5)) == []


def test_prices_in_the_middle_have_the_sign_of_a_maximum():
    """max x + y over x + 2 y <= 4, y <= 1, x = 1 + slack: 3, and each unit of the first limit is worth 1."""
    matrix = [placed(np.array([[1.0, 2.0]])), placed(np.array([[1.0]]), 1, 1)]
    limits = np.array([-np.inf, -np.inf]), np.array([4.0, 1.0])
    x, y = central(matrix, limits, np.zeros(2), np.array([1.0, 1.0]))
    assert x == pytest.approx([4, 0], abs=1e-6)
    assert y == pytest.approx([1, 0], abs=1e-6)
    nothing = np.array([5.0, -np.inf]), np.array([4.0, 1.0])
    assert central(matrix, nothing, np.zeros(2), np.array([1.0, 1.0])) is None


@pytest.mark.parametrize("test", [KEPT, ERRORS], ids=["whole", "errors"])
def test_boxes_and_images_reach_the_bound(test):
    problem = asked([test])
    made = over_cells(problem, source_cone(problem))
    hint, pool = solve(made.program), Pool(problem)
    value = worth(made.program, hint.x)
    found = attacks.attack(problem, hints_of(made, hint), value)
    assert {turned.turned(one.box).answers for one in found if one.box.answers} == {
        one.box.answers for one in found if one.box.answers
    }
    assert pool.offer_attack(attack_form(problem, found), "")
    assert value - 1e-7 < pool.top < value + 1e-9
