"""Exports read back by other software, and by a VIPR checker that knows only the format."""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import highspy
import numpy as np
import pytest
from scipy.sparse import csr_array

from freerand_opt.certificates.certify import bound, multipliers, point
from freerand_opt.numbers.exact import compare, enclose, sqrt
from freerand_opt.programs.build import build
from freerand_opt.programs.export import as_mps, as_vipr
from freerand_opt.programs.export_conic import as_cbf
from freerand_opt.programs.integer_matrix import of_rows
from freerand_opt.programs.program import ConicProgram, Labels, Rows, conic_program, vector
from freerand_opt.programs.relaxed import by_margin, without_objective
from freerand_opt.solvers import highs
from freerand_opt.spec.file import read

# pytest imports tests without putting their folder on the path
_spec = importlib.util.spec_from_file_location("vipr_reader", Path(__file__).with_name("vipr_reader.py"))
vipr_reader = sys.modules["vipr_reader"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(vipr_reader)
Refused, check = vipr_reader.Refused, vipr_reader.check

LPS = Path(__file__).parent.parent / "lps"
CHSH, CHAINED, BIASED = "no_signalling_guess_chsh", "chained_guess", "chained_leakage_fixed_sv"
TWO = sqrt(F(2))


def bounds_of(name: str, place: int):
    return build(read(str(LPS / f"{name}.toml")).instances[place].question)


def program_of(name: str, place: int) -> ConicProgram:
    return bounds_of(name, place).above.program


def small(objective, matrix, blocks, right, lower, upper) -> ConicProgram:
    """Build a program from lists; columns a, b, .., rows 0, 1, ..."""
    rows, start = [], 0
    for cone, size in blocks:
        part = of_rows([dict(enumerate(row)) for row in matrix[start : start + size]], len(matrix[0]))
        names = tuple(str(start + i) for i in range(size))
        rows.append(Rows(cone, part, vector(right[start : start + size]), Labels("row {0}", (names,))))
        start += size
    return conic_program(
        rows,
        objective=vector(map(F, objective)),
        lower=vector(map(F, lower)),
        upper=vector(map(F, upper)),
        column_labels=(Labels("column {0}", (tuple("abcdefgh"[: len(objective)]),)),),
    )


def mixed() -> ConicProgram:
    """Return a program with an empty column, negative and zero lower bounds, thirds, and two zero blocks."""
    return small(
        [1, -F(1, 3), 0, 2],
        [[1, 1, 0, 0], [1, -2, 0, 1], [0, 3, 0, -1], [-1, 0, 0, 1]],
        [("zero", 1), ("nonnegative", 2), ("zero", 1)],
        [F(1, 3), TWO, F(5, 7), F(0)],
        [-2, 0, 0, F(-1, 3)],
        [3, F(1, 7), 1, 2],
    )


PROGRAMS = [
    pytest.param(lambda: program_of(CHSH, 0), 0.75, id="chsh"),
    pytest.param(lambda: program_of(CHSH, 2), 1.5 - 2**0.5 / 2, id="chsh-irrational"),
    pytest.param(lambda: program_of(CHAINED, 2), (1 + 8 * np.sin(np.pi / 16) ** 2) / 2, id="chained-4"),
    # chained-leakage at eps = 1/100, N = 2: t = I/0.98^2, then t -> 0.02 + 0.98 t twice, then half of it
    pytest.param(lambda: program_of(BIASED, 1), (2 - 2**0.5) / 2 + 0.02 * 1.98 / 2, id="biased"),
    # by elimination: b = 1/3 - a, d = a, so 10/3 a - 1/9 with a <= 1/3 from b >= 0
    pytest.param(mixed, 1.0, id="mixed"),
]


# ------------------------------------------------------------------ MPS


def from_mps(text: str, folder: Path) -> highspy.Highs:
    path = folder / "program.mps"
    path.write_text(text, encoding="ascii")
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    return solver


def same_data(solver: highspy.Highs, program: ConicProgram) -> None:
    model = solver.getLp()
    assert (model.num_row_, model.num_col_) == program.shape
    assert model.sense_ == highspy.ObjSense.kMaximize
    assert np.array_equal(model.col_cost_, program.objective.floats())
    assert np.array_equal(model.col_lower_, program.lower.floats())
    assert np.array_equal(model.col_upper_, program.upper.floats())
    right = program.float_right
    assert np.array_equal(model.row_upper_, right)
    assert np.array_equal(model.row_lower_, np.where(program.zero_rows, right, -highspy.kHighsInf))
    matrix = model.a_matrix_
    assert matrix.format_ == highspy.MatrixFormat.kColwise
    expected = program.float_matrix.tocsc()
    assert np.array_equal(matrix.start_, expected.indptr)
    assert np.array_equal(matrix.index_, expected.indices)
    assert np.array_equal(matrix.value_, expected.data)


@pytest.mark.parametrize(("make", "value"), PROGRAMS)
def test_mps_is_read_back_bit_by_bit(make, value, tmp_path):
    program = make()
    solver = from_mps(as_mps(program), tmp_path)
    same_data(solver, program)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    assert solver.getInfo().objective_function_value == pytest.approx(value, abs=1e-8)


def test_comments_name_rows_columns_and_what_was_rounded():
    for text, mark in ((as_mps(program_of(CHSH, 2)), "*"), (as_cbf(program_of(CHSH, 2)), "#")):
        lines = text.splitlines()
        assert f"{mark} c0: P(00|00) [v0 g0]" in lines
        assert f"{mark} r17: test: chsh >= 2*sqrt(2)" in lines
        assert f"{mark} r17: right-hand side -2*sqrt(2) rounded to nearest" in lines


def test_no_label_ends_its_comment(tmp_path):
    program = program_of(CHSH, 0)
    rows, columns = (tuple(map(str, range(size))) for size in program.shape)
    evil = replace(
        program,
        row_labels=(Labels("first\nENDATA\r\nVER 7 é {0} " + "long " * 200, (rows,)),),
        column_labels=(Labels("\u2028RHS {0}", (columns,)),),
    )
    same_data(from_mps(as_mps(evil), tmp_path), program)
    assert all(len(line) <= 512 for line in as_cbf(evil).splitlines() if line.startswith("#"))
    solved = multipliers(program, highs.solve(program))
    assert check(as_vipr(evil, solved.values)).relation == ("-inf", "3/4")


# ------------------------------------------------------------------ CBF


@pytest.mark.parametrize(("make", "value"), PROGRAMS)
def test_cbf_is_read_back_by_mosek(make, value, tmp_path):
    mosek = pytest.importorskip("mosek")
    program = make()
    path = tmp_path / "program.cbf"
    path.write_text(as_cbf(program), encoding="ascii")
    rows, columns = program.shape
    with mosek.Env() as env, env.Task() as task:
        task.readdata(str(path))
        assert task.getobjsense() == mosek.objsense.maximize
        assert (task.getnumvar(), task.getnumcon(), task.getnumbarvar()) == (columns, 0, 0)
        assert np.array_equal(task.getc(), program.objective.floats())
        assert task.getcfix() == 0
        # cones are constraints F x + g in a domain
        kinds = [task.getdomaintype(task.getaccdomain(k)) for k in range(task.getnumacc())]
        sizes = [task.getaccn(k) for k in range(len(kinds))]
        zero = np.repeat([kind == mosek.domaintype.rzero for kind in kinds], sizes)
        assert set(kinds) == {mosek.domaintype.rzero, mosek.domaintype.rplus}
        places, where, entries = task.getaccftrip()
        matrix = csr_array((entries, (places, where)), shape=(len(zero), columns))
        constants = np.array(task.getaccgvector())
        lower, upper = limits(mosek, *task.getvarboundslice(0, columns))
    assert (matrix[:rows] != -program.float_matrix).nnz == 0
    assert np.array_equal(constants[:rows], program.float_right)
    assert np.array_equal(zero[:rows], program.zero_rows)
    # the other cones bound single columns
    assert not zero[rows:].any()
    for k in range(rows, len(zero)):
        row = matrix[[k]]
        (column,), (factor,) = row.indices, row.data
        side = lower if factor == 1 else upper
        assert factor in (1, -1)
        assert np.isinf(side[column])
        side[column] = -constants[k] * factor
    assert np.array_equal(lower, program.lower.floats())
    assert np.array_equal(upper, program.upper.floats())


def limits(mosek, keys, low, high):
    key = mosek.boundkey
    low = [-np.inf if k in (key.up, key.fr) else value for k, value in zip(keys, low, strict=True)]
    high = [np.inf if k in (key.lo, key.fr) else value for k, value in zip(keys, high, strict=True)]
    return np.array(low), np.array(high)


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


# ------------------------------------------------------------------ VIPR


def certified(name: str, place: int):
    """Return (program, multipliers, exactly feasible point) of an instance."""
    bounds = bounds_of(name, place)
    program = bounds.above.program
    solution = highs.solve(program)
    return program, multipliers(program, solution), point(bounds.below.program, solution)


CASES = [(CHSH, 0), (CHSH, 2), (CHAINED, 1), (CHAINED, 2), (BIASED, 1)]


@pytest.mark.parametrize(("name", "place"), CASES)
def test_vipr_states_this_program_and_proves_its_bound(name, place):
    program, proof, attack = certified(name, place)
    found = check(as_vipr(program, proof.values, attack))
    rows, columns = program.shape
    assert found.maximise
    assert (len(found.variables), found.bounds) == (columns, 2 * columns)
    assert all(found.objective.get(j, F(0)) == program.objective[j] for j in range(columns))
    for j in range(columns):
        lower, upper = found.constraints[2 * j : 2 * j + 2]
        assert (lower.sense, lower.right, lower.left) == (1, program.lower[j], {j: 1})
        assert (upper.sense, upper.right, upper.left) == (-1, program.upper[j], {j: 1})
    stated = found.constraints[2 * columns :]
    assert len(stated) == rows
    for i, constraint in enumerate(stated):
        assert constraint.left == dict(program.matrix.row(i))
        assert constraint.sense == (0 if program.zero_rows[i] else -1)
        # outward, and by no more than two steps of 2^-60
        assert 0 <= constraint.right - enclose(program.right[i], 80)[0] <= F(2, 2**60) + F(1, 2**80)
    lower_end, upper_end = map(F, found.relation)
    assert lower_end == sum(F(program.objective[j]) * x for j, x in enumerate(attack))
    assert compare(proof.bound, upper_end) <= 0
    assert 0 <= upper_end - lower_end < F(1, 10**14)


def test_vipr_of_rational_data_is_exact():
    program, proof, attack = certified(CHSH, 0)
    text = as_vipr(program, proof.values, attack)
    assert "RTP range 3/4 3/4" in text.splitlines()
    assert "relaxation" not in text
    assert "relaxation" in as_vipr(program_of(CHSH, 2), {})


def test_vipr_of_poor_multipliers_proves_their_poor_bound():
    program = program_of(BIASED, 0)
    values = {row: F(row % 7, 3) for row in range(program.shape[0])}
    found = check(as_vipr(program, values))
    over = vector(enclose(program.right[i], 61)[1] for i in range(program.shape[0]))
    rounded = replace(program, right=over)
    assert found.relation[0] == "-inf"
    assert float(F(found.relation[1])) == pytest.approx(float(bound(rounded, values)))
    assert check(as_vipr(program, {})).relation[1] == str(bound(program, {}))


@pytest.mark.parametrize(("name", "place"), CASES)
def test_vipr_with_any_number_of_the_derivation_changed_is_refused(name, place):
    program, proof, attack = certified(name, place)
    text = as_vipr(program, proof.values, attack)
    head, tail = text.rsplit("{ lin ", 1)
    words = tail.split()
    assert len(words) > 5
    for k in range(len(words) - 2):
        changed = [*words[:k], str(F(words[k]) + 1), *words[k + 1 :]]
        with pytest.raises(Refused):
            check(f"{head}{{ lin {' '.join(changed)}\n")


@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        pytest.param(r"3/4 3/4", "3/4 74/100", id="better bound stated"),
        pytest.param(r"bound L 3/4", "bound L 74/100", id="better bound derived"),
        pytest.param(r"range 3/4", "range 4/5", id="better solution value stated"),
        pytest.param(r"r17 L -3 ", "r17 L -5/2 ", id="test weaker"),
        pytest.param(r"r17 L -3 ", "r17 L -4 ", id="test stronger than the solution"),
        pytest.param(r"uJ L 1 ", "uJ L 0 ", id="column bound below the solution"),
        pytest.param(r"range 3/4 3/4", "infeas", id="infeasible instead"),
        pytest.param(r"(point \d+ J) \S+", r"\1 2", id="solution beyond a bound"),
        pytest.param(r"(point \d+ J) \S+", r"\1 1/1000", id="solution off the equalities"),
    ],
)
def test_vipr_tampered_elsewhere_is_refused(pattern, new):
    program, proof, attack = certified(CHSH, 0)
    # J stands for the first column that is not 0 in the solution
    first = str(next(j for j, x in enumerate(attack) if x))
    text = as_vipr(program, proof.values, attack)
    changed, count = re.subn(pattern.replace("J", first), new.replace("J", first), text)
    assert count == 1
    with pytest.raises(Refused):
        check(changed)


@pytest.mark.parametrize("with_objective", [False, True])
def test_vipr_proves_infeasibility(with_objective):
    question = read(str(LPS / f"{CHSH}.toml")).instances[0].question
    local = replace(question, adversary=replace(question.adversary, devices="local"))
    program = build(local).above.program
    empty = without_objective(program)
    easier = by_margin(empty)
    proof = multipliers(easier, highs.solve(easier))
    assert compare(proof.bound, F(0)) < 0
    text = as_vipr(program if with_objective else empty, proof.values)
    assert check(text).infeasible
    assert bool(check(text).objective) == with_objective
    with pytest.raises(Refused):
        check(re.sub(r"(bound L) \S+ 0", r"\1 0 0", text))
    with pytest.raises(Refused):
        # S >= 2 can be reached
        check(re.sub(r"(r\d+ L) -3 ", r"\1 -2 ", text))


@pytest.mark.parametrize(
    ("objective", "multiplier", "value"), [([1, -1], -1, 2 - TWO), ([1, 1], 1, TWO)], ids=["below", "above"]
)
def test_vipr_encloses_an_irrational_equality(objective, multiplier, value):
    program = small(objective, [[1, 1]], [("zero", 1)], [TWO], [0, 0], [1, 1])
    found = check(as_vipr(program, {0: F(multiplier)}))
    assert [(c.name, c.sense) for c in found.constraints[4:]] == [("r0u", -1), ("r0d", 1)]
    over = F(found.relation[1])
    assert compare(value, over) < 0
    assert compare(over - F(1, 2**58), value) < 0


def test_vipr_names_what_is_wrong_with_its_arguments():
    program, proof, attack = certified(CHSH, 0)
    with pytest.raises(ValueError, match=r"row 17 \(test: chsh >= 3\) is negative"):
        as_vipr(program, {17: F(-1)})
    with pytest.raises(ValueError, match="rows are 0 to 17"):
        as_vipr(program, {18: F(1)})
    with pytest.raises(ValueError, match="31 numbers for 32 columns"):
        as_vipr(program, proof.values, attack[1:])
    with pytest.raises(ValueError, match="breaks u3"):
        as_vipr(program, proof.values, [*attack[:3], F(3, 2), *attack[4:]])
    with pytest.raises(ValueError, match="breaks r"):
        as_vipr(program, proof.values, [F(0)] * 32)


def test_empty_objectives_are_exported(tmp_path):
    program = without_objective(mixed())
    assert "OBJACOORD" not in as_cbf(program)
    same_data(from_mps(as_mps(program), tmp_path), program)
    assert check(as_vipr(program, {})).relation == ("-inf", "0")


def test_exports_print_nothing(capfd):
    program, proof, attack = certified(CHAINED, 0)
    assert all((as_mps(program), as_cbf(program), as_vipr(program, proof.values, attack)))
    assert capfd.readouterr() == ("", "")
