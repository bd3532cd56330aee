r"""Uniform settings, independent of W.

.. math:: P(s|w) = 1/S

for each of the S joint settings. There is no epsilon.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source


class Uniform(Source, tag="uniform"):
    """Settings that are uniform and independent of W."""

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Source:
        """Return one point."""
        return forms.Point(None)
