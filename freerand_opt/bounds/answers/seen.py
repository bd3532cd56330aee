r"""A quantum box as one looks at it, rounded: the state, and where each measurement points.

.. math:: \cos\theta\,|00\rangle + \sin\theta\,|11\rangle, \qquad \cos\alpha\, Z + \sin\alpha\, X

for two real qubits, in the bases in which the state is so; else amplitudes, and for observables of a qubit
their directions (x, y, z). Exact numbers are those of the certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import atan2, cos, pi, sin
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from freerand_opt.checker.failures import Work
from freerand_opt.checker.numbers import enclose, read_number

#: A direction of a qubit's observable: x, y, z; None for one that is no direction.
Direction: TypeAlias = tuple[float, float, float]
#: Angles this near to a fraction of pi with this denominator are shown as such.
NEAR, TURNS = 2e-6, 48
#: Amplitudes that are listed, and below which they are 0.
MOST, NOTHING = 8, 5e-5
_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


@dataclass(frozen=True)
class Seen:
    """The state in words, and by party and setting the direction, or the ranks of the projectors."""

    state: str
    directions: tuple[tuple[Direction | None, ...], ...]
    ranks: tuple[tuple[tuple[int, ...], ...], ...]

    def lines(self) -> list[str]:
        """Return the state, then a line for each party."""
        flat = all(d is None or abs(d[1]) < NOTHING for own in self.directions for d in own)
        found = [f"state {self.state}"]
        for party, (own, ranks) in enumerate(zip(self.directions, self.ranks, strict=True)):
            shown = [
                _ranked(rank) if d is None else angle_words(atan2(d[0], d[2])) if flat else _direction(d)
                for d, rank in zip(own, ranks, strict=True)
            ]
            found.append(f"{chr(65 + party)} {', '.join(f'{x}: {words}' for x, words in enumerate(shown))}")
        if any(d is not None for own in self.directions for d in own):
            found.append("angles from Z to X" if flat else "directions (x, y, z)")
        return found


def seen(form: dict[str, Any]) -> Seen:
    """Return what a box of a certificate, a pure state with projectors, looks like."""
    if form["kind"] == "qubits":
        first = _angle(form["state"]) / 2
        angles = [[_angle(x) for x in own] for own in form["angles"]]
        directions = tuple(tuple((sin(t), 0.0, cos(t)) for t in own) for own in angles)
        return Seen(_schmidt(first), directions, tuple(tuple((1, 1) for _ in own) for own in angles))
    sizes = form["dimensions"]
    state = _vector(form["state"])
    parties = zip(form["measurements"], sizes, strict=True)
    measured = [[[_projector(vs, d) for vs in m] for m in own] for own, d in parties]
    ranks = tuple(tuple(tuple(map(len, m)) for m in own) for own in form["measurements"])
    words = ""
    if list(sizes) == [2, 2] and np.abs(state.imag).max() < NOTHING:
        turns, theta = _bases(state.real.reshape(2, 2))
        measured = [
            [[turn.T @ e @ turn for e in m] for m in own] for turn, own in zip(turns, measured, strict=True)
        ]
        words = _schmidt(theta)
    directions_of = tuple(tuple(_bloch(m) for m in own) for own in measured)
    return Seen(words or _amplitudes(state, sizes), directions_of, ranks)


def angle_words(angle: float) -> str:
    """Return an angle in units of pi: a fraction if it is near a simple one, else four places."""
    turn = angle / pi
    near = Fraction(turn).limit_denominator(TURNS)
    if abs(float(near) - turn) > NEAR:
        return f"{turn:.4f} pi"
    return "0" if not near else f"{near} pi" if abs(near) != 1 else "pi"


def _angle(raw: Any) -> float:
    """Return an angle from a fraction of pi, or its cosine and sine."""
    if isinstance(raw, str):
        return float(Fraction(raw)) * pi
    c, s = (float(enclose(read_number(x, "angle", Work()), 80)[0]) for x in raw)
    return atan2(s, c)


def _vector(entries: Sequence[Any]) -> NDArray[np.complex128]:
    """Return a vector of Gaussian integers of any length with length 1."""
    parts = [x if isinstance(x, list) else [x, 0] for x in entries]
    most = max(abs(y) for x in parts for y in x)
    held = np.array([complex(Fraction(a, most), Fraction(b, most)) for a, b in parts])
    return np.asarray(held / np.linalg.norm(held))


def _projector(vectors: Sequence[Any], size: int) -> NDArray[np.complex128]:
    total = np.zeros((size, size), dtype=np.complex128)
    for raw in vectors:
        v = _vector(raw)
        total += np.outer(v, v.conj())
    return total


def _bases(state: NDArray[np.float64]) -> tuple[list[NDArray[np.float64]], float]:
    """Return rotations of both qubits, and theta, that make a state cos theta |00> + sin theta |11>."""
    left, (first, second), right = np.linalg.svd(state)
    signs = [np.linalg.det(left), np.linalg.det(right)]
    turns = [left @ np.diag([1, signs[0]]), right.T @ np.diag([1, signs[1]])]
    return turns, atan2(second * signs[0] * signs[1], first)


def _bloch(measurement: Sequence[NDArray[np.complex128]]) -> Direction | None:
    if len(measurement) != 2 or measurement[0].shape != (2, 2):
        return None
    held = np.einsum("kab,ba->k", _PAULI, measurement[0] - measurement[1]).real / 2
    return None if np.linalg.norm(held) < 0.5 else (float(held[0]), float(held[1]), float(held[2]))


def _schmidt(theta: float) -> str:
    return f"cos t |00> + sin t |11>, t = {angle_words(theta)}"


def _amplitudes(state: NDArray[np.complex128], sizes: Sequence[int]) -> str:
    most = state[np.argmax(np.abs(state))]
    state = state * (abs(most) / most)
    parts = []
    for ket, x in zip(product(*map(range, sizes)), state, strict=True):
        if abs(x) > NOTHING:
            factor = f"{x.real:.4f}" if abs(x.imag) < NOTHING else f"({x.real:.4f}{x.imag:+.4f}i)"
            parts.append(f"{factor} |{''.join(map(str, ket))}>")
    more = f" + .. ({len(parts)} terms)" if len(parts) > MOST else ""
    return " + ".join(parts[:MOST]).replace("+ -", "- ") + more


def _direction(d: Direction) -> str:
    return f"({', '.join(f'{x + 0.0 if abs(x) > NOTHING else 0:.4f}'.rstrip('0').rstrip('.') for x in d)})"


def _ranked(rank: Sequence[int]) -> str:
    if sum(1 for r in rank if r) == 1:
        return f"always {next(k for k, r in enumerate(rank) if r)}"
    return f"projectors of ranks {', '.join(map(str, rank))}"
