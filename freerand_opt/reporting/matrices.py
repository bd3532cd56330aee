"""Moment matrices in words: which words, which moments, one for which facets of the source."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from freerand_opt.bounds.methods.routes import blocks_of, symmetries
from freerand_opt.conic.affine import to_fraction
from freerand_opt.conic.program import triangle
from freerand_opt.errors import InputError
from freerand_opt.model.question import Question
from freerand_opt.programs.moments import MomentProgram
from freerand_opt.programs.names import joined
from freerand_opt.programs.npa.matrix import MomentMatrix
from freerand_opt.programs.npa.space import MomentSpace
from freerand_opt.programs.of_quantum import relaxation
from freerand_opt.programs.source_cone import Cone

#: So many rows and columns of a matrix are printed, in parts of at most so many characters a line.
PRINTED = 12
WIDTH = 80
#: At most so many facets or vertices of a source are printed.
LISTED = 8


def relaxed(question: Question) -> MomentProgram:
    """Return the relaxation of a question about quantum devices; raise InputError for others."""
    if question.adversary.devices != "quantum":
        raise InputError("adversary.devices", "only quantum devices have a moment matrix")
    return relaxation(question.problem(), question.adversary.level)


def moment_matrices(made: MomentProgram, symmetry: Sequence[str] = ()) -> Iterator[str]:
    """Yield the moment matrix of a relaxation: its size, its blocks, and, if it is small, its entries.

    Symmetries are those of the family, and those named; raise InputError for one that does not hold.
    """
    matrix, cone, space = made.moments.space.matrix, made.cone, made.moments.space
    size, guesses, facets = matrix.size, made.moments.carriers, len(cone.names)
    yield (
        f"moments     level {matrix.level}: a real symmetric {size} x {size} matrix, "
        f"{matrix.moments - 1} distinct moments besides <1>"
    )
    vertices = all(name[0] == "last" for name in cone.names)
    many = ("vertices" if vertices else "facets") if facets > 1 else "vertex" if vertices else "facet"
    which = "" if facets == 1 else f" x {facets} {many} of the source"
    of = f"{guesses} guess{'es' * (guesses > 1)}{which}"
    sizes = Counter(made.program.sizes)
    blocks = (
        ", ".join(f"{count} psd blocks of {n} x {n}" for n, count in sizes.items()) or "linear rows alone"
    )
    if space.face is not None:
        yield f"            on the face of the tests' zeros {space.width} moments are left, <1> included"
        yield from _face(space)
    yield f"            {of}: {blocks}"
    yield from _symmetry(made, symmetry)
    if which:
        yield from _vertices(made) if vertices else _facets(cone)
    words = matrix.word_labels()
    if size > PRINTED:
        yield f"words       {', '.join(words[:PRINTED])}, .., {words[-1]}"
    yield from _entries(matrix)


def _face(space: MomentSpace) -> Iterator[str]:
    """Yield what the zeros do to the state: which words are sums of others, and the blocks that are left."""
    held, words, labels = space.face, space.matrix.word_labels(), space.matrix.labels
    assert held is not None
    free = [labels[m] for m in held.free]
    for k, (x, kernel) in enumerate(sorted(held.kernel.items())[:LISTED]):
        rest = _sum((words[y], -to_fraction(value)) for y, value in kernel.row.items() if y != x)
        yield f"{'' if k else 'face':<12}{words[x]} = {rest} on every state that passes"
    if len(held.kernel) > LISTED:
        yield f"            .. and {len(held.kernel) - LISTED} more words"
    if not held.lift[0]:
        yield "            <1> = 0: no state passes"
    for part in space.parts:
        own = [words[x] for x in part.words]
        if part.cone != "psd" or len(own) > PRINTED:
            yield f"block       {part.cone}: {', '.join(own[:PRINTED]) or '1'}"
            continue
        cells = [[""] * len(own) for _ in own]
        i, j = triangle(len(own))
        for a, b, row in zip(i.tolist(), j.tolist(), part.rows, strict=True):
            cells[a][b] = _sum((free[k], value) for k, value in row.items())
        yield "block       in the moments that are left, lower triangle by symmetry"
        yield from _grid([["", *own], *([own[a], *cells[a]] for a in range(len(own)))])


def _sum(terms: Iterable[tuple[str, Fraction]]) -> str:
    """Return a sum in words, 0 if it has no terms."""
    parts = [f"{'-' if x < 0 else '+'} {'' if abs(x) == 1 else f'{abs(x)} '}{name}" for name, x in terms]
    return " ".join(parts).removeprefix("+ ") or "0"


def _symmetry(made: MomentProgram, symmetry: Sequence[str]) -> Iterator[str]:
    """Yield what symmetries leave of the moments, and the sizes of the blocks."""
    held = symmetries(made, symmetry)
    if held is None:
        return
    blocks = blocks_of(made, held)
    yield f"symmetry    {len(held.actions)} generator{'s' * (len(held.actions) > 1)}"
    if blocks is None:
        yield "            no smaller blocks were found"
        return
    sizes = Counter(block.basis.shape[2] for block in blocks.blocks)
    each = ", ".join(f"{count} of {n} x {n}" for n, count in sorted(sizes.items(), reverse=True))
    left, all_of = blocks.lift.shape[1], made.moments.matrix.moments
    yield f"            {left - 1} moments besides <1> are left, of {all_of - 1}; blocks: {each}"


def as_csv(matrix: MomentMatrix) -> str:
    """Return the upper triangle of a moment matrix as lines row,column,moment number,moment."""
    words, labels = matrix.word_labels(), matrix.labels
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["row", "column", "number", "moment"])
    for i in range(matrix.size):
        for j in range(i, matrix.size):
            held = int(matrix.classes[i, j])
            lines.writerow([words[i], words[j], held, labels[held] if held >= 0 else "0"])
    return text.getvalue()


def _facets(cone: Cone) -> Iterator[str]:
    """Yield the facets; t is a mass of a node of the source."""
    rows = cone.facets.by_row()
    for f, row in enumerate(rows[:LISTED]):
        total = " + ".join(f"{'' if factor == 1 else f'{factor} '}t{node}" for node, factor in row.items())
        yield f"facet {f:<5} {total.replace('+ -', '- ').replace('-1 ', '- ')} >= 0"
    if len(rows) > LISTED:
        yield f"            .. and {len(rows) - LISTED} more"


def _vertices(made: MomentProgram) -> Iterator[str]:
    """Yield P(s|w) at the vertices of the source."""
    points: list[dict[int, Fraction]] = [{} for _ in range(made.cone.nodes)]
    for s, node, mass in made.cone.masses.entries():
        points[node][s] = mass
    for v, point in enumerate(points[:LISTED]):
        shown = [
            f"{joined(made.problem.joint_settings[s])}: {share}" for s, share in list(point.items())[:16]
        ]
        yield f"vertex {v:<4} P(s|w) = {', '.join(shown)}{', ..' if len(point) > 16 else ''}"
    if len(points) > LISTED:
        yield f"            .. and {len(points) - LISTED} more"


def _entries(matrix: MomentMatrix) -> Iterator[str]:
    """Yield the upper triangle, entry (u, v) being <u* v>; 0 where the product vanishes."""
    words, labels = matrix.word_labels(), matrix.labels
    size = min(matrix.size, PRINTED)

    def entry(i: int, j: int) -> str:
        held = int(matrix.classes[i, j])
        return "" if j < i else "0" if held < 0 else labels[held]

    cells = [["", *words[:size]], *([words[i], *(entry(i, j) for j in range(size))] for i in range(size))]
    part = "" if size == matrix.size else f"; the first {size} rows and columns, all by --as matrix"
    yield f"matrix      entry (u, v) = <u* v>, lower triangle by symmetry{part}"
    yield from _grid(cells)


def _grid(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table with a heading, of an upper triangle, in parts that fit the width."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for number, columns in enumerate(_parts(widths)):
        if number:
            yield f"            columns {cells[0][columns[0]]} to {cells[0][columns[-1]]}"
        for row in cells[: columns[-1] + 1]:
            yield "  " + _line([row[c] for c in (0, *columns)], [widths[c] for c in (0, *columns)])


def _parts(widths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the columns that stand side by side, so that no line is longer than `WIDTH`."""
    held: list[int] = []
    for column in range(1, len(widths)):
        if held and widths[0] + sum(widths[c] + 2 for c in (*held, column)) > WIDTH - 2:
            yield held
            held = []
        held.append(column)
    yield held


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
