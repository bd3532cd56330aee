"""The base of all sources of measurement settings that an adversary who holds W may bias.

A source is a set of distributions P(s|w) of joint settings, the same for every w; the observed distribution
is their average over w. To add one: a file in `sources/` with a subclass, and one line in
`sources/__init__.py`.
"""

from __future__ import annotations

from fractions import Fraction
from string import ascii_uppercase
from typing import Annotated, Any, ClassVar

from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.tables.kinds import number
from freerand_opt.model.tables.table import Table

HALF = Fraction(1, 2)


class Source(Table, tag_field="kind"):
    """Who chooses the settings, and what the adversary may do to them."""

    positional: ClassVar[int] = 1
    #: Numbers of the source in which what an adversary can do is monotone.
    varying: ClassVar[tuple[str, ...]] = ()

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError, with a path below ``Question``, for a scenario that has no such source.

        `observed` is the distribution of joint settings, None if it is unconstrained.
        """

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Source:
        """Return the source in the form that programs and certificates are made of."""
        raise NotImplementedError

    def varied(self, name: str, value: Fraction) -> Source:
        """Return the source with another value of one of its `varying` numbers."""
        return self.changed(**{name: value})


class Biased(Source):
    """A source whose bits are within `epsilon` of fair."""

    varying: ClassVar[tuple[str, ...]] = ("epsilon",)

    epsilon: Annotated[
        Fraction,
        number(
            0,
            below=HALF,
            hint=" (each bit then has probability in [1/2 - epsilon, 1/2 + epsilon]; 0 is perfect)",
        ),
        "largest deviation of a bit from fair, given what it may depend on; 0 is perfect, 1/2 useless",
    ]


def replaced(values: tuple[Any, ...], letter: str, value: Any) -> tuple[Any, ...]:
    """Return the values of all parties with another one for the party of a letter."""
    return tuple(value if own == letter else x for own, x in zip(ascii_uppercase, values, strict=False))
