r"""Local models against the GHZ relations: the least weight of wrong outcomes, settings epsilon-free.

A deterministic model of M parties has outcomes with the product s (-1)^{a.f}: f_i says whether party
i's outcome changes with its input. With q = 1/2 - eps and p = 1/2 + eps, one bit a party and A's first,

.. math:: V(\text{leaf } a) = [\text{the model errs at } a], \qquad
          V(\text{node}) = q \max(V_l, V_r) + p \min(V_l, V_r)

and V(root) is the least joint probability of an error; the smallest of all 2^(M+1) is that of all local
models, each value w with its own model and its own bits (arXiv:1105.3195; docs/proofs/ghz-orbits.md,
statement 6). Exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from freerand_opt.model.families.ghz import mermin_sign

#: Most parties whose 2^(M+1) models of 2^M inputs are gone through.
MOST_PARTIES = 11


@dataclass(frozen=True)
class Model:
    """A deterministic model, with the product of outcomes sign (-1)^(inputs . flips); its errors' weight."""

    flips: tuple[int, ...]
    sign: int
    weight: Fraction


def best_model(parties: int, epsilon: Fraction) -> Model:
    """Return the deterministic model with the least weight of errors, the first of them in order.

    Raise ValueError for M outside 3..`MOST_PARTIES` or epsilon outside [0, 1/2] (0 is perfect).
    """
    if not 3 <= parties <= MOST_PARTIES:
        raise ValueError(f"M = {parties}; local models are gone through for 3 to {MOST_PARTIES}")
    if not 0 <= epsilon <= Fraction(1, 2):
        raise ValueError(f"epsilon = {epsilon} is not in [0, 1/2] (0 is perfect)")
    q = Fraction(1, 2) - epsilon
    light, heavy, unit = q.numerator, q.denominator - q.numerator, q.denominator
    strings = list(product((0, 1), repeat=parties))
    wanted = [mermin_sign(sum(s)) for s in strings]
    best: tuple[int, tuple[int, ...], int] | None = None
    for flips in strings:
        signs = [1 - 2 * (sum(a & b for a, b in zip(s, flips, strict=True)) % 2) for s in strings]
        for sign in (1, -1):
            level = [int(w == -sign * x) for w, x in zip(wanted, signs, strict=True)]
            while len(level) > 1:
                pairs = zip(level[::2], level[1::2], strict=True)
                level = [light * max(a, b) + heavy * min(a, b) for a, b in pairs]
            if best is None or level[0] < best[0]:
                best = level[0], flips, sign
    assert best is not None
    return Model(best[1], best[2], Fraction(best[0], unit**parties))


def wrong_inputs(parties: int) -> int:
    """Return the least number of inputs at which a deterministic model errs (Mermin, PRL 65, 1838, 1990)."""
    return ((1 << parties - 1) - (1 << parties // 2)) // 2
