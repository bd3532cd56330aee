"""Who measures what: parties, settings and outcomes, and the indices of their joint values.

A joint setting s and a joint outcome o are numbers in row-major order, party A slowest.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod
from typing import Annotated, ClassVar, TypeAlias

from freerand_opt.model.problem import joint
from freerand_opt.model.tables.kinds import by_party, number
from freerand_opt.model.tables.table import Table
from freerand_opt.numbers.exact import Exact

#: Largest number of probabilities P(o|s) of a scenario.
MAX_CELLS = 2**22
#: Coefficients by (joint setting, joint outcome).
Cells: TypeAlias = Mapping[tuple[int, int], Fraction]
#: The probabilities P(o|s) of all joint outcomes at a joint setting, or None where nothing is known.
Rows: TypeAlias = Callable[[int], tuple[Exact, ...] | None]


class AnyScenario(Table):
    """What all scenarios have: numbers of settings and outcomes by party, labels and indices."""

    #: Behaviours that are known by name, beside those that every scenario has.
    behaviours: ClassVar[Mapping[str, Callable[..., Rows]]] = {}
    #: Largest number of probabilities P(o|s) with which a question is written out.
    largest: ClassVar[int] = MAX_CELLS
    #: Relabellings that leave the family's own functional as it is.
    symmetries: ClassVar[tuple[str, ...]] = ()

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        raise NotImplementedError

    @property
    def settings(self) -> tuple[int, ...]:
        """Return the number of settings of each party."""
        return self.sizes[0]

    @property
    def outcomes(self) -> tuple[int, ...]:
        """Return the number of outcomes of each party."""
        return self.sizes[1]

    @property
    def edges(self) -> tuple[tuple[int, int, int], ...]:
        """Return (a, b, parity) of each edge of a game on a closed chain of settings, () if there is none."""
        return ()

    @property
    def parties(self) -> str:
        """Return the letters of the parties, such as ``"AB"``; 26 at most have one."""
        return string.ascii_uppercase[: len(self.settings)]

    @cached_property
    def joint_settings(self) -> tuple[tuple[int, ...], ...]:
        """Return all joint settings in index order."""
        return tuple(product(*(range(n) for n in self.settings)))

    @cached_property
    def joint_outcomes(self) -> tuple[tuple[int, ...], ...]:
        """Return all joint outcomes in index order."""
        return tuple(product(*(range(n) for n in self.outcomes)))

    @property
    def shape(self) -> tuple[int, int]:
        """Return (number of joint settings, number of joint outcomes)."""
        return prod(self.settings), prod(self.outcomes)

    def setting_index(self, settings: Sequence[int]) -> int:
        """Return the index of a joint setting."""
        return joint(settings, self.settings)

    def outcome_index(self, outcomes: Sequence[int]) -> int:
        """Return the index of a joint outcome."""
        return joint(outcomes, self.outcomes)

    def setting_label(self, setting: int) -> str:
        """Return a joint setting as printed: digits, with commas where a digit is not enough."""
        return joined(self.joint_settings[setting], self.settings)

    def label(self, setting: int, outcome: int) -> str:
        """Return the name of a probability, such as ``P(01|10)``."""
        return f"P({joined(self.joint_outcomes[outcome], self.outcomes)}|{self.setting_label(setting)})"


def joined(values: Sequence[int], sizes: Sequence[int]) -> str:
    """Return numbers as printed: digits, with commas if one of the sizes needs more than a digit."""
    return ("" if max(sizes) <= 10 else ",").join(map(str, values))


class Scenario(AnyScenario):
    """Parties A, B, .. by their numbers of settings and of outcomes.

    >>> Scenario((2, 3), (2, 2)).label(4, 1)
    'P(01|11)'
    """

    settings: Annotated[
        tuple[int, ...],
        by_party(number(1, 1024, whole=True)),
        "number of measurement settings of each party",
    ]
    outcomes: Annotated[
        tuple[int, ...],
        by_party(number(1, 1024, whole=True)),
        "number of outcomes of each party, the same at all of its settings",
    ]

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the numbers of settings and of outcomes by party."""
        return self.settings, self.outcomes

    def check(self) -> None:
        """Raise InputError for two numbers of parties, or too many probabilities."""
        if len(self.settings) != len(self.outcomes):
            raise self.fault(
                "outcomes", f"{len(self.outcomes)} parties, but settings have {len(self.settings)}"
            )
        cells = prod(self.settings) * prod(self.outcomes)
        if cells > MAX_CELLS:
            raise self.fault(
                "settings", f"make {cells} probabilities P(o|s) with these outcomes; at most {MAX_CELLS}"
            )


class Family(AnyScenario, tag_field="family"):
    """A scenario under whose name correlations, functionals and behaviours are known."""
