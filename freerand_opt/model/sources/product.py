r"""Parties independent given W, each with a bounded largest probability.

.. math:: P(s|w) = \prod_p P_p(s_p|w), \qquad P_p(s_p|w) \le u_p

Each party's largest probability is bounded by itself; a bound on the product of both is another source
(docs/proofs/sources.md).
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Annotated

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.kinds import by_party, number
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source
from freerand_opt.model.sources.independent import product, sample
from freerand_opt.model.sources.measurement_dependence import MeasurementDependence


class Product(Source, tag="product"):
    """Independent parties, the largest probability of each party's setting bounded."""

    largest: Annotated[
        tuple[Fraction, ...], by_party(number(0, 1)), "largest probability of a setting of each party"
    ]

    @property
    def _parts(self) -> tuple[Source, ...]:
        return tuple(MeasurementDependence(Fraction(0), u) for u in self.largest)

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for another number of parties, or bounds that no distribution obeys."""
        if len(self.largest) != len(scenario.settings):
            wanted = ", ".join(scenario.parties)
            raise InputError("Question.source.largest", f"a number for each of {wanted} is needed")
        for letter, n, u in zip(scenario.parties, scenario.settings, self.largest, strict=True):
            if u * n < 1:
                raise InputError(f"Question.source.largest.{letter}", f"{u} is below 1/{n}")

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Product:
        """Return the product of the parties' bounds."""
        return product(scenario, self._parts, observed)

    def sample(self, scenario: AnyScenario, draw: Random) -> tuple[Fraction, ...]:
        """Return a product of distributions."""
        return sample(scenario, self._parts, draw)
