"""Closed forms for computations about GHZ relations of M parties, exact."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from freerand_opt.first.model.lemniscate import half_constant, ratio
from freerand_opt.first.model.local_errors import LocalErrors, wrong_inputs


def ghz_wrong_inputs(asked: LocalErrors) -> Fraction:
    """Return n (1/2 - eps)^M, n the least number of inputs at which a local model errs; exact at eps = 0."""
    return wrong_inputs(asked.parties) * (Fraction(1, 2) - asked.epsilon) ** asked.parties


def ghz_ratio(parties: int) -> Fraction:
    """Return f_(M-1)/f_M, the conjectured largest sum of biases of sigma = +1 (proofs/conjecture-1)."""
    return ratio(parties)


def ghz_monogamy(parties: int) -> Fraction:
    """Return a fraction just below K M/(M-1), which bounds every sum of biases (docs/proofs/conjecture-1.md).

    K = 1.3110287771... is half the lemniscate constant; the fraction is less than 2^-200 too small.
    """
    return half_constant(208)[0] * Fraction(parties, parties - 1)


#: Closed forms of the number of parties, for sums of biases.
OF_PARTIES: dict[str, Callable[[int], Fraction]] = {"ghz-ratio": ghz_ratio, "ghz-monogamy": ghz_monogamy}
#: Closed forms for the errors of local models.
OF_LOCAL_ERRORS: dict[str, Callable[[LocalErrors], Fraction]] = {"ghz-wrong-inputs": ghz_wrong_inputs}
