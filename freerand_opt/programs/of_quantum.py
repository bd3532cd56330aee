"""The relaxation of a problem about quantum devices in doubles, as it is exported and compared."""

from __future__ import annotations

from collections.abc import Hashable

from freerand_opt.conic.formats.conic import Conic
from freerand_opt.conic.formats.named import clean
from freerand_opt.conic.program import triangle
from freerand_opt.errors import TooLargeError
from freerand_opt.model.problem import Point, Problem
from freerand_opt.numbers.exact import text
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.moments import MomentProgram, moment_program, moments_of
from freerand_opt.programs.source_cone import Cone, source_cone, vertex_cone
from freerand_opt.programs.source_vertices import surely_more

#: Sources of bits with more vertices get a moment matrix for each facet.
FEW_VERTICES = 32


def relaxation(problem: Problem, level: str) -> MomentProgram:
    """Return the relaxation of a level; raise InputError for a level that lacks what the question needs."""
    guesses = guesses_of(problem)
    return moment_program(problem, cone_of(problem), moments_of(problem, level, few_labels(guesses)), guesses)


def cone_of(problem: Problem, most: int = FEW_VERTICES) -> Cone:
    """Return the cone of a problem's source: by its vertices, or by its own rows where they are many."""
    if isinstance(problem.source, Point) or surely_more(problem.source, most):
        return source_cone(problem)
    try:
        held = vertex_cone(problem)
    except TooLargeError:
        return source_cone(problem)
    return held if held.nodes else source_cone(problem)


def conic_form(problem: Problem, level: str) -> Conic:
    """Return a relaxation in doubles: linear rows by name, then a matrix for each label, facet and part."""
    made = relaxation(problem, level)
    program = made.program
    linear, inside, fixed = [], [], []
    places = {r: (k, int(i), int(j)) for k, r, i, j in _triangles(made)}
    for r, (row, right) in enumerate(zip(program.rows, program.right, strict=True)):
        if r < program.linear:
            linear += [(r, column, float(value)) for column, value in sorted(row.items())]
            continue
        k, i, j = places[r]
        inside += [(k, i, j, column, float(value)) for column, value in sorted(row.items())]
        fixed += [(k, i, j, float(right))] if right != 0 else []
    size = [f"matrix {k}: {_matrix(name, made)}" for k, name in enumerate(program.blocks)]
    rounded = [
        f"{_name(name)}: right side {text(right)} rounded to nearest"
        for name, right in zip(program.names, program.right, strict=False)
        if "/" not in text(right) and not text(right).lstrip("-").isdigit()
    ]
    return Conic(
        tuple(_name(name) for name in program.names),
        tuple(_columns(made)),
        {column: float(value) for column, value in program.objective.items()},
        tuple(linear),
        (True,) * program.equalities + (False,) * program.inequalities,
        tuple(float(right) for right in program.right[: program.linear]),
        program.sizes,
        tuple(inside),
        tuple(fixed),
        (f"level {level}", *size, *rounded),
    )


def _triangles(made: MomentProgram) -> list[tuple[int, int, int, int]]:
    found = []
    for k, (start, size) in enumerate(made.program.spans):
        i, j = triangle(size)
        found += [(k, start + place, int(a), int(b)) for place, (a, b) in enumerate(zip(i, j, strict=True))]
    return found


def _columns(made: MomentProgram) -> list[str]:
    space = made.moments.space
    labels = space.matrix.labels
    if space.face is not None:
        labels = tuple(labels[m] for m in space.face.free)
    return [
        f"g{c}:n{n}:{label}".replace(" ", "")
        for c in range(made.moments.carriers)
        for n in range(made.cone.nodes)
        for label in labels
    ]


def _name(name: Hashable) -> str:
    parts = name if isinstance(name, tuple) else (name,)
    return clean(".".join(str(part) for part in parts)).replace(" ", "")


def _matrix(name: Hashable, made: MomentProgram) -> str:
    assert isinstance(name, tuple)
    _, c, f, p = name
    return f"guess {c}, facet {'.'.join(map(str, made.cone.names[f]))}, part {p}"
