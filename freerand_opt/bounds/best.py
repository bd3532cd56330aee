"""A good state and measurements of two parties for a visibility and an epsilon, what they give certified."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.design import (
    Device,
    Inner,
    Noise,
    begins,
    best_parameter,
    chained_device,
    improved,
    ladder_device,
    rounded,
    tables,
)
from freerand_opt.bounds.result import Result
from freerand_opt.errors import InputError
from freerand_opt.model.kinds import number
from freerand_opt.model.problem import Problem
from freerand_opt.model.question import Question

Numbers: TypeAlias = dict[str, Fraction | None]
#: An outcome counts as not determined if its guess is at most this.
BELOW_ONE = Fraction(999_999, 1_000_000)
SETTINGS = (2, 4, 8)
#: The field that is sought, and how far from what the search found its certified bracket may reach.
EPSILON, VISIBILITY = "source.epsilon", "observed.visibility"
EFFICIENCY = "observed.efficiency"
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
    starts: int = 4,
    seed: int = 0,
) -> Best:
    """Search a device with a small guess, or one that bears much; certify the number of what is found.

    Two parties with 2, 4 or 8 settings chosen by bits within `epsilon` in [0, 1/2) of fair, in one time
    order, observed uniform; a no-signalling adversary sees W; the behaviour, mixed with white noise to
    `visibility` in [0, 1], is observed and kept; A's outcome at the last settings is guessed. Without
    `epsilon` the largest one at which the guess stays below 1 is sought, without `visibility` the smallest
    visibility. The search, from `starts` devices, is a heuristic in floats (docs/proofs/two-parties.md, 9);
    what it finds is rounded to rational numbers and answered by `bound`.

    Raise InputError for numbers out of range, if neither epsilon nor visibility is given, and if no device
    that was tried is seen, in floats, to have a guess below 1. Raise NoChangeError if the exact answers
    contradict where floats saw a guess reach 1.
    """
    if settings not in SETTINGS or isinstance(settings, bool):
        raise InputError("settings", f"{settings!r} given; 2, 4 or 8 are allowed, which bits choose")
    held = {
        EPSILON: None if epsilon is None else number(0, below=Fraction(1, 2)).read(epsilon, "epsilon"),
        VISIBILITY: None if visibility is None else number(0, 1).read(visibility, "visibility"),
    }
    losses = {EFFICIENCY: number(0, 1).read(efficiency, "efficiency")}
    if starts < 1:
        raise InputError("starts", f"{starts} given; at least 1 is needed")
    if visibility is None and epsilon is None:
        raise InputError("best", "visibility or epsilon is needed; the one that is left out is sought")
    missing = next((field for field, value in held.items() if value is None), "guess")
    held |= losses
    device = _searched(held, missing, settings, starts, seed)
    known = (ladder_device(settings, best_parameter(settings)), chained_device(settings))
    result, ladder, chained = (_answered(one, settings, held, missing) for one in (device, *known))
    if result is None:
        raise InputError(
            "best", "what was found is seen to lose its guess below 1 when rounded; ask less epsilon or noise"
        )
    return Best(missing, _question(device, settings, held), result, ladder, chained)


def _question(device: Device, settings: int, held: Numbers) -> Question:
    amplitudes, measured = tables(device)
    epsilon, visibility, efficiency = held[EPSILON], held[VISIBILITY], held.get(EFFICIENCY, Fraction(1))
    losses = {} if efficiency == 1 else {"efficiency": efficiency, "no_click": 0}
    return Question.from_dict(
        {
            "scenario": {"settings": [settings, settings], "outcomes": [2, 2]},
            "source": {"kind": "santha-vazirani", "epsilon": 0 if epsilon is None else epsilon},
            "observed": {
                "state": amplitudes,
                "measurements": measured,
                "visibility": 1 if visibility is None else visibility,
                **losses,
            },
            "adversary": {"devices": "no-signalling"},
            "test": [{"keep": "behaviour"}],
            "ask": {"quantity": "guessing-probability", "of": "A", "at": [settings - 1] * 2},
        }
    )


def _answered(device: Device, settings: int, held: Numbers, missing: str) -> Result | None:
    """Return the exact bracket of a device's guess, or of its threshold, beside where floats see it."""
    question = _question(device, settings, held)
    if missing == "guess":
        return bound(question)
    ends = _Turns(settings, held, missing).crossing(rounded(device))
    if ends is None:
        return None
    low, high = ends
    sought = {"of": missing, "between": [low, high], "crosses": str(BELOW_ONE), "width": high - low}
    return bound(question, threshold=sought)


class _Turns:
    """Searches in floats at one value after the other of the number that is sought."""

    def __init__(self, settings: int, held: Numbers, missing: str) -> None:
        self.settings, self.held, self.missing = settings, held, missing
        self.first = ladder_device(settings, best_parameter(settings))
        self._made: dict[Fraction | None, Inner] = {}

    def inner(self, values: Numbers) -> Inner:
        """Return the inner program, which depends on epsilon alone."""
        epsilon = values[EPSILON]
        if epsilon not in self._made:
            problem = _question(self.first, self.settings, values).problem()
            assert isinstance(problem, Problem)
            self._made = {epsilon: Inner(problem)}
        return self._made[epsilon]

    def best(self, values: Numbers, starts: Iterable[Device], seed: int) -> Device:
        """Return the device with the least guess that turns from these devices end at."""
        inner, noise = self.inner(values), _noise(values)
        found = []
        for k, one in enumerate(starts):
            for efficiency in _efficiencies(noise.efficiency):  # where all is known no functional leads on
                one = improved(inner, replace(noise, efficiency=efficiency), one, seed=seed + 100 * k)[1]
            found.append(improved(inner, noise, one, seed=seed + 100 * k))
        return min(found, key=lambda pair: pair[0])[1]

    def below_one(self, x: Fraction, device: Device) -> bool:
        """Return whether a device's guess is seen below 1 at a value of the number that is sought."""
        values = {**self.held, self.missing: x}
        found = self.inner(values).guess(_noise(values).of(device))
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


def _noise(values: Numbers) -> Noise:
    return Noise(float(values[VISIBILITY] or 0), float(values[EFFICIENCY] or 0))


def _searched(held: Numbers, missing: str, settings: int, starts: int, seed: int) -> Device:
    """Return the device with the least guess, or with one below 1 at most epsilon or noise."""
    turns = _Turns(settings, held, missing)
    first = list(begins(settings, starts, seed))
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
