r"""A source for each party, independent of the other parties' given W.

.. math:: P(s|w) = \prod_p P_p(s_p|w)
"""

from __future__ import annotations

from fractions import Fraction
from string import ascii_uppercase
from typing import Annotated

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source, replaced
from freerand_opt.model.sources.bits import Bits
from freerand_opt.model.sources.encoding import need_bits
from freerand_opt.model.sources.free import Free
from freerand_opt.model.sources.independent import product
from freerand_opt.model.sources.measurement_dependence import MeasurementDependence, MinEntropy
from freerand_opt.model.sources.relative import Relative
from freerand_opt.model.sources.santha_vazirani import SanthaVazirani
from freerand_opt.model.sources.uniform import Uniform
from freerand_opt.model.tables.kinds import by_party
from freerand_opt.model.tables.table import table

#: Sources that a party may have by itself.
OF_A_PARTY = (Uniform, Free, SanthaVazirani, Bits, Relative, MeasurementDependence, MinEntropy)


class Mixture(Source, tag="mixture"):
    """A source for each party, independent of the others given W: ``A = { kind = .. }``, ``B = ..``."""

    parts: Annotated[
        tuple[Source, ...],
        by_party(
            table(*OF_A_PARTY, allowed='a source of one party, as { kind = "uniform" }', tag="kind"),
            spread=True,
        ),
        "the source of this party's settings",
    ]

    @property
    def varying(self) -> tuple[str, ...]:  # type: ignore[override]
        """Return epsilon, if a party has one, and each party's own numbers."""
        own = tuple(
            f"{letter}.{name}"
            for letter, part in zip(ascii_uppercase, self.parts, strict=False)
            for name in part.varying
        )
        return (*(("epsilon",) if any("epsilon" in part.varying for part in self.parts) else ()), *own)

    def varied(self, name: str, value: Fraction) -> Source:
        """Return the mixture with another epsilon of every party that has one, or another number of one."""
        letter, _, number = name.rpartition(".")
        if letter:
            part = self.parts[ascii_uppercase.index(letter)]
            return self.changed(parts=replaced(self.parts, letter, part.varied(number, value)))
        return self.changed(
            parts=tuple(x.varied(name, value) if name in x.varying else x for x in self.parts)
        )

    def check(self) -> None:
        """Raise InputError for a time order among other parties' bits, or ranges after some bits."""
        for letter, part in zip(ascii_uppercase, self.parts, strict=False):
            if getattr(part, "order", "interleaved") != "interleaved":
                raise self.fault(f"{letter}.order", "has no meaning for the bits of one party; leave it out")
            if isinstance(part, Bits) and part.by_node:
                raise self.fault(f"{letter}.ranges", "has `after`, which one party's bits do not offer")

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for another number of parties, or settings that bits do not choose."""
        if len(self.parts) != len(scenario.settings):
            wanted = ", ".join(scenario.parties)
            raise InputError(
                "Question.source", f"sources of {len(self.parts)} parties; one for each of {wanted} is needed"
            )
        for party, part in enumerate(self.parts):
            if isinstance(part, SanthaVazirani):
                need_bits(scenario, party)

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Product:
        """Return the product of the parties' sources."""
        return product(scenario, self.parts, observed)
