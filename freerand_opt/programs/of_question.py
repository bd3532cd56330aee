"""The one program by which a problem is shown, exported and compared with other software.

It is complete, or the relaxation that gives the bound: boxes of a cycle, deterministic boxes, vertices of the
source times cells, products of facets, moments of symmetric boxes for relations of many parties.
"""

from __future__ import annotations

from freerand_opt.conic.formats.conic import Conic, conic
from freerand_opt.conic.formats.named import Named, named
from freerand_opt.errors import TooLargeError
from freerand_opt.model.many import Many
from freerand_opt.model.problem import Point, Problem, Rows
from freerand_opt.programs.boxes import cell_space
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.listed import boxes_of_local, boxes_on_cycle, require_columns
from freerand_opt.programs.many import Moments, moments_program
from freerand_opt.programs.names import column_names, row_names
from freerand_opt.programs.source_cone import source_cone, vertex_cone
from freerand_opt.programs.strategies import Strategies, over_boxes, over_cells
from freerand_opt.programs.violations import with_violations

#: Sources with more vertices are taken by their facets; programs with more columns are not written out.
FEW_VERTICES = 64
MOST_COLUMNS = 60_000


def program_of(problem: Problem) -> Strategies:
    """Return the program of a problem about local or no-signalling devices; raise TooLargeError."""
    listed = boxes_on_cycle(problem, MOST_COLUMNS) or boxes_of_local(problem)
    if listed is not None:
        return over_boxes(problem, listed.boxes)
    try:
        few = not isinstance(problem.source, Rows) and vertex_cone(problem).nodes <= FEW_VERTICES
    except TooLargeError:
        few = False
    labels = few_labels(guesses_of(problem))
    cone = vertex_cone(problem) if few or isinstance(problem.source, Point) else source_cone(problem)
    require_columns(cone.nodes * cell_space(problem, labels).width * labels, MOST_COLUMNS)
    return over_cells(problem, cone)


def named_program(asked: Problem | Many) -> Named:
    """Return a linear program with names; of a question for existence it is that of the least violation."""
    if isinstance(asked, Many):
        return of_many(moments_program(asked.form(), attack=False))
    made = program_of(asked)
    program, rows, columns = made.program, row_names(made), column_names(made)
    notes = [
        f"{made.space.carriers} carriers x {made.cone.nodes} nodes of the source x {made.space.width} cells"
    ]
    if asked.ask.quantity == "strategy":
        program = with_violations(program)
        more = program.matrix.shape[1] - len(columns)
        columns += [f"violation{k}" for k in range(more)]
        rows += [f"violation{k}" for k in range(program.matrix.shape[0] - len(rows))]
        notes.append("The optimum is minus the least violation of the tests, or the margin of a single one.")
    return named(program, rows, columns, notes)


def conic_of(asked: Problem | Many, level: str = "") -> Conic:
    """Return the program in doubles; of quantum devices the relaxation of a level."""
    if isinstance(asked, Problem) and asked.devices == "quantum":
        from freerand_opt.programs.of_quantum import conic_form

        return conic_form(asked, level)
    return conic(named_program(asked))


def of_many(made: Moments) -> Named:
    """Return a program over moments of symmetric boxes with names."""
    columns = [f"g{g}.m{key[0]}.{key[1]}".replace(" ", "") for g in range(made.labels) for key in made.keys]
    rows = [".".join(str(part).replace(" ", "") for part in name) for name in made.program.names]  # type: ignore[attr-defined]
    return named(made.program, rows, columns, ["Moments of symmetric boxes, one box for each guess."])
