"""P-values against local, no-signalling or quantum devices with memory, with settings from an imperfect
source.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from freerand_opt.checker.failures import TooMuch
from freerand_opt.data.counts import Counts
from freerand_opt.data.trials import Running, Trials
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.experiments.certificate import document, factor_claim, game_claim, proved
from freerand_opt.experiments.factors import Factor, best_factor
from freerand_opt.experiments.games import chance, wins
from freerand_opt.experiments.plans import Training, plan, require_inputs, whole
from freerand_opt.experiments.setup import Setup
from freerand_opt.experiments.signalling import Signalling, signalling

#: Trials for which factors are found well enough; a constant, so that a factor does not know their number.
PLANNED = 10**8


@dataclass(frozen=True)
class PValue:
    """P <= 2^-log2 against the setup's devices, under what `words` say; `beside` is that against no-
    signalling.

    `certificate` is what the checker beside the kernel reads.
    """

    setup: Setup
    method: str
    log2: Fraction
    counts: Counts
    words: tuple[str, ...]
    beside: Signalling
    certificate: dict[str, Any]
    factor: Factor | None = None
    trials: Trials | None = field(default=None, compare=False)

    @cached_property
    def running(self) -> Running | None:
        """Return how the product of factors ran over ordered trials, in floats; None of counts and games."""
        return self.trials.running(self.factor.logs()) if self.trials and self.factor else None

    @property
    def value(self) -> float:
        """Return P, rounded up."""
        return min(1.0, math.nextafter(float(above(self.log2, 20)), 2))

    @property
    def decades(self) -> float:
        """Return -log10 P."""
        return float(self.log2) * math.log10(2)


def above(log2: Fraction, digits: int = 4) -> str:
    """Return a decimal that is at least 2^-log2, with so many digits.

    >>> above(Fraction(1)), above(Fraction(100))
    ('0.5', '7.889e-31')
    """
    with decimal.localcontext(
        prec=60, Emin=-(10**17), Emax=10**17, rounding=decimal.ROUND_CEILING
    ) as context:
        power = Decimal(2) ** -(Decimal(log2.numerator) / Decimal(log2.denominator))
        # 60 digits of an exponent below 10^20 leave a relative error below 10^-38
        raised = power if log2.denominator == 1 and log2 <= 64 else power * (1 + Decimal(10) ** -30)
        context.prec = digits
        return str(min(+raised, Decimal(1))).lower()


def p_value(
    data: Counts | Trials,
    setup: Setup,
    *,
    training: Training | None = None,
    game: Sequence[int] | str | None = None,
    stop: str = "last",
) -> PValue:
    """Return a P-value of data against the setup's devices.

    With `game` (a functional's name or the winning cells; the number of trials was fixed beforehand) it is
    the exact tail of the wins, else the product of test factors for the plan that `training` gives, valid
    under any stopping rule, except where a first share of the trials is the training: the factor then knows
    their number, which must have been fixed beforehand. `stop` "best" takes the largest product
    that ordered trials reach on the way. Raise InputError for a training that would make the statement false.
    """
    require_inputs(data, setup)
    if (training is None) == (game is None):
        raise InputError(
            "p_value", "either training (for factors) or a game whose n was fixed beforehand is needed"
        )
    if game is not None:
        cells = wins(data.scenario, game) if isinstance(game, str) else game
        return _by_game(whole(data), setup, tuple(sorted(set(cells))))
    assert training is not None
    made = plan(setup, training, data, project=setup.setting.devices != "no-signalling")
    rule = "the number of trials was fixed beforehand" if _is_share(training) else "any stopping rule"
    return _by_factor(made.rest, setup, made.cells, made.words, rule, stop)


def _is_share(training: Training) -> bool:
    """Return whether a training is a share of the trials, so that it depends on how many there are."""
    return isinstance(training, str | Fraction) and Fraction(training) < 1


def _by_game(counts: Counts, setup: Setup, cells: tuple[int, ...]) -> PValue:
    counts.require_settings()
    if not cells or not 0 <= cells[0] <= cells[-1] < len(counts.values):
        raise InputError("game", f"winning cells are numbers in 0..{len(counts.values) - 1}")
    p = chance(setup, cells)
    won = sum(counts.values[c] for c in cells)
    words = (
        f"game: {won} wins of {counts.total}; at most {float(p):.10g} a trial for "
        f"{setup.setting.devices} devices",
        "the game and the number of trials were fixed beforehand",
    )
    certificate = document(setup, game_claim(cells), counts)
    try:
        log2 = proved(certificate)
    except TooMuch as fault:
        raise TooLargeError(f"{fault} (in a file: ask without method and functional)") from None
    return PValue(setup, "game", log2, counts, words, signalling(setup, counts), certificate)


def _by_factor(data: Counts | Trials, setup: Setup, cells: Any, origin: str, rule: str, stop: str) -> PValue:
    counts = whole(data)
    # one factor whatever the number of trials: a rule that stops by the outcomes must not choose it
    factor = best_factor(setup, setup.condition(None), cells, PLANNED)
    scored = counts
    if stop == "best":
        if not isinstance(data, Trials):
            raise InputError("stop", '"best" needs the trials in order')
        at = max(1, data.running(factor.logs()).at)
        scored = data.counts(most=at)
        rule = f"{rule}; the running maximum, reached after trial {at}"
    elif stop != "last":
        raise InputError("stop", f"{stop!r} is not known; allowed: last, best")
    if isinstance(data, Trials):
        scored = Counts(scored.scenario, scored.values, data.digest(), scored.name)
    words = (
        f"test factor fixed before the scored trials; its plan: {origin}",
        f"{scored.total} trials scored; {rule}",
        f"a better factor could gain at most {counts.total * factor.gap:.2g} nats on this plan",
    )
    certificate = document(setup, factor_claim(factor), scored)
    beside = signalling(setup, counts)
    log2, order = proved(certificate), data if isinstance(data, Trials) else None
    return PValue(setup, "factor", log2, scored, words, beside, certificate, factor, order)
