r"""The moments that a program has as columns, and the parts of the moment matrix that are in a cone.

Without zeros these are all moments and the whole matrix. On a face (`programs.npa.face`) they are the free
moments, and the connected parts of :math:`\Gamma_B`; a part that is one number times a fixed positive matrix
is a nonnegative row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq

from freerand_opt.conic.affine import to_fraction
from freerand_opt.conic.program import triangle
from freerand_opt.programs.npa.face import Face, Row
from freerand_opt.programs.npa.matrix import MomentMatrix

#: Entries (i, j), i <= j, of a symmetric matrix, as combinations of columns.
Entries = dict[tuple[int, int], Row]


@dataclass(frozen=True, eq=False)
class Part:
    """Rows in a cone ("zero", "nonnegative", "psd": an upper triangle), and the places of their words."""

    cone: str
    rows: tuple[Mapping[int, Fraction], ...]
    words: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class MomentSpace:
    """`width` columns, the identity first; moment m is the sum of lift[m][k] times column k."""

    matrix: MomentMatrix
    width: int
    lift: tuple[Mapping[int, Fraction], ...] | None
    parts: tuple[Part, ...]
    face: Face | None

    def lifted(self, moment: int) -> Mapping[int, Fraction]:
        """Return a moment in columns."""
        return {moment: Fraction(1)} if self.lift is None else self.lift[moment]


def moment_space(matrix: MomentMatrix, face: Face | None) -> MomentSpace:
    """Return the columns and cones of a moment matrix, on a face if there is one."""
    if face is None:
        whole = Part("psd", tuple(matrix.rows()), tuple(range(matrix.size)))
        return MomentSpace(matrix, matrix.moments, None, (whole,), None)
    lift = tuple({k: to_fraction(value) for k, value in row.items()} for row in face.lift)
    parts: dict[object, Part] = {}
    if not face.lift[0]:  # the identity vanishes: there is no state with these zeros
        parts["one"] = Part("zero", ({0: Fraction(1)},))
    for words, entries in _components(matrix, face):
        part = _part(words, entries)
        parts.setdefault((part.cone, *(tuple(sorted(row.items())) for row in part.rows)), part)
    return MomentSpace(matrix, len(face.free), lift, tuple(parts.values()), face)


def _components(matrix: MomentMatrix, face: Face) -> Iterator[tuple[tuple[int, ...], Entries]]:
    """Yield (places of words, entries) of the parts of Gamma_B between which all entries vanish."""
    words = list(face.words)
    classes = matrix.classes[words][:, words].tolist()
    held = [[face.lift[m] if m >= 0 else {} for m in row] for row in classes]
    left = list(range(len(words)))
    while left:
        found = [left.pop(0)]
        for i in found:  # grows while it is read
            near = [j for j in left if held[i][j]]
            found += near
            left = [j for j in left if j not in near]
        found.sort()
        pairs = [(i, j) for j in range(len(found)) for i in range(j + 1)]
        yield tuple(words[i] for i in found), {(i, j): held[found[i]][found[j]] for i, j in pairs}


def _part(words: tuple[int, ...], entries: Entries) -> Part:
    size, base = len(words), entries[0, 0]
    shares = {place: _ratio(row, base) for place, row in entries.items()}
    if None not in shares.values():
        # one number times a fixed matrix, whose first entry is 1
        full = [[shares[min(i, j), max(i, j)] or fmpq(0) for j in range(size)] for i in range(size)]
        if semidefinite(full):
            return Part("nonnegative", _plain([base]), words)
    i, j = triangle(size)
    rows = [entries[a, b] for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    return Part("psd", _plain(rows), words)


def _ratio(row: Row, base: Row) -> fmpq | None:
    """Return the factor by which a row is a multiple of another, None if it is none."""
    if not row:
        return fmpq(0)
    if row.keys() != base.keys():
        return None
    factor = next(row[k] / base[k] for k in base)
    return factor if all(row[k] == factor * base[k] for k in base) else None


def _plain(rows: Sequence[Row]) -> tuple[Mapping[int, Fraction], ...]:
    return tuple({k: to_fraction(value) for k, value in row.items()} for row in rows)


def semidefinite(matrix: Sequence[Sequence[fmpq]]) -> bool:
    """Return whether a symmetric matrix of fractions is positive semidefinite, by symmetric elimination."""
    left = [list(row) for row in matrix]
    while left:
        pivot = left[0][0]
        if pivot < 0 or (pivot == 0 and any(left[0])):
            return False
        head, rest = left[0], left[1:]
        left = [
            [value - (row[0] * head[k + 1] / pivot if pivot else 0) for k, value in enumerate(row[1:])]
            for row in rest
        ]
    return True
