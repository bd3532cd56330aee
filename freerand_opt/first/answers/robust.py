r"""How fast the largest sum of biases grows with the violation of GHZ relations, exactly.

B(v), the largest sum at violations of total weight v, is concave in v. So if it grows as much from 0 to
s as from s to 2 s, it is linear there, and with the slope lambda of this line

.. math:: B(v) \le B(0) + \lambda v \quad \text{for every } v \ge 0.

(docs/proofs/conjecture-1.md, section 7.)
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from freerand_opt.first.answers.many_parties import answered_by_orbits
from freerand_opt.first.model.question import Adversary, Ask, GhzTest, Output, Question
from freerand_opt.first.model.scenario import ghz
from freerand_opt.first.model.source import Uniform

#: The violation s of which a first and a second helping are compared.
STEP = Fraction(1, 10**6)


@dataclass(frozen=True)
class Growth:
    """The sum of biases is at most `perfect` + `slope` v, and exactly that for small v."""

    perfect: Fraction
    slope: Fraction


def question(parties: int, weight: int, violated: Fraction) -> Question:
    """Return the question of the sum of all biases at an input with `weight` ones."""
    counts = tuple(sum(outcomes) for outcomes in product((0, 1), repeat=parties))
    output = Output(counts, parties + 1, "all parties", tuple(range(parties)))
    at = (1,) * weight + (0,) * (parties - weight)
    return Question(
        ghz(parties),
        Uniform(),
        "uniform",
        Adversary("no-signalling"),
        (),
        Ask("sum-of-biases", output=output, at=at),
        GhzTest(violated),
    )


def growth(parties: int, weight: int) -> Growth | None:
    """Return how the largest sum grows; None where a value is not exact or B bends before 2 `STEP`.

    All three values have certificates that were checked.
    """
    found = []
    for violated in (Fraction(0), STEP, 2 * STEP):
        asked = question(parties, weight, violated)
        exact = answered_by_orbits(asked, "", "", "auto", None).bracket.exact
        if not isinstance(exact, Fraction):
            return None
        found.append(exact)
    if found[2] - found[1] != found[1] - found[0]:
        return None
    return Growth(found[0], (found[1] - found[0]) / STEP)
