"""Attacks found by search lie below the exact answer, outer bounds above it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import pytest

from freerand_opt.first.attacks import search as attacks
from freerand_opt.first.certificates import certify
from freerand_opt.first.certificates.attack import strategies as read_strategies
from freerand_opt.first.certificates.certificate import attack_json, bracket
from freerand_opt.first.certificates.check import CertificateError, check
from freerand_opt.first.model import behaviour as bh
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.model.question import Adversary, Ask, Output, Question
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.source import SanthaVazirani
from freerand_opt.first.programs import boxes as bx
from freerand_opt.first.programs import build, outer, strategies
from freerand_opt.first.proving import solving
from freerand_opt.first.solvers.choose import solver_named
from freerand_opt.first.solvers.highs import solve
from freerand_opt.first.spec.file import read
from freerand_opt.numbers.exact import compare

X = Output((0, 0, 1, 1), 2, "A")
Y = Output((0, 1, 0, 1), 2, "B")
RUN = solver_named("highs")


def whole(behaviour, tolerance):
    scenario, tests = behaviour.scenario, []
    for o, s in itertools.product(range(scenario.shape[0]), range(scenario.shape[1])):
        cell, p = fn.from_terms({(o, s): F(1)}), behaviour.table[o][s]
        if tolerance:
            tests += [Check(cell, "<=", p + tolerance, "cell"), Check(cell, ">=", p - tolerance, "cell")]
        else:
            tests.append(Check(cell, "=", p, "cell"))
    return tuple(tests)


CHAINED = sc.chained(2)
QUANTUM = bh.quantum(CHAINED)
NOISY = bh.mixed(bh.pr_box(CHAINED), bh.white_noise(CHAINED), F(9, 10))
JOINT = replace(fn.chained(CHAINED), on="joint")


def question(
    tests, *, epsilon=F(1, 50), order="interleaved", observed="uniform", told="settings", output=X, at=(0, 0)
):
    return Question(
        CHAINED,
        SanthaVazirani(epsilon, order),
        observed,
        Adversary("no-signalling", told),
        tests,
        Ask("guessing-probability", output, at),
    )


CASES = {
    "quantum, fixed": question(whole(QUANTUM, F(1, 10**4))),
    "quantum, average": question(whole(QUANTUM, F(1, 10**4)), at="average"),
    "quantum, silent": question(whole(QUANTUM, F(1, 10**4)), at="average", told="nothing", epsilon=F(1, 20)),
    "quantum, free": question(whole(QUANTUM, F(1, 10**4)), observed="free", order="A first"),
    "quantum, free, average": question(whole(QUANTUM, F(1, 10**4)), observed="free", at="average", output=Y),
    "noisy, fixed": question(whole(NOISY, F(0)), epsilon=F(1, 25), order="B first", at=(0, 1)),
    "noisy, free": question(whole(NOISY, F(0)), epsilon=F(1, 25), observed="free", at=(1, 0), output=Y),
    "total, fixed": question((Check(fn.chained(CHAINED), "<=", F(1, 2), "I"),), epsilon=F(1, 10)),
    "joint, free": question(
        (Check(JOINT, "<=", F(1, 20), "J"),), epsilon=F(1, 10), observed="free", at=(1, 1)
    ),
}


def certified(program):
    return certify.multipliers(program, solve(program)).bound


def searched(q):
    """Search as `bound` does, but always from the outer program."""
    made = outer.outer(q, scores=build._outward(q))
    solved = solving.solve(made.program, None, RUN, None)
    if solved.solution.status != "optimal":
        return (), None
    return attacks.search(q, made, *solving.full_floats(solved), RUN)


@pytest.mark.parametrize("key", CASES)
def test_an_attack_lies_below_and_the_outer_bound_above_the_exact_answer(key):
    q = CASES[key]
    scores = [F(round(float(t.score) * 10**9), 10**9) if q.settings == "free" else t.score for t in q.tests]
    q = replace(q, tests=tuple(replace(t, score=score) for t, score in zip(q.tests, scores, strict=True)))
    exact = certified(strategies.by_source_vertices(q).program)
    above = certified(outer.outer(q).program)
    found, value = searched(q)
    assert value is not None
    # the attack is checked on its own, by the stand-alone checker, against the exact scores
    body = bracket(
        q,
        name="attack",
        instance="",
        answer=(value, None),
        multipliers=None,
        attack=attack_json(value, found),
    )
    check(body)
    better = value + F(1, 10**12)
    with pytest.raises(CertificateError):
        check(
            bracket(
                q,
                name="attack",
                instance="",
                answer=(better, None),
                multipliers=None,
                attack=attack_json(better, found),
            )
        )
    assert compare(value, exact) <= 0
    assert float(above - exact) >= -1e-12
    assert F(1, 2) < value
    # no gap is known for these questions: both ends reach the exact program's answer
    assert float(exact - value) < 1e-9
    assert float(above - exact) < 1e-9


def test_column_generation_adds_boxes_that_are_needed():
    q = CASES["noisy, fixed"]
    start = strategies.by_boxes(q, bx.all_deterministic(CHAINED)).program
    assert solve(start).status == "infeasible"
    found, value = searched(q)
    assert any(isinstance(s.box, bx.Table) for s in found)
    assert sum(s.weight for s in found) == 1
    assert value == certified(strategies.by_source_vertices(q).program)


def test_where_no_strategy_exists_none_is_found():
    impossible = (
        Check(fn.chained(CHAINED), "<=", F(1, 10), "I"),
        Check(fn.chained(CHAINED), ">=", F(39, 10), "I"),
    )
    assert searched(question(impossible)) == ((), None)


def test_points_of_an_outer_program_are_no_strategies():
    q = CASES["total, fixed"]
    made = outer.outer(q)
    with pytest.raises(TypeError, match="no strategies"):
        read_strategies(q, made, [F(0)] * made.program.shape[1])


def test_search_finds_the_exact_value_of_the_question_with_a_gap():
    rows = [[-1, 1, 1, 0], [1, 0, 0, 1], [0, 0, -1, 0], [1, 0, 0, -1]]
    terms = {(o, s): F(rows[o][s]) for o in range(4) for s in range(4)}
    q = Question(
        sc.chsh(),
        SanthaVazirani(F(1, 5)),
        "free",
        Adversary("no-signalling"),
        (),
        Ask("score", functional=fn.from_terms(terms, on="joint")),
    )
    _, value = searched(q)
    assert value == F(7, 10)
    assert certified(outer.outer(q).program) >= F(793, 1000)


def test_irrational_scores_may_multiply_columns():
    q = CASES["quantum, free"]
    assert any(not isinstance(t.score, F) for t in q.tests)
    found, value = searched(q)
    proof = attack_json(value, found)
    check(bracket(q, name="attack", instance="", answer=(value, None), multipliers=None, attack=proof))
    rounded = replace(
        q, tests=tuple(replace(t, score=F(round(float(t.score) * 10**9), 10**9)) for t in q.tests)
    )
    exact = certified(strategies.by_source_vertices(rounded).program)
    assert abs(float(value - exact)) < 1e-6


def test_there_is_a_leakage_question_with_a_gap():
    """The outer program has an exact point above what the exact program's multipliers allow."""
    found = read(Path(__file__).parent.parent / "lps" / "leakage_gap_sv.toml")
    q = found.instances[0].question
    above = outer.outer(q).program
    reached = certify.point(above, solve(above))
    exact = certified(strategies.by_source_vertices(q).program)
    assert certify.objective_value(above, reached) - exact > F(1, 1000)
    # and the search from the outer program ends at the exact value
    assert searched(q)[1] == exact
