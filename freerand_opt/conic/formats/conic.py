r"""Programs with linear rows and psd matrices in doubles, as CBF, SDPA and task files hold them.

.. math:: \max\; c \cdot x \;:\; b - A x = 0 \text{ or } \ge 0, \qquad B_k - \sum_j x_j F_{kj} \succeq 0
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from freerand_opt.conic.formats.named import Named, double, irrational_notes
from freerand_opt.errors import imported


@dataclass(frozen=True, eq=False)
class Conic:
    """Rows by name, columns free; `inside` (block, i <= j, column, value of F), `fixed` those of B."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    objective: dict[int, float]
    linear: tuple[tuple[int, int, float], ...]
    equal: tuple[bool, ...]
    right: tuple[float, ...]
    sizes: tuple[int, ...] = ()
    inside: tuple[tuple[int, int, int, int, float], ...] = ()
    fixed: tuple[tuple[int, int, int, float], ...] = ()
    notes: tuple[str, ...] = ()


def conic(held: Named) -> Conic:
    """Return a linear program in doubles."""
    program = held.program
    order = sorted((row, column, float(value)) for row, column, value in program.matrix.entries())
    rounded = irrational_notes(program, held.rows, "rounded to nearest")
    return Conic(
        held.rows,
        held.columns,
        {column: float(value) for column, value in program.objective.items()},
        tuple(order),
        program.equal,
        tuple(float(value) for value in program.right),
        notes=(*held.notes, *rounded),
    )


def comments(held: Conic, mark: str) -> Iterator[str]:
    """Yield notes and the names of columns and rows, which these formats number from 0."""
    yield from (
        f"{mark} {note}" for note in ("Numbers are the nearest doubles of the exact ones.", *held.notes)
    )
    yield from (f"{mark} column {j}: {name}" for j, name in enumerate(held.columns))
    yield from (f"{mark} row {i}: {name}" for i, name in enumerate(held.rows))


# ------------------------------------------------------------------ CBF


def as_cbf(held: Conic) -> str:
    """Return CBF text (version 2): columns free, rows as b - A x in L= or L+, a PSDCON for each matrix."""
    return "\n".join(_cbf(held)) + "\n"


def _cbf(held: Conic) -> Iterator[str]:
    yield from comments(held, "#")
    yield from ("VER", "2", "", "OBJSENSE", "MAX", "")
    yield from _section("PSDCON", [str(size) for size in held.sizes])
    yield from ("VAR", f"{len(held.columns)} 1", f"F {len(held.columns)}", "")
    cones: list[tuple[str, int]] = []
    for equal in held.equal:
        cone = "L=" if equal else "L+"
        count = cones.pop()[1] if cones and cones[-1][0] == cone else 0
        cones.append((cone, count + 1))
    if cones:
        yield from ("CON", f"{len(held.rows)} {len(cones)}", *(f"{cone} {n}" for cone, n in cones), "")
    yield from _section("OBJACOORD", [f"{j} {double(c)}" for j, c in sorted(held.objective.items()) if c])
    yield from _section("ACOORD", [f"{i} {j} {double(-x)}" for i, j, x in held.linear])
    yield from _section("BCOORD", [f"{i} {double(b)}" for i, b in enumerate(held.right) if b])
    # a lower triangle
    yield from _section("HCOORD", [f"{k} {c} {j} {i} {double(-x)}" for k, i, j, c, x in held.inside])
    yield from _section("DCOORD", [f"{k} {j} {i} {double(x)}" for k, i, j, x in held.fixed])


def _section(name: str, lines: list[str]) -> list[str]:
    return [name, str(len(lines)), *lines, ""] if lines else []


# ------------------------------------------------------------------ SDPA sparse


def as_sdpa(held: Conic) -> str:
    r"""Return SDPA sparse text (``.dat-s``), whose optimum is minus the program's.

    .. math:: \min\; -c \cdot x \;:\; \sum_j x_j F_j - F_0 \succeq 0,

    the matrices in order, then one diagonal block: both signs of each equality, and the inequalities.
    """
    return "\n".join(_sdpa(held)) + "\n"


def _sdpa(held: Conic) -> Iterator[str]:
    yield "* The optimum is minus that of the program, which maximises."
    yield from comments(held, "*")
    places: list[tuple[tuple[int, int], ...]] = []
    count = 0
    for equal in held.equal:
        signs = (1, -1) if equal else (1,)
        places.append(tuple((count + k, sign) for k, sign in enumerate(signs, start=1)))
        count += len(signs)
    sizes = [*map(str, held.sizes), *([str(-count)] if count else [])]
    yield from (f"{len(held.columns)} = m", f"{len(sizes)} = blocks", " ".join(sizes))
    yield " ".join(double(-held.objective.get(j, 0.0)) for j in range(len(held.columns)))
    last = len(sizes)
    for i, right in enumerate(held.right):
        yield from (f"0 {last} {d} {d} {double(-sign * right)}" for d, sign in places[i] if right)
    yield from (f"0 {k + 1} {i + 1} {j + 1} {double(-x)}" for k, i, j, x in held.fixed)
    for i, column, value in held.linear:
        yield from (f"{column + 1} {last} {d} {d} {double(-sign * value)}" for d, sign in places[i])
    for k, i, j, column, value in held.inside:
        yield f"{column + 1} {k + 1} {i + 1} {j + 1} {double(-value)}"


# ------------------------------------------------------------------ task


def as_task(held: Conic) -> str:
    """Return a task file as JSON text (``.jtask``); raise UnavailableError where MOSEK is not installed."""
    mosek = imported("mosek", "mosek is not installed; no licence is needed", "Mosek")
    with tempfile.TemporaryDirectory() as folder, mosek.Env() as env, env.Task() as task:
        given, written = Path(folder) / "program.cbf", Path(folder) / "program.jtask"
        given.write_text(as_cbf(held), encoding="ascii")
        task.readdata(str(given))
        task.writedata(str(written))
        return written.read_text(encoding="utf-8") + "\n"
