"""Peers beside ours: what they derive anew, that a wrong program is noticed, what is skipped."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import pytest

from freerand_opt.bounds.bound import bound
from freerand_opt.crosscheck import compare as module
from freerand_opt.crosscheck.compare import CrossCheck, Peer, crosscheck
from freerand_opt.crosscheck.rederivation import NotCoveredError, rederived, relaxed, require_covered
from freerand_opt.errors import SolverUnavailableError
from freerand_opt.model import (
    Ask,
    Functional,
    Observed,
    Question,
    SanthaVazirani,
    Uniform,
    cglmp,
    chained,
    chsh,
    ghz,
    i3322,
)
from freerand_opt.model import Test as Demand
from freerand_opt.model.files.file import Instance, QuestionFile, read
from freerand_opt.programs.of_quantum import relaxation
from freerand_opt.reporting import peers
from freerand_opt.reporting.export import to_cvxpy

pytest.importorskip("picos")
pytest.importorskip("cvxpy")
pytest.importorskip("ncpol2sdpa")
LPS = Path(__file__).parents[2] / "lps"


def quantum(scenario, ask, level, *tests, source=None):
    adversary = {"devices": "quantum", "level": level}
    return Question(scenario, source or Uniform(), adversary=adversary, tests=tests, ask=ask)


def score(scenario, functional, level, extreme="largest"):
    return quantum(scenario, {"quantity": "score", "functional": functional, "extreme": extreme}, level)


def guess(of, at, value="27/10", quantity="guessing-probability", relation=">=", **more):
    ask = Ask(quantity, of=of, at=at)
    return quantum(chsh(), ask, "1 + A B", Demand("chsh", relation, value), **more)


def guess_of_a(value="27/10", **more):
    return guess("A", [0, 0], value, **more)


def curve(s):
    """Masanes, Pironio and Acin, arXiv:1009.1567."""
    return 0.5 + 0.5 * math.sqrt(2 - s**2 / 4)


# ------------------------------------------------------------------ what ncpol2sdpa derives


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (score(chsh(), "chsh", "1"), 2 * math.sqrt(2)),
        (score(chsh(), "chsh", "2"), 2 * math.sqrt(2)),
        (score(chained(4), "chained", "1", "smallest"), -8 * math.sin(math.pi / 16) ** 2),
        (score(ghz(3), "mermin", "local 1"), 4),
        (score(cglmp(3), "cglmp", "1 + A B"), 1 + math.sqrt(11 / 3)),
        (guess_of_a(), curve(2.7)),
        (guess_of_a("2"), 1),
        (guess(["A", "B"], [0, 0], "2"), 1),
    ],
)
def test_the_rederived_relaxation_has_the_known_value(question, value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rederived(question) == pytest.approx(value, abs=2e-6)


@pytest.mark.parametrize(
    "question",
    [
        score(chsh(), "chsh", "1 + A B + A A B"),
        score(chained(3), "chained", "2"),
        score(cglmp(3), "cglmp", "1 + A B"),
    ],
)
def test_both_relaxations_have_as_many_words_and_moments(question):
    """ncpol2sdpa reduces words by sympy's rules, one by one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = relaxed(question)
    made = relaxation(question.problem(), question.adversary.level)
    matrix = made.moments.space.matrix
    assert theirs.block_struct == [matrix.size]
    # it counts the identity apart
    assert theirs.n_vars == matrix.moments - 1


@pytest.mark.parametrize(
    ("table", "scenario"),
    [
        ([[0, -1, 0], [3, 1, 1], [0, 1, -1]], chsh()),  # its transpose has another value
        ([[0, -1, 0, 0], [-2, 1, 1, 1], [-1, 1, 1, -1], [0, 1, -1, 0]], i3322()),
    ],
)
def test_a_table_of_collins_and_gisin_is_read_as_ncpol2sdpa_reads_it(table, scenario):
    """As its users write it: their helper, their operators, an intermediate level by extra monomials."""
    from ncpol2sdpa import Probability, SdpRelaxation, define_objective_with_I

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        operators = Probability(
            *([outcomes] * n for n, outcomes in zip(scenario.settings, (2, 2), strict=True))
        )
        theirs = SdpRelaxation(operators.get_all_operators(), verbose=0)
        theirs.get_relaxation(
            1,
            objective=define_objective_with_I(table, operators),
            substitutions=operators.substitutions,
            extramonomials=operators.get_extra_monomials("AB"),
        )
        theirs.solve("cvxpy", {"solver": "CLARABEL"})
    found = bound(score(scenario, Functional.from_collins_gisin(table), "1 + A B")).bracket
    assert float(found.upper) == pytest.approx(-theirs.primal, abs=1e-6)


def test_a_guess_of_two_parties_agrees_with_our_four_matrices():
    found = crosscheck(*named(guess(["A", "B"], [0, 0])))
    assert [peer.value is not None for peer in found.peers] == [True, True]
    assert found.verdict == "agrees"
    # between a fair coin and certainty, so nothing agrees for a trivial reason
    assert 0.3 < found.ours < 0.95


def test_equal_scores_are_moment_equalities():
    assert rederived(guess_of_a(relation="=")) == pytest.approx(curve(2.7), abs=2e-6)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (guess_of_a().changed(adversary={"devices": "no-signalling"}), "not quantum"),
        (guess_of_a(source=SanthaVazirani("1/20")), "biased"),
        (
            guess("A", "average").changed(adversary={"devices": "quantum", "level": "1", "told": "settings"}),
            "depend",
        ),
        (guess("A", [0, 0], quantity="trace-distance"), "not derived anew"),
        (score(chained(8), "chained", "1 + A B"), "81 words"),
    ],
)
def test_what_is_not_derived_anew_says_why(question, why):
    with pytest.raises(NotCoveredError, match=why):
        require_covered(question)


# ------------------------------------------------------------------ comparisons


def named(question):
    instance = Instance(name="main", question=question)
    return QuestionFile(Path("q.toml"), "question", "", "", "", "core", (instance,)), instance


def linear(value):
    ask = Ask("guessing-probability", of="A", at=[0, 0])
    tests = [Demand("chsh", ">=", value)]
    return Question(chsh(), Uniform(), adversary={"devices": "no-signalling"}, tests=tests, ask=ask)


def test_three_programs_agree():
    found = crosscheck(*named(guess_of_a()))
    assert found.verdict == "agrees"
    assert [peer.name for peer in found.peers] == ["PICOS + CVXOPT", "ncpol2sdpa"]
    for value in (found.ours, *(peer.value for peer in found.peers)):
        assert value == pytest.approx(curve(2.7), abs=2e-6)


def wrong(program):
    """The program with a test that is a little weaker."""
    row = program.rows.index("test.0.0.-1") if "test.0.0.-1" in program.rows else program.rows.index("test0")
    right = list(program.right)
    right[row] += 0.01
    return replace(program, right=tuple(right))


@pytest.mark.parametrize("question", [linear("5/2"), linear("29/10"), guess_of_a()])
def test_large_programs_go_to_a_solver_with_sparse_algebra(question, monkeypatch):
    """It agrees, says where there is no point, and notices a program that is not the question's."""
    monkeypatch.setattr(module, "DENSE_ROWS", 0)
    found = crosscheck(*named(question))
    assert found.verdict == "agrees"
    assert found.peers[0].name == "cvxpy + Clarabel"
    assert found.peers[0].value == pytest.approx(found.ours, abs=2e-6)
    honest = module.conic_of
    monkeypatch.setattr(module, "conic_of", lambda *asked: wrong(honest(*asked)))
    assert [peer.name for peer in crosscheck(*named(question)).disagreeing] == ["cvxpy + Clarabel"]


def test_the_sparse_solver_says_where_there_is_no_point(monkeypatch):
    monkeypatch.setattr(module, "DENSE_ROWS", 0)
    tests = [Demand("chsh", ">=", 3)]
    local = Question(chsh(), Uniform(), adversary={"devices": "local"}, tests=tests, ask=Ask("strategy"))
    found = crosscheck(*named(local))
    assert (found.ours, found.peers[0].words) == (None, "infeasible")
    assert found.verdict == "agrees"


@pytest.mark.parametrize("question", [linear("5/2"), guess_of_a()])
def test_a_program_that_is_not_the_question_s_is_noticed(question, monkeypatch):
    """PICOS solves the wrong program, ncpol2sdpa and ours do not."""
    honest = module.conic_of
    monkeypatch.setattr(module, "conic_of", lambda *asked: wrong(honest(*asked)))
    found = crosscheck(*named(question))
    assert found.verdict == "DISAGREES"
    assert [peer.name for peer in found.disagreeing] == ["PICOS + CVXOPT"]


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
        (0.5, Peer("p", 0.7, module.ABOVE), True),
        (0.5, Peer("p", 0.4, module.ABOVE), False),
    ],
)
def test_what_is_a_disagreement(ours, peer, agrees):
    assert (CrossCheck("n", "i", ours, (peer,)).disagreeing == ()) is agrees


@pytest.mark.parametrize("question", [linear("41/10"), guess_of_a("29/10")])
def test_infeasible_programs_are_infeasible_for_peers(question):
    found = crosscheck(*named(question))
    assert (found.ours, found.verdict) == (None, "agrees")
    assert found.peers[0].words == "infeasible"


def test_existence_is_the_least_violation():
    """S = 4 - 8 (2/5)^2 = 2.72 is what local models reach at eps = 1/10."""
    asked = Question(
        chsh(),
        SanthaVazirani("1/10"),
        adversary={"devices": "local"},
        tests=[Demand("chsh", ">=", "2.7")],
        ask={"quantity": "strategy"},
    )
    assert crosscheck(*named(asked)).ours == 0.0
    beyond = asked.changed(tests=[Demand("chsh", ">=", "2.74")])
    found = crosscheck(*named(beyond))
    assert (found.ours, found.verdict, found.peers[0].words) == (None, "agrees", "infeasible")


def test_a_source_of_full_support_is_open_and_its_program_an_upper_bound():
    """Its closure may leave settings out, so that Hardy's zeros are not forced: the optimum is 1."""
    file = read(LPS / "ladder_fully_free.toml")
    found = crosscheck(file, file.instances[0])
    assert found.verdict == "agrees"
    assert found.ours == pytest.approx(328537 / 360937, abs=1e-9)
    assert found.peers[0].words == module.ABOVE
    assert found.peers[0].value == pytest.approx(1, abs=1e-6)


def test_large_programs_and_thresholds_are_skipped_with_the_reason():
    file = read(LPS / "chained_leakage_large.toml")
    assert crosscheck(file, file.instances[0]).verdict == "skipped"
    file = read(LPS / "chained_local_threshold_sv.toml")
    assert "threshold" in crosscheck(file, file.instances[0]).words
    file = read(LPS / "entropy_chsh_shannon.toml")
    found = [crosscheck(file, instance) for instance in file.instances]
    assert all(one.verdict == "skipped" and "entropy" in one.words for one in found)


def test_cross_checks_are_shown_and_counted():
    found = [crosscheck(*named(linear("5/2"))), CrossCheck("n", "i", None, (), "too large")]
    shown = list(peers.lines(found))
    assert any("PICOS + CVXOPT  0.87500" in line for line in shown)
    assert "n i: skipped: too large" in shown
    assert shown[-1] == "2 instances: 1 agrees, 0 DISAGREES, 1 skipped"
    assert peers.record(found[1])["skipped"] == "too large"


def test_a_missing_peer_is_one_clear_line(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ncpol2sdpa", None)
    with pytest.raises(
        SolverUnavailableError, match=r"ncpol2sdpa is not installed: .*pip install ncpol2sdpa"
    ):
        module.require()


# ------------------------------------------------------------------ cvxpy


def test_cvxpy_takes_constraints_of_ones_own():
    """A score of 7/2 demanded after all leaves the guess 3/2 - 7/8 = 5/8 (arXiv:0911.3427)."""
    import cvxpy

    held = to_cvxpy(linear("3"))
    assert held.problem.solve(solver="CLARABEL") == pytest.approx(3 / 4, abs=1e-7)
    assert sum(held.x.value) == pytest.approx(1, abs=1e-7)
    errs = [name for name in held.columns if "unbiased" not in name]
    # a box that errs on one edge alone has S = 2, the unbiased one S = 4
    chance = sum(held.column(name) for name in errs)
    more = cvxpy.Problem(held.problem.objective, [*held.problem.constraints, 4 - 2 * chance >= 3.5])
    assert more.solve(solver="CLARABEL") == pytest.approx(5 / 8, abs=1e-7)


def test_cvxpy_solves_the_relaxation_of_a_level():
    held = to_cvxpy(guess_of_a())
    assert held.problem.solve(solver="CLARABEL") == pytest.approx(curve(2.7), abs=1e-5)
    assert F(1, 2) < F(held.problem.value)


def test_irrational_scores_of_settings_that_are_not_stated_are_written_out():
    """They multiply masses there. Each edge at the singlet's error, S = 2 sqrt(2): 3/2 - S/4."""
    edges = [("01|00", "10|00"), ("01|01", "10|01"), ("01|10", "10|10"), ("00|11", "11|11")]
    wrong = [Functional.from_terms({f"P({label})": 1 for label in pair}) for pair in edges]
    question = Question(
        chsh(),
        Uniform(),
        observed=Observed(settings="unconstrained"),
        adversary={"devices": "no-signalling"},
        tests=[Demand(one, "<=", "(2 - sqrt(2))/4") for one in wrong],
        ask=Ask("guessing-probability", of="A", at=[0, 0]),
    )
    found = crosscheck(*named(question))
    assert found.verdict == "agrees"
    assert found.ours == pytest.approx(3 / 2 - math.sqrt(2) / 2, abs=1e-9)
