"""SDPA, CBF and MOSEK's task files: read back by readers of our own and by MOSEK, and solved."""

from __future__ import annotations

import math
from fractions import Fraction as F
from pathlib import Path

import clarabel
import numpy as np
import pytest
from scipy.sparse import csc_matrix, vstack

from freerand_opt.certificates.certify import multipliers
from freerand_opt.model import functional
from freerand_opt.model.question import Adversary, Ask, Output, Question
from freerand_opt.model.question import Test as Demand
from freerand_opt.model.scenario import chained, chsh
from freerand_opt.model.source import Uniform
from freerand_opt.programs.build import build
from freerand_opt.programs.export_conic import as_cbf, as_sdpa
from freerand_opt.programs.solution import Solution
from freerand_opt.solvers import highs
from freerand_opt.solvers import mosek as route
from freerand_opt.spec.file import read

LPS = Path(__file__).parent.parent / "lps"


def score():
    scenario = chsh()
    ask = Ask("score", functional=functional.chsh(scenario))
    return build(Question(scenario, Uniform(), "uniform", Adversary("quantum", level="1 + A B"), (), ask))


def smallest():
    scenario = chained(3)
    ask = Ask("score", functional=functional.chained(scenario), extreme="smallest")
    return build(Question(scenario, Uniform(), "uniform", Adversary("quantum", level="1"), (), ask))


def guess():
    scenario = chsh()
    test = Demand(functional.chsh(scenario), ">=", F(27, 10), "chsh")
    ask = Ask("guessing-probability", Output((0, 0, 1, 1), 2, "A"), (0, 0))
    adversary = Adversary("quantum", level="1 + A B")
    return build(Question(scenario, Uniform(), "uniform", adversary, (test,), ask))


def linear():
    return build(read(str(LPS / "no_signalling_guess_chsh.toml")).instances[0].question)


#: Tsirelson; Wehner (quant-ph/0510076); Masanes, Pironio and Acin (arXiv:1009.1567); arXiv:0911.3427.
MATRICES = [
    (score, 2 * math.sqrt(2)),
    (smallest, -6 * math.sin(math.pi / 12) ** 2),
    (guess, 0.5 + 0.5 * math.sqrt(2 - 2.7**2 / 4)),
]
ALL = [*MATRICES, (linear, 0.75)]


# ------------------------------------------------------------------ readers that know only the formats


def by_clarabel(objective, matrix, right, cones):
    """Return (value, y, z) of min objective.y with right - matrix y in the cones."""
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    n = len(objective)
    solver = clarabel.DefaultSolver(
        csc_matrix((n, n)), np.array(objective), csc_matrix(matrix), np.array(right), cones, settings
    )
    found = solver.solve()
    assert "Solved" in str(found.status)
    return found.obj_val, np.array(found.x), np.array(found.z)


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
    return by_clarabel(costs, vstack(parts), np.concatenate(rights), cones)[0]


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
    assert (held["VER"], held["OBJSENSE"]) == ("2", "MAX")
    columns = sum(n for _, n in held["VAR"])
    signed = np.repeat([cone == "L+" for cone, _ in held["VAR"]], [n for _, n in held["VAR"]])
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
    parts.append(csc_matrix(-np.eye(columns)[signed]))
    rights.append(np.zeros(int(signed.sum())))
    cones.append(clarabel.NonnegativeConeT(int(signed.sum())))
    for k, (word,) in enumerate(held.get("PSDCON", [])):
        size = int(word)
        inside = {(int(j), int(i), int(v)): float(x) for b, v, i, j, x in held["HCOORD"] if int(b) == k}
        inside |= {(int(j), int(i), -1): float(x) for b, i, j, x in held.get("DCOORD", []) if int(b) == k}
        whole = np.zeros((size * (size + 1) // 2, columns + 1))
        for (place, key), value in packed(inside, size).items():
            whole[place, key] = value
        parts.append(csc_matrix(-whole[:, :-1]))
        rights.append(whole[:, -1])
        cones.append(clarabel.PSDTriangleConeT(size))
    kept = [k for k, part in enumerate(parts) if part.shape[0]]
    value = by_clarabel(
        cost,
        vstack([parts[k] for k in kept]),
        np.concatenate([rights[k] for k in kept]),
        [cones[k] for k in kept],
    )[0]
    return -value


@pytest.mark.parametrize(("make", "value"), ALL)
def test_sdpa_has_the_known_optimum_with_the_other_sign(make, value):
    text = as_sdpa(make().above.program)
    assert text.isascii()
    assert read_sdpa(text) == pytest.approx(-value, abs=1e-6)


@pytest.mark.parametrize(("make", "value"), ALL)
def test_cbf_has_the_known_optimum(make, value):
    text = as_cbf(make().above.program)
    assert text.isascii()
    assert read_cbf(text) == pytest.approx(value, abs=1e-6)


def test_the_readers_see_a_changed_number():
    program = score().above.program
    # the normalisation <1> = 1 becomes <1> = 2
    text = as_cbf(program)
    changed = text.replace("\nBCOORD\n1\n0 1\n", "\nBCOORD\n1\n0 2\n")
    assert changed != text
    assert read_cbf(changed) == pytest.approx(4 * math.sqrt(2), abs=1e-6)
    text = as_sdpa(program)
    changed = text.replace("\n0 2 1 1 -1\n0 2 2 2 1\n", "\n0 2 1 1 -2\n0 2 2 2 2\n")
    assert changed != text
    assert read_sdpa(changed) == pytest.approx(-4 * math.sqrt(2), abs=1e-6)


def test_comments_name_columns_and_rows():
    program = guess().above.program
    for text, mark in ((as_sdpa(program), "*"), (as_cbf(program), "#")):
        lines = text.splitlines()
        assert f"{mark} c0: {program.column_label(0)}" in lines
        assert f"{mark} r91: moment matrix, facet 0, entry 44 [g1]" in lines
        assert any("left out" in line for line in lines)


# ------------------------------------------------------------------ MOSEK, without a licence


@pytest.mark.parametrize(("make", "value"), MATRICES)
def test_cbf_with_matrices_is_read_back_by_mosek(make, value, tmp_path):
    mosek = pytest.importorskip("mosek")
    program = make().above.program
    path = tmp_path / "program.cbf"
    path.write_text(as_cbf(program), encoding="ascii")
    with mosek.Task() as task:
        task.readdata(str(path))
        assert task.getobjsense() == mosek.objsense.maximize
        assert (task.getnumvar(), task.getnumcon(), task.getnumbarvar()) == (program.shape[1], 0, 0)
        assert np.array_equal(task.getc(), program.objective.floats())
        kinds = [task.getdomaintype(task.getaccdomain(k)) for k in range(task.getnumacc())]
        sizes = [task.getaccn(k) for k in range(len(kinds))]
        triangles = [n * (n + 1) // 2 for _, n in program.psd_blocks]
        svec = mosek.domaintype.svec_psd_cone
        assert [n for kind, n in zip(kinds, sizes, strict=True) if kind == svec] == triangles
        assert task.getaccntot() == program.shape[0]
        assert len(task.getaccftrip()[0]) == program.matrix.nnz


@pytest.mark.parametrize(("make", "value"), ALL)
def test_task_files_are_read_back_by_mosek(make, value, tmp_path):
    mosek = pytest.importorskip("mosek")
    program = make().above.program
    path = tmp_path / "program.jtask"
    path.write_text(route.task_text(program), encoding="utf-8")
    with mosek.Task() as task:
        task.readdata(str(path))
        task.writedata(str(tmp_path / "program.task"))
    with mosek.Task() as task, route.as_task(program) as made:
        task.readdata(str(tmp_path / "program.task"))
        for name in ("getnumcon", "getnumvar", "getnumbarvar", "getnumanz", "getnumbaranz", "getobjsense"):
            assert getattr(task, name)() == getattr(made, name)(), name
        assert task.getnumbarvar() == len(program.psd_blocks)
        dims = [task.getdimbarvarj(k) for k in range(task.getnumbarvar())]
        assert dims == [size for _, size in program.psd_blocks]
        inside = task.getbarablocktriplet()[0] if dims else 0
        assert inside + task.getnumanz() == program.matrix.nnz
        assert data(mosek, task) == data(mosek, made)
        if dims:
            assert solved_task(mosek, task)[0] == pytest.approx(value, abs=1e-6)


def data(mosek, task):
    """Return all coefficients of a task, for comparison."""
    rows, columns = task.getnumcon(), task.getnumvar()
    bars = task.getnumbarvar()
    return (
        list(task.getc()),
        [list(part) for part in task.getconboundslice(0, rows)],
        [list(part) for part in task.getvarboundslice(0, columns)],
        sorted(zip(*map(list, task.getatrip()), strict=True)),
        sorted(zip(*map(list, task.getbarablocktriplet()[1:]), strict=True)) if bars else [],
        sorted(zip(*map(list, task.getbarcblocktriplet()[1:]), strict=True)) if bars else [],
    )


def solved_task(mosek, task):
    """Return (optimum, y, x, [X]) of a task that minimises over rows = d and matrix variables.

    MOSEK's own definition: min c.x + <C, X> with A x + <A_i, X> = d_i; y is the rows' multiplier.
    """
    assert task.getobjsense() == mosek.objsense.minimize
    rows, columns = task.getnumcon(), task.getnumvar()
    dims = [task.getdimbarvarj(k) for k in range(task.getnumbarvar())]
    keys, low, high = task.getconboundslice(0, rows)
    assert set(keys) == {mosek.boundkey.fx} and list(low) == list(high)
    starts = columns + np.concatenate([[0], np.cumsum([n * (n + 1) // 2 for n in dims])])
    total = int(starts[-1])

    def place(k, i, j):  # of the scaled triangle; MOSEK gives i >= j
        assert i >= j
        return int(starts[k]) + i * (i + 1) // 2 + j, 1.0 if i == j else math.sqrt(2)

    cost = np.zeros(total)
    cost[:columns] = task.getc()
    for k, i, j, value in zip(*task.getbarcblocktriplet()[1:], strict=True):
        at, scale = place(k, i, j)
        cost[at] = scale * value
    equal = np.zeros((rows, total))
    for i, j, value in zip(*task.getatrip(), strict=True):
        equal[i, j] = value
    for row, k, i, j, value in zip(*task.getbarablocktriplet()[1:], strict=True):
        at, scale = place(k, i, j)
        equal[row, at] = scale * value
    kinds = task.getvarboundslice(0, columns)[0]
    signed = [j for j, kind in enumerate(kinds) if kind == mosek.boundkey.lo]
    assert all(kind in (mosek.boundkey.lo, mosek.boundkey.fr) for kind in kinds)
    inside = -np.eye(total)[[*signed, *range(columns, total)]]
    cones = [clarabel.ZeroConeT(rows)] + ([clarabel.NonnegativeConeT(len(signed))] if signed else [])
    cones += [clarabel.PSDTriangleConeT(n) for n in dims]
    right = np.concatenate([low, np.zeros(len(inside))])
    value, x, z = by_clarabel(cost, np.vstack([equal, inside]), right, cones)
    matrices = []
    for k, n in enumerate(dims):
        full = np.zeros((n, n))
        for i in range(n):
            for j in range(i + 1):
                at, scale = place(k, i, j)
                full[i, j] = full[j, i] = x[at] / scale
        matrices.append(full)
    return value, -z[:rows], x[:columns], matrices


@pytest.mark.parametrize(("make", "value"), MATRICES)
def test_a_solution_in_the_task_is_read_as_multipliers(make, value, monkeypatch):
    """MOSEK does not optimise here; another solver's answer is put where MOSEK leaves its own."""
    mosek = pytest.importorskip("mosek")
    program = make().above.program
    with route.as_task(program) as task:
        optimum, y, x, matrices = solved_task(mosek, task)
        kind = mosek.soltype.itr
        task.puty(kind, y)
        task.putxx(kind, x)
        for k, matrix in enumerate(matrices):
            # column by column of the lower triangle, as MOSEK keeps it
            task.putbarxj(kind, k, [matrix[i, j] for j in range(len(matrix)) for i in range(j, len(matrix))])
        _, primal, found = route.read_solution(program, task)
    assert program.objective.floats() @ primal == pytest.approx(optimum, abs=1e-6)
    hint = Solution("optimal", "mosek", primal, found, None, None, 0.0, 0.0, 0.0)
    # wrong places or factors would prove far less
    assert value - 1e-12 <= float(multipliers(program, hint).bound) <= value + 1e-6


def test_mosek_itself_finds_linear_multipliers_feasible():
    """MOSEK measures violations without a licence: its signs are those that `read_solution` expects."""
    mosek = pytest.importorskip("mosek")
    program = linear().above.program
    solved = highs.solve(program)
    z = solved.multipliers
    reduced = program.objective.floats() - program.float_matrix.T @ z
    kind = mosek.soltype.bas
    rows, columns = (list(range(size)) for size in program.shape)
    with route.as_task(program) as task:
        task.putxx(kind, solved.primal)
        task.putxc(kind, program.float_matrix @ solved.primal)
        task.puty(kind, z)
        # in a maximisation y = slc - suc with slc, suc <= 0
        task.putslc(kind, np.minimum(z, 0))
        task.putsuc(kind, -np.maximum(z, 0))
        task.putslx(kind, np.minimum(reduced, 0))
        task.putsux(kind, -np.maximum(reduced, 0))
        assert max(task.getdviolcon(kind, rows)) < 1e-12
        assert max(task.getdviolvar(kind, columns)) < 1e-12
        assert max(task.getpviolcon(kind, rows)) < 1e-12
        assert (task.getprimalobj(kind), task.getdualobj(kind)) == pytest.approx((0.75, 0.75), abs=1e-9)
        _, primal, found = route.read_solution(program, task)
        assert np.array_equal(primal, solved.primal)
        assert found == pytest.approx(z, abs=1e-12)
        # and with the other sign they are not
        task.puty(kind, -z)
        assert max(task.getdviolvar(kind, columns)) > 0.1


def test_mosek_itself_finds_the_moments_feasible():
    """The program's slack b - A x is the dual slack of its task, in the same order of entries."""
    mosek = pytest.importorskip("mosek")
    program = guess().above.program
    kind = mosek.soltype.itr
    linear_rows, _, _, _ = route._places(program)
    with route.as_task(program) as task:
        _, y, _, _ = solved_task(mosek, task)
        for sign, feasible in ((1, True), (-1, False)):
            slack = program.float_right - program.float_matrix @ (sign * y)
            task.puty(kind, sign * y)
            task.putslc(kind, np.maximum(sign * y, 0))
            task.putsuc(kind, np.maximum(-sign * y, 0))
            task.putslx(kind, slack[linear_rows])
            task.putsux(kind, np.zeros(int(linear_rows.sum())))
            for k, (start, size) in enumerate(program.psd_blocks):
                full = np.zeros((size, size))
                # our triangle column by column is the lower one row by row
                full[np.tril_indices(size)] = slack[start : start + size * (size + 1) // 2]
                task.putbarsj(kind, k, full.T[np.triu_indices(size)])
            found = [
                *task.getdviolcon(kind, list(range(task.getnumcon()))),
                *task.getdviolvar(kind, list(range(task.getnumvar()))),
                *task.getdviolbarvar(kind, list(range(task.getnumbarvar()))),
            ]
            assert (max(found) < 1e-6) is feasible
            assert sign * task.getdualobj(kind) == pytest.approx(
                0.5 + 0.5 * math.sqrt(2 - 2.7**2 / 4), abs=1e-6
            )


def test_a_task_without_a_solution_is_a_poor_hint():
    pytest.importorskip("mosek")
    program = score().above.program
    with route.as_task(program) as task:
        status, primal, found = route.read_solution(program, task)
    assert (status, primal.any(), found.any()) == ("stopped", False, False)


# ------------------------------------------------------------------ the command line


@pytest.mark.parametrize("form", ["mps", "vipr"])
def test_linear_formats_refuse_matrices(form, freerand, tmp_path):
    path = tmp_path / "q.toml"
    path.write_text(
        'schema = 1\n[scenario]\nfamily = "chsh"\n[source]\nkind = "uniform"\n[adversary]\n'
        'devices = "quantum"\nlevel = "1"\n[ask]\nquantity = "score"\nfunctional = "chsh"\n'
    )
    done = freerand("show", path, "--as", form)
    assert done.code == 2
    assert done.err == f"error: --as: {form} holds linear programs only; take cbf, sdpa, task or json\n"
    assert read_sdpa(freerand("show", path, "--as", "sdpa").out) == pytest.approx(-2 * 2**0.5, abs=1e-6)
    assert read_cbf(freerand("show", path, "--as", "cbf").out) == pytest.approx(2 * 2**0.5, abs=1e-6)
