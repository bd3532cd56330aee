r"""Parties independent given W, with a bounded largest probability of settings.

.. math:: P(s|w) = \prod_p P_p(s_p|w), \qquad P_p(s_p|w) \le u_p \quad\text{or}\quad P(s|w) \le c

Either each party's largest probability is bounded, or that of a joint setting of two parties, which they may
share unevenly: local devices then reach CHSH 8 c (docs/proofs/products.md).
"""

from __future__ import annotations

from fractions import Fraction
from string import ascii_uppercase
from typing import Annotated

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source, replaced
from freerand_opt.model.sources.independent import product
from freerand_opt.model.sources.measurement_dependence import MeasurementDependence
from freerand_opt.model.tables.kinds import by_party, number


class Product(Source, tag="product"):
    """Independent parties, the largest probability of each party's setting or of a joint one bounded."""

    largest: Annotated[
        tuple[Fraction, ...] | None, by_party(number(0, 1)), "largest probability of a setting of each party"
    ] = None
    joint: Annotated[
        Fraction | None,
        number(0, 1),
        "largest probability of a joint setting of two parties, shared as they like",
    ] = None

    @property
    def varying(self) -> tuple[str, ...]:  # type: ignore[override]
        """Return the bound of a joint setting, or that of each party's."""
        if self.largest is None:
            return ("joint",)
        return tuple(f"largest.{letter}" for letter in ascii_uppercase[: len(self.largest)])

    def varied(self, name: str, value: Fraction) -> Source:
        """Return the source with another bound, of one party where parties have their own."""
        if self.largest is None:
            return super().varied(name, value)
        return self.changed(largest=replaced(self.largest, name[-1], value))

    @property
    def _parts(self) -> tuple[Source, ...]:
        assert self.largest is not None
        return tuple(MeasurementDependence(Fraction(0), u) for u in self.largest)

    def check(self) -> None:
        """Raise InputError unless exactly one bound is given."""
        if (self.largest is None) == (self.joint is None):
            said = "nothing is" if self.largest is None else "largest and joint are"
            raise self.fault("", f"{said} given; exactly one of largest, joint is needed")

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for another number of parties, or bounds that no distribution obeys."""
        if self.joint is not None:
            if len(scenario.settings) != 2:
                raise InputError(
                    "Question.source.joint",
                    f"a bound of joint settings is taken for two parties, here are {len(scenario.settings)}; "
                    "bound each party's settings by largest",
                )
            if self.joint * scenario.shape[0] < 1:
                raise InputError("Question.source.joint", f"{self.joint} is below 1/{scenario.shape[0]}")
            return
        assert self.largest is not None
        if len(self.largest) != len(scenario.settings):
            wanted = ", ".join(scenario.parties)
            raise InputError("Question.source.largest", f"a number for each of {wanted} is needed")
        for letter, n, u in zip(scenario.parties, scenario.settings, self.largest, strict=True):
            if u * n < 1:
                raise InputError(f"Question.source.largest.{letter}", f"{u} is below 1/{n}")

    def form(
        self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None
    ) -> forms.Product | forms.Shared:
        """Return the product of the parties' bounds, or the bound that they share."""
        if self.joint is not None:
            return forms.Shared(self.joint)
        return product(scenario, self._parts, observed)
