r"""What the runs of a protocol do, without sampling: binomial sums and the recursion of step 4.

|T| is Bin(M, t). A tested round errs with k = (1-f) h + f c (f the fraction of deterministic rounds, c
and h the errors of deterministic and honest ones). With t' = t (1-k)/(1-tk)

    P(|T| in the window, no error) = (1-tk)^M P(Bin(M, t') in the window),

and given that, tested rounds are deterministic with chance f (1-c)/(1-k), independently. So the
chance that f is deterministic is a mean value of `selection`. Floats: sums are good to about 1e-9.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, log1p

from freerand_opt.protocols.law import RoundLaw, honest_chance
from freerand_opt.protocols.protocol import Protocol
from freerand_opt.protocols.selection import mean_value

Range = tuple[float, float]
#: Where floats end: a sum that vanishes is known to be below this.
LEAST = 1e-300


@dataclass(frozen=True)
class Chances:
    """The chances that a protocol's runs depend on, as floats.

    `test` P(q in T), `deterministic` error c and `honest` error h of a tested round; `heavy` = 1/2 + eps.
    Given no abort: `log_passed` is log P(no error), up to the window, `tilted` P(q in T) and `kept`
    the chance that a tested round is deterministic.
    """

    test: float
    deterministic: float
    honest: float
    heavy: float
    log_passed: float
    tilted: float
    kept: float


@dataclass(frozen=True)
class Prediction:
    """Probabilities, each with both ends of what the computation leaves open; None: not computed."""

    window: Range
    error: Range
    passed: Range
    deterministic_output: Range | None
    guessed: Range | None


def chances(protocol: Protocol, law: RoundLaw) -> Chances:
    """Return the floats of a protocol whose source has a law."""
    devices = protocol.devices
    test, c = float(law.test), float(law.error)
    h = honest_chance(protocol)
    epsilon = protocol.epsilon
    assert epsilon is not None
    fraction = float(devices.fraction)
    error = (1 - fraction) * h + fraction * c
    looked = protocol.rounds if protocol.tests is None else protocol.tests
    chance = test if protocol.tests is None else 1.0
    passed = looked * log1p(-chance * error)
    if devices.first:
        passed += devices.first * (log1p(-c) - log1p(-h)) if c < 1 else -float("inf")
    return Chances(
        test=test,
        deterministic=c,
        honest=h,
        heavy=0.5 + float(epsilon),
        log_passed=passed,
        tilted=test * (1 - error) / (1 - test * error) if protocol.tests is None else test,
        kept=fraction * (1 - c) / (1 - error),
    )


def binomial_between(count: int, chance: float, low: int, high: int) -> float:
    """Return P(low <= Bin(count, chance) <= high), relatively exact in either tail."""
    from scipy.stats import binom

    if low > high:
        return 0.0
    if chance >= 1:
        return float(low <= count <= high)
    if count * chance < low:  # both ends in the upper tail
        near, far = binom.logsf(low - 1, count, chance), binom.logsf(high, count, chance)
    elif count * chance > high:
        near, far = binom.logcdf(high, count, chance), binom.logcdf(low - 1, count, chance)
    else:
        return float(1 - binom.cdf(low - 1, count, chance) - binom.sf(high, count, chance))
    near = float(near)
    return exp(near) if far == -float("inf") else exp(near) * -expm1(float(far) - near)


def binomial_outside(count: int, chance: float, low: int, high: int) -> float:
    """Return P(Bin(count, chance) < low or > high), relatively exact where it is small."""
    from scipy.stats import binom

    return float(binom.cdf(low - 1, count, chance) + binom.sf(high, count, chance))


def predict(protocol: Protocol, law: RoundLaw | None) -> Prediction | None:
    """Return the probabilities of a protocol; None for replayed bits, which have no known law."""
    if law is None:
        return None
    found = chances(protocol, law)
    low, high = protocol.window
    rounds = protocol.rounds
    window = min(1.0, binomial_outside(rounds, found.test, low, high))
    passed = exp(found.log_passed) * binomial_between(rounds, found.tilted, low, high)
    error = max(0.0, binomial_between(rounds, found.test, low, high) - passed)
    output, guessed = _output(protocol, found) if passed > LEAST else ((0.0, 1.0), None)
    most = max(passed, LEAST)
    return Prediction(
        window=(window, max(window, LEAST)),
        error=(error, error),
        passed=(passed, most),
        deterministic_output=None if output is None else (passed * output[0], most * output[1]),
        guessed=guessed,
    )


def selection_bits(protocol: Protocol, found: Chances) -> dict[int, float]:
    """Return {number n of bits of step 4: its probability} given that the protocol does not abort."""
    if protocol.tests is not None:
        return {protocol.tests.bit_length() - 1: 1.0}
    low, high = protocol.window
    sizes = range(max(low, 1).bit_length() - 1, high.bit_length())
    weights = {
        n: binomial_between(protocol.rounds, found.tilted, max(low, 2**n), min(high, 2 ** (n + 1) - 1))
        for n in sizes
    }
    total = sum(weights.values())
    return {n: weight / total for n, weight in weights.items() if weight > 0} if total > 0 else {}


def _output(protocol: Protocol, found: Chances) -> tuple[Range | None, Range]:
    """Return P(f deterministic), if it is known, and P(R as guessed), both given no abort."""
    first = protocol.devices.first
    outputs: list[tuple[float, Range, Range | None]] = []
    for bits, weight in selection_bits(protocol, found).items():
        if not protocol.sees_outcomes:
            chosen: Range | None = mean_value(found.kept, bits, found.heavy, first)
            assert chosen is not None
            good = ((1 + chosen[0]) / 2, (1 + chosen[1]) / 2)
        else:
            good = mean_value((1 + found.kept) / 2, bits, found.heavy, first)
            # who is good because it is deterministic does not matter to the bits; with `first` it does
            share = None if first else 2 * found.kept / (1 + found.kept)
            chosen = None if share is None else (share * good[0], share * good[1])
        outputs.append((weight, good, chosen))
    guessed = _mixed([(weight, good) for weight, good, _ in outputs])
    known = [(weight, chosen) for weight, _, chosen in outputs if chosen is not None]
    return (_mixed(known) if len(known) == len(outputs) else None), guessed


def _mixed(parts: list[tuple[float, Range]]) -> Range:
    return sum(w * ends[0] for w, ends in parts), sum(w * ends[1] for w, ends in parts)
