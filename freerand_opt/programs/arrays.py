"""Arrays of exact integers: int64 where a bound excludes overflow, else Python integers (dtype object)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Numbers of things that are in memory (rows, columns, words, leaves, places in a palette), and signs:
#: what has another bound says so where it is made.
IntArray: TypeAlias = NDArray[np.int64]
FloatArray: TypeAlias = NDArray[np.float64]
#: Exact integers of any size; which of the two kinds it is says nothing but how long they are.
Integers: TypeAlias = NDArray[Any]
#: What stays below this in size is kept and computed in int64.
SAFE = 2**62


def whole(values: Sequence[Any] | Integers) -> Integers:
    """Return nested Python integers as an array: int64 if all are below 2^62 in size, else objects."""
    held = np.array(values, dtype=object)
    return held.astype(np.int64) if largest(held) < SAFE else held


def largest(values: Integers) -> int:
    """Return the size of the largest entry, 0 if there is none."""
    if not values.size:
        return 0
    return max(int(values.max()), -int(values.min()))


def room(bound: int, *arrays: Integers) -> tuple[Integers, ...]:
    """Return arrays in which results of at most `bound` can be formed: as they are if that is below 2^62."""
    return arrays if bound < SAFE else tuple(held.astype(object) for held in arrays)


def summed(subscripts: str, left: Integers, right: Integers) -> Integers:
    """Return an einsum of two arrays exactly; what one entry sums is at most all of `left`."""
    return np.asarray(np.einsum(subscripts, *room(largest(left) * largest(right) * left.size, left, right)))


def scaled(values: Integers, factor: int) -> Integers:
    """Return the values times an integer of any size."""
    (held,) = room(max(largest(values), 1) * abs(factor), values)
    return np.asarray(held * factor)


def quotients(values: Integers, denominator: int) -> FloatArray:
    """Return values / denominator as floats; neither needs to be within their range."""
    if values.dtype != object and denominator < SAFE:
        return np.asarray(values / denominator)
    return np.asarray(values.astype(object) / denominator).astype(np.float64)
