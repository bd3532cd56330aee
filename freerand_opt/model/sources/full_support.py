r"""Every distribution in which no joint setting is excluded.

.. math:: P(s|w) > 0

There is no epsilon: it holds for Santha-Vazirani bits of every epsilon below 1/2 at once.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source


class FullSupport(Source, tag="full-support"):
    """P(s|w) above 0 for every joint setting, and no more."""

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.FullSupport:
        """Return the source."""
        return forms.FullSupport()
