"""Moment matrices in words: which words, which moments, one for which facets of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from freerand_opt.model.scenario import Scenario
from freerand_opt.programs.cones import SourceCone
from freerand_opt.programs.moments import MomentMatrix
from freerand_opt.programs.quantum import MomentStrategies

#: Matrices of at most this size are printed entry by entry.
PRINTED = 12
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
    yield (
        f"            {blocks} psd block{'s' * (blocks > 1)} of {size} x {size}: {guesses} guess"
        f"{'es' * (guesses > 1)}{which}"
    )
    if which:
        yield from _vertices(cone, scenario) if cone.vertices else _facets(cone)
    if size <= PRINTED:
        yield from _entries(matrix)
    else:
        words = matrix.word_labels()
        yield f"words       {', '.join(words[:12])}, .., {words[-1]}"


def _facets(cone: SourceCone) -> Iterator[str]:
    """Yield the facets; t is 1 everywhere for a source that is not biased."""
    count = cone.inequalities.shape[0]
    for f in range(min(count, LISTED)):
        row = cone.inequalities[[f]].tocoo()
        terms = sorted(zip(row.coords[-1].tolist(), row.data.tolist(), strict=True))
        total = " + ".join(
            f"{'' if factor == 1 else f'{factor} '}t({cone.names[column]})" for column, factor in terms
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
    size = matrix.size

    def entry(i: int, j: int) -> str:
        held = int(matrix.classes[i, j])
        return "" if j < i else "0" if held < 0 else labels[held]

    cells = [["", *words], *([words[i], *(entry(i, j) for j in range(size))] for i in range(size))]
    widths = [max(len(row[column]) for row in cells) for column in range(size + 1)]
    yield "matrix      entry (u, v) = <u* v>, lower triangle by symmetry"
    for row in cells:
        yield "  " + _line(row, widths)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
