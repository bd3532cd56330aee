r"""Each party's string is epsilon-free given the whole strings of all others, both ways (arXiv:1105.3195).

.. math:: \tfrac12 - \epsilon \;\le\; P(\text{bit}_t^A = 0 \,|\, \text{A's bits before } t, \text{all others' bits}, w)
   \;\le\; \tfrac12 + \epsilon \qquad \text{and so for every party}

The paper's definition for spacelike separated bits. Epsilon is Colbeck and Renner's: 0 is perfect, 1/2 is useless.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random

from freerand_opt.engine import problem as engine
from freerand_opt.model2.scenario import AnyScenario
from freerand_opt.model2.source import HALF, Biased, some_weights
from freerand_opt.model2.sources.encoding import Encoding, leaves, need_bits, place


class Mutual(Biased, tag="mutual"):
    """Each party's bits within epsilon of fair, given its bits before, all other parties' bits and W."""

    bits: Encoding = "most-significant-first"

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for settings that bits do not choose."""
        need_bits(scenario)

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> engine.Mutual:
        """Return the bits of each party's number in time."""
        return engine.Mutual(
            self.epsilon,
            tuple(tuple(place(n, j, self.bits) for j in range(n.bit_length() - 1)) for n in scenario.settings),
        )

    def sample(self, scenario: AnyScenario, draw: Random) -> tuple[Fraction, ...]:
        """Return a mixture of uniform and random settings, as far from uniform as the definition lets it be."""
        count = scenario.shape[0]
        more = some_weights(count, draw)
        for k in range(16, 0, -1):
            found = tuple(Fraction(16 - k, 16 * count) + Fraction(k, 16) * x for x in more)
            if self._holds(scenario, found):
                return found
        return (Fraction(1, count),) * count

    def _holds(self, scenario: AnyScenario, weights: tuple[Fraction, ...]) -> bool:
        for party, (n, own) in enumerate(zip(scenario.settings, self.form(scenario, None).bits, strict=True)):
            names = leaves((n,), tuple((0, bit) for bit in own))
            for s, settings in enumerate(scenario.joint_settings):
                if settings[party]:
                    continue
                step = scenario.setting_index([int(p == party) for p in range(len(settings))]) if n > 1 else 0
                level = [weights[s + x * step] for x in names]
                while len(level) > 1:
                    pairs = list(zip(level[::2], level[1::2], strict=True))
                    if any(min(pair) < (HALF - self.epsilon) * sum(pair) for pair in pairs):
                        return False
                    level = [sum(pair, Fraction(0)) for pair in pairs]
        return True
