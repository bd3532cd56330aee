r"""Quantum boxes that show forbidden outcomes never, exactly: a see-saw's penalty could only make them rare.

For measurements on real qubits, by angles, the best state has no part along the forbidden vectors:

.. math:: F(\theta) = \lambda_{\max}\bigl(Q B(\theta) Q\bigr), \qquad Q \perp v_A \otimes v_B \otimes \dots
   \text{ of every zero.}

The angles are sought by descent from random starts, then rounded; the state is made orthogonal exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from freerand_opt.attacks.angles import Angles, Cells
from freerand_opt.attacks.gaussian import orthogonal, rounded
from freerand_opt.attacks.quantum_box import Quantum, Vector
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Parties

#: Bits of the integers in the measurements, and in the state before it is projected.
BITS = 24
STARTS = 6
#: The charge for forbidden outcomes while their space is sought, and the singular values that count.
CHARGES, SEEN = (10.0, 300.0), 1e-2
MAX_PARTIES = 5


def best_with_zeros(scenario: Parties, gains: Floats, zeros: Cells, *, seed: int = 0) -> Quantum | None:
    """Return the best box found for sum of gains[s, o] P(o|s) with P(o|s) = 0 at `zeros` (s, o).

    Two outcomes a party and real qubits; None if none was found.
    """
    if set(scenario.outcomes) != {2} or len(scenario.settings) > MAX_PARTIES:
        return None
    from scipy.optimize import minimize

    search = _Angles(scenario, gains, zeros)
    random = np.random.default_rng(seed)
    best: tuple[float, Floats] | None = None
    for _ in range(STARTS):
        angles = random.uniform(0, np.pi, sum(scenario.settings))
        for charge in CHARGES:
            angles = minimize(lambda x, m=charge: -search.charged(x, m), angles, method="BFGS").x
        rank = search.rank(angles)
        if rank == search.size:
            continue
        found = minimize(lambda x, r=rank: -search.inside(x, r), angles, method="BFGS")
        if best is None or -float(found.fun) > best[0] + 1e-9:
            best = -float(found.fun), found.x
    return None if best is None else search.exact(best[1])


class _Angles(Angles):
    """Angles with outcomes that are forbidden, which weigh nothing."""

    def __init__(self, scenario: Parties, gains: Floats, zeros: Cells) -> None:
        super().__init__(scenario, gains, zeros)
        self.zeros = tuple(zeros)

    def charged(self, angles: Floats, charge: float) -> float:
        """Return the best score less the charge for forbidden outcomes."""
        rows = self.vectors(angles, self.zeros)
        return float(np.linalg.eigvalsh(self.operator(angles) - charge * rows.T @ rows)[-1])

    def rank(self, angles: Floats) -> int:
        """Return the dimension of the space of forbidden vectors."""
        return int(np.sum(np.linalg.svd(self.vectors(angles, self.zeros))[1] > SEEN))

    def inside(self, angles: Floats, rank: int) -> float:
        """Return F."""
        free = np.linalg.svd(self.vectors(angles, self.zeros))[2][rank:]
        return float(np.linalg.eigvalsh(free @ self.operator(angles) @ free.T)[-1])

    def exact(self, angles: Floats) -> Quantum | None:
        """Return the box with rounded measurements and a state that is exactly orthogonal to the zeros."""
        measurements: list[tuple[tuple[tuple[Vector, ...], ...], ...]] = []
        for p, n in enumerate(self.scenario.settings):
            own = []
            for half in angles[self.starts[p] : self.starts[p] + n] / 2:
                c, s = (round(float(x) * 2**BITS) for x in (np.cos(half), np.sin(half)))
                own.append((((c, s),), ((-s, c),)))
            measurements.append(tuple(own))
        forbidden = [self._product(measurements, s, o) for s, o in self.zeros]
        free = np.linalg.svd(self.vectors(angles, self.zeros))[2][self.rank(angles) :]
        if not len(free):
            return None
        best = np.linalg.eigh(free @ self.operator(angles) @ free.T)[1][:, -1] @ free
        state = orthogonal([*forbidden, rounded(best.tolist(), BITS)])[-1]
        whole = np.array([float(x) for x in state if isinstance(x, int)])
        if not any(state) or abs(whole @ best) < 0.9 * float(np.linalg.norm(whole)):
            return None
        words = "a real state of qubits without the forbidden outcomes"
        return Quantum((2,) * len(self.scenario.settings), state, tuple(measurements), words)

    def _product(
        self, measurements: Sequence[tuple[tuple[tuple[Vector, ...], ...], ...]], s: int, o: int
    ) -> list[int]:
        found = [1]
        places = zip(
            measurements, self.scenario.joint_settings[s], self.scenario.joint_outcomes[o], strict=True
        )
        for own, x, out in places:
            (vector,) = own[x][out]
            found = [a * b for a in found for b in vector if isinstance(b, int)]
        assert len(found) == prod([2] * len(measurements))
        return found
