r"""Known optimal quantum strategies, real and in integers, for the families chsh, chained and ghz.

On :math:`|00\rangle + |11\rangle` observables :math:`\cos\alpha\,Z + \sin\alpha\,X` have the correlator
:math:`\cos(\alpha - \beta)`; with the M-party state :math:`\mathrm{Im} \otimes (1, i)` it is
:math:`-\cos(\sum_p \alpha_p)`, which is the GHZ state measured along x and y (arXiv:1105.3195, S3).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from freerand_opt.first.model.scenario import Scenario
from freerand_opt.first.programs.boxes import Angles
from freerand_opt.first.programs.quantum_box import Quantum
from freerand_opt.numbers.exact import cos_pi
from freerand_opt.numbers.rounding import round_down

#: Bits of a measured vector; what a score loses is of the order of the square of the last one.
BITS = 24
#: Bits that the squared lengths of all vectors may have together: probabilities have a common denominator.
TOTAL_BITS = 60_000


def known_angles(scenario: Scenario) -> Angles | None:
    """Return the known strategy of the families chained and chsh exactly, or None."""
    if scenario.family == "chained":
        n = scenario.settings[0]
        angles = tuple(tuple(Fraction(2 * k + party, 2 * n) for k in range(n)) for party in (0, 1))
        return Angles(angles, f"maximally entangled, angles of the chained game, N = {n}")
    if scenario.family == "chsh":
        angles = ((Fraction(0), Fraction(1, 2)), (Fraction(1, 4), Fraction(-1, 4)))
        return Angles(angles, "maximally entangled, Tsirelson's angles")
    return None


def known_strategy(scenario: Scenario) -> Quantum | None:
    """Return the known strategy of a family, rounded to 2^-24 (coarser for many settings), or None."""
    exact = known_angles(scenario)
    if exact is not None:
        return _plane((1, 0, 0, 1), exact.angles, exact.label)
    if scenario.family == "ghz":
        parties = len(scenario.settings)
        state = tuple((0, 1, 0, -1)[place.bit_count() % 4] for place in range(2**parties))
        return _plane(state, [(Fraction(0), Fraction(1, 2))] * parties, "GHZ state, x and y")
    return None


def _plane(state: Sequence[int], angles: Sequence[Sequence[Fraction]], label: str) -> Quantum:
    """Return qubits measured in one plane; angles are multiples of pi."""
    measurements = []
    bits = min(BITS, TOTAL_BITS // (2 * sum(map(len, angles))) - 1)
    for party in angles:
        own = []
        for angle in party:
            # outcome 0 has the vector at half the angle
            cosine = round_down(cos_pi(angle / 2), bits) * 2**bits
            sine = round_down(cos_pi(Fraction(1, 2) - angle / 2), bits) * 2**bits
            v = (int(cosine), int(sine))
            own.append(((v,), ((-v[1], v[0]),)))
        measurements.append(tuple(own))
    return Quantum((2,) * len(angles), tuple(state), tuple(measurements), label)
