r"""Settings chosen freely, independent of W, with the distribution that is observed.

.. math:: P(s|w) = P(s)

There is no epsilon. P(s) is `observed.settings`; conditional scores and guesses at given settings do not
depend on it.
"""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source


class Free(Source, tag="free"):
    """Settings that are independent of W, with the distribution in observed.settings."""

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError if no distribution is stated."""
        if observed is None:
            raise InputError(
                "Question.observed.settings",
                "is unconstrained; settings that are free need a stated distribution, or uniform",
            )

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Source:
        """Return one point, the observed distribution."""
        return forms.Point(None if observed is None or len(set(observed)) == 1 else observed)
