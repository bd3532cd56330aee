"""The ways `cells` and `squares`: for each label the fold of what is left of the objective."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.fold import Fold
from freerand_opt.checker.gains import Worth, gains, mean_gain
from freerand_opt.checker.orders import Cells, Squares
from freerand_opt.checker.prices import Rest
from freerand_opt.checker.reading import closed, integer, items, tag
from freerand_opt.checker.sources import Point
from freerand_opt.checker.zeros import Zeros


def order_of(raw: Any, q: Question, work: Work) -> tuple[Cells | Squares, int]:
    """Return the functionals of a proof, and the unit of its lists."""
    way = tag(raw, "way", "proof", ("cells", "squares"))
    closed(raw, "proof", ("way", "unit", "labels", *(("words",) if way == "squares" else ())))
    if way == "squares" and q.devices == "no-signalling":
        raise Rejected("squares: boxes of no-signalling devices have no operators")
    unit = integer(raw["unit"], "proof: unit", 1)
    zeros = Zeros(q, work)
    # entries of polynomials are over the unit, so squares are over its square
    return (
        (Squares(q, raw["words"], zeros, work), unit**2)
        if way == "squares"
        else (Cells(q, zeros, work), unit)
    )


def by_labels(raw: Any, q: Question, rest: Rest, labels: int, worth: Worth, work: Work) -> Fraction:
    """Return the least r that a proof by cells or squares shows for all labels."""
    order, unit = order_of(raw, q, work)
    fold = Fold(order, unit, rest.averages, work)
    found = []
    for label, proof in enumerate(items(raw["labels"], "proof: labels", labels)):
        where = f"proof: label {label}"
        if isinstance(q.source, Point):
            found.append(fold.point(mean_gain(order, q, rest, worth(label)), proof, where))
        else:
            found.append(fold.bound(q.source, gains(order, q, rest, worth(label)), proof, where))
    return max(found)
