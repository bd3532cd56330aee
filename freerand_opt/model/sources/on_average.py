r"""Bounds on average over W of how far the settings lean on W.

.. math:: \sum_w P(w)\, d(P(\cdot|w)) \le c

distance: Hall's total variation between settings, :math:`\sum_w |P(w|s) - P(w|t)| \le M`, M in [0, 2]
(arXiv:1007.5518; his measure of freedom is 1 - M/2), for all pairs of settings, or for pairs that differ in
one party's setting alone (arXiv:1204.3835, 1809.01307); departure: total variation of P(w, s) from P(w) P(s);
bad: the fraction of trials in which settings are arbitrary; largest: the mean over w of the largest P(s|w). 0
is perfect for the first three, and the largest P(s) for the last (definitions: docs/proofs/sources.md).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from string import ascii_uppercase
from typing import Annotated, Any, ClassVar

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source, replaced
from freerand_opt.model.sources.bits import Bits
from freerand_opt.model.sources.free import Free
from freerand_opt.model.sources.measurement_dependence import MeasurementDependence, MinEntropy
from freerand_opt.model.sources.relative import Relative
from freerand_opt.model.sources.santha_vazirani import SanthaVazirani
from freerand_opt.model.sources.uniform import Uniform
from freerand_opt.model.tables.kinds import by_party, either, number
from freerand_opt.model.tables.table import table

MEASURES = ("distance", "departure", "bad", "largest", "information")
_M = number(0, 2)
_SHARE = number(0, 1)


class OnAverage(Source, tag="on-average"):
    """Settings that may lean on W by so much on average; give one measure."""

    positional: ClassVar[int] = 0

    distance: Annotated[
        Any,
        either(
            "a number in [0, 2], or one for each party", number=_M, table=by_party(_M), items=by_party(_M)
        ),
        "M: total variation between any two settings, or, by party, between settings of that party",
    ] = None
    departure: Annotated[Fraction | None, _SHARE, "total variation of P(w, s) from P(w) P(s)"] = None
    bad: Annotated[Fraction | None, _SHARE, "fraction of trials whose settings may be arbitrary"] = None
    largest: Annotated[Fraction | None, _SHARE, "mean over w of the largest probability of a setting"] = None
    information: Annotated[Fraction | None, number(0), "mutual information of settings and W, in bits"] = None
    good: Annotated[
        Source | None,
        table(
            Uniform,
            Free,
            SanthaVazirani,
            Bits,
            Relative,
            MeasurementDependence,
            MinEntropy,
            allowed='a source, as { kind = "free" }',
            tag="kind",
        ),
        "the source of all other trials, only with bad; free if it is left out",
    ] = None

    @property
    def measure(self) -> str:
        """Return the measure that is given."""
        return next(name for name in MEASURES if getattr(self, name) is not None)

    @property
    def varying(self) -> tuple[str, ...]:  # type: ignore[override]
        """Return the measure, or the distance of each party."""
        if isinstance(self.distance, tuple):
            return tuple(f"distance.{letter}" for letter in ascii_uppercase[: len(self.distance)])
        return (self.measure,)

    def varied(self, name: str, value: Fraction) -> Source:
        """Return the source with another bound, or another distance of one party."""
        if isinstance(self.distance, tuple):
            return self.changed(distance=replaced(self.distance, name[-1], value))
        return super().varied(name, value)

    def check(self) -> None:
        """Raise InputError unless exactly one measure is given."""
        given = [name for name in MEASURES if getattr(self, name) is not None]
        if len(given) != 1:
            said = f"{' and '.join(given)} are" if given else "nothing is"
            raise self.fault("", f"{said} given; exactly one of {', '.join(MEASURES)} is needed")
        if self.good is not None and self.bad is None:
            raise self.fault("good", "has a meaning only with bad")
        if isinstance(self.good, Bits) and self.good.by_node:
            raise self.fault("good.ranges", "has `after`, which good trials do not offer")

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for unknown settings where the measure needs them, or a bound that is too low."""
        if observed is None:
            raise InputError(
                "Question.observed.settings",
                "is unconstrained; bounds on average over W are about a stated distribution of settings",
            )
        if self.largest is not None and self.largest < max(observed):
            raise InputError(
                "Question.source.largest",
                f"{self.largest} is below the largest observed probability, {max(observed)}",
            )
        if isinstance(self.distance, tuple) and len(self.distance) != len(scenario.settings):
            wanted = ", ".join(scenario.parties)
            raise InputError("Question.source.distance", f"a number for each of {wanted} is needed")
        if self.good is not None:
            self.good.fit(scenario, observed)

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Average:
        """Return the measure with its bounds, one for each pair of settings that is compared."""
        if self.measure != "distance":
            good: forms.Point | forms.Bits | forms.Limits | None = None
            if self.bad is not None:
                held = (Free() if self.good is None else self.good).form(scenario, observed)
                assert isinstance(held, forms.Point | forms.Bits | forms.Limits)
                good = held
            return forms.Average(self.measure, (getattr(self, self.measure),), good=good)
        settings = list(scenario.joint_settings)
        pairs, bounds = [], []
        for (s, one), (t, other) in combinations(enumerate(settings), 2):
            moved = [p for p, (x, y) in enumerate(zip(one, other, strict=True)) if x != y]
            if isinstance(self.distance, Fraction):
                pairs.append((s, t))
                bounds.append(self.distance)
            elif len(moved) == 1:
                pairs.append((s, t))
                bounds.append(self.distance[moved[0]])
        return forms.Average("distance", tuple(bounds), tuple(pairs))
