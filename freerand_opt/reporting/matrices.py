"""Moment matrices in words: which words, which moments, one for which facets of the source."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction

from freerand_opt.model.question import Question
from freerand_opt.model.scenario import Scenario
from freerand_opt.programs.cones import SourceCone
from freerand_opt.programs.moments import MomentMatrix
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.proving.symmetries import SYMMETRIC_SIZE
from freerand_opt.proving.symmetries import symmetric_blocks as blocks_of

#: So many rows and columns of a matrix are printed, in parts of at most so many characters a line.
PRINTED = 12
WIDTH = 100
#: At most so many facets or vertices of a source are printed.
LISTED = 8


def moment_matrices(made: MomentStrategies, scenario: Scenario) -> Iterator[str]:
    """Yield the moment matrix of a relaxation: its size, its blocks, and, if it is small, its entries."""
    matrix, cone = made.moments, made.cone
    size, blocks = matrix.size, len(made.program.psd_blocks)
    yield (
        f"moments     level {matrix.level}: a real symmetric {size} x {size} matrix, "
        f"{matrix.moments - 1} distinct moments besides <1>"
    )
    facets, guesses = cone.inequalities.shape[0], made.labels
    each = "vertex" if cone.vertices else "facet"
    many = "vertices" if cone.vertices else "facets"
    which = "" if len(cone.names) == 1 else f" x {facets} {many if facets > 1 else each} of the source"
    if made.whole:
        yield (
            f"            {blocks} psd block{'s' * (blocks > 1)} of {size} x {size}: {guesses} guess"
            f"{'es' * (guesses > 1)}{which}"
        )
    else:
        sizes = Counter(size for _, size in made.program.psd_blocks)
        left = (
            ", ".join(f"{count} psd blocks of {n} x {n}" for n, count in sizes.items()) or "linear rows alone"
        )
        yield (
            f"            on the face of the tests' zeros {made.space.width} moments are left, <1> included; "
            f"{guesses} guess{'es' * (guesses > 1)}{which}: {left}"
        )
    if which:
        yield from _vertices(cone, scenario) if cone.vertices else _facets(cone)
    words = matrix.word_labels()
    if size > PRINTED:
        yield f"words       {', '.join(words[:PRINTED])}, .., {words[-1]}"
    yield from _entries(matrix)


def symmetric_blocks(question: Question, made: MomentStrategies, symmetry: Sequence[str]) -> Iterator[str]:
    """Yield what the program's symmetries leave: unknowns and blocks, each with its number of copies."""
    if not made.whole:
        return
    held = blocks_of(question, made, symmetry)
    if held is None:
        small = made.moments.size < SYMMETRIC_SIZE
        yield "symmetry    " + (
            f"not used below {SYMMETRIC_SIZE} words unless named" if small else "none known; see --symmetry"
        )
        return
    sizes = sorted((block.basis.shape[2] for block in held.blocks), reverse=True)
    unknown = held.lift.shape[1]
    yield f"symmetry    {unknown - 1} moments besides <1> are left, of {made.moments.moments - 1}"
    many = ", ".join(f"{count} of {size} x {size}" for size, count in Counter(sizes).items())
    yield f"            each psd block of {made.moments.size} x {made.moments.size} splits into {many}"


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


def _facets(cone: SourceCone) -> Iterator[str]:
    """Yield the facets; t is 1 everywhere for a source that is not biased."""
    count = cone.inequalities.shape[0]
    for f in range(min(count, LISTED)):
        total = " + ".join(
            f"{'' if factor == 1 else f'{factor} '}t({cone.names[column]})"
            for column, factor in cone.inequalities.row(f)
        )
        yield f"facet {f:<5} {total.replace('+ -', '- ')} >= 0"
    if count > LISTED:
        yield f"            .. and {count - LISTED} more"


def _vertices(cone: SourceCone, scenario: Scenario) -> Iterator[str]:
    """Yield P(s|w) at the vertices of the source."""
    settings = len(cone.leaf)
    for v, vertex in enumerate(cone.vertices[:LISTED]):
        chances = ", ".join(
            f"{scenario.setting_label(s)}: {Fraction(share) / settings}"
            for s, share in enumerate(vertex[:16])
        )
        yield f"vertex {v:<4} P(s|w) = {chances}{', ..' if settings > 16 else ''}"
    if len(cone.vertices) > LISTED:
        yield f"            .. and {len(cone.vertices) - LISTED} more"


def _entries(matrix: MomentMatrix) -> Iterator[str]:
    """Yield the upper triangle, entry (u, v) being <u* v>; 0 where the product vanishes."""
    words, labels = matrix.word_labels(), matrix.labels
    size = min(matrix.size, PRINTED)

    def entry(i: int, j: int) -> str:
        held = int(matrix.classes[i, j])
        return "" if j < i else "0" if held < 0 else labels[held]

    cells = [["", *words[:size]], *([words[i], *(entry(i, j) for j in range(size))] for i in range(size))]
    widths = [max(len(row[column]) for row in cells) for column in range(size + 1)]
    part = "" if size == matrix.size else f"; the first {size} rows and columns, all by --as matrix"
    yield f"matrix      entry (u, v) = <u* v>, lower triangle by symmetry{part}"
    for number, columns in enumerate(_parts(widths)):
        if number:
            yield f"            columns {words[columns[0] - 1]} to {words[columns[-1] - 1]}"
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
