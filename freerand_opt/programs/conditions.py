r"""Rows for linear conditions on moments that are averaged over what the adversary holds.

.. math:: \sum_k c_k \sum_w P(w)\, y_w(k) \;\le\; b

In the program's columns the average of moment k is the sum over guess labels at the root of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, lcm

from freerand_opt.errors import InputError
from freerand_opt.model.question import MomentCondition, Question
from freerand_opt.numbers.rounding import round_down, round_up
from freerand_opt.programs.moment_space import MomentSpace
from freerand_opt.programs.moments import MomentMatrix
from freerand_opt.programs.observation import normalised_at
from freerand_opt.programs.program import Labels, Rows, integer_rows

#: The label by which rows of conditions on moments are known.
MOMENT_PATTERN = "moments: {0}"
#: Bits of the values of boxes.
BITS = 32


def condition_rows(
    question: Question, matrix: MomentMatrix, space: MomentSpace, roots: Sequence[int], columns: int
) -> list[Rows]:
    """Return one row for each condition, >= turned into <=; column k of the space stands in root + k.

    Raise InputError for a moment that the level lacks, or settings that leave P(w) without a scale.
    """
    conditions = question.adversary.moments
    if conditions and question.settings == "free" and normalised_at(question) is not None:
        raise InputError(
            "moment",
            "with free settings and a guess at one joint setting an average over W is no linear condition; "
            "observe uniform settings, or ask for the average",
        )
    return [
        _row(place, condition, matrix, space, roots, columns) for place, condition in enumerate(conditions)
    ]


def _row(
    place: int,
    condition: MomentCondition,
    matrix: MomentMatrix,
    space: MomentSpace,
    roots: Sequence[int],
    columns: int,
) -> Rows:
    total: dict[int, Fraction] = {}
    for name, factor in condition.terms:
        where = f'moment[{place}].terms."{name[:60]}"'
        try:
            found = matrix.named_position(name)
        except ValueError as error:
            raise InputError(where, str(error)) from None
        if found is None:
            raise InputError(
                where,
                f"level {matrix.level!r} has no such moment; it has those of products of two of its words "
                "(use a higher level)",
            )
        for k, share in (space.lifted(found) if found >= 0 else {}).items():
            total[k] = total.get(k, Fraction(0)) + factor * share
    sign = -1 if condition.relation == ">=" else 1
    entries = [(0, root + k, sign * factor) for k, factor in total.items() if factor for root in roots]
    rows, bounds = integer_rows(entries, [condition.bound * sign], columns)
    cone = "zero" if condition.relation == "=" else "nonnegative"
    scale = lcm(*(value.denominator for _, _, value in entries))
    return Rows(cone, rows, bounds, Labels(MOMENT_PATTERN, ((condition.label,),)), scale)


def box_rows(
    conditions: Sequence[MomentCondition],
    values: Sequence[Sequence[Fraction]],
    nodes: int,
    root: int,
    kinds: int,
) -> list[Rows]:
    """Return one row for each condition on boxes; `values[c][k]` is the sum of condition c on box k.

    There are `kinds` copies of `nodes` columns, whole multiples of the boxes, box by box; P(w) stands at
    `root`. Values are rounded to 2^-32 on the side that makes an inequality stricter.
    """
    found = []
    for condition, own in zip(conditions, values, strict=True):
        sign = -1 if condition.relation == ">=" else 1
        numerators = [ceil(value * sign * 2**BITS) for value in own]
        each = kinds // len(own)
        pairs = ((k * nodes + root, numerators[k // each]) for k in range(kinds))
        entries = [(0, place, Fraction(value, 2**BITS)) for place, value in pairs if value]
        # an irrational end on the safe side; equalities have none
        bound = round_down(condition.bound) if sign > 0 else -round_up(condition.bound)
        rows, bounds = integer_rows(entries, [bound], kinds * nodes)
        cone = "zero" if condition.relation == "=" else "nonnegative"
        scale = lcm(*(value.denominator for _, _, value in entries))
        found.append(Rows(cone, rows, bounds, Labels(MOMENT_PATTERN, ((condition.label,),)), scale))
    return found
