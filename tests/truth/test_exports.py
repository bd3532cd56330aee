"""Programs that other software reads back, and held proofs for a VIPR checker that knows only the format."""

from __future__ import annotations

import importlib.util
import json
import math
import re
import sys
from fractions import Fraction as F
from pathlib import Path

import clarabel
import highspy
import numpy as np
import pytest
from scipy.sparse import csc_matrix, vstack

from freerand_opt.bounds.bound import bound
from freerand_opt.errors import InputError
from freerand_opt.model import Ask, MeasurementDependence, Question, SanthaVazirani, Uniform, chained, chsh
from freerand_opt.model import Test as Demand
from freerand_opt.model.files.file import read
from freerand_opt.model.threshold import Threshold
from freerand_opt.numbers.exact import compare
from freerand_opt.reporting.export import exported, to_file
from freerand_opt.reporting.proof import vipr

# pytest imports tests without putting their folder on the path
_spec = importlib.util.spec_from_file_location("vipr_reader", Path(__file__).with_name("vipr_reader.py"))
vipr_reader = sys.modules["vipr_reader"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(vipr_reader)
Refused, check = vipr_reader.Refused, vipr_reader.check
LPS = Path(__file__).parents[2] / "lps"
THRESHOLD = Threshold(of="source.epsilon", between=(0, F(1, 5)), width=F(1, 1000))


def guess(score, *, scenario=None, functional="chsh", relation=">=", source=None, **observed):
    """How well one outcome of A at settings 0, 0 can be guessed by no-signalling devices."""
    return Question(
        scenario or chsh(),
        source or Uniform(),
        adversary={"devices": "no-signalling"},
        tests=[Demand(functional, relation, score)],
        ask=Ask("guessing-probability", of="A", at=[0, 0]),
        **({"observed": observed} if observed else {}),
    )


def local_score(source, scenario=None, functional="chsh"):
    ask = {"quantity": "score", "functional": functional}
    return Question(scenario or chsh(), source, adversary={"devices": "local"}, ask=ask)


def claim(name, place=0):
    return read(next(LPS.parent.glob(f"*ps/{name}.toml"))).instances[place].question


CHAINED = 8 * math.sin(math.pi / 16) ** 2
#: (question, its answer): P = 3/2 - S/4 (arXiv:0911.3427), (1 + I_N)/2 (arXiv:quant-ph/0601126), CHSH <= 2.
QUESTIONS = {
    "chsh": (lambda: guess("5/2"), 7 / 8),
    "irrational": (lambda: guess("2*sqrt(2)"), 1.5 - 2**0.5 / 2),
    "chained": (
        lambda: guess(
            "observed", scenario=chained(4), functional="chained", relation="<=", behaviour="quantum"
        ),
        (1 + CHAINED) / 2,
    ),
    "local": (lambda: local_score(Uniform()), 2.0),
}


# ------------------------------------------------------------------ MPS, read back by HiGHS


def solved_mps(text, folder):
    path = folder / "program.mps"
    path.write_text(text, encoding="ascii")
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return solver, solver.getInfo().objective_function_value


@pytest.mark.parametrize("name", QUESTIONS)
def test_mps_has_the_optimum_of_the_literature(name, tmp_path):
    question, value = QUESTIONS[name]
    solver, found = solved_mps(exported(question(), "mps"), tmp_path)
    assert -found == pytest.approx(value, abs=1e-7)  # not every reader heeds a sense: it is minimised
    assert solver.getLp().sense_ == highspy.ObjSense.kMinimize


def test_irrational_scores_under_free_observed_settings_are_rounded_outward(tmp_path):
    """theorem_1_free_edges: errors of each edge at most sin^2(pi/8), N = 2, eps = 0."""
    _, found = solved_mps(exported(claim("theorem_1_free_edges"), "mps"), tmp_path)
    bracket = bound(claim("theorem_1_free_edges")).bracket
    assert float(bracket.lower) - 1e-7 <= -found <= float(bracket.upper) + 1e-7


def test_rows_have_the_names_of_inequalities(tmp_path):
    solver, _ = solved_mps(exported(guess("5/2"), "mps"), tmp_path)
    rows = solver.getLp().row_names_
    assert {"test0", "observed.P(00)", "observed.P(11)"} <= set(rows)
    biased = local_score(SanthaVazirani("1/10"))
    solver, _ = solved_mps(exported(biased, "mps"), tmp_path)
    assert any(row.startswith("node0.high[") for row in solver.getLp().row_names_)
    assert any(column.endswith(":bits01") for column in solver.getLp().col_names_)


def test_no_label_breaks_a_file():
    question = guess("2*sqrt(2)")
    for form in ("mps", "cbf", "sdpa"):
        text = exported(question, form)
        assert text.isascii()
        assert "right side -2*sqrt(2) rounded to nearest" in text


def test_the_doubles_are_the_nearest(tmp_path):
    solver, _ = solved_mps(exported(guess("2*sqrt(2)"), "mps"), tmp_path)
    sides = dict(zip(solver.getLp().row_names_, solver.getLp().row_upper_, strict=True))
    assert sides["test0"] == -2 * math.sqrt(2)
    assert sides["observed.P(01)"] == 0.25


# ------------------------------------------------------------------ CBF and SDPA


def by_clarabel(objective, matrix, right, cones):
    """Return the value of min objective.y with right - matrix y in the cones."""
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    n = len(objective)
    solver = clarabel.DefaultSolver(
        csc_matrix((n, n)), np.array(objective), csc_matrix(matrix), np.array(right), cones, settings
    )
    found = solver.solve()
    assert "Solved" in str(found.status)
    return found.obj_val


def packed(entries, size):
    """Return {(place in the scaled triangle, key): value} of {(i, j, key): value} with i <= j."""
    out = {}
    for (i, j, key), value in entries.items():
        assert 0 <= i <= j < size
        out[j * (j + 1) // 2 + i, key] = value * (1 if i == j else math.sqrt(2))
    return out


def read_sdpa(text):
    """Return the optimum of an SDPA sparse file: min c.x with sum x_j F_j - F_0 in the cone."""
    body = [line for line in text.splitlines() if line[0] not in '*"']
    count, blocks = int(body[0].split()[0]), int(body[1].split()[0])
    sizes = [int(word) for word in body[2].split()]
    costs = [float(word) for word in body[3].split()]
    assert (len(sizes), len(costs)) == (blocks, count)
    parts, rights, cones = [], [], []
    held = [{} for _ in sizes]
    for line in body[4:]:
        number, block, i, j, value = line.split()
        key = (int(i) - 1, int(j) - 1, int(number))
        assert key not in held[int(block) - 1]
        held[int(block) - 1][key] = float(value)
    for size, entries in zip(sizes, held, strict=True):
        if size < 0:
            assert all(i == j < -size for i, j, _ in entries)
            flat, rows = {(i, k): v for (i, _, k), v in entries.items()}, -size
            cones.append(clarabel.NonnegativeConeT(rows))
        else:
            flat, rows = packed(entries, size), size * (size + 1) // 2
            cones.append(clarabel.PSDTriangleConeT(size))
        whole = np.zeros((rows, count + 1))
        for (place, key), value in flat.items():
            whole[place, key] = value
        parts.append(csc_matrix(-whole[:, 1:]))
        rights.append(-whole[:, 0])
    return by_clarabel(costs, vstack(parts), np.concatenate(rights), cones)


def read_cbf(text):
    """Return the optimum of a CBF file with objective sense MAX, cones F, L+, L= and PSDCON."""
    lines = iter([line for line in text.splitlines() if line and not line.startswith("#")])
    held = {}
    for name in lines:
        if name in ("VER", "OBJSENSE"):
            held[name] = next(lines)
        elif name in ("VAR", "CON"):
            total, count = map(int, next(lines).split())
            held[name] = [(cone, int(n)) for cone, n in (next(lines).split() for _ in range(count))]
            assert sum(n for _, n in held[name]) == total
        else:
            held[name] = [next(lines).split() for _ in range(int(next(lines)))]
    assert held["VER"] in ("2", "3")  # they differ in cones that are not read here
    assert held["OBJSENSE"] == "MAX"
    assert {cone for cone, _ in held["VAR"]} == {"F"}
    columns = sum(n for _, n in held["VAR"])
    cost = np.zeros(columns)
    for j, value in held.get("OBJACOORD", []):
        cost[int(j)] = -float(value)
    rows = sum(n for _, n in held.get("CON", []))
    matrix, right = np.zeros((rows, columns)), np.zeros(rows)
    for i, j, value in held.get("ACOORD", []):
        matrix[int(i), int(j)] = -float(value)
    for i, value in held.get("BCOORD", []):
        right[int(i)] = float(value)
    parts, rights, cones, start = [], [], [], 0
    for cone, n in held.get("CON", []):
        parts.append(csc_matrix(matrix[start : start + n]))
        rights.append(right[start : start + n])
        cones.append((clarabel.ZeroConeT if cone == "L=" else clarabel.NonnegativeConeT)(n))
        start += n
    for k, (size,) in enumerate(held.get("PSDCON", [])):
        n = int(size)
        entries = {
            (int(j), int(i), int(c)): -float(v) for b, c, i, j, v in held.get("HCOORD", []) if int(b) == k
        }
        fixed = {(int(j), int(i), 0): float(v) for b, i, j, v in held.get("DCOORD", []) if int(b) == k}
        whole, side = np.zeros((n * (n + 1) // 2, columns)), np.zeros(n * (n + 1) // 2)
        for (place, key), value in packed(entries, n).items():
            whole[place, key] = value
        for (place, _), value in packed(fixed, n).items():
            side[place] = value
        parts.append(csc_matrix(whole))
        rights.append(side)
        cones.append(clarabel.PSDTriangleConeT(n))
    return by_clarabel(cost, vstack(parts), np.concatenate(rights), cones)


@pytest.mark.parametrize("name", QUESTIONS)
def test_cbf_and_sdpa_have_the_optimum_of_the_literature(name):
    question, value = QUESTIONS[name]
    asked = question()
    assert -read_cbf(exported(asked, "cbf")) == pytest.approx(value, abs=1e-6)
    assert -read_sdpa(exported(asked, "sdpa")) == pytest.approx(value, abs=1e-6)


def test_cbf_is_read_by_mosek(tmp_path):
    mosek = pytest.importorskip("mosek")
    path = tmp_path / "program.cbf"
    to_file(guess("5/2"), path)
    with mosek.Env() as env, env.Task() as task:
        task.readdata(str(path))
        assert task.getobjsense() == mosek.objsense.maximize
        rows = sum(task.getaccn(k) for k in range(task.getnumacc()))
        named = [line for line in path.read_text().splitlines() if line.startswith("# row")]
        assert (rows, task.getnumbarvar()) == (len(named), 0)


def test_a_task_of_mosek_has_as_many_rows_and_columns():
    pytest.importorskip("mosek")
    held = json.loads(exported(guess("5/2"), "task"))
    assert held["Task/INFO"]["numvar"] == 2  # one of four errors that cost the same, and no error
    assert held["Task/INFO"]["numacc"] >= 2


def test_a_file_of_a_question_s_own_method(tmp_path):
    guess("3").to_file(tmp_path / "x.vipr")
    assert check((tmp_path / "x.vipr").read_text()).relation == ("3/4", "3/4")
    assert guess("3").to_cvxpy().problem.solve(solver="CLARABEL") == pytest.approx(3 / 4, abs=1e-7)


# ------------------------------------------------------------------ quantum devices


def quantum(level, ask, *tests, scenario=None):
    adversary = {"devices": "quantum", "level": level}
    return Question(scenario or chsh(), Uniform(), adversary=adversary, tests=tests, ask=ask)


#: Tsirelson; Wehner (quant-ph/0510076); Masanes, Pironio and Acin (arXiv:1009.1567).
MATRICES = {
    "score": (lambda: quantum("1 + A B", {"quantity": "score", "functional": "chsh"}), 2 * math.sqrt(2)),
    "smallest": (
        lambda: quantum(
            "1", {"quantity": "score", "functional": "chained", "extreme": "smallest"}, scenario=chained(3)
        ),
        -6 * math.sin(math.pi / 12) ** 2,
    ),
    "guess": (
        lambda: quantum(
            "1 + A B", Ask("guessing-probability", of="A", at=[0, 0]), Demand("chsh", ">=", "27/10")
        ),
        0.5 + 0.5 * math.sqrt(2 - 2.7**2 / 4),
    ),
}


@pytest.mark.parametrize("name", MATRICES)
def test_matrices_have_the_optimum_of_the_literature(name):
    question, value = MATRICES[name]
    asked = question()
    assert -read_cbf(exported(asked, "cbf")) == pytest.approx(value, abs=2e-6)
    assert -read_sdpa(exported(asked, "sdpa")) == pytest.approx(value, abs=2e-6)


def test_mosek_reads_matrices_and_writes_them_again(tmp_path):
    """Through MOSEK's task file and back the program has the same optimum."""
    mosek = pytest.importorskip("mosek")
    question, value = MATRICES["guess"]
    given, again = tmp_path / "given.jtask", tmp_path / "again.cbf"
    to_file(question(), given)
    with mosek.Env() as env, env.Task() as task:
        task.readdata(str(given))
        task.writedata(str(again))
    lines = [line for line in again.read_text().splitlines() if not line.startswith("#")]
    assert -read_cbf("\n".join(lines)) == pytest.approx(value, abs=2e-6)


def test_formats_without_matrices_say_so():
    with pytest.raises(InputError, match="mps holds linear programs only"):
        exported(MATRICES["score"][0](), "mps")
    with pytest.raises(InputError, match="only quantum devices have a moment matrix"):
        exported(guess("3"), "matrix")


def test_the_moment_matrix_is_written_by_words():
    lines = exported(MATRICES["score"][0](), "matrix").splitlines()
    assert lines[0] == "row,column,number,moment"
    assert len(lines) == 1 + 9 * 10 // 2
    assert "1,1,0,<1>" in lines
    assert any(line.startswith("A0,B0,") and line.endswith("<A0 B0>") for line in lines)


# ------------------------------------------------------------------ the VIPR reader itself

BY_HAND = """% max x + y with x + 2 y <= 4, 3 x + y <= 6: 14/5 at (8/5, 6/5)
VER 1.0
VAR 2
x y
INT 0
OBJ max
2 0 1 1 1
CON 4 2
lx G 0 1 0 1
ly G 0 1 1 1
first L 4 2 0 1 1 2
second L 6 2 0 3 1 1
RTP range 14/5 14/5
SOL 1
best 2 0 8/5 1 6/5
DER 1
top L 14/5 OBJ { lin 2 2 2/5 3 1/5 } -1
"""


def test_the_reader_accepts_a_certificate_made_by_hand():
    assert check(BY_HAND).relation == ("14/5", "14/5")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("VER 1.0", "VER 2.0"),
        ("range 14/5 14/5", "range 14/5 13/5"),
        ("range 14/5 14/5", "range 3 14/5"),
        ("range 14/5 14/5", "infeas"),
        ("0 8/5", "0 9/5"),
        ("2 2/5 3", "2 -2/5 3"),
        ("2 2/5 3", "2 3/5 3"),
        ("top L", "top G"),
        ("lx G 0 1", "lx G 0 2 1 1"),
        ("{ lin", "{ rnd"),
        ("{ lin 2 2 2/5 3 1/5 }", "{ asm }"),
        ("OBJ max", "OBJ min"),
        ("} -1\n", "} -1\nmore"),
    ],
)
def test_the_reader_refuses_changes_of_it(old, new):
    assert BY_HAND.count(old) == 1
    with pytest.raises(Refused):
        check(BY_HAND.replace(old, new))


# ------------------------------------------------------------------ VIPR of held certificates

#: Each way of a proof and each kind of source: a claim and its instance.
HELD = {
    "cycle": lambda: guess("5/2"),
    "cycle, biased bits": lambda: claim("chained_leakage_average_sv", 1),
    "cycle, mutual": lambda: claim("chsh_local_score_sources", 1),
    "cycle, independent": lambda: claim("chsh_local_score_sources", 2),
    "cycle, limits": lambda: claim("published_reduced_independence"),
    "deterministic": lambda: claim("mdl_local_maximum"),
    "deterministic, independent": lambda: claim("hardy_local_score_sources", 2),
    "vertices": lambda: claim("joint_score_gap_sv"),
    "cells, uniform": lambda: claim("ghz_one_party"),
    "strings": lambda: claim("ghz_biases_of_some", 2),
}


@pytest.mark.parametrize("name", HELD)
def test_vipr_proves_the_bound_of_the_certificate(name):
    result = bound(HELD[name]())
    found = check(vipr(result))
    sign = -1 if result.question.ask.extreme == "smallest" else 1
    upper = result.bracket.upper if sign > 0 else -result.bracket.lower
    reached = result.bracket.lower if sign > 0 else -result.bracket.upper
    # the program is solved again: where right sides are rounded its ends are the result's but for that
    rounded = any(line.startswith("% ") and "rounded" in line for line in vipr(result).splitlines())
    room = F(1, 2**50) if rounded or not isinstance(upper, F) else F(0)
    for stated, known in zip(found.relation, (reached, upper), strict=True):
        if stated != "-inf":
            assert compare(F(stated) - known, room) <= 0
            assert compare(known - F(stated), room) <= 0


def test_vipr_holds_the_attack():
    assert check(vipr(bound(guess("3")))).relation == ("3/4", "3/4")
    assert check(vipr(bound(claim("mdl_local_maximum")))).relation[0] != "-inf"


def test_vipr_of_limits_is_exact():
    """P(s|w) within [1/8, 3/8]: the fold over limits is written out as multipliers of the limits."""
    asked = guess("12/5", source=MeasurementDependence("1/8", "3/8"))
    result = bound(asked)
    assert F(check(vipr(result)).relation[1]) == result.bracket.upper


def test_vipr_proves_that_no_strategy_exists():
    result = bound(claim("published_mdl"))
    assert result.impossible
    text = vipr(result)
    assert check(text).infeasible
    with pytest.raises(Refused):
        check(re.sub(r"(bound L) \S+ 0", r"\1 0 0", text))


@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        pytest.param(r"3/4 3/4", "3/4 74/100", id="better bound stated"),
        pytest.param(r"bound L 3/4", "bound L 74/100", id="better bound derived"),
        pytest.param(r"range 3/4", "range 4/5", id="better solution value stated"),
        pytest.param(r"test0 L -3 ", "test0 L -5/2 ", id="test weaker"),
        pytest.param(r"test0 L -3 ", "test0 L -4 ", id="test stronger than the solution"),
        pytest.param(r"range 3/4 3/4", "infeas", id="infeasible instead"),
        pytest.param(r"(attack \d+ \d+) \S+", r"\1 2", id="solution off the equalities"),
    ],
)
def test_vipr_tampered_with_is_refused(pattern, new):
    changed, count = re.subn(pattern, new, vipr(bound(guess("3"))))
    assert count == 1
    with pytest.raises(Refused):
        check(changed)


@pytest.mark.parametrize("name", ["deterministic", "vertices"])
def test_vipr_with_any_number_of_the_derivation_changed_is_refused(name):
    head, tail = vipr(bound(HELD[name]())).rsplit("{ lin ", 1)
    words = tail.split()
    assert len(words) > 5
    for k in range(len(words) - 2):
        changed = [*words[:k], str(F(words[k]) + 1), *words[k + 1 :]]
        with pytest.raises(Refused):
            check(f"{head}{{ lin {' '.join(changed)}\n")


# ------------------------------------------------------------------ errors


def test_formats_that_do_not_hold_a_program_are_named(tmp_path):
    with pytest.raises(InputError, match="ends in none of"):
        to_file(guess("3"), tmp_path / "x.lp")
    with pytest.raises(InputError, match="one linear program"):
        to_file(bound(claim("chained_local_threshold_sv"), threshold=THRESHOLD), tmp_path / "x.vipr")
    for name in ("entropy_chsh_shannon", "entropy_chsh"):
        for ending in ("cbf", "dat-s"):
            with pytest.raises(InputError, match="an entropy is no optimum of a program"):
                to_file(claim(name), tmp_path / f"x.{ending}")
        with pytest.raises(InputError, match="an entropy is no optimum of a program"):
            claim(name).to_cvxpy()
    with pytest.raises(InputError, match="an entropy is proved by chords"):
        vipr(bound(claim("entropy_chsh_shannon", 0)))
    with pytest.raises(InputError, match=r"written to a \.vipr file"):
        to_file(bound(guess("3")), tmp_path / "x.mps")
    with pytest.raises(InputError, match="did you mean 'cbf'"):
        exported(guess("3"), "cfb")


def test_exports_print_nothing(capfd, tmp_path):
    to_file(bound(guess("3")), tmp_path / "x.vipr")
    to_file(guess("3"), tmp_path / "x.dat-s")
    assert capfd.readouterr() == ("", "")
    assert check((tmp_path / "x.vipr").read_text()).relation == ("3/4", "3/4")
