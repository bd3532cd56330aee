r"""Parties with sources of their own that are independent given W.

.. math:: P(s|w) = \prod_p P_p(s_p|w)

Each party's settings are chosen by Santha-Vazirani bits of one epsilon. Epsilon is Colbeck and Renner's
(arXiv:1105.3195): 0 is perfect, 1/2 is useless.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario, Scenario
from freerand_opt.model.source import Biased, Source
from freerand_opt.model.sources.encoding import Encoding, need_bits
from freerand_opt.model.sources.santha_vazirani import SanthaVazirani


def product(
    scenario: AnyScenario, parts: tuple[Source, ...], observed: tuple[Fraction, ...] | None
) -> forms.Product:
    """Return the product of sources of single parties, each with its marginal of the observed settings."""
    found = []
    for party, (part, n) in enumerate(zip(parts, scenario.settings, strict=True)):
        marginal = None if observed is None else _marginal(scenario, observed, party)
        own = part.form(Scenario((n,), (1,)), marginal)
        if isinstance(own, forms.Point) and own.values is not None:
            own = forms.Limits(own.values, own.values)
        assert isinstance(own, forms.Point | forms.Bits | forms.Limits)
        found.append(own)
    return forms.Product(tuple(found))


def _marginal(scenario: AnyScenario, observed: tuple[Fraction, ...], party: int) -> tuple[Fraction, ...]:
    found = [Fraction(0)] * scenario.settings[party]
    for settings, share in zip(scenario.joint_settings, observed, strict=True):
        found[settings[party]] += share
    return tuple(found)


class Independent(Biased, tag="independent"):
    """Santha-Vazirani bits of each party, independent of the other parties' given W."""

    bits: Encoding = "most-significant-first"

    def _parts(self, scenario: AnyScenario) -> tuple[Source, ...]:
        return (SanthaVazirani(self.epsilon, bits=self.bits),) * len(scenario.settings)

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for settings that bits do not choose."""
        need_bits(scenario)

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Product:
        """Return the product of the parties' bits."""
        return product(scenario, self._parts(scenario), observed)
