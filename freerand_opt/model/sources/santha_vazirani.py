r"""Santha and Vazirani: a string of bits in one time order (arXiv:1105.3195, Eq. 1).

.. math:: \tfrac12 - \epsilon \;\le\; P(\text{bit}_t = 0 \,|\, \text{bits before } t, w) \;\le\; \tfrac12 +
   \epsilon

Epsilon is Colbeck and Renner's: 0 is perfect, 1/2 is useless. Other papers count differently.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import HALF, Biased
from freerand_opt.model.sources.encoding import Encoding, counts, in_time, leaves, need_bits, place
from freerand_opt.model.tables.kinds import word

ORDERS = ("interleaved", *(f"{letter} first" for letter in "ABCDEFGH"))


class SanthaVazirani(Biased, tag="santha-vazirani"):
    """Bits within epsilon of fair, given all bits before them and W."""

    order: Annotated[
        str,
        word(*ORDERS),
        "whose bit comes when: the parties in turn, or all bits of one party first",
    ] = "interleaved"
    bits: Encoding = "most-significant-first"

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for settings that bits do not choose, or an order of nobody's bits."""
        need_bits(scenario)
        if self.order != "interleaved" and self.order[0] not in scenario.parties:
            allowed = ", ".join(("interleaved", *(f"{letter} first" for letter in scenario.parties)))
            raise InputError("Question.source.order", f"{self.order!r} is not known; allowed: {allowed}")

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Bits:
        """Return bits, all with one range."""
        sizes = scenario.settings
        in_order = in_time(counts(sizes), self.order)
        order = tuple((p, place(sizes[p], position, self.bits)) for p, position in in_order)
        return forms.Bits(
            ((HALF - self.epsilon, HALF + self.epsilon),) * len(order), leaves(sizes, order), order
        )
