"""What a search for devices is given: numbers, settings, whose guess; and the question about a device."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from freerand_opt.bounds.search.design import Device, Noise, tables
from freerand_opt.bounds.search.inner import LEVEL
from freerand_opt.errors import InputError
from freerand_opt.model.question import Question
from freerand_opt.model.tables.kinds import number

#: Numbers by field, None for the one that is sought.
Numbers: TypeAlias = dict[str, Fraction | None]
EPSILON, VISIBILITY = "source.epsilon", "observed.visibility"
EFFICIENCY = "observed.efficiency"
SETTINGS = (2, 4, 8)
#: How many devices a search begins with.
STARTS = number(1, whole=True)


def numbers_of(settings: Any, visibility: Any, epsilon: Any, efficiency: Any) -> Numbers:
    """Return the numbers of a search by field, None for what is left out; raise InputError for bad ones."""
    if settings not in SETTINGS or isinstance(settings, bool):
        raise InputError("settings", f"{settings!r} given; 2, 4 or 8 are allowed, which bits choose")
    return {
        EPSILON: None if epsilon is None else number(0, below=Fraction(1, 2)).read(epsilon, "epsilon"),
        VISIBILITY: None if visibility is None else number(0, 1).read(visibility, "visibility"),
        EFFICIENCY: number(0, 1).read(efficiency, "efficiency"),
    }


def asked_of(device: Device, settings: int, held: Numbers) -> dict[str, Any]:
    """Return scenario, source and observed behaviour of a question, as it spells them."""
    amplitudes, measured = tables(device)
    epsilon, visibility, efficiency = held[EPSILON], held[VISIBILITY], held.get(EFFICIENCY, Fraction(1))
    losses = {} if efficiency == 1 else {"efficiency": efficiency, "no_click": 0}
    return {
        "scenario": {"settings": [settings, settings], "outcomes": [2, 2]},
        "source": {"kind": "santha-vazirani", "epsilon": 0 if epsilon is None else epsilon},
        "observed": {
            "state": amplitudes,
            "measurements": measured,
            "visibility": 1 if visibility is None else visibility,
            **losses,
        },
    }


@dataclass(frozen=True)
class Wanted:
    """What a search is given: the numbers by field, which of them is sought (or "guess"), whose guess."""

    settings: int
    held: Numbers
    missing: str = "guess"
    devices: str = "no-signalling"

    def question(self, device: Device, values: Numbers | None = None) -> Question:
        """Return the exact question about a device, at other numbers than those held if they are given."""
        level = {"level": LEVEL} if self.devices == "quantum" else {}
        return Question.from_dict(
            {
                **asked_of(device, self.settings, self.held if values is None else values),
                "adversary": {"devices": self.devices, **level},
                "test": [{"keep": "behaviour"}],
                "ask": {"quantity": "guessing-probability", "of": "A", "at": [self.settings - 1] * 2},
            }
        )


def noise_of(values: Numbers) -> Noise:
    """Return white noise and losses of these numbers, in floats."""
    return Noise(float(values[VISIBILITY] or 0), float(values[EFFICIENCY] or 0))
