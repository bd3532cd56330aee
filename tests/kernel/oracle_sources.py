"""Sources of the kernel's oracle: the vertices of a question's set of distributions, in floats.

Found by trying all sets of tight inequalities; nothing is shared with the package.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np

TIGHT = 1e-9


def number(raw: Any) -> float:
    """Return a fraction, or a sum of [factor, n, q], as a float."""
    if isinstance(raw, str):
        return float(Fraction(raw))
    return sum(float(Fraction(f)) * n**0.5 * np.cos(float(Fraction(q)) * np.pi) for f, n, q in raw)


def entries(raw: Any, count: int) -> list[float]:
    """Return the entries of a vector in one of its three spellings."""
    if isinstance(raw, list):
        return [number(x) for x in raw]
    if "palette" in raw:
        return [number(raw["palette"][code]) for code in raw["codes"]]
    changed = {k: number(x) for k, x in raw["but"]}
    return [changed.get(k, number(raw["all"])) for k in range(count)]


def corners(rows: list[list[float]], equal: list[list[float]], size: int) -> list[np.ndarray]:
    """Return the vertices of {s >= 0, sum s = 1, row . s >= 0, row . s = 0 for `equal`}."""
    return list(_corners(tuple(map(tuple, rows)), tuple(map(tuple, equal)), size))


@lru_cache(maxsize=64)
def _corners(rows: tuple[Any, ...], equal: tuple[Any, ...], size: int) -> tuple[np.ndarray, ...]:
    halves = np.array([*np.eye(size), *rows])
    fixed = np.array([np.ones(size), *equal])
    right = np.zeros(len(fixed))
    right[0] = 1
    free = size - np.linalg.matrix_rank(fixed)
    found: dict[tuple[float, ...], np.ndarray] = {}
    for chosen in combinations(range(len(halves)), free):
        matrix = np.vstack([fixed, halves[list(chosen)]])
        if np.linalg.matrix_rank(matrix, tol=1e-10) < size:
            continue
        s, *_ = np.linalg.lstsq(matrix, np.concatenate([right, np.zeros(free)]), rcond=None)
        if np.abs(fixed @ s - right).max() < TIGHT and (halves @ s).min() > -TIGHT:
            found.setdefault(tuple(np.round(s, 8)), np.maximum(s, 0))
    return tuple(found.values())


def tree_corners(ranges: list[tuple[float, float]]) -> list[np.ndarray]:
    """Return the vertices of bits in one time order, by leaf: each node takes an end of its range."""
    found = []
    for ends in product(*(ranges[t] for t in range(len(ranges)) for _ in range(2**t))):
        masses = [1.0]
        place = 0
        for _ in ranges:
            shares = ends[place : place + len(masses)]
            place += len(masses)
            masses = [
                x
                for mass, share in zip(masses, shares, strict=True)
                for x in (mass * share, mass * (1 - share))
            ]
        found.append(np.array(masses))
    return found


def leaf_settings(order: list[list[int]], settings: list[int]) -> list[int]:
    """Return the joint setting of each string of bits, the first bit most significant."""
    found = []
    for string in product((0, 1), repeat=len(order)):
        own = [0] * len(settings)
        for (party, bit), value in zip(order, string, strict=True):
            own[party] |= value << bit
        s = 0
        for x, n in zip(own, settings, strict=True):
            s = s * n + x
        found.append(s)
    return found


def source_corners(raw: Any, settings: list[int], observed: list[float] | None) -> list[np.ndarray]:
    """Return the vertices of a source (of its closure, for full support)."""
    count, kind = int(np.prod(settings)), raw["kind"]
    eye = np.eye(count)
    if kind == "uniform":
        return [np.full(count, 1 / count)]
    if kind == "free":
        assert observed is not None
        return [np.array(observed)]
    if kind == "full-support":
        return list(eye)
    if kind == "bits":
        leaves = raw["leaves"] if "leaves" in raw else leaf_settings(raw["order"], settings)
        bits = len(leaves).bit_length() - 1
        epsilon = number(raw["epsilon"]) if "epsilon" in raw else 0.0
        ranges = [(0.5 - epsilon, 0.5 + epsilon)] * bits
        if "ranges" in raw:
            ranges = [(number(low), number(high)) for low, high in raw["ranges"]]
        folded = np.array([eye[s] for s in leaves])
        return [masses @ folded for masses in tree_corners(ranges)]
    if kind == "product":
        parts = [source_corners(part, [n], None) for part, n in zip(raw["parts"], settings, strict=True)]
        return [np.kron(*pair) for pair in product(*parts)]
    rows, equal = [], []
    if kind == "limits":
        lower, upper = entries(raw["lower"], count), entries(raw["upper"], count)
        rows = [list(eye[s] - lower[s]) for s in range(count)] + [
            list(upper[s] - eye[s]) for s in range(count)
        ]
    elif kind == "mutual":
        rows = mutual_rows(raw, settings)
    else:
        for row in raw["rows"]:
            own = np.full(count, number(row["bound"]))
            for s, factor in row["terms"]:
                own[s] -= number(factor)
            (equal if row["relation"] == "=" else rows).append(list(own))
    return corners(rows, equal, count)


def mutual_rows(raw: Any, settings: list[int]) -> list[list[float]]:
    """Return p below(node) - below(child) for each party, setting of the other, node and child."""
    high = 0.5 + number(raw["epsilon"])
    rows = []
    for party, n in enumerate(settings):
        others = settings[1 - party]
        for other in range(others):
            for fixed in range(len(raw["order"][party])):
                for known in product((0, 1), repeat=fixed):
                    for child in (0, 1):
                        row = np.zeros((n, others))
                        for x in range(n):
                            bits = [x >> b & 1 for b in raw["order"][party]]
                            if tuple(bits[:fixed]) == known:
                                row[x, other] = high - (bits[fixed] == child)
                        rows.append(list((row if party == 0 else row.T).ravel()))
    return rows
