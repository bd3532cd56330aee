"""Entropies by quadrature against other computations: the rule's moments, and strategies with a cause W."""

from __future__ import annotations

import random
from fractions import Fraction
from math import isqrt, log, prod, sqrt
from typing import Any

import numpy as np
import pytest

from freerand_opt.checker.asked import Question, split
from freerand_opt.checker.chords import Worths
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.quadrature import quadrature
from freerand_opt.checker.question import read_question
from freerand_opt.programs.quadrature import radau_nodes

# ------------------------------------------------------------------ the rule


def by_moments(nodes: list[Fraction]) -> tuple[list[Fraction], list[Fraction], Fraction]:
    """w, beta and the weight of 1 from what a rule says of 1, t, .., t^2n, in fractions."""
    n, size = len(nodes), 2 * len(nodes) + 1
    rows = [
        [t**k for t in nodes]
        + [k * t ** (k - 1) if k else Fraction(0) for t in nodes]
        + [Fraction(1), Fraction(1, k + 1)]
        for k in range(size)
    ]
    for c in range(size):
        pivot = next(r for r in range(c, size) if rows[r][c])
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = [x / rows[c][c] for x in rows[c]]
        for r in range(size):
            if r != c and rows[r][c]:
                rows[r] = [x - rows[r][c] * y for x, y in zip(rows[r], rows[c], strict=True)]
    found = [row[size] for row in rows]
    return found[:n], found[n : 2 * n], found[-1]


def random_nodes(rng: random.Random) -> list[Fraction]:
    """Nodes anywhere, or near those of Radau's rule, where a rule begins to lie below the logarithm."""
    count, bits = rng.randint(1, 5), rng.choice([0, 20, 30, 40])
    if not bits:
        found = [Fraction(rng.randrange(1, 2**20), 2**20) for _ in range(count)]
        found[0] = rng.choice([found[0], Fraction(1, 2**50), 1 - Fraction(1, 2**50)])
        return sorted(set(found))
    moved = (t + Fraction(rng.randint(-3, 6), 2**bits) for t in radau_nodes(count))
    return sorted({min(max(t, Fraction(1, 2**50)), 1 - Fraction(1, 2**50)) for t in moved})


def test_rules_are_accepted_where_their_moments_say_so() -> None:
    rng, accepted = random.Random(23), 0
    for _ in range(150):
        nodes = random_nodes(rng)
        w, beta, last = by_moments(nodes)
        if any(x > 0 for x in beta) or any(x < 0 for x in w):
            with pytest.raises(Rejected, match="not below the logarithm"):
                quadrature(nodes, Work())
            continue
        accepted += 1
        total, held = quadrature(nodes, Work())
        assert total == sum(held)
        assert last > 0
        for t, own, exact in zip(nodes, held, w, strict=True):
            assert 0 <= exact / t - own <= Fraction(1, 2**64) / t
        for x in (1e-9, 1e-3, 0.1, 0.5, 0.99, 1.01, 2.0, 30.0, 1e9):
            parts = [float(c) * (x - 1) / (1 + float(t) * (x - 1)) for c, t in zip(w, nodes, strict=True)]
            tiny = 1e-12 * (1 + sum(map(abs, parts)) + float(last) * abs(1 - 1 / x))
            assert sum(parts) + float(last) * (1 - 1 / x) <= log(x) + tiny
    assert 20 < accepted < 130


# ------------------------------------------------------------------ strategies with a cause W

DIMENSIONS = (2, 2, 3)


def put(party: int, x: Any) -> Any:
    parts = [np.eye(n) for n in DIMENSIONS]
    parts[party] = x
    return np.kron(np.kron(parts[0], parts[1]), parts[2])


def nats(x: Any) -> float:
    own = np.linalg.eigvalsh((x + x.conj().T) / 2)
    own = own[own > 1e-16]
    return float(-(own * np.log(own)).sum())


def best(rho: Any, sigma: Any, t: float) -> Any:
    """The operator that is best at a node, entry by entry in the eigenvectors."""
    q, left = np.linalg.eigh((sigma + sigma.conj().T) / 2)
    p, right = np.linalg.eigh((rho + rho.conj().T) / 2)
    p = np.where(p > 1e-13, p, 0)
    below = t * np.abs(q)[:, None] + (1 - t) * p[None, :]
    return left @ (-p[None, :] * (left.conj().T @ right) / (below + (p == 0)[None, :])) @ right.conj().T


class Strategy:
    """A state of two parties and the adversary, and observables of the parties."""

    def __init__(self, rng: Any, settings: tuple[int, int]) -> None:
        def matrix(n: int, m: int) -> Any:
            return rng.normal(size=(n, m)) + 1j * rng.normal(size=(n, m))

        root = matrix(prod(DIMENSIONS), rng.choice([1, 2, 12]))
        self.state = root @ root.conj().T / np.trace(root @ root.conj().T).real
        self.operators: dict[tuple[int, int, int], Any] = {}
        for party, n in enumerate(settings):
            for x in range(n):
                unitary = np.linalg.qr(matrix(2, 2))[0]
                signs = np.diag(rng.choice([1, -1], size=2))
                self.operators[party, x, -1] = put(party, unitary @ signs @ unitary.conj().T)

    def held(self, q: Question, s: int, v: int) -> Any:
        """What the adversary holds when the output at s is v."""
        x, total = split(s, q.settings), np.zeros((12, 12))
        for o in range(4):
            a, b = split(o, (2, 2))
            index = {(0,): a, (1,): b, (0, 1): 2 * a + b}[q.ask.of]
            parts = [
                (np.eye(12) + (1 - 2 * bit) * self.operators[party, x[party], -1]) / 2
                for party, bit in enumerate((a, b))
            ]
            total = total + float(q.ask.chance(v, q.ask.values[index])) * parts[0] @ parts[1]
        return np.einsum("abcabd->cd", (total @ self.state).reshape(*DIMENSIONS, *DIMENSIONS))

    def mean(self, q: Question, word: tuple[int, ...]) -> float:
        total = self.state
        for party, number in enumerate(word):
            for x, kind in reversed(q.algebra.words[party][number]):
                total = self.operators[party, x, kind] @ total
        return float(np.trace(total).real)


@pytest.mark.parametrize("kind", ["fixed", "settings", "nothing"])
@pytest.mark.parametrize("seed", range(12))
def test_what_nodes_say_of_strategies_with_a_cause(seed: int, kind: str) -> None:
    rng, pick = np.random.default_rng(seed), random.Random(seed)
    settings, of = (2, pick.choice([1, 2])), pick.choice([(0,), (1,), (0, 1)])
    count, joint = pick.choice([2, 3]), settings[0] * settings[1]
    values = [pick.randrange(count) for _ in range(2 ** len(of))]
    noise = pick.choice([{}, {"noise": "1/5"}]) if count == 2 else {}
    causes = [Fraction(k, 6) for k in pick.choice([[6], [2, 4], [1, 2, 3]])]
    chances = [[Fraction(1 + pick.randrange(5)) for _ in range(joint)] for _ in causes]
    chances = [[x / sum(row) for x in row] for row in chances]
    observed = [sum(p * row[s] for p, row in zip(causes, chances, strict=True)) for s in range(joint)]
    at = (
        {"at": split(pick.randrange(joint), settings)} if kind == "fixed" else {"at": "average", "told": kind}
    )
    ask = {"quantity": "entropy", "values": values, "count": count, "side": "quantum", **at, **noise}
    raw = {
        "settings": list(settings),
        "outcomes": [2, 2],
        "source": {"kind": "inequalities", "rows": []},
        "observed": [str(x) for x in observed],
        "devices": "quantum",
        "tests": [],
        "ask": {**ask, "of": list(of)},
    }
    q = read_question(raw, Work())

    nodes = sorted(t + Fraction(pick.randint(0, 3), 2**10) for t in radau_nodes(pick.randint(1, 3)))
    try:
        base, weights = quadrature(nodes, Work())
    except Rejected:
        nodes = radau_nodes(3)
        base, weights = quadrature(nodes, Work())
    entropy, shown, exact = 0.0, float(base), float(base)
    for cause, row in zip(causes, chances, strict=True):
        own = Strategy(rng, settings)
        groups = groups_of(q, own, row)
        share = float(cause) if q.ask.at is None else float(cause * row[q.ask.at] / observed[q.ask.at])
        entropy += share * sum(
            mass * (sum(map(nats, rhos)) - nats(sum(rhos))) for mass, rhos in groups.values()
        )
        for t, weight in zip(nodes, weights, strict=True):
            place, square = float(t), 1 / (4 * t * (1 - t))
            norm = Fraction(isqrt(square.numerator * 2**40 // square.denominator) + 1, 2**20)
            for turn, (mass, rhos) in groups.items():
                for v, rho in enumerate(rhos):
                    z = best(rho, sum(rhos), place)
                    exact += float(weight) * share * mass * np.trace(rho @ z).real
                    assert np.linalg.norm(z, 2) <= 1 / (2 * sqrt(place * (1 - place))) + 1e-9
                    own.operators[2, turn * count + v, -2] = put(2, z / float(norm))
                    own.operators[2, turn * count + v, -3] = put(2, z.conj().T / float(norm))
            for s, (_, words) in Worths(q, t, weight, Work(), ruled=True)(0).items():
                told = sum(float(x) * own.mean(q, word) for word, x in words.items())
                shown -= float(cause * row[s]) * told
    assert shown == pytest.approx(exact, abs=1e-9)
    # at the best operators the rule's error alone is left
    assert entropy - 0.3 <= shown <= entropy + 1e-9


def groups_of(q: Question, own: Strategy, row: list[Fraction]) -> dict[int, tuple[float, list[Any]]]:
    """What she holds by value: for all settings at once, or for each of the output's parties' if told."""
    values = range(q.ask.count)
    if q.ask.at is not None:
        return {0: (1.0, [own.held(q, q.ask.at, v) for v in values])}
    if not q.ask.told:
        return {0: (1.0, [sum(float(p) * own.held(q, s, v) for s, p in enumerate(row)) for v in values])}
    found: dict[int, tuple[float, list[Any]]] = {}
    for s, p in enumerate(row):
        x, turn = split(s, q.settings), 0
        for party in q.ask.of:
            turn = turn * q.settings[party] + x[party]
        found[turn] = (found.get(turn, (0.0, []))[0] + float(p), [own.held(q, s, v) for v in values])
    return found
