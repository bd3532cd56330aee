r"""Whether data signal, or their settings are not of the source: a P-value that needs no training.

A family of bets, each fixed beforehand, on one joint setting, or on one outcome of one party at one of its
settings when another party's setting changes:

.. math:: F = (1 + t\,g(c, z)) / m, \qquad P \le \min\Big(1, \frac{\text{number of bets}}{\max_F \prod F}\Big)

(the mean of the bets' products is a test supermartingale, and at least the largest over their number).
Under no-signalling a party's marginal q(c_p|x) is one number in [0, 1], so m is the larger of two sums over
the source, in any scenario. Valid for devices with memory and for counts alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from freerand_opt.data.counts import Counts
from freerand_opt.experiment_checker.document import log_product
from freerand_opt.experiment_checker.powers import ONE
from freerand_opt.experiment_checker.support import support
from freerand_opt.experiments.setup import Setup

#: Sizes t of a bet are 2^-1 .. 2^-SIZES.
SIZES = 20
UNIT = 1 << 40


@dataclass(frozen=True)
class Signalling:
    """-log2 P from below against no-signalling devices with this source, and the bet that won most, in
    words.
    """

    log2: Fraction
    bet: str
    bets: int

    @property
    def p_value(self) -> float:
        """Return P, as a float."""
        return float(2 ** -float(self.log2))


@dataclass(frozen=True)
class _Bet:
    """g by joint setting where the marginal outcome is seen, 0 elsewhere; `party` None: bets on settings
    alone.
    """

    gains: tuple[Fraction, ...]
    party: int | None
    outcome: int
    words: str


def signalling(setup: Setup, counts: Counts) -> Signalling:
    """Return the P-value of counts against no-signalling devices with the setup's source."""
    counts.require_settings()
    bets = list(_bets(setup))
    held = np.array([float(n) for n in counts.values])
    reach = support(setup.setting.source, None, setup.centre)
    best, chosen, size = -np.inf, bets[0], 1
    for bet in bets:
        for j in range(1, SIZES + 1):
            values, top = _factor(setup, bet, j, reach)
            gain = float(held @ np.log(np.array(values, dtype=float))) - float(held.sum()) * np.log(top / ONE)
            if gain > best:
                best, chosen, size = gain, bet, j
    values, top = _factor(setup, chosen, size, reach)
    found = log_product(values, top, list(counts.values))
    number = len(bets) * SIZES
    log2 = Fraction(0) if found is None else max(Fraction(0), found - number.bit_length())
    return Signalling(log2, chosen.words, number)


def _bets(setup: Setup) -> Iterator[_Bet]:
    shape, centre = setup.shape, setup.centre
    places = shape.places
    for z, place in enumerate(places):
        for sign, word in ((1, "more"), (-1, "less")):
            gains = tuple(Fraction(sign) if s == z else Fraction(0) for s in range(len(places)))
            yield _Bet(gains, None, 0, f"settings {place} come {word} often than the source allows")
    for party, size in enumerate(shape.settings):
        for x in range(size):
            same = [z for z, place in enumerate(places) if place[party] == x]
            for first in same:
                for second in same:
                    if first == second:
                        continue
                    least = min(centre[first], centre[second])
                    gains = tuple(
                        least / centre[s]
                        if s == first
                        else -least / centre[s]
                        if s == second
                        else Fraction(0)
                        for s in range(len(places))
                    )
                    for c in range(shape.outcomes[party]):
                        letter = chr(ord("A") + party)
                        here, there = places[first], places[second]
                        words = f"outcome {c} of {letter} at settings {here} more often than at {there}"
                        yield _Bet(gains, party, c, words)


def _factor(setup: Setup, bet: _Bet, size: int, reach: object) -> tuple[list[int], int]:
    """Return F as integers over UNIT, and its largest mean times 2^BITS, exactly for these integers."""
    assert callable(reach)
    step = UNIT >> size
    up = [UNIT + int(g * step) for g in bet.gains]
    if bet.party is None:
        values = [f for f in up for _ in setup.shape.results]
        return values, int(reach([f * ONE for f in up]))
    values = [f if outcome[bet.party] == bet.outcome else UNIT for f in up for outcome in setup.shape.results]
    never = reach([UNIT * ONE] * len(up))
    return values, int(max(never, reach([f * ONE for f in up])))
