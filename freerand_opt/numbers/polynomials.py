"""Sums and products of integer polynomials, lists with the lowest degree first, the last not 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest


def combination(parts: Iterable[tuple[int, Sequence[int]]]) -> list[int]:
    """Return the sum of integers times polynomials."""
    scaled = ([number * c for c in p] for number, p in parts)
    return _trimmed([sum(column) for column in zip_longest(*scaled, fillvalue=0)])


def times(p: Sequence[int], q: Sequence[int]) -> list[int]:
    """Return the product of two polynomials."""
    found = [0] * max(len(p) + len(q) - 1, 0)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            found[i + j] += a * b
    return _trimmed(found)


def _trimmed(p: list[int]) -> list[int]:
    while p and not p[-1]:
        p.pop()
    return p
