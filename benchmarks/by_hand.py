"""The strongest programs written by hand: one end, in floats, for `compare.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, eye_array, kron, vstack


def edges(n: int) -> list[tuple[int, int, int]]:
    """Return (a, b, parity of the outcomes that are right) along the chain."""
    return [(k, k, 0) for k in range(n)] + [(k + 1, k, 0) for k in range(n - 1)] + [(0, n - 1, 1)]


def guess(n: int, weights: np.ndarray) -> float:
    """Return the no-signalling guess of A at setting 0 given a weighted sum of errors on the chain.

    Collins and Gisin's coordinates P(0|x), P(0|y), P(00|xy) of the two boxes, one for each guess; the second
    is the first with outcomes exchanged if `weights` are all equal, and is taken so.
    """
    size, pairs = (n + 1) ** 2, [(a, b) for a in range(n) for b in range(n)]
    a_place = {a: 1 + a for a in range(n)}
    b_place = {b: 1 + n + b for b in range(n)}
    ab_place = {pair: 1 + 2 * n + k for k, pair in enumerate(pairs)}
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []

    def add(row: int, terms: list[tuple[int, float]]) -> None:
        for column, value in terms:
            rows.append(row)
            columns.append(column)
            values.append(-value)

    row = 0
    for a, b in pairs:
        joint, one, other = ab_place[a, b], a_place[a], b_place[b]
        add(row, [(joint, 1)])
        add(row + 1, [(one, 1), (joint, -1)])
        add(row + 2, [(other, 1), (joint, -1)])
        add(row + 3, [(0, 1), (one, -1), (other, -1), (joint, 1)])
        row += 4
    limit = float(weights.sum()) * math.sin(math.pi / (4 * n)) ** 2
    errors = np.zeros(size)
    for weight, (a, b, parity) in zip(weights, edges(n), strict=True):  # error: parity is wrong
        same = np.zeros(size)
        same[[0, a_place[a], b_place[b], ab_place[a, b]]] = 1, -1, -1, 2
        errors += weight * (same if parity else -same)
        errors[0] += 0 if parity else weight
    inequalities = coo_array((values, (rows, columns)), shape=(row, size))
    tested = coo_array(errors[None, :])
    goal = np.zeros(size)
    goal[a_place[0]] = -1.0
    found = linprog(
        goal,
        A_ub=vstack([inequalities, tested]).tocsr(),
        b_ub=np.append(np.zeros(row), limit),
        A_eq=coo_array(([1.0], ([0], [0])), shape=(1, size)).tocsr(),
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    return float(-found.fun)


def leakage(n: int, epsilon: float, leaves_of: Sequence[int]) -> float:
    """Return the leakage with Santha-Vazirani bits: a tree of masses for each of 2 n + 1 cycle boxes.

    `leaves_of` has the joint setting of each string of bits.
    """
    bits = 2 * int(math.log2(n))
    place = {s: leaf for leaf, s in enumerate(leaves_of)}
    nodes = 2 ** (bits + 1) - 1
    parents = np.arange(2**bits - 1)
    children = np.concatenate([2 * parents + 1, 2 * parents + 2])
    above = np.concatenate([parents, parents])
    count = 2 * n + 1
    shift = (np.arange(count) * nodes)[:, None]
    leaves = 2**bits - 1 + np.arange(2**bits)

    def stack(columns: list[np.ndarray], values: list[float]) -> Any:
        each = len(columns[0])
        rows = np.tile(np.arange(count * each), len(columns))
        places = np.concatenate([(shift + own[None, :]).ravel() for own in columns])
        shape = (count * each, count * nodes)
        return coo_array((np.repeat(values, count * each), (rows, places)), shape=shape)

    split = stack([2 * parents + 1, 2 * parents + 2, parents], [1, 1, -1])
    limits = stack([children, above], [1, -(0.5 + epsilon)])
    seen = coo_array(
        (np.ones(count * len(leaves)), (np.tile(np.arange(len(leaves)), count), (shift + leaves).ravel())),
        shape=(len(leaves), count * nodes),
    )
    total = 4 ** int(math.log2(n))
    errors, goal = np.zeros(count * nodes), np.zeros(count * nodes)
    for k, (a, b, _) in enumerate(edges(n)):
        errors[k * nodes + 2**bits - 1 + place[a * n + b]] = total
    here = 2**bits - 1 + place[0]
    for k in range(count):
        goal[k * nodes + here] = -total * (0.5 if k < 2 * n else 0.0)
    found = linprog(
        goal,
        A_ub=vstack([limits, coo_array(errors[None, :])]).tocsr(),
        b_ub=np.append(np.zeros(limits.shape[0]), 2 * n * math.sin(math.pi / (4 * n)) ** 2),
        A_eq=vstack([split, seen]).tocsr(),
        b_eq=np.append(np.zeros(split.shape[0]), np.full(len(leaves), 1 / total)),
        bounds=(0, None),
        method="highs",
    )
    return float(-found.fun)


def whole(n: int, epsilon: float, leaves_of: Sequence[int], tolerance: float) -> float:
    """Return the leakage of A at settings 0, 0 where the whole quantum behaviour of the chain is kept.

    Collins and Gisin's coordinates at each node of the tree of bits for one of two guesses; the other is the
    first with outcomes exchanged.
    """
    size, bits = (n + 1) ** 2, 2 * int(math.log2(n))
    one = np.zeros((2 * n, n + 1))  # P(o|x), row 2 x + o
    one[::2, 1:], one[1::2, 1:], one[1::2, 0] = np.eye(n), -np.eye(n), 1
    chances = csr_array(np.kron(one, one))  # row (2 x + a) 2 n + 2 y + b
    parents, nodes = np.arange(2**bits - 1), 2 ** (bits + 1) - 1
    ones = np.ones(len(parents))

    def tree(*parts: tuple[np.ndarray, float]) -> Any:
        entries = np.concatenate([value * ones for _, value in parts])
        places = (np.tile(parents, len(parts)), np.concatenate([columns for columns, _ in parts]))
        return csr_array((entries, places), shape=(len(parents), nodes))

    left, right, high = 2 * parents + 1, 2 * parents + 2, 0.5 + epsilon
    facets = [tree((parents, -high), (child, 1)) for child in (left, right)]
    split = kron(tree((parents, 1), (left, -1), (right, -1)), eye_array(size))
    kept, shown, table = [], [], []
    for leaf, s in enumerate(leaves_of):
        here = csr_array(([1.0], ([0], [len(parents) + leaf])), shape=(1, nodes))
        x, y = divmod(s, n)
        first, last = (2 * x) * 2 * n + 2 * y, (2 * x + 1) * 2 * n + 2 * y + 1
        kept.append(kron(here, n * n * (chances[[first]] + chances[[last]])))
        shown.append(kron(here, csr_array(([2.0], ([0], [0])), shape=(1, size))))
        table.append((1 + math.cos((2 * (x - y) - 1) * math.pi / (2 * n))) / 4)
    seen, tested = vstack(shown), vstack(kept)
    goal = np.zeros(nodes * size)
    start = (len(parents) + list(leaves_of).index(0)) * size
    goal[start], goal[start + n + 1] = n * n, -2 * n * n  # P(1) - P(0) of A at setting 0
    found = linprog(
        goal,
        A_ub=vstack([*(kron(own, chances) for own in facets), tested, -tested]).tocsr(),
        b_ub=np.concatenate(
            [
                np.zeros(2 * len(parents) * chances.shape[0]),
                np.array(table) + tolerance,
                tolerance - np.array(table),
            ]
        ),
        A_eq=vstack([split, seen]).tocsr(),
        b_eq=np.concatenate([np.zeros(split.shape[0]), np.full(len(shown), 1 / n**2)]),
        bounds=(0, None),
        method="highs-ipm",
    )
    return float(-found.fun)
