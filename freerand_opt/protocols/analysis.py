r"""Analytic bounds beside the simulation: what the proof of Theorem 2 gives at finite N.

For every k, with pe the least chance that a tested round of F errs and n >= log2 of the least |T| bits of
step 4,

    P(no abort, f in F) <= (1 - pe)^k + k (1/2 + eps)^n          (docs/proofs/theorem-2-exponent.md),

the paper's pe being (1/2-eps)^(2r) I / (2N (1/2+eps)^(2r)) for rounds with I_N >= I (arXiv:1105.3195, S5).
A deterministic round has I_N = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, log1p

from freerand_opt.protocols.law import RoundLaw
from freerand_opt.protocols.prediction import LEAST, chances
from freerand_opt.protocols.protocol import Protocol


@dataclass(frozen=True)
class Analysis:
    """Upper bounds, none above 1; None where the analysis says nothing.

    `window` by Chernoff (KL divergence), `error` by the union bound; `paper` and `sharp` bound
    P(no abort, f deterministic) with the paper's pe and with the exact one. `limit` is I*/2.
    """

    window: float
    error: float
    paper: float
    sharp: float
    limit: float


def analyse(protocol: Protocol, law: RoundLaw | None) -> Analysis | None:
    """Return the bounds of a protocol; None for replayed bits."""
    if law is None:
        return None
    found = chances(protocol, law)
    low, high = protocol.window
    looked = high if protocol.tests is None else protocol.tests
    fraction = float(protocol.devices.fraction)
    first = protocol.devices.first
    error = (1 - fraction) * found.honest + fraction * found.deterministic
    least = chance_in_paper(protocol)
    bits = max(low, 1).bit_length() - 1
    return Analysis(
        window=min(1.0, _tail(protocol, found.test, low - 1) + _tail(protocol, found.test, high + 1) + LEAST),
        error=min(1.0, looked * error + first * found.deterministic),
        paper=selected_bound(least, bits, found.heavy),
        sharp=selected_bound(found.deterministic, bits, found.heavy),
        limit=exp(-float(protocol.protocol.i) * log(protocol.size)),
    )


def chance_in_paper(protocol: Protocol) -> float:
    """Return the paper's least chance that a tested round with I_N = 1 errs (S5)."""
    epsilon = protocol.epsilon
    assert epsilon is not None
    ratio = (1 - 2 * epsilon) / (1 + 2 * epsilon)
    return float(ratio ** (2 * protocol.bits) / (2 * protocol.size))


def selected_bound(least: float, bits: int, heavy: float) -> float:
    """Return the minimum over integers k >= 0 of (1 - least)^k + k heavy^bits, at most 1."""
    cost = heavy**bits
    if least >= 1:
        return min(1.0, cost)
    rate = -log1p(-least)
    best = log(rate / cost) / rate if rate > cost else 0.0
    return min(1.0, *(exp(-rate * k) + k * cost for k in (int(best), int(best) + 1)))


def _tail(protocol: Protocol, chance: float, count: int) -> float:
    """Return Chernoff's bound on P(|T| <= count) or P(|T| >= count), on the far side of the mean."""
    rounds = protocol.rounds
    if count < 0 or count > rounds:
        return 0.0
    share = count / rounds
    is_upper = count > protocol.window[1]
    if (share <= chance) if is_upper else (share >= chance):
        return 1.0
    if chance >= 1:
        return 0.0
    part = share * log(share / chance) if share > 0 else 0.0
    rest = (1 - share) * (log1p(-share) - log1p(-chance)) if share < 1 else 0.0
    return exp(-rounds * (part + rest))
