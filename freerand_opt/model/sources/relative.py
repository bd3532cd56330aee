r"""Relative bounds around a stated distribution.

.. math:: (1 - \epsilon)\, q(s) \;\le\; P(s|w) \;\le\; (1 + \epsilon)\, q(s)

Epsilon is relative: 0 is independent of W; 1 allows any setting to be left out. q is the observed
distribution unless another one is given.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.behaviours.labels import setting_index, setting_spelt
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source
from freerand_opt.model.tables.kinds import labelled, number
from freerand_opt.model.tables.text import said_at


class Relative(Source, tag="relative"):
    """P(s|w) within a factor 1 - epsilon, 1 + epsilon of a distribution."""

    varying: ClassVar[tuple[str, ...]] = ("epsilon",)

    epsilon: Annotated[Fraction, number(0, 1), "largest relative deviation; 0 is perfect"]
    around: Annotated[
        tuple[tuple[str, Fraction], ...],
        labelled(
            number(0, 1), setting_spelt, 'a table of joint settings such as { "00" = "1/4" }', once=True
        ),
        "the distribution q(s), if it is not the observed one",
    ] = ()

    def _centre(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> tuple[Fraction, ...]:
        if not self.around:
            if observed is None:
                raise InputError(
                    "Question.source.around",
                    "is missing; observed.settings is unconstrained, so the distribution must be given",
                )
            return observed
        found = [Fraction(0)] * scenario.shape[0]
        for label, share in self.around:
            with said_at(f'Question.source.around."{label}"'):
                found[setting_index(scenario, label)] = share
        if sum(found) != 1:
            raise InputError("Question.source.around", f"sums to {sum(found)}; a distribution sums to 1")
        return tuple(found)

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError if no distribution is stated, or one that sums to another number."""
        self._centre(scenario, observed)

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Limits:
        """Return the bounds by setting."""
        centre = self._centre(scenario, observed)
        upper = tuple(min((1 + self.epsilon) * q, Fraction(1)) for q in centre)
        return forms.Limits(tuple((1 - self.epsilon) * q for q in centre), upper)
