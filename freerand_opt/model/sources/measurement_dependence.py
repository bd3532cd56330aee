r"""Bounds on the probability of each joint setting (arXiv:1407.5634), and min-entropy as one of them.

.. math:: l \le P(s|w) \le h \qquad\text{or}\qquad P(s|w) \le 2^{-k}

for every joint setting s and every w. There is no epsilon; of S settings, l = h = 1/S is perfect.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source
from freerand_opt.model.tables.kinds import number


def _power_of_half(bits: Fraction) -> Fraction:
    """Return 2^-bits, for an integer exactly, else to a relative accuracy of 2^-50."""
    whole = int(bits)
    return Fraction(round(2 ** (60 - float(bits - whole))), 2 ** (60 + whole))


class MeasurementDependence(Source, tag="measurement-dependence"):
    """Bounds on P(s|w), the same for every joint setting s."""

    positional: ClassVar[int] = 2

    lower: Annotated[Fraction, number(0, 1), "least probability of every joint setting, at most 1/S"] = (
        Fraction(0)
    )
    upper: Annotated[Fraction, number(0, 1), "largest probability of every joint setting, at least 1/S"] = (
        Fraction(1)
    )

    @property
    def varying(self) -> tuple[str, ...]:  # type: ignore[override]
        """Return lower and upper, and bits of min-entropy if there is no lower bound."""
        return ("lower", "upper") if self.lower else ("lower", "upper", "bits")

    def varied(self, name: str, value: Fraction) -> Source:
        """Return the source with another bound; bits k stand for upper = 2^-k, a fraction close to it.

        The exact place is minus the binary logarithm of the upper bound that is returned.
        """
        return self.changed(upper=_power_of_half(value)) if name == "bits" else self.changed(**{name: value})

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for bounds that no distribution obeys."""
        count = scenario.shape[0]
        even = Fraction(1, count)
        ends = (("lower", self.lower, Fraction(0), even), ("upper", self.upper, even, Fraction(1)))
        for key, value, low, high in ends:
            if not low <= value <= high:
                raise InputError(
                    f"Question.source.{key}",
                    f"{value} is not in [{low}, {high}]; 0 <= lower <= 1/{count} <= upper <= 1 is needed, "
                    f"or no distribution of {count} joint settings obeys lower <= P(s|w) <= upper",
                )

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Limits:
        """Return the bounds by setting."""
        count = scenario.shape[0]
        return forms.Limits((self.lower,) * count, (self.upper,) * count)


class MinEntropy(Source, tag="min-entropy"):
    """Min-entropy of the joint setting given w: P(s|w) <= 2^-bits."""

    varying: ClassVar[tuple[str, ...]] = ("bits", "lower", "upper")

    bits: Annotated[
        int, number(0, 20, whole=True), "min-entropy of the joint setting given W, in bits; 0 is useless"
    ]

    def varied(self, name: str, value: Fraction) -> Source:
        """Return the source of bounds with another number, as `MeasurementDependence.varied`."""
        return MeasurementDependence(Fraction(0), Fraction(1, 2**self.bits)).varied(name, value)

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for more bits than joint settings have."""
        count = scenario.shape[0]
        most = count.bit_length() - 1
        if self.bits > most:
            raise InputError(
                "Question.source.bits",
                f"{self.bits} is not in [0, {most}] ({count} joint settings have no more); for other "
                'min-entropies give kind = "measurement-dependence" with upper = 2^-bits as a fraction',
            )

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Limits:
        """Return the bounds by setting."""
        count = scenario.shape[0]
        return forms.Limits((Fraction(0),) * count, (Fraction(1, 2**self.bits),) * count)
