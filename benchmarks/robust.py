r"""How fast the largest sum of biases grows with the violation of GHZ relations, exactly.

B(v), the largest sum at violations of total weight v, is concave in v. So if it grows as much from 0 to
s as from s to 2 s, it is linear there, and with the slope lambda of this line

.. math:: B(v) \le B(0) + \lambda v \quad \text{for every } v \ge 0

(docs/proofs/conjecture-1.md, section 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.model.adversary import Adversary
from freerand_opt.model.ask import Ask
from freerand_opt.model.conditions import Relations
from freerand_opt.model.question import Question
from freerand_opt.model.scenarios import ghz
from freerand_opt.model.sources.uniform import Uniform

#: The violation s of which a first and a second helping are compared.
STEP = Fraction(1, 10**6)


@dataclass(frozen=True)
class Growth:
    """The sum of biases is at most `perfect` + `slope` v, and exactly that for small v."""

    perfect: Fraction
    slope: Fraction


def question(parties: int, weight: int, violated: Fraction) -> Question:
    """Return the question of the sum of all biases at an input with `weight` ones."""
    return Question(
        ghz(parties),
        Uniform(),
        adversary=Adversary(devices="no-signalling"),
        tests=(Relations(relations="mermin", violated=violated),),
        ask=Ask("sum-of-biases", at=(1,) * weight + (0,) * (parties - weight)),
    )


def largest(parties: int, weight: int, violated: Fraction) -> Fraction | None:
    """Return the largest sum of biases if it is proved exactly, by moments of symmetric boxes."""
    held = question(parties, weight, violated).many()
    assert held is not None  # relations of uniform settings have the short form
    pool = corridor(held, Options())
    exact = isinstance(pool.bound, Fraction) and pool.bound == pool.reached
    return pool.bound if exact else None  # type: ignore[return-value]


def growth(parties: int, weight: int, step: Fraction = STEP) -> Growth | None:
    """Return how the largest sum grows; None where a value is not exact or B bends before 2 `step`."""
    found = [largest(parties, weight, violated) for violated in (Fraction(0), step, 2 * step)]
    first, second, third = found
    if first is None or second is None or third is None or third - second != second - first:
        return None
    return Growth(first, (second - first) / step)
