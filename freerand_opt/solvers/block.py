"""One matrix of a semidefinite program, H_0 - sum u_l H_l, in integers: sums, products, and M of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from flint import fmpz, fmpz_mat

from freerand_opt.solvers.fixed_point import ZERO, Rows, rows


@dataclass(frozen=True, eq=False)
class Block:
    """One matrix: H_0 as rows over 2^bits, and for each variable in `active` entries (i, j, h), i <= j.

    The block's matrices are all divided by 2^scale.
    """

    size: int
    constant: Rows
    active: tuple[int, ...]
    entries: tuple[tuple[tuple[int, int, int], ...], ...]
    scale: int = 0


def form_of(block: Block) -> Form:
    """Return the form that suits a block."""
    dense = sum(map(len, block.entries)) > 2 * block.size**2
    return Dense(block) if dense else Sparse(block)


class Sparse:
    """The matrices of a block by their entries."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.pickers = [_picker(block.size, part) for part in block.entries]

    def combined(self, u: Sequence[fmpz]) -> fmpz_mat:
        """Return sum u_k H_k over the block's own variables, not scaled."""
        size = self.block.size
        found = [[ZERO] * size for _ in range(size)]
        for value, part in zip(u, self.block.entries, strict=True):
            for i, j, h in part if value else ():
                found[i][j] += h * value
                if i != j:
                    found[j][i] += h * value
        return fmpz_mat(found)

    def products(self, matrix: fmpz_mat) -> list[fmpz]:
        """Return <H_k, X>, not scaled."""
        held = matrix.entries()
        return [picker.sum(held) for picker in self.pickers]

    def schur(self, w: fmpz_mat, z: fmpz_mat, bits: int) -> Iterator[list[fmpz]]:
        """Yield tr(H_j W H_k Z) for all j up to k, for each k, over 2^bits, not scaled."""
        left, right = rows(w), rows(z)
        for k, part in enumerate(self.block.entries):
            image = _image(part, left, right).entries()
            yield [picker.sum(image) >> bits for picker in self.pickers[: k + 1]]


class Dense:
    """The matrices of a block, and their upper triangles as rows of one matrix."""

    def __init__(self, block: Block) -> None:
        size = self.size = block.size
        self.whole = [fmpz_mat(_filled(size, part)) for part in block.entries]
        self.triangle = [(i, j) for i in range(size) for j in range(i, size)]
        entries = [held[i, j] for held in self.whole for i, j in self.triangle]
        self.flat = fmpz_mat(len(self.whole), len(self.triangle), entries)
        place = {pair: k for k, pair in enumerate(self.triangle)}
        self.full = [place[min(i, j), max(i, j)] for i in range(size) for j in range(size)]

    def folded(self, matrix: fmpz_mat) -> list[fmpz]:
        """Return the upper triangle of X + X', the diagonal once."""
        held, size = matrix.entries(), self.size
        return [
            held[i * size + j] + held[j * size + i] if i < j else held[i * size + i] for i, j in self.triangle
        ]

    def combined(self, u: Sequence[fmpz]) -> fmpz_mat:
        """Return sum u_k H_k over the block's own variables, not scaled."""
        upper = (fmpz_mat(1, len(u), list(u)) * self.flat).entries()
        return fmpz_mat(self.size, self.size, [upper[k] for k in self.full])

    def products(self, matrix: fmpz_mat) -> list[fmpz]:
        """Return <H_k, X>, not scaled."""
        return list((self.flat * fmpz_mat(len(self.triangle), 1, self.folded(matrix))).entries())

    def schur(self, w: fmpz_mat, z: fmpz_mat, bits: int) -> Iterator[list[fmpz]]:
        """Yield tr(H_j W H_k Z) for all j up to k, for each k, over 2^bits, not scaled."""
        images = [value >> bits for held in self.whole for value in self.folded(w * held * z)]
        full = rows(fmpz_mat(len(self.whole), len(self.triangle), images) * self.flat.transpose())
        yield from (row[: k + 1] for k, row in enumerate(full))


def _filled(size: int, part: Sequence[tuple[int, int, int]]) -> list[list[int]]:
    full = [[0] * size for _ in range(size)]
    for i, j, h in part:
        full[i][j] = full[j][i] = h
    return full


@dataclass(frozen=True, eq=False)
class _Picker:
    """Places in a matrix, row by row, with the factors of a symmetric H_l."""

    plus: Callable[[Sequence[fmpz]], Sequence[fmpz]]
    minus: Callable[[Sequence[fmpz]], Sequence[fmpz]]
    others: tuple[tuple[int, int], ...]

    def sum(self, held: Sequence[fmpz]) -> fmpz:
        total = sum(self.plus(held), ZERO) - sum(self.minus(held), ZERO)
        return total + sum((held[place] * h for place, h in self.others), ZERO) if self.others else total


def _picker(size: int, part: Sequence[tuple[int, int, int]]) -> _Picker:
    places = [(i * size + j, h) for i, j, h in part] + [(j * size + i, h) for i, j, h in part if i != j]
    chosen = [tuple(place for place, h in places if h == sign) for sign in (1, -1)]
    plus, minus = map(_getter, chosen)
    return _Picker(plus, minus, tuple((place, h) for place, h in places if abs(h) != 1))


def _getter(places: tuple[int, ...]) -> Callable[[Sequence[fmpz]], Sequence[fmpz]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda held: [held[place] for place in places]


def _image(part: Sequence[tuple[int, int, int]], left: Rows, right: Rows) -> fmpz_mat:
    """Return W H Z, from the columns of H that are not 0; left and right are rows of W and Z."""
    columns: dict[int, list[fmpz]] = {}
    for i, j, h in part:
        for a, b in ((i, j), (j, i)) if i != j else ((i, j),):
            own = left[a] if h == 1 else [h * value for value in left[a]]
            columns[b] = own if b not in columns else [x + y for x, y in zip(columns[b], own, strict=True)]
    return fmpz_mat(list(columns.values())).transpose() * fmpz_mat([right[b] for b in columns])


Form: TypeAlias = Sparse | Dense
