r"""The one kind of program: labelled, exact and sparse.

.. math:: \max\; c\cdot x \quad \text{subject to} \quad b - A x \in K_1 \times \dots \times K_m,
   \qquad l \le x \le u,

A with integer entries of any size (each row is multiplied by its common denominator), b exact reals,
c, l, u fractions; every column has finite bounds. Blocks K_i are ``zero``, ``nonnegative`` and
``psd``: the upper triangle of one matrix, column by column, unscaled. A multiplier of its row (i, j)
is Z_ij if i = j, else 2 Z_ij, for a positive semidefinite Z.

Solvers see floats: row i divided by 2^k_i, `ConicProgram.shifts`, so that no row is beyond their reach.
Their multipliers are of these rows; divided by 2^k_i they are multipliers of the exact ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt, lcm, prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from freerand_opt.errors import TooLargeError
from freerand_opt.numbers.digits import WRITTEN_BITS, bits
from freerand_opt.numbers.exact import Exact, text
from freerand_opt.programs import arrays
from freerand_opt.programs.integer_matrix import IntegerMatrix, of_rows, shifted_kinds, stacked

IntArray: TypeAlias = arrays.IntArray
FloatArray: TypeAlias = arrays.FloatArray
#: Solvers number entries in 32 bits.
MAX_ENTRIES = 2**31 - 1
#: Rows whose entries have at most so many binary digits are left to solvers as they are.
SMALL_BITS = 10


@dataclass(frozen=True, eq=False)
class ExactVector:
    """A vector of exact numbers that takes few distinct values: entry i is palette[codes[i]].

    Codes are places in the palette, so the length of the vector bounds them.
    """

    palette: tuple[Exact, ...]
    codes: IntArray

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: int) -> Exact:
        return self.palette[int(self.codes[index])]

    def floats(self) -> FloatArray:
        """Return the nearest floats; raise TooLargeError for a number beyond their range."""
        try:
            return np.array([float(value) for value in self.palette], dtype=np.float64)[self.codes]
        except OverflowError:
            raise TooLargeError("a bound or a coefficient is beyond 10^308, where floats end") from None

    def take(self, rows: IntArray) -> ExactVector:
        """Return the entries with these indices, in this order."""
        return ExactVector(self.palette, self.codes[rows])

    def as_json(self) -> dict[str, Any]:
        """Return the vector as plain lists."""
        return {"palette": [text(value) for value in self.palette], "codes": self.codes.tolist()}


def vector(values: Iterable[Exact]) -> ExactVector:
    """Return a vector with a palette in order of first occurrence."""
    places: dict[Exact, int] = {}
    codes = np.array([places.setdefault(value, len(places)) for value in values], dtype=np.int64)
    return ExactVector(tuple(places), codes)


def constant(value: Exact | int, length: int) -> ExactVector:
    """Return a vector of equal entries."""
    exact = Fraction(value) if isinstance(value, int) else value
    return ExactVector((exact,), np.zeros(length, dtype=np.int64))


def joined(parts: Sequence[ExactVector]) -> ExactVector:
    """Return the parts one after the other, with one palette."""
    places: dict[Exact, int] = {}
    codes = []
    for part in parts:
        new = [places.setdefault(value, len(places)) for value in part.palette]
        codes.append(np.array(new, dtype=np.int64)[part.codes] if len(part) else part.codes)
    return ExactVector(tuple(places), np.concatenate(codes) if codes else np.zeros(0, np.int64))


@dataclass(frozen=True)
class Labels:
    """Names of consecutive rows or columns, made when asked for.

    Item i has the i-th combination (last axis fastest) of the axes' words in `pattern`.
    """

    pattern: str
    axes: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return prod(len(axis) for axis in self.axes)

    def __getitem__(self, index: int) -> str:
        words: list[str] = []
        for axis in reversed(self.axes):
            index, place = divmod(index, len(axis))
            words.append(axis[place])
        return self.pattern.format(*reversed(words))


@dataclass(frozen=True, eq=False)
class Rows:
    """Consecutive rows of one cone: right - matrix x in the zero, nonnegative or psd cone.

    Rows of the psd cone are one matrix.
    `scale` is the common denominator by which a single row was multiplied.
    """

    cone: str
    matrix: IntegerMatrix
    right: ExactVector
    labels: Labels
    scale: int = 1


@dataclass(frozen=True, eq=False)
class ConicProgram:
    """Maximise objective.x over right - matrix x in the blocks' cones, lower <= x <= upper."""

    matrix: IntegerMatrix
    blocks: tuple[tuple[str, int], ...]
    right: ExactVector
    objective: ExactVector
    lower: ExactVector
    upper: ExactVector
    row_labels: tuple[Labels, ...]
    column_labels: tuple[Labels, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Return (rows, columns)."""
        return self.matrix.shape

    @cached_property
    def zero_rows(self) -> NDArray[np.bool_]:
        """Return which rows are equalities."""
        return np.repeat([cone == "zero" for cone, _ in self.blocks], [size for _, size in self.blocks])

    @cached_property
    def linear_rows(self) -> NDArray[np.bool_]:
        """Return which rows are not of a psd block."""
        return np.repeat([cone != "psd" for cone, _ in self.blocks], [size for _, size in self.blocks])

    @cached_property
    def psd_blocks(self) -> tuple[tuple[int, int], ...]:
        """Return (first row, size of the matrix) of each psd block."""
        found, start = [], 0
        for cone, rows in self.blocks:
            if cone == "psd":
                found.append((start, (isqrt(8 * rows + 1) - 1) // 2))
            start += rows
        return tuple(found)

    @cached_property
    def shifts(self) -> IntArray:
        """Return k for each row, which floats see divided by 2^k; one even k for a psd block.

        Rows of short integers have k = 0, others a largest entry from 1 to 2 (to 4).
        """
        sizes = self.matrix.row_bits.copy()
        for start, size in self.psd_blocks:
            rows = slice(start, start + size * (size + 1) // 2)
            sizes[rows] = (sizes[rows].max(initial=0) - 1) // 2 * 2 + 1
        return row_shifts(sizes)

    @cached_property
    def float_matrix(self) -> csr_array:
        """Return the matrix as solvers see it, each row divided by 2^k (`shifts`)."""
        return self.matrix.floats(self.shifts)

    @cached_property
    def float_right(self) -> FloatArray:
        """Return the right-hand side as solvers see it, each row divided by 2^k (`shifts`)."""
        return float_sides(self.right, self.shifts)

    def exact_multipliers(self, values: Mapping[int, Fraction]) -> dict[int, Fraction]:
        """Return multipliers of the exact rows from those of the rows that solvers see."""
        shifts = self.shifts
        return {row: value / (1 << int(shifts[row])) for row, value in values.items()}

    def charge(self, multipliers: FloatArray, row: int, scale: int) -> float:
        """Return in floats what a unit of a row before it was multiplied by `scale` is charged.

        `multipliers` are of the rows that solvers see.
        """
        return float(multipliers[row]) * (scale / (1 << int(self.shifts[row])))

    def row_label(self, index: int) -> str:
        """Return the name of a row."""
        return _label(self.row_labels, index)

    def column_label(self, index: int) -> str:
        """Return the name of a column."""
        return _label(self.column_labels, index)

    @cached_property
    def plain(self) -> dict[str, Any]:
        """Return the program as plain lists: the form that certificates carry and checkers read."""
        return {
            "columns": self.shape[1],
            "blocks": [list(block) for block in self.blocks],
            "indptr": self.matrix.indptr.tolist(),
            "indices": self.matrix.indices.tolist(),
            "values": self.matrix.entries,
            "right": self.right.as_json(),
            "objective": self.objective.as_json(),
            "lower": self.lower.as_json(),
            "upper": self.upper.as_json(),
        }

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the program's JSON text, with prefix."""
        body = json.dumps(self.plain, sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(body.encode("ascii")).hexdigest()


def _label(groups: tuple[Labels, ...], index: int) -> str:
    for labels in groups:
        if index < len(labels):
            return labels[index]
        index -= len(labels)
    raise IndexError(index)


def row_shifts(bits: IntArray) -> IntArray:
    """Return k for rows whose largest entries have so many binary digits; see `ConicProgram.shifts`."""
    return np.where(bits > SMALL_BITS, bits - 1, 0)


def float_sides(right: ExactVector, shifts: IntArray) -> FloatArray:
    """Return the entries divided by 2^shift, as nearest floats; raise TooLargeError beyond their range."""
    kinds, place = shifted_kinds(right.codes, shifts)
    return ExactVector(
        tuple(right.palette[code] * Fraction(1, 1 << shift) for code, shift in kinds), place
    ).floats()


def conic_program(
    rows: Sequence[Rows],
    *,
    objective: ExactVector,
    lower: ExactVector,
    upper: ExactVector,
    column_labels: tuple[Labels, ...],
) -> ConicProgram:
    """Put blocks of rows and columns together.

    Raise TooLargeError for more than `MAX_ENTRIES` entries, or integers that cannot be written down.
    """
    kept = [part for part in rows if part.matrix.shape[0]]
    blocks: list[tuple[str, int]] = []
    for part in kept:
        size = part.matrix.shape[0]
        if blocks and blocks[-1][0] == part.cone != "psd":
            blocks[-1] = (part.cone, blocks[-1][1] + size)
        else:
            blocks.append((part.cone, size))
    made = ConicProgram(
        matrix=stacked([part.matrix for part in kept]),
        blocks=tuple(blocks),
        right=joined([part.right for part in kept]),
        objective=objective,
        lower=lower,
        upper=upper,
        row_labels=tuple(part.labels for part in kept),
        column_labels=column_labels,
    )
    if made.matrix.nnz > MAX_ENTRIES:
        raise TooLargeError(f"this program has {made.matrix.nnz} entries; solvers take at most {MAX_ENTRIES}")
    numbers = (*made.right.palette, *objective.palette, *lower.palette, *upper.palette)
    longest = max(made.matrix.largest.bit_length(), *map(bits, numbers))
    if longest > WRITTEN_BITS:
        raise TooLargeError(
            f"a row of this program needs integers of {longest} binary digits, and a certificate has at most "
            f"{WRITTEN_BITS}; give coefficients with common denominators, such as decimals of as many digits"
        )
    return made


def integer_rows(
    entries: Iterable[tuple[int, int, Fraction]], right: Sequence[Exact], columns: int
) -> tuple[IntegerMatrix, ExactVector]:
    """Return (A, b) of rows given as `(row, column, fraction)`, each scaled to integers.

    Fractions at one place are added.
    """
    rows: list[list[tuple[int, Fraction]]] = [[] for _ in right]
    for row, column, value in entries:
        rows[row].append((column, value))
    lines, scaled = [], []
    for line, bound in zip(rows, right, strict=True):
        scale = lcm(*(value.denominator for _, value in line))
        whole: dict[int, int] = {}
        for column, value in line:
            whole[column] = whole.get(column, 0) + value.numerator * (scale // value.denominator)
        lines.append(whole)
        scaled.append(bound * scale)
    return of_rows(lines, columns), vector(scaled)
