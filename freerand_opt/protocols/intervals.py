"""Estimates of probabilities with exact binomial confidence intervals (Clopper and Pearson 1934)."""

from __future__ import annotations

from dataclasses import dataclass


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
    """Return the interval that contains the true probability with at least this confidence.

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
