r"""The answer of a small question of two parties in floats, by a program written anew from its JSON.

For each vertex v of the source and each guess g one unnormalised box x (no-signalling, or weights of
deterministic boxes): z(o, s) = sum of v(s) x(o|s). Nothing is shared with the package; vertices are found by
trying all sets of tight inequalities.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, identity, kron, vstack

from .oracle_sources import entries, number, source_corners


def box_space(q: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return (columns -> P(o|s), equalities) of boxes."""
    (na, nb), (da, db) = q["settings"], q["outcomes"]
    width = na * nb * da * db
    if q["devices"] == "local":
        columns = []
        for fa in product(range(da), repeat=na):
            for fb in product(range(db), repeat=nb):
                table = np.zeros((na, nb, da, db))
                for a, b in product(range(na), range(nb)):
                    table[a, b, fa[a], fb[b]] = 1
                columns.append(table.ravel())
        return np.array(columns).T, np.zeros((0, len(columns)))
    cells = np.eye(width).reshape(na, nb, da, db, width)
    rows = [
        cells[a, b].sum(axis=1)[x] - cells[a, 0].sum(axis=1)[x]
        for a in range(na)
        for b in range(1, nb)
        for x in range(da)
    ]
    rows += [
        cells[a, b].sum(axis=0)[y] - cells[0, b].sum(axis=0)[y]
        for b in range(nb)
        for a in range(1, na)
        for y in range(db)
    ]
    return np.eye(width), np.array(rows)


def guess_worths(q: Any) -> list[np.ndarray]:
    """Return for each guess its worth by place s * outcomes + o, not divided by P(s)."""
    ask, (na, nb), (da, db) = q["ask"], q["settings"], q["outcomes"]
    if ask["quantity"] == "strategy":
        return [np.zeros(na * nb * da * db)]
    if ask["quantity"] == "score":
        found = np.zeros((na * nb, da * db))
        for s, o, factor in ask["terms"]:
            found[s, o] += number(factor)
        return [found.ravel() * (1 if ask["extreme"] == "largest" else -1)]
    d = ask["count"]
    sizes = [q["outcomes"][p] for p in ask["of"]]
    value = np.zeros((da, db), dtype=int)
    for x, y in product(range(da), range(db)):
        place = 0
        for p, size in zip(ask["of"], sizes, strict=True):
            place = place * size + (x, y)[p]
        value[x, y] = ask["values"][place]
    sets = [{g} for g in range(d)]
    shift = 0.0
    if ask["quantity"] == "trace-distance":
        sets = [set(c) for k in range(1, d) for c in combinations(range(d), k)]
        shift = 1 / d
    tables = [np.vectorize(lambda v, t=t: float(v in t) - shift * len(t))(value).ravel() for t in sets]
    if ask["at"] != "average":
        s0 = ask["at"][0] * nb + ask["at"][1]
        return [np.concatenate([t if s == s0 else np.zeros(da * db) for s in range(na * nb)]) for t in tables]
    if ask["told"] == "nothing":
        return [np.concatenate([t] * (na * nb)) for t in tables]
    own = [q["settings"][p] for p in ask["of"]]
    found_list = []
    for chosen in product(range(len(tables)), repeat=int(np.prod(own))):
        blocks = []
        for a, b in product(range(na), range(nb)):
            place = 0
            for p, n in zip(ask["of"], own, strict=True):
                place = place * n + (a, b)[p]
            blocks.append(tables[chosen[place]])
        found_list.append(np.concatenate(blocks))
    return found_list


# ------------------------------------------------------------------ the program


@dataclass(frozen=True)
class Answer:
    """The largest value (the negative of the smallest score), None if nothing passes."""

    value: float | None


def answer(q: Any) -> Answer:
    """Return the answer for two parties; no quantum devices, no sums of ratios."""
    count, width = int(np.prod(q["settings"])), int(np.prod(q["outcomes"]))
    observed = None if q["observed"] == "unconstrained" else [1 / count] * count
    if observed is not None and q["observed"] != "uniform":
        observed = entries(q["observed"], count)
    points = source_corners(q["source"], q["settings"], observed)
    boxes, silent = box_space(q)
    columns, worths = boxes.shape[1], guess_worths(q)
    never = _never(q, observed) @ boxes > 0
    copies = [(v, g) for v in range(len(points)) for g in range(len(worths))]
    # z by place, and the mass of each setting, for one column of one copy
    shown = [np.repeat(point, width)[:, None] * boxes for point in points]
    weight = boxes.reshape(count, width, columns).sum(axis=1)[0]
    rows, sides, kinds = _named_rows(q, shown, points, weight, observed, len(worths))
    cost = np.concatenate([-(worths[g] * _shares(q, observed, width)) @ shown[v] for v, g in copies])
    own = kron(identity(len(copies)), coo_matrix(silent)) if len(silent) else None
    equal = [row for row, kind in zip(rows, kinds, strict=True) if kind == "="]
    less = [row for row, kind in zip(rows, kinds, strict=True) if kind == "<="]
    a_eq = np.array(equal) if own is None else vstack([coo_matrix(np.array(equal)), own]).tocsr()
    b_eq = [x for x, kind in zip(sides, kinds, strict=True) if kind == "="] + [0.0] * (
        0 if own is None else own.shape[0]
    )
    b_ub = [x for x, kind in zip(sides, kinds, strict=True) if kind == "<="]
    solved = linprog(
        cost,
        A_ub=np.array(less) if less else None,
        b_ub=b_ub or None,
        A_eq=a_eq,
        b_eq=b_eq,
        bounds=[(0, 0 if gone else None) for _ in copies for gone in never],
        method="highs",
    )
    if solved.status == 2:
        return Answer(None)
    assert solved.status == 0, solved.message
    return Answer(-float(solved.fun))


def _never(q: Any, observed: list[float] | None) -> np.ndarray:
    """Return 1 at the places s * outcomes + o that no box may show, since P(s|w) > 0 for every w, else 0.

    The corners of such a source, where settings do not occur, do not know it: a test at the least value that
    any probabilities give it holds with equality at every setting of which it speaks, for every w.
    """
    count, width = int(np.prod(q["settings"])), int(np.prod(q["outcomes"]))
    found = np.zeros(count * width)
    if q["source"]["kind"] != "full-support":
        return found
    for functional, on, kind, side in _tests(q):
        table = np.zeros((count, width))
        for (s, o), factor in functional.items():
            table[s, o] += factor
        spoken = {s for s, _ in functional}
        for turn in {"<=": (1,), ">=": (-1,), "=": (1, -1)}[kind]:
            least = (turn * table).min(axis=1)
            if observed is None and on == "joint":
                end, spoken, least = least.min(), set(range(count)), np.full(count, least.min())
            else:
                shares = np.ones(count) if on == "conditional" or observed is None else np.array(observed)
                end = sum(shares[s] * least[s] for s in spoken)
            if abs(turn * side - end) < 1e-9:
                places = [
                    s * width + o for s in spoken for o in range(width) if turn * table[s, o] > least[s]
                ]
                found[places] = 1
    return found


def _shares(q: Any, observed: list[float] | None, width: int) -> np.ndarray | float:
    """Return 1/P(s) by place where the objective is conditional on observed settings."""
    ask = q["ask"]
    conditional = ask.get("on") == "conditional" or isinstance(ask.get("at"), list)
    if not conditional or observed is None:
        return 1.0
    return np.repeat([1 / x if x else 0.0 for x in observed], width)


def _named_rows(
    q: Any,
    shown: list[np.ndarray],
    points: list[np.ndarray],
    weight: np.ndarray,
    observed: list[float] | None,
    labels: int,
) -> tuple[list[np.ndarray], list[float], list[str]]:
    """Return rows of normalisation, observed settings and tests; homogeneous without stated settings."""
    width = int(np.prod(q["outcomes"]))
    count = len(points[0])
    rows: list[np.ndarray] = []
    sides: list[float] = []
    kinds: list[str] = []

    def row(per_point: list[np.ndarray], kind: str, side: float) -> None:
        sign = -1.0 if kind == ">=" else 1.0
        rows.append(sign * np.concatenate([x for x in per_point for _ in range(labels)]))
        sides.append(sign * side)
        kinds.append("=" if kind == "=" else "<=")

    total = [weight for _ in points]
    mass = [[point[s] * weight for point in points] for s in range(count)]
    asked = _asked_setting(q) if observed is None else None
    if observed is None and asked is not None:
        row(mass[asked], "=", 1.0)
    elif observed is None:
        row(total, "=", 1.0)
    for s in range(count) if observed is not None else ():
        row(mass[s], "=", observed[s])
    for functional, on, kind, side in _tests(q):
        settings = sorted({s for s, _ in functional})
        table = np.zeros(count * width)
        for (s, o), factor in functional.items():
            share = 1.0 if observed is None or on == "joint" else 1 / observed[s]
            table[s * width + o] += factor * share
        left = [table @ own for own in shown]
        if observed is not None:
            row(left, kind, side)
            continue
        assert on == "joint" or len(settings) == 1, "a sum of ratios"
        scale = total if on == "joint" else mass[settings[0]]
        row([x - side * y for x, y in zip(left, scale, strict=True)], kind, 0.0)
    return rows, sides, kinds


def _asked_setting(q: Any) -> int | None:
    ask = q["ask"]
    if isinstance(ask.get("at"), list):
        return ask["at"][0] * q["settings"][1] + ask["at"][1]
    if ask.get("on") == "conditional":
        (s,) = {s for s, _, _ in ask["terms"]}
        return s
    return None


def _tests(q: Any) -> list[tuple[dict[tuple[int, int], float], str, str, float]]:
    found = []
    for test in q["tests"]:
        if "keep" in test:
            t = number(test["tolerance"])
            for s, row in test["keep"]:
                for o, x in enumerate(row):
                    found.append(({(s, o): 1.0}, "conditional", "<=", number(x) + t))
                    found.append(({(s, o): 1.0}, "conditional", ">=", number(x) - t))
            continue
        functional = {(s, o): number(factor) for s, o, factor in test["terms"]}
        found.append((functional, test["on"], test["relation"], number(test["score"])))
    return found
