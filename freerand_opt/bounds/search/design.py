r"""A state and measurements of two parties that leave an adversary with biased settings the least guess.

.. math:: \min_{P \text{ quantum}} \; \max_{\text{strategies that show } V P + (1 - V) P_\text{noise}} \;
   P(\text{guess})

The inner program's multipliers are a functional F with guess <= F(P) for every behaviour P and equality at
the one that was solved; the next behaviour is that of least value that a see-saw over real qubits finds. A
see-saw may miss the least, so turns end at the first that gains nothing, and the best device is kept; that
it is the best of all is not promised. Floats throughout: what is found is rounded to rational tangents
and asked anew, exactly (`bounds.search.best`). docs/proofs/two-parties.md, 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from freerand_opt.attacks.seesaw import Kind, best_climb
from freerand_opt.bounds.search.inner import Inner
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Parties

#: Turns of functional and behaviour, and the gain below which they end.
TURNS, STILL = 8, 1e-8
#: Climbs for each functional.
CLIMBS = 12
#: Denominators of tangents are at most this.
MOST = 1000

#: Directions of outcome 1 in the plane of real qubits, as (cosine, sine); None where one outcome is certain.
Directions: TypeAlias = tuple[tuple[float, float] | int, ...]


@dataclass(frozen=True)
class Device:
    """cos t |00> + sin t |11>, and the direction of outcome 1 by setting of A and of B; an int is certain."""

    state: tuple[float, float]
    directions: tuple[Directions, Directions]

    def table(self) -> Floats:
        """Return P(o|s), joint settings and outcomes in row-major order."""
        held = [np.array([_projectors(one) for one in own]) for own in self.directions]
        amplitudes = np.diag(self.state)
        found = np.einsum("ij,axik,byjl,kl->abxy", amplitudes, held[0], held[1], amplitudes, optimize=True)
        size = len(held[0]) * len(held[1])
        return found.reshape(size, 4)  # type: ignore[no-any-return]


def _projectors(direction: tuple[float, float] | int) -> Floats:
    if isinstance(direction, int):
        certain = np.zeros((2, 2, 2))
        certain[direction] = np.eye(2)
        return certain
    one = np.outer(direction, direction)
    return np.stack([np.eye(2) - one, one])


def ladder_device(settings: int, s: float) -> Device:
    """Return the state and measurements of Hardy's ladder; see `model.families.ladder`."""
    norm = np.hypot(s * s, 1.0)
    own = []
    for k in range(settings):
        slope = (-1) ** k * s ** (2 * k + 1)
        own.append((1 / np.hypot(1, slope), slope / np.hypot(1, slope)))
    return Device((s * s / norm, -1 / norm), (tuple(own), tuple(own)))


def best_parameter(settings: int) -> float:
    """Return the ladder's parameter with about the largest probability of its last step."""
    s, last = np.linspace(0.5, 0.999, 1000), settings - 1
    steps = s**4 * (1 - s ** (4 * last)) ** 2 / ((1 + s**4) * (1 + s ** (4 * last + 2)) ** 2)
    return float(s[np.argmax(steps)])


def chained_device(settings: int) -> Device:
    """Return the state and measurements of the chained correlations (arXiv:1105.3195, Eq. 3)."""
    turns = [np.pi / (4 * settings) * k for k in range(2 * settings)]
    own = [(float(-np.sin(t)), float(np.cos(t))) for t in turns]
    half = float(np.sqrt(0.5))
    return Device((half, half), (tuple(own[0::2]), tuple(own[1::2])))


@dataclass(frozen=True)
class Noise:
    """White noise, and detectors of either party that miss; no click counts as outcome 0."""

    visibility: float
    efficiency: float = 1.0

    def of(self, device: Device) -> Floats:
        """Return the behaviour that is observed of a device."""
        table = self.visibility * device.table() + (1 - self.visibility) / 4
        return np.einsum("xa,yb,sab->sxy", *self._losses, table.reshape(-1, 2, 2)).reshape(table.shape)  # type: ignore[no-any-return]

    def before(self, functional: Floats) -> Floats:
        """Return this functional of what is observed as one of the device's behaviour, up to a constant."""
        held = functional.reshape(-1, 2, 2)
        return np.einsum("xa,yb,sxy->sab", *self._losses, held).reshape(functional.shape)  # type: ignore[no-any-return]

    @property
    def _losses(self) -> tuple[Floats, Floats]:
        """Return P(observed outcome|outcome) of each party."""
        lost = np.array([[1.0, 1 - self.efficiency], [0.0, self.efficiency]])
        return lost, lost


def improved(inner: Inner, noise: Noise, begin: Device, seed: int = 0) -> tuple[float, Device]:
    """Return (value, device) where turns of functional and behaviour from a device end."""
    best, device = np.inf, begin
    for turn in range(TURNS):
        found = inner(noise.of(device))
        if found is None or found[0] > best - STILL:
            if found is None or found[0] >= best:
                break
            return found[0], device
        best, begin = found[0], device
        device = _least(noise.before(found[1]), len(device.directions[0]), seed + turn)
    return best, begin


def _least(functional: Floats, settings: int, seed: int) -> Device:
    """Return the device of real qubits with the least value that a see-saw finds."""
    scenario = Parties((settings, settings), (2, 2))
    climb = best_climb(scenario, -functional, (2, 2), (Kind(real=True),), starts=CLIMBS, seed=seed)
    amplitudes = climb.states[0].reshape(2, 2).real
    left, weights, right = np.linalg.svd(amplitudes)
    frames = (left, right.T)
    directions = []
    for frame, own in zip(frames, climb.measured, strict=True):
        turned = [frame.T @ one.elements[0, 1].real @ frame for one in own]
        directions.append(tuple(_direction(element) for element in turned))
    state = weights / np.linalg.norm(weights)
    return Device((float(state[0]), float(state[1])), (directions[0], directions[1]))


def _direction(projector: Floats) -> tuple[float, float] | int:
    values, vectors = np.linalg.eigh(projector)
    if values[0] > 0.5 or values[1] < 0.5:
        return int(values[0] > 0.5)
    return float(vectors[0, 1]), float(vectors[1, 1])


def begins(settings: int, starts: int, seed: int = 0) -> Iterator[Device]:
    """Yield devices to begin with: the ladder, the chain, and the ladder with everything turned a little."""
    s = best_parameter(settings)
    yield ladder_device(settings, s)
    yield chained_device(settings)
    random = np.random.default_rng(seed)
    for _ in range(max(starts - 2, 0)):
        held = ladder_device(settings, s)
        turned = [
            tuple(
                (float(np.cos(t)), float(np.sin(t)))
                for t in (np.arctan2(one[1], one[0]) + random.normal(scale=0.05) for one in own)  # type: ignore[index]
            )
            for own in held.directions
        ]
        t = np.arctan2(held.state[1], held.state[0]) + random.normal(scale=0.05)
        yield Device((float(np.cos(t)), float(np.sin(t))), (turned[0], turned[1]))


def rational(pair: tuple[float, float]) -> tuple[Fraction, Fraction]:
    """Return a rational vector near a direction, its larger entry 1, denominators at most `MOST`."""
    large = int(abs(pair[1]) > abs(pair[0]))
    ratio = Fraction(pair[1 - large] / pair[large]).limit_denominator(MOST)
    return (ratio, Fraction(1)) if large else (Fraction(1), ratio)


def rounded(device: Device) -> Device:
    """Return the device whose exact form `tables` gives, in floats."""

    def turned(direction: tuple[float, float] | int) -> tuple[float, float] | int:
        return direction if isinstance(direction, int) else _unit(rational(direction))

    first, second = (tuple(turned(one) for one in own) for own in device.directions)
    return Device(_unit(rational(device.state)), (first, second))


def _unit(pair: tuple[Fraction, Fraction]) -> tuple[float, float]:
    x, y = (float(value) for value in pair)
    return float(x / np.hypot(x, y)), float(y / np.hypot(x, y))


def tables(device: Device) -> tuple[Sequence[str], list[list[list[list[list[str]]]]]]:
    """Return (amplitudes, measurements) of a device with rational tangents, as a question spells them."""
    c, s = rational(device.state)
    measured = []
    for own in device.directions:
        held = []
        for one in own:
            if isinstance(one, int):
                certain = [[["1", "0"], ["0", "1"]], [["0", "0"], ["0", "0"]]]
                held.append(certain[::-1] if one else certain)
                continue
            x, y = rational(one)
            n = x * x + y * y
            first = [[y * y / n, -x * y / n], [-x * y / n, x * x / n]]
            second = [[x * x / n, x * y / n], [x * y / n, y * y / n]]
            held.append([[[str(v) for v in row] for row in matrix] for matrix in (first, second)])
        measured.append(held)
    return (str(c), "0", "0", str(s)), measured
