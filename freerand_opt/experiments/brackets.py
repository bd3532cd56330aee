"""Single-round brackets over a region of behaviours, for independent and identical rounds alone, as the
answer says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.data.counts import Counts
from freerand_opt.errors import InputError
from freerand_opt.experiments.regions import behaviour_region
from freerand_opt.model.problem import Functional, Problem, Test

WORDS = (
    "rounds are independent and identically distributed (assumed): the region holds except with "
    "probability alpha, "
    "and the bracket speaks of one round of such a device"
)


@dataclass(frozen=True)
class RegionBracket:
    """The kernel's ends over the region, None inside an empty region (an answer: no such behaviour is
    there).
    """

    pool: Pool
    region: dict[tuple[int, int], tuple[Fraction, Fraction]]
    alpha: Fraction
    words: str = WORDS


def bracket(
    problem: Problem, counts: Counts, alpha: Fraction | str, *, rounds: str, options: Options | None = None
) -> RegionBracket:
    """Return the bracket of a question's answer over the Clopper-Pearson region of counts.

    `rounds` must be "independent"; other tests of the problem are kept. Raise InputError else.
    """
    if rounds != "independent":
        raise InputError(
            "rounds",
            f'{rounds!r}: a region of behaviours means something for rounds = "independent" alone; p_value, '
            "bits and score_region hold under any memory",
        )
    region = behaviour_region(counts, alpha)
    tests = []
    for (z, c), (low, high) in region.items():
        cell = Functional("conditional", ((z, c, Fraction(1)),))
        tests += [Test(cell, ">=", low)] if low > 0 else []
        tests += [Test(cell, "<=", high)] if high < 1 else []
    held = replace(problem, tests=(*problem.tests, *tests))
    return RegionBracket(corridor(held, options or Options()), region, Fraction(alpha))
