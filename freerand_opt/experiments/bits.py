r"""Certified bits of outcomes, given settings and classical side information, from estimation factors.

.. math:: b = k\,(L - \log_2(1/\delta)), \qquad \text{success: } \sum n \log_2 F \ge L,

L, k and F fixed before the scored trials (docs/proofs/experiments.md, section 3; after Knill, Zhang and
Bierhorst, arXiv:1709.06159). The statement is not conditioned on success.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from freerand_opt.data.counts import Counts
from freerand_opt.data.trials import Running, Trials
from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.document import log_product
from freerand_opt.experiment_checker.hypotheses import later_line
from freerand_opt.experiment_checker.powers import log2_up
from freerand_opt.experiments.certificate import bits_claim, document, proved
from freerand_opt.experiments.choice import choose
from freerand_opt.experiments.factors import Factor
from freerand_opt.experiments.optimum import Array
from freerand_opt.experiments.plans import Plan, Training, plan, require_inputs, whole
from freerand_opt.experiments.setup import Setup
from freerand_opt.experiments.signalling import Signalling, signalling

LATER = ("any", "independent of outcomes")
#: Standard deviations that a planned threshold lies below the expected product.
MARGIN = 3


@dataclass(frozen=True)
class Bits:
    """Certified bits of the outcomes of parties `of`, 0 if the run missed the threshold or none are to be
    had.

    `product` is a lower bound of log2 of the product of factors; `planned` whether L was fixed beforehand,
    or read off the data ("observed": then only a run with this L planned would have certified).
    """

    setup: Setup
    value: Fraction
    error: Fraction
    threshold: Fraction
    product: Fraction
    success: bool
    planned: bool
    factor: Factor
    counts: Counts
    words: tuple[str, ...]
    beside: Signalling
    certificate: dict[str, Any] | None
    trials: Trials | None = field(default=None, compare=False)

    @cached_property
    def running(self) -> Running | None:
        """Return how the product of factors ran over ordered trials, in floats; None of counts."""
        return self.trials.running(self.factor.logs()) if self.trials else None

    @property
    def power(self) -> int:
        """Return k = 1/beta."""
        assert self.factor.condition.power is not None
        return self.factor.condition.power

    def extractor_distance(self, bits: int) -> float:
        """Return delta + 2^((m - b)/2)/2: success times the distance from uniform of m hashed bits, at
        most.
        """
        exponent = (bits - float(self.value)) / 2
        return float(self.error) + (0.5 * 2.0**exponent if exponent < 1000 else math.inf)


def bits(
    data: Counts | Trials,
    setup: Setup,
    *,
    training: Training,
    error: Fraction | str,
    success: str | Fraction = "planned",
    later: str = "any",
    of: Sequence[int] | None = None,
    power: int | None = None,
) -> Bits:
    """Return the bits that data certify against the setup's devices; raise InputError where they would mean
    nothing.

    `later` "any" makes no assumption on how later settings depend on outcomes (condition E); "independent of
    outcomes" is the assumption (A2). `power` k is chosen on the plan unless given. `success` is "planned", a
    number L, or "observed", which certifies nothing. Of a setup with a functional the factor
    comes from bounds on guesses (any scenario), else from extreme points.
    """
    require_inputs(data, setup)
    delta = _error(error)
    parties = tuple(range(len(setup.shape.settings))) if of is None else tuple(of)
    free = _is_free(setup, later, parties)
    made = plan(setup, training, data)
    counts = whole(made.rest)
    if isinstance(made.rest, Trials):
        counts = Counts(counts.scenario, counts.values, made.rest.digest(), counts.name)
    beside = signalling(setup, counts)
    if beside.log2 >= log2_up(1 / delta):
        raise InputError(
            "data",
            f"refute the source or no-signalling devices (P <= 2^-{float(beside.log2):.1f}: "
            f"{beside.bet}); no bits are "
            "stated on assumptions that the data refute. State the source that the settings have",
        )
    factor = choose(setup, made.cells, counts.total, delta, free=free, of=parties, power=power)
    found = log_product(list(factor.values), factor.largest, list(counts.values))
    product = Fraction(-(10**9)) if found is None else found
    threshold, planned = _threshold(success, factor, made, counts.total, product)
    assert factor.condition.power is not None
    value = factor.condition.power * (threshold - log2_up(1 / delta))
    passed = product >= threshold and value > 0 and planned
    certificate = document(setup, bits_claim(factor, delta, threshold), counts) if passed else None
    value = Fraction(0) if certificate is None else proved(certificate)
    return Bits(
        setup,
        value,
        delta,
        threshold,
        product,
        passed,
        planned,
        factor,
        counts,
        _words(made.words, factor, counts, later, planned=planned),
        beside,
        certificate,
        made.rest if isinstance(made.rest, Trials) else None,
    )


def _is_free(setup: Setup, later: str, parties: tuple[int, ...]) -> bool:
    """Return whether later settings may depend on anything; raise InputError where no bits are to be had."""
    if later not in LATER:
        raise InputError("later", f"{later!r} is not known; allowed: {', '.join(LATER)}")
    if setup.setting.devices == "local":
        raise InputError(
            "adversary.devices", "local devices have no certified bits; no-signalling or quantum is needed"
        )
    free = later == "any"
    if not free and len(parties) < len(setup.shape.settings):
        raise InputError("later", 'bits of some outcomes only are certified with later = "any"')
    return free


def _error(error: Fraction | str) -> Fraction:
    text = str(error).replace(" ", "")
    found = (
        Fraction(1, 2 ** int(text[3:])) if text.startswith("2^-") and text[3:].isdigit() else Fraction(error)
    )
    if not 0 < found < 1:
        raise InputError("error", f"{error} is not in (0, 1); write 2^-64 or a fraction")
    return found


def planned_threshold(factor: Factor, cells: Array, trials: int, trained: int | None = None) -> Fraction:
    """Return L = n E[log2 F] - 3 sigma sqrt(n + n^2 / m) on a plan that m trials taught, on a grid of 2^-10.

    The second part is the plan's own error; theory has none.
    """
    spread = math.sqrt(trials + (trials**2 / trained if trained else 0)) * factor.spread(cells)
    return Fraction(math.floor((trials * factor.rate(cells) - MARGIN * spread) * 1024), 1024)


def _threshold(
    success: str | Fraction, factor: Factor, made: Plan, trials: int, product: Fraction
) -> tuple[Fraction, bool]:
    if success == "planned":
        return planned_threshold(factor, made.cells, trials, made.trained), True
    if success == "observed":
        return product, False
    try:
        return Fraction(success), True
    except ValueError:
        raise InputError("success", f"{success!r}: planned, observed or a number L is needed") from None


def _words(origin: str, factor: Factor, counts: Counts, later: str, *, planned: bool) -> tuple[str, ...]:
    lines = [
        f"factor and k = {factor.condition.power} fixed before the {counts.total} scored trials; plan: "
        f"{origin}",
        later_line(later == "any"),
        "classical side information only: nothing is said of an adversary who holds a quantum system",
        "the bits and their error are not conditioned on success",
        "the number of trials was fixed beforehand",
        "only events that were heralded before the settings were chosen are trials",
    ]
    if not planned:
        lines.append("L was read off the data: only a run with this L planned would have certified")
    return tuple(lines)
