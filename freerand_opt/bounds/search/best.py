"""A good state and measurements of two parties for a visibility and an epsilon, what they give certified."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.search.design import (
    Device,
    Noise,
    begins,
    best_parameter,
    chained_device,
    improved,
    ladder_device,
    rounded,
)
from freerand_opt.bounds.search.inner import Inner, inner_guess
from freerand_opt.bounds.search.wanted import (
    EPSILON,
    STARTS,
    VISIBILITY,
    Numbers,
    Wanted,
    noise_of,
    numbers_of,
)
from freerand_opt.errors import InputError
from freerand_opt.model.problem import Problem
from freerand_opt.model.question import Question

#: An outcome counts as not determined if its guess is at most this.
BELOW_ONE = Fraction(999_999, 1_000_000)
DEVICES = ("no-signalling", "quantum")
#: How far from what the search found its certified bracket of a threshold may reach, and turns of it.
WIDTH, ROUNDS = Fraction(1, 10**4), 8
#: Steps from perfect detectors to those that are given.
PATH = 6


@dataclass(frozen=True)
class Best:
    """The device that was found, asked exactly: `result` is its bracket, of the guess or of a threshold.

    `sought` is "guess", or the field whose threshold the result is; `ladder` and `chained` answer the same of
    the ladder's and the chain's device, rounded likewise (None: no value of the field was seen, in floats, at
    which the guess stays below 1; nothing is proved). Another device may do better than the one found.
    """

    sought: str
    question: Question
    result: Result
    ladder: Result | None
    chained: Result | None

    def __str__(self) -> str:
        words = {
            "guess": "guess of A's outcome at the last settings",
            EPSILON: f"largest epsilon at which that guess stays below {float(BELOW_ONE)}",
            VISIBILITY: f"smallest visibility at which that guess stays below {float(BELOW_ONE)}",
        }[self.sought]
        rows = (("found", self.result), ("ladder", self.ladder), ("chained", self.chained))
        return "\n".join(
            [words, *(f"  {name:<8} {'none' if one is None else one.bracket}" for name, one in rows)]
        )


def best(
    *,
    visibility: Any = None,
    epsilon: Any = None,
    efficiency: Any = 1,
    settings: int = 4,
    devices: str = "no-signalling",
    starts: int = 4,
    seed: int = 0,
) -> Best:
    """Search a device with a small guess, or one that bears much; certify the number of what is found.

    Two parties with 2, 4 or 8 settings chosen by bits within `epsilon` in [0, 1/2) of fair, in one time
    order, observed uniform; an adversary, no-signalling or, with two settings, quantum, sees W; the
    behaviour, mixed with white noise to `visibility` in [0, 1], is observed and kept; A's outcome at the
    last settings is guessed. Without `epsilon` the largest one at which the guess stays below 1 is sought,
    without `visibility` the smallest visibility. The search, from `starts` devices, is a heuristic in floats
    (docs/proofs/two-parties.md, 9); what it finds is rounded to rational numbers and answered by `bound`.

    Raise InputError for numbers out of range, if neither epsilon nor visibility is given, for a quantum
    adversary of more settings or without both numbers, and if no device that was tried is seen, in floats,
    to have a guess below 1. Raise NoChangeError if the exact answers contradict where floats saw a guess
    reach 1.
    """
    held = numbers_of(settings, visibility, epsilon, efficiency)
    if visibility is None and epsilon is None:
        raise InputError("best", "visibility or epsilon is needed; the one that is left out is sought")
    missing = next((field for field in (EPSILON, VISIBILITY) if held[field] is None), "guess")
    _require_devices(devices, settings, missing)
    wanted = Wanted(settings, held, missing, devices)
    device = _searched(wanted, STARTS.read(starts, "starts"), seed)
    known = (ladder_device(settings, best_parameter(settings)), chained_device(settings))
    result, ladder, chained = (_answered(one, wanted) for one in (device, *known))
    if result is None:
        raise InputError(
            "best", "what was found is seen to lose its guess below 1 when rounded; ask less epsilon or noise"
        )
    return Best(missing, wanted.question(device), result, ladder, chained)


def _require_devices(devices: str, settings: int, missing: str) -> None:
    if devices not in DEVICES:
        raise InputError("devices", f"{devices!r} given; no-signalling or quantum are allowed")
    if devices == "quantum" and settings != 2:
        raise InputError(
            "devices",
            f"quantum is searched with 2 settings; with {settings} each turn is a program of minutes",
        )
    if devices == "quantum" and missing != "guess":
        raise InputError(
            "devices",
            "with 2 settings a quantum adversary knows the outcome exactly where a no-signalling one does "
            "(docs/proofs/two-parties.md, 9): leave devices out, or give visibility and epsilon",
        )


def _answered(device: Device, wanted: Wanted) -> Result | None:
    """Return the exact bracket of a device's guess, or of its threshold, beside where floats see it."""
    question, missing = wanted.question(device), wanted.missing
    if missing == "guess":
        return bound(question)
    ends = _Turns(wanted).crossing(rounded(device))
    if ends is None:
        return None
    low, high = ends
    sought = {"of": missing, "between": [low, high], "crosses": str(BELOW_ONE), "width": high - low}
    return bound(question, threshold=sought)


class _Turns:
    """Searches in floats at one value after the other of the number that is sought."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted, self.held, self.missing = wanted, wanted.held, wanted.missing
        self.first = ladder_device(wanted.settings, best_parameter(wanted.settings))
        self._made: dict[Fraction | None, Inner] = {}

    def inner(self, values: Numbers) -> Inner:
        """Return the inner program, which depends on epsilon alone."""
        epsilon = values[EPSILON]
        if epsilon not in self._made:
            problem = self.wanted.question(self.first, values).problem()
            assert isinstance(problem, Problem)
            self._made = {epsilon: inner_guess(problem)}
        return self._made[epsilon]

    def best(self, values: Numbers, starts: Iterable[Device], seed: int) -> Device:
        """Return the device with the least guess that turns from these devices end at."""
        return searched(self.inner(values), noise_of(values), starts, seed)

    def below_one(self, x: Fraction, device: Device) -> bool:
        """Return whether a device's guess is seen below 1 at a value of the number that is sought."""
        values = {**self.held, self.missing: x}
        found = self.inner(values)(noise_of(values).of(device))
        return found is not None and found[0] <= BELOW_ONE

    def crossing(self, device: Device) -> tuple[Fraction, Fraction] | None:
        """Return between which values, the smaller first, a guess is seen to reach 1; None: it always is."""
        grid = int(1 / WIDTH)
        good, bad = (0, grid // 2) if self.missing == EPSILON else (grid, 0)
        if not self.below_one(Fraction(good, grid), device):
            return None
        while abs(good - bad) > 1:
            middle = (good + bad) // 2
            if self.below_one(Fraction(middle, grid), device):
                good = middle
            else:
                bad = middle
        return Fraction(min(good, bad), grid), Fraction(max(good, bad), grid)


def _efficiencies(last: float) -> list[float]:
    """Return efficiencies on the way from 1, that one left out."""
    return [1 - (1 - last) * k / PATH for k in range(1, PATH)] if last < 1 else []


def searched(inner: Inner, noise: Noise, starts: Iterable[Device], seed: int) -> Device:
    """Return the device with the least value that turns from these devices end at."""
    found = []
    for k, one in enumerate(starts):
        for efficiency in _efficiencies(noise.efficiency):  # where all is known no functional leads on
            one = improved(inner, replace(noise, efficiency=efficiency), one, seed=seed + 100 * k)[1]
        found.append(improved(inner, noise, one, seed=seed + 100 * k))
    return min(found, key=lambda pair: pair[0])[1]


def _searched(wanted: Wanted, starts: int, seed: int) -> Device:
    """Return the device with the least guess, or with one below 1 at most epsilon or noise."""
    turns, held, missing = _Turns(wanted), wanted.held, wanted.missing
    first = list(begins(wanted.settings, starts, seed))
    if missing == "guess":
        return turns.best(held, first, seed)
    outward = 1 if missing == EPSILON else -1
    device, reached = turns.first, _outer(turns.crossing(turns.first), outward)
    for _ in range(ROUNDS):
        if missing == EPSILON and reached is not None and reached >= Fraction(1, 2) - WIDTH:
            raise InputError(
                "epsilon", f"is needed: a guess below 1 was found up to {float(reached)}, near 1/2"
            )
        at = Fraction(int(missing == VISIBILITY)) if reached is None else reached
        # a device that bears this much may be turned into one that bears a little more
        steps = (WIDTH, 50 * WIDTH)
        places = {min(max(at - outward * back, Fraction(0)), Fraction(1)) for back in steps}
        found = [turns.best({**held, missing: place}, [device, *first], seed) for place in sorted(places)]
        ends = [(end, one) for one in found if (end := _outer(turns.crossing(one), outward)) is not None]
        if not ends:
            break
        most, one = max(ends, key=lambda pair: outward * pair[0])
        if reached is not None and outward * most <= outward * reached:
            break
        device, reached = one, most
    if reached is None:
        raise InputError("best", "every device that was tried is seen to let the outcome be known, in floats")
    return device


def _outer(ends: tuple[Fraction, Fraction] | None, outward: int) -> Fraction | None:
    """Return the end at which the guess is still below 1."""
    return None if ends is None else ends[int(outward < 0)]
