r"""Behaviours of given states and measurements, exactly.

.. math:: P(o|s) = \mathrm{tr}\bigl(\rho\, M^A_{o_A|s_A} \otimes M^B_{o_B|s_B} \otimes \ldots\bigr)

Angles are rational multiples of pi: an observable is n.sigma with n = (sin t cos f, sin t sin f, cos t),
and outcome 0 is its value +1; one angle alone is t, so that it is cos t Z + sin t X.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import TypeAlias

from freerand_opt.numbers.exact import Exact, cos_pi, sign, sin_pi, text
from freerand_opt.numbers.matrix import (
    ONE,
    ZERO,
    Complex,
    Matrix,
    conjugate,
    fault,
    plus,
    shown,
    times,
    trace,
)

#: Joint dimensions beyond this are not read for density matrices, whose positivity is decided exactly.
MAX_DIMENSION = 16
#: `measurements[party][setting][outcome]`.
Measurements: TypeAlias = tuple[tuple[tuple[Matrix, ...], ...], ...]
_BELL = {"phi+": (1, 0, 0, 1), "phi-": (1, 0, 0, -1), "psi+": (0, 1, 1, 0), "psi-": (0, 1, -1, 0)}


@dataclass(frozen=True, eq=False)
class State:
    """A density matrix by its entries that are not 0; `size` is the joint dimension, party A slowest."""

    size: int
    entries: Mapping[tuple[int, int], Complex]


def from_amplitudes(amplitudes: Sequence[Complex]) -> State:
    """Return the pure state with these amplitudes, up to a factor.

    Raise ValueError if all are 0 or the squared norm is no fraction.
    """
    held = {k: value for k, value in enumerate(amplitudes) if value != ZERO}
    norm: Exact = sum((times(v, conjugate(v))[0] for v in held.values()), Fraction(0))
    if not isinstance(norm, Fraction):
        raise ValueError(f"the squares of the amplitudes sum to {text(norm)}; scale them to a fraction, as 1")
    if not norm:
        raise ValueError("all amplitudes are 0")
    pairs = product(held.items(), repeat=2)
    entries = {(i, j): _scaled(times(x, conjugate(y)), 1 / norm) for (i, x), (j, y) in pairs}
    return State(len(amplitudes), entries)


def named(name: str, parties: int) -> State:
    """Return a state of qubits by its name in `STATES`; raise ValueError for a wrong number of parties."""
    if name in _BELL:
        if parties != 2:
            raise ValueError(
                f"{name} is a state of two parties, the scenario has {parties}; ghz and w fit any"
            )
        return from_amplitudes([(Fraction(a), Fraction(0)) for a in _BELL[name]])
    ones = [0, 2**parties - 1] if name == "ghz" else [2**k for k in range(parties)]
    return from_amplitudes([ONE if k in ones else ZERO for k in range(2**parties)])


def schmidt(angle: Fraction, parties: int) -> State:
    """Return cos(t)|0..0> + sin(t)|1..1> for t = angle * pi."""
    amplitudes = [ZERO] * 2**parties
    amplitudes[0] = (cos_pi(angle), Fraction(0))
    amplitudes[-1] = (sin_pi(angle), Fraction(0))
    return from_amplitudes(amplitudes)


def from_matrix(matrix: Matrix) -> State:
    """Return a density matrix; raise ValueError unless it is Hermitian, positive and of trace 1."""
    size = len(matrix)
    if size > MAX_DIMENSION:
        raise ValueError(f"{size} rows; density matrices up to {MAX_DIMENSION} x {MAX_DIMENSION} are read")
    if any(len(row) != size for row in matrix):
        raise ValueError(f"{size} rows, but not all of them have {size} entries")
    total = trace(matrix)
    if sign(total[0] - 1) or sign(total[1]):
        raise ValueError(f"the trace is {shown(total)}, not 1")
    wrong = fault(matrix)
    if wrong:
        raise ValueError(f"no density matrix: {wrong}")
    entries = {(i, j): value for i, row in enumerate(matrix) for j, value in enumerate(row) if value != ZERO}
    return State(size, entries)


def in_direction(theta: Fraction, phi: Fraction = Fraction(0)) -> tuple[Matrix, Matrix]:
    """Return the projectors of n.sigma, outcome 0 first; angles in multiples of pi."""
    half = Fraction(1, 2)
    up, side = cos_pi(theta) * half, sin_pi(theta) * half
    right: Complex = (side * cos_pi(phi), side * sin_pi(phi))
    plus_one = (((half + up, Fraction(0)), conjugate(right)), (right, (half - up, Fraction(0))))
    left: Complex = (-right[0], -right[1])
    minus_one = (((half - up, Fraction(0)), conjugate(left)), (left, (half + up, Fraction(0))))
    return plus_one, minus_one


def measurement_fault(elements: Sequence[Matrix]) -> str | None:
    """Return in words why matrices are no measurement (positive, sum 1), and by how much, or None."""
    size = len(elements[0])
    for outcome, element in enumerate(elements):
        if len(element) != size or any(len(row) != size for row in element):
            return f"element {outcome} is no {size} x {size} matrix"
        wrong = fault(element)
        if wrong:
            return f"element {outcome}: {wrong}"
    for i, j in product(range(size), repeat=2):
        total = ZERO
        for element in elements:
            total = plus(total, element[i][j])
        wanted = 1 if i == j else 0
        if sign(total[0] - wanted) or sign(total[1]):
            return (
                f"the elements do not sum to 1: entry ({i}, {j}) of the sum is {shown(total)}, not {wanted}"
            )
    return None


def behaviour(
    settings: Sequence[int], outcomes: Sequence[int], state: State, measurements: Measurements
) -> tuple[tuple[Exact, ...], ...]:
    """Return P(o|s) by joint setting of a state and measurements, exactly.

    The caller has checked both; raise ValueError if their dimensions do not fit.
    """
    sizes = [len(party[0][0]) for party in measurements]
    if prod(sizes) != state.size:
        parts = " x ".join(map(str, sizes))
        raise ValueError(f"the state has dimension {state.size}, the measurements {parts} = {prod(sizes)}")
    known: dict[Exact, Exact] = {}
    table: dict[tuple[tuple[int, ...], tuple[int, ...]], Exact] = {}

    def measure(
        entries: Mapping[tuple[int, int], Complex], seen: tuple[int, ...], chosen: tuple[int, ...]
    ) -> None:
        """Measure the next party; what is left is not normalised."""
        party = len(chosen)
        if party == len(sizes):
            value = entries.get((0, 0), ZERO)[0]
            # one object for each distinct value keeps large tables cheap
            table[seen, chosen] = known.setdefault(value, value)
            return
        rest = prod(sizes[party + 1 :])
        for setting, elements in enumerate(measurements[party]):
            for outcome, element in enumerate(elements):
                left: dict[tuple[int, int], Complex] = {}
                for (i, j), entry in entries.items():
                    factor = element[j // rest][i // rest]
                    if factor != ZERO:
                        place = (i % rest, j % rest)
                        left[place] = plus(left.get(place, ZERO), times(entry, factor))
                measure(left, (*seen, outcome), (*chosen, setting))

    measure(state.entries, (), ())
    every_setting = product(*(range(n) for n in settings))
    every_outcome = list(product(*(range(d) for d in outcomes)))
    return tuple(tuple(table[o, s] for o in every_outcome) for s in every_setting)


def _scaled(x: Complex, factor: Fraction) -> Complex:
    return x[0] * factor, x[1] * factor
