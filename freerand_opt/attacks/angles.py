r"""Real qubits measured at angles: the best state's score as a function of the angles, and where it rises to.

.. math:: F(\theta) = \lambda_{\max}\Bigl(\sum f_{s,o}\, v_{s,o} v_{s,o}^T\Bigr), \qquad v = v_A \otimes v_B
   \otimes \dots

A see-saw creeps where a functional is steep; quasi-Newton steps along F do not. Floats throughout.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Parties

#: (s, o) of joint settings and outcomes.
Cells = Sequence[tuple[int, int]]


class Angles:
    """Measurements cos t Z + sin t X by their angles, all parties' settings in one row, two outcomes each."""

    def __init__(self, scenario: Parties, gains: Floats, without: Cells = ()) -> None:
        left_out = set(without)
        self.scenario, self.size = scenario, 2 ** len(scenario.settings)
        self.starts = np.cumsum([0, *scenario.settings])
        self.cells = [(s, o) for s, o in np.argwhere(gains).tolist() if (s, o) not in left_out]
        self.weights = np.array([gains[s, o] for s, o in self.cells])

    def vectors(self, angles: Floats, cells: Cells) -> Floats:
        """Return the product vectors of cells, as rows."""
        return self._vectors(angles, *self._places(cells))

    def operator(self, angles: Floats) -> Floats:
        """Return the operator whose expectation is the score."""
        rows = self.vectors(angles, self.cells)
        return np.asarray(rows.T @ (self.weights[:, None] * rows))

    def risen(self, angles: Floats) -> tuple[Floats, float]:
        """Return where steps from these angles end, and the best state's score there."""
        from scipy.optimize import minimize

        places, outs = self._places(self.cells)
        # a vector turns towards that of the other outcome, with half the angle's speed
        signs = np.where(outs == 0, 0.5, -0.5)

        def fallen(x: Floats) -> tuple[float, Floats]:
            rows = self._vectors(x, places, outs)
            energies, states = np.linalg.eigh(rows.T @ (self.weights[:, None] * rows))
            shown, slope = rows @ states[:, -1], np.zeros_like(x)
            for p in range(len(self.scenario.settings)):
                turned = outs.copy()
                turned[:, p] = 1 - turned[:, p]
                other = self._vectors(x, places, turned) @ states[:, -1]
                np.add.at(slope, places[:, p], 2 * self.weights * shown * signs[:, p] * other)
            return -float(energies[-1]), -slope

        found = minimize(fallen, angles, jac=True, method="BFGS", options={"gtol": 1e-11})
        return found.x, -float(found.fun)

    def _places(self, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of angles in their row, and the outcomes, by cell and party."""
        joint, out = self.scenario.joint_settings, self.scenario.joint_outcomes
        places = np.array([joint[s] for s, _ in cells], dtype=int).reshape(len(cells), -1)
        outs = np.array([out[o] for _, o in cells], dtype=int).reshape(len(cells), -1)
        return places + self.starts[: places.shape[1]], outs

    def _vectors(self, angles: Floats, places: np.ndarray, outs: np.ndarray) -> Floats:
        half = angles / 2
        single = np.array([[np.cos(half), np.sin(half)], [-np.sin(half), np.cos(half)]])
        found = np.ones((len(places), 1))
        for p in range(places.shape[1]):
            own = single[outs[:, p], :, places[:, p]]
            found = (found[:, :, None] * own[:, None, :]).reshape(len(places), -1)
        return found
