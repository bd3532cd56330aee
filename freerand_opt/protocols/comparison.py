"""What was seen, in exact confidence intervals, what the recursion gives, and what the analysis bounds."""

from __future__ import annotations

from dataclasses import dataclass

from freerand_opt.protocols.analysis import Analysis
from freerand_opt.protocols.counts import passing_weight
from freerand_opt.protocols.law import RoundLaw
from freerand_opt.protocols.prediction import Prediction
from freerand_opt.protocols.protocol import Protocol
from freerand_opt.protocols.tally import Tally


@dataclass(frozen=True)
class Estimate:
    """A probability seen as `count` of `of` samples, with its interval; `weight` multiplies all three.

    The weight is the known probability of what the samples were conditioned on (1: nothing).
    """

    count: int
    of: int
    lower: float
    upper: float
    weight: float = 1.0

    @property
    def value(self) -> float:
        """Return the share of the samples times the weight."""
        return self.weight * self.count / self.of

    def contains(self, lower: float, upper: float) -> bool:
        """Return whether the interval meets [lower, upper]."""
        return self.lower <= upper and lower <= self.upper


def clopper_pearson(count: int, of: int, confidence: float) -> tuple[float, float]:
    """Return the exact interval (Clopper and Pearson 1934): it has the true probability with this confidence.

    Each end leaves out (1 - confidence)/2; with no success the lower end is 0, with no failure the
    upper end 1. Raise ValueError unless 0 <= count <= of and of > 0.
    """
    from scipy.special import betaincinv

    if not 0 <= count <= of or of == 0:
        raise ValueError(f"{count} of {of} is no share of samples")
    tail = (1 - confidence) / 2
    lower = 0.0 if count == 0 else float(betaincinv(count, of - count + 1, tail))
    upper = 1.0 if count == of else float(betaincinv(count + 1, of - count, 1 - tail))
    return lower, upper


def estimate(count: int, of: int, confidence: float, weight: float = 1.0) -> Estimate | None:
    """Return the estimate with its interval, or None if there was no sample."""
    if of == 0:
        return None
    lower, upper = clopper_pearson(count, of, confidence)
    return Estimate(count, of, weight * lower, weight * upper, weight)


Range = tuple[float, float]
#: The quantities of a simulation.
WINDOW, ERROR, PASSED = "abort in step 2", "abort in step 3", "no abort"
DETERMINISTIC, GUESSED = "no abort and f deterministic", "R guessed, given no abort"


@dataclass(frozen=True)
class Line:
    """One probability: as simulated, as computed (an enclosure), and its analytic upper bound."""

    quantity: str
    simulated: Estimate | None
    computed: Range | None
    bound: float | None

    @property
    def agrees(self) -> bool | None:
        """Return whether the computed value is in the simulated interval; None without both."""
        if self.simulated is None or self.computed is None:
            return None
        return self.simulated.contains(*self.computed)


def compared(
    protocol: Protocol,
    law: RoundLaw | None,
    tally: Tally,
    known: Prediction | None,
    bounds: Analysis | None,
) -> tuple[Line, ...]:
    """Return the lines of a tally; quantities that the route or the devices make trivial are left out."""
    confidence = float(protocol.sampling.confidence)
    conditional = protocol.route == "conditional"
    weight = 1.0
    if conditional:
        assert law is not None
        weight = passing_weight(protocol, law)

    def seen(count: int, of: int = tally.runs, weight: float = 1.0) -> Estimate | None:
        return estimate(count, of, confidence, weight)

    lines = [Line(PASSED, seen(tally.passed, weight=weight), known.passed if known else None, None)]
    if not conditional:
        lines = [
            Line(
                WINDOW, seen(tally.window), known.window if known else None, bounds.window if bounds else None
            ),
            Line(ERROR, seen(tally.error), known.error if known else None, bounds.error if bounds else None),
            *lines,
        ]
    if protocol.devices.cheat:
        joint = seen(tally.deterministic, weight=weight)
        bound = min(bounds.paper, bounds.sharp) if bounds else None
        lines.append(Line(DETERMINISTIC, joint, known.deterministic_output if known else None, bound))
    guessed = seen(tally.guessed, tally.passed)
    lines.append(
        Line(GUESSED, guessed, known.guessed if known else None, _guess_bound(protocol, known, bounds))
    )
    return tuple(lines)


def _guess_bound(protocol: Protocol, known: Prediction | None, bounds: Analysis | None) -> float | None:
    """Return 1/2 + P(no abort, f deterministic) / (2 P(no abort)), bounded; None if outcomes sway f."""
    if known is None or bounds is None or protocol.sees_outcomes or known.passed[0] <= 0:
        return None
    if not protocol.devices.cheat:
        return 0.5
    return min(1.0, 0.5 + min(bounds.paper, bounds.sharp) / (2 * known.passed[0]))
