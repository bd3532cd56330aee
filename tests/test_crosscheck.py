"""Peers beside ours: what they derive anew, that a wrong program is noticed, what is skipped."""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import replace
from fractions import Fraction as F

import pytest

from freerand_opt.model import functional
from freerand_opt.model.question import Adversary, Ask, Output, Question
from freerand_opt.model.question import Test as Demand
from freerand_opt.model.scenario import Scenario, chained, chsh, ghz
from freerand_opt.model.source import SanthaVazirani, Uniform
from freerand_opt.peers import crosscheck as module
from freerand_opt.peers.crosscheck import CrossCheck, Peer, crosscheck
from freerand_opt.peers.rederivation import NotCoveredError, rederived, relaxed, require_covered
from freerand_opt.programs.build import build
from freerand_opt.programs.integer_matrix import of_rows
from freerand_opt.spec.file import read

pytest.importorskip("picos")
pytest.importorskip("cvxpy")
pytest.importorskip("ncpol2sdpa")


def asked(scenario, ask, level, *tests, source=None):
    adversary = Adversary("quantum", level=level)
    return Question(scenario, source or Uniform(), "uniform", adversary, tests, ask)


def score(scenario, values, level, extreme="largest"):
    return asked(scenario, Ask("score", functional=values, extreme=extreme), level)


def cglmp():
    """I3 of Collins, Gisin, Linden, Massar and Popescu (quant-ph/0106024)."""
    scenario = Scenario((2, 2), (3, 3))
    terms = {}
    for x, y, k, sign in (
        *((0, 0, 0, 1), (1, 0, -1, 1), (1, 1, 0, 1), (0, 1, 0, 1)),
        *((0, 0, -1, -1), (1, 0, 0, -1), (1, 1, -1, -1), (0, 1, 1, -1)),
    ):
        for b in range(3):
            key = scenario.outcome_index(((b + k) % 3, b)), scenario.setting_index((x, y))
            terms[key] = terms.get(key, F(0)) + sign
    return score(scenario, functional.from_terms(terms), "1 + A B")


def guess(output, at, value=F(27, 10), quantity="guessing-probability"):
    test = Demand(functional.chsh(chsh()), ">=", value, "chsh")
    return asked(chsh(), Ask(quantity, output, at), "1 + A B", test)


def guess_of_a(value=F(27, 10)):
    return guess(Output((0, 0, 1, 1), 2, "A"), (0, 0), value)


def curve(s):
    """Masanes, Pironio and Acin, arXiv:1009.1567."""
    return 0.5 + 0.5 * math.sqrt(2 - s**2 / 4)


# ------------------------------------------------------------------ what ncpol2sdpa derives


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (score(chsh(), functional.chsh(chsh()), "1"), 2 * math.sqrt(2)),
        (score(chsh(), functional.chsh(chsh()), "2"), 2 * math.sqrt(2)),
        (
            score(chained(4), functional.chained(chained(4)), "1", "smallest"),
            -8 * math.sin(math.pi / 16) ** 2,
        ),
        (score(ghz(3), functional.mermin(ghz(3)), "local 1"), 4),
        (cglmp(), 1 + math.sqrt(11 / 3)),
        (guess_of_a(), curve(2.7)),
        (guess_of_a(F(2)), 1),
        (guess(Output((0, 1, 2, 3), 4, "A B"), (0, 0), F(2)), 1),
    ],
)
def test_the_rederived_relaxation_has_the_known_value(question, value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rederived(question) == pytest.approx(value, abs=2e-6)


@pytest.mark.parametrize(
    "question",
    [
        score(chsh(), functional.chsh(chsh()), "1 + A B + A A B"),
        score(chained(3), functional.chained(chained(3)), "2"),
        cglmp(),
    ],
)
def test_both_relaxations_have_as_many_words_and_moments(question):
    """ncpol2sdpa reduces words by sympy's rules, one by one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = relaxed(question)
    ours = build(question).above.moments
    assert theirs.block_struct == [ours.size]
    # it counts the identity apart
    assert theirs.n_vars == ours.moments - 1


def test_a_guess_of_two_parties_agrees_with_our_four_matrices():
    found = crosscheck(*named(guess(Output((0, 1, 2, 3), 4, "A B"), (0, 0))))
    assert [peer.value is not None for peer in found.peers] == [True, True]
    assert found.verdict == "agrees"
    # between a fair coin and certainty, so nothing agrees for a trivial reason
    assert 0.3 < found.ours < 0.95


def test_equal_scores_are_moment_equalities():
    question = guess_of_a()
    (test,) = question.tests
    assert rederived(replace(question, tests=(replace(test, relation="="),))) == pytest.approx(
        curve(2.7), abs=2e-6
    )


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (replace(guess_of_a(), adversary=Adversary("no-signalling")), "not quantum"),
        (
            replace(guess_of_a(), source=SanthaVazirani(F(1, 20), "interleaved", "least-significant-first")),
            "biased",
        ),
        (guess(Output((0, 0, 1, 1), 2, "A"), "average"), "depend on the settings"),
        (guess(Output((0, 0, 1, 1), 2, "A"), (0, 0), quantity="trace-distance"), "not derived anew"),
        (score(chained(8), functional.chained(chained(8)), "1 + A B"), "81 words"),
    ],
)
def test_what_is_not_derived_anew_says_why(question, why):
    with pytest.raises(NotCoveredError, match=why):
        require_covered(question)


# ------------------------------------------------------------------ comparisons


def named(question):
    file = read(str(module.__file__).replace("freerand_opt/peers/crosscheck.py", "lps/chained_guess.toml"))
    instance = replace(file.instances[0], question=question, name="main", threshold=None)
    return replace(file, name="question", instances=(instance,)), instance


def test_three_programs_agree():
    found = crosscheck(*named(guess_of_a()))
    assert found.verdict == "agrees"
    assert [peer.name for peer in found.peers] == ["PICOS + CVXOPT", "ncpol2sdpa"]
    for value in (found.ours, *(peer.value for peer in found.peers)):
        assert value == pytest.approx(curve(2.7), abs=2e-6)


def test_a_program_that_is_not_the_question_s_is_noticed(monkeypatch):
    """One coefficient of the test's row is changed: PICOS solves the same wrong program, ncpol2sdpa not."""

    def wrong(question):
        program = build(question).above.program
        row = next(i for i in range(program.shape[0]) if program.row_label(i).startswith("test"))
        rows = [dict(program.matrix.row(i)) for i in range(program.shape[0])]
        rows[row][min(rows[row])] *= 2
        return replace(program, matrix=of_rows(rows, program.shape[1]))

    monkeypatch.setattr(module, "_program", wrong)
    found = crosscheck(*named(guess_of_a()))
    assert found.verdict == "DISAGREES"
    assert [peer.name for peer in found.disagreeing] == ["ncpol2sdpa"]


def test_a_bound_that_a_solver_spoilt_is_noticed(monkeypatch):
    """A loose bound is certified all the same; peers show that it is loose."""
    honest = module.solve

    def spoilt(program, below, run, limit):
        solved = honest(program, below, run, limit)
        return replace(
            solved, multipliers=replace(solved.multipliers, bound=solved.multipliers.bound + F(1, 50))
        )

    monkeypatch.setattr(module, "solve", spoilt)
    found = crosscheck(*named(guess_of_a()))
    assert len(found.disagreeing) == 2


@pytest.mark.parametrize(
    ("ours", "peer", "agrees"),
    [
        (0.5, Peer("p", 0.5 + 9e-6), True),
        (0.5, Peer("p", 0.5 + 1.1e-5), False),
        (0.5, Peer("p", 0.5 - 1.1e-5), False),
        (100.0, Peer("p", 100.0009), True),
        (0.5, Peer("p", None, "gave up"), True),
        (0.5, Peer("p", None, "infeasible"), False),
        (None, Peer("p", None, "infeasible"), True),
        (None, Peer("p", 0.5), False),
    ],
)
def test_what_is_a_disagreement(ours, peer, agrees):
    assert (CrossCheck("n", "i", ours, (peer,)).disagreeing == ()) is agrees


def test_infeasible_programs_are_infeasible_for_peers():
    found = crosscheck(*named(guess_of_a(F(29, 10))))
    assert (found.ours, found.verdict) == (None, "agrees")
    assert found.peers[0].words == "infeasible"


# ------------------------------------------------------------------ the command line


def test_cross_checks_are_printed_and_counted(freerand):
    done = freerand("verify", "--cross-check", "no_signalling_guess_chsh", "theorem_2_exponent")
    assert done.code == 0, done.err
    assert "PICOS + CVXOPT  0.75000" in done.out
    assert "theorem_2_exponent" in done.out and "skipped: a computation, not a program" in done.out
    assert "0 DISAGREES" in done.out.splitlines()[-1]


def test_a_disagreement_is_exit_code_1(freerand, monkeypatch):
    monkeypatch.setattr(module, "ACCURACY", 1e-300)
    done = freerand("verify", "--cross-check", "no_signalling_guess_chsh", "--json")
    assert done.code == 1
    assert "DISAGREES" in {found["verdict"] for found in done.data}


def test_large_programs_are_skipped_with_the_reason(freerand):
    done = freerand("verify", "--cross-check", "chained_guess", "--json")
    words = {found["instance"]: found["skipped"] for found in done.data}
    assert words["N=4"] is None
    assert words["N=16"] == "6018 rows with bounds, and peers are asked for at most 1400"


@pytest.mark.parametrize("name", ["picos", "cvxpy", "ncpol2sdpa"])
def test_a_missing_peer_is_one_clear_line(name, freerand, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    done = freerand("verify", "--cross-check", "no_signalling_guess_chsh")
    assert (done.code, done.out) == (3, "")
    assert done.err.count("\n") == 1 and "is not installed: pip install" in done.err
