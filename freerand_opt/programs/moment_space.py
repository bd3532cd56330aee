r"""The moments that a program has as columns, and the parts of the moment matrix that are in a cone.

Without zeros these are all moments and the whole matrix. On a face (`programs.face`) they are the free
moments, and the connected parts of :math:`\Gamma_B`; a part that is one number times a fixed matrix is a
nonnegative row, or an equality where that matrix is indefinite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from flint import fmpq
from scipy.sparse import csr_array, eye_array

from freerand_opt.programs.face import Face, Row
from freerand_opt.programs.integer_matrix import IntegerMatrix, of_rows
from freerand_opt.programs.moments import MomentMatrix, triangle

#: Entries (i, j), i <= j, of a symmetric matrix, as combinations of columns.
Entries = dict[tuple[int, int], Row]


@dataclass(frozen=True, eq=False)
class Part:
    """Rows in one cone, in the order of an upper triangle (column by column) if it is psd."""

    cone: str
    rows: IntegerMatrix


@dataclass(frozen=True, eq=False)
class MomentSpace:
    """`labels` of the columns, the identity first; moment m is the sum of lift[m][k] times column k."""

    labels: tuple[str, ...]
    lift: tuple[Mapping[int, Fraction], ...] | None
    parts: tuple[Part, ...]

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return len(self.labels)

    def lifted(self, moment: int) -> Mapping[int, Fraction]:
        """Return a moment in columns."""
        return {moment: Fraction(1)} if self.lift is None else self.lift[moment]

    def lift_matrix(self) -> csr_array:
        """Return the matrix (moments, columns) that takes columns to moments, in floats."""
        if self.lift is None:
            return csr_array(eye_array(self.width, format="csr"))
        entries = [(m, k, float(value)) for m, row in enumerate(self.lift) for k, value in row.items()]
        rows, columns, values = (np.array(part) for part in zip(*entries, strict=True))
        return csr_array((values, (rows, columns)), shape=(len(self.lift), self.width))


def moment_space(matrix: MomentMatrix, face: Face | None) -> MomentSpace:
    """Return the columns and cones of a moment matrix, on a face if there is one."""
    if face is None:
        return MomentSpace(matrix.labels, None, (Part("psd", matrix.rows()),))
    names = tuple(matrix.labels[m] for m in face.free)
    lift = tuple({k: fraction(value) for k, value in row.items()} for row in face.lift)
    parts = []
    if not face.lift[0]:  # the identity vanishes: there is no state with these zeros
        parts.append(Part("zero", of_rows([{0: 1}], len(names))))
    seen = set()
    for size, entries in _components(matrix, face):
        form = tuple(sorted((place, tuple(sorted(row.items()))) for place, row in entries.items()))
        key = str(form)
        if key not in seen:
            seen.add(key)
            parts.append(_part(size, entries, len(names)))
    return MomentSpace(names, lift, _distinct(parts))


def fraction(value: fmpq) -> Fraction:
    """Return a fraction of flint as one of Python."""
    return Fraction(int(value.p), int(value.q))


def _components(matrix: MomentMatrix, face: Face) -> Iterator[tuple[int, Entries]]:
    """Yield (size, entries) of the parts of Gamma_B between which all entries vanish."""
    words = list(face.words)
    classes = matrix.classes[np.ix_(words, words)].tolist()
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
        yield len(found), {(i, j): held[found[i]][found[j]] for i, j in pairs}


def _part(size: int, entries: Entries, columns: int) -> Part:
    base = entries[0, 0]
    shares = {place: _ratio(row, base) for place, row in entries.items()}
    if None not in shares.values():
        # one number times a fixed matrix, whose first entry is 1
        full = [[shares[min(i, j), max(i, j)] or fmpq(0) for j in range(size)] for i in range(size)]
        cone = "nonnegative" if semidefinite(full) else "zero"
        return Part(cone, _integers([base], columns))
    i, j = triangle(size)
    return Part(
        "psd", _integers([entries[a, b] for a, b in zip(i.tolist(), j.tolist(), strict=True)], columns)
    )


def _ratio(row: Row, base: Row) -> fmpq | None:
    """Return the factor by which a row is a multiple of another, None if it is none."""
    if not row:
        return fmpq(0)
    if row.keys() != base.keys():
        return None
    factor = next(row[k] / base[k] for k in base)
    return factor if all(row[k] == factor * base[k] for k in base) else None


def _integers(rows: Sequence[Row], columns: int) -> IntegerMatrix:
    """Return rows all multiplied by their common denominator."""
    unit = lcm(*(int(value.q) for row in rows for value in row.values()))
    return of_rows([{k: int((value * unit).p) for k, value in row.items()} for row in rows], columns)


def _distinct(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts without repetitions, equalities first and matrices last."""
    found: dict[object, Part] = {}
    for part in parts:
        held = part.rows
        key = (part.cone, held.indptr.tobytes(), held.indices.tobytes(), *held.entries)
        found.setdefault(key, part)
    return tuple(sorted(found.values(), key=lambda part: ("zero", "nonnegative", "psd").index(part.cone)))


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
