r"""Each party's string is epsilon-free given the whole strings of all others, both ways (arXiv:1105.3195).

.. math:: \tfrac12 - \epsilon \;\le\; P(\text{bit}_t^A = 0 \,|\, \text{A's bits before } t, \text{all
   others' bits}, w)
   \;\le\; \tfrac12 + \epsilon \qquad \text{and so for every party}

The paper's definition for spacelike separated bits. Epsilon is Colbeck and Renner's: 0 is perfect, 1/2 is
useless.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Biased
from freerand_opt.model.sources.encoding import Encoding, need_bits, place


class Mutual(Biased, tag="mutual"):
    """Each party's bits within epsilon of fair, given its bits before, all other parties' bits and W."""

    bits: Encoding = "most-significant-first"

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for settings that bits do not choose."""
        need_bits(scenario)

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Mutual:
        """Return the bits of each party's number in time."""
        return forms.Mutual(
            self.epsilon,
            tuple(
                tuple(place(n, j, self.bits) for j in range(n.bit_length() - 1)) for n in scenario.settings
            ),
        )
