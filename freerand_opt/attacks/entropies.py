r"""Strategies that leave little entropy: qubits in a mixed state whose purification the adversary holds.

At given prices m of the tests' functionals f, for one distribution of the source,

.. math:: \min \sum_s P(s) \Bigl( H_s + \sum_o m f(o, s) P(o|s) \Bigr), \qquad
   H_s = \sum_v S(W^T \Pi_v W) - S(W^T W)

is sought by descent over states W W' of the parties' qubits and angles of their observables. What is found
is rounded, and made orthogonal exactly.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isqrt, prod
from typing import Any

import numpy as np

from freerand_opt.attacks.gaussian import orthogonal, plain, rounded, squared
from freerand_opt.checker.asked import Question
from freerand_opt.checker.entropies import Purified
from freerand_opt.checker.failures import Work
from freerand_opt.conic.sparse import Floats
from freerand_opt.programs.box import Box

BITS = 26
#: Eigenvalues and weights below are left out.
SMALL = 1e-12
Z, X = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])


class Qubits:
    """Boxes of qubits, one each of the parties, in floats.

    Parameters are the entries of W, then the parties' angles by setting; an observable is cos Z + sin X.
    """

    def __init__(self, q: Question) -> None:
        self.q, self.size = q, 2 ** len(q.settings)
        #: dimension of what purifies the state: none, if she holds W alone
        self.rank = self.size if q.ask.side == "quantum" else 1
        self.settings = [q.digits(s) for s in range(q.shape[0])]
        self.starts = np.cumsum([self.size * self.rank, *q.settings])

    def random(self, rng: np.random.Generator) -> Floats:
        """Return parameters: a state that is nearly pure, any angles."""
        w = rng.normal(size=(self.size, self.rank)) * 0.3 ** np.arange(self.rank)
        return np.concatenate([w.ravel(), rng.uniform(0, 2 * np.pi, size=int(sum(self.q.settings)))])

    def lagrangian(
        self, x: Floats, shares: Floats, asked: Floats, priced: Floats, values: Sequence[int]
    ) -> tuple[float, Floats]:
        """Return the mean over s of asked(s) H_s + priced(o, s) P(o|s), and its gradient."""
        w = x[: self.size * self.rank].reshape(self.size, self.rank)
        norm = float((w * w).sum())
        w = w / np.sqrt(norm)
        slope, turn = np.zeros_like(w), np.zeros(len(x) - w.size)
        total, square = 0.0, w @ w.T
        whole, log_whole = _entropy(w.T @ w)
        chances = self._chances(values)
        for s, share in enumerate(shares):
            if not share or not (asked[s] or priced[s].any()):
                continue
            parts = [self._projectors(x, p, t) for p, t in enumerate(self.settings[s])]
            projectors = _joined([ahead for ahead, _ in parts])
            slopes = priced[s][:, None, None] * square
            total += share * float((slopes * projectors).sum())
            slope += 2 * share * (_mixed(priced[s], projectors) @ w)
            if asked[s]:
                held = _mixed(chances, projectors)
                own, log_own = _entropy(w.T @ held @ w)
                total += share * asked[s] * float(own.sum() - whole)
                slope += 2 * share * asked[s] * (w @ log_whole - (held @ w @ log_own).sum(axis=0))
                more = w @ (log_own + np.eye(self.rank)) @ w.T
                slopes = slopes - asked[s] * _mixed(chances.T, more)
            for p, t in enumerate(self.settings[s]):
                turned = _joined([parts[r][int(r == p)] for r in range(len(parts))])
                turn[int(self.starts[p] - w.size) + t] += share * float((slopes * turned).sum())
        slope -= w * float(np.sum(slope * w))  # lengths do not count
        return total, np.concatenate([slope.ravel() / np.sqrt(norm), turn])

    def _chances(self, values: Sequence[int]) -> Floats:
        """Return the chances of each value asked for, at each joint outcome."""
        ask = self.q.ask
        return np.array([[float(ask.chance(v, value)) for value in values] for v in range(ask.count)])

    def _projectors(self, x: Floats, party: int, setting: int) -> tuple[Floats, Floats]:
        """Return a party's projectors, by outcome, and how they change with its angle."""
        angle = x[int(self.starts[party]) + setting]
        ahead = np.cos(angle) * Z + np.sin(angle) * X
        turned = -np.sin(angle) * Z + np.cos(angle) * X
        return np.array([np.eye(2) + ahead, np.eye(2) - ahead]) / 2, np.array([turned, -turned]) / 2

    def descended(self, start: Floats, *objective: Any) -> tuple[float, Floats]:
        """Return the least value found from a start, and where."""
        from scipy.optimize import minimize

        found = minimize(self.lagrangian, start, args=objective, jac=True, method="L-BFGS-B")
        return float(found.fun), np.asarray(found.x)

    def box(self, x: Floats, values: Sequence[int]) -> Box:
        """Return the box in integers, in the certificate's form."""
        q = self.q
        w = x[: self.size * self.rank].reshape(self.size, self.rank)
        weights, basis = np.linalg.eigh(w @ w.T / (w * w).sum())
        kept = [k for k in reversed(range(self.size)) if weights[k] > SMALL][: self.rank]
        columns = orthogonal([rounded(basis[:, k].tolist(), BITS) for k in kept])
        longest = max(squared(column) for column in columns)
        states = []
        for k, column in zip(kept, columns, strict=True):
            factor = isqrt(int(weights[k] * 4**BITS) * longest // squared(column))
            states.append(plain([factor * int(entry) for entry in column]))  # type: ignore[arg-type]
        measurements = []
        for p, count in enumerate(q.settings):
            angles = x[int(self.starts[p]) : int(self.starts[p]) + count] / 2
            pairs = [(round(np.cos(a) * 2**BITS), round(np.sin(a) * 2**BITS)) for a in angles]
            measurements.append([[[[c, d]], [[-d, c]]] for c, d in pairs])
        form = {"kind": "purified", "dimensions": [2] * len(q.settings), "states": states}
        bases = self._bases(x, basis[:, kept] * np.sqrt(weights[kept]), values)
        form |= {"measurements": measurements, "eve": bases}
        held = Purified(form, q, Work(10**9), "box")
        rows = tuple(tuple((o, p) for o, p in held.at(s).items() if p) for s in range(q.shape[0]))
        return Box(None, rows, q.settings, q.outcomes, "", json.dumps(form))  # type: ignore[arg-type]

    def _bases(self, x: Floats, vectors: Floats, values: Sequence[int]) -> list[list[Any]]:
        """Return the eigenvectors of what the adversary holds, by place of the settings and value."""
        ask = self.q.ask
        places: dict[tuple[int, ...], int] = {}
        for s, own in enumerate(self.settings):
            if ask.at in (None, s):
                places.setdefault(tuple(own[p] for p in ask.of) if ask.told else (), s)
        found = []
        for _, s in sorted(places.items()):
            parts = [self._projectors(x, p, t)[0] for p, t in enumerate(self.settings[s])]
            held = _mixed(self._chances(values), _joined(parts))
            bases = []
            for v in range(ask.count):
                axes = np.linalg.eigh(vectors.T @ held[v] @ vectors)[1]
                bases.append([plain(b) for b in orthogonal([rounded(a.tolist(), BITS) for a in axes.T])])
            found.append(bases)
        return found


def _joined(factors: Sequence[Floats]) -> Floats:
    """Return Kronecker products of matrices of two rows, one of each list, by joint place."""
    found = factors[0]
    for factor in factors[1:]:
        each = np.multiply.outer(found, factor).transpose(0, 3, 1, 4, 2, 5)
        found = each.reshape(len(found) * len(factor), 2 * found.shape[1], -1)
    return found


def _mixed(factors: Floats, matrices: Floats) -> Floats:
    """Return sums of matrices with the factors of each row."""
    return (factors @ matrices.reshape(len(matrices), -1)).reshape(*factors.shape[:-1], *matrices.shape[1:])


def _entropy(matrix: Floats) -> tuple[Floats, Floats]:
    """Return -tr X ln X, and ln X, of one or several matrices."""
    values, basis = np.linalg.eigh(matrix)
    logs = np.log(np.maximum(values, SMALL))
    return -(values * logs).sum(axis=-1), (basis * logs[..., None, :]) @ basis.swapaxes(-1, -2)


def qubits_suit(q: Question) -> bool:
    """Return whether parties have two outcomes each, and are few."""
    return set(q.outcomes) == {2} and len(q.outcomes) <= 3 and prod(q.settings) <= 64
