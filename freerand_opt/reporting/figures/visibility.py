"""How much bias of the settings a visibility bears: the chain, Hardy's test, and what a search finds."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.bounds.search.best import best
from freerand_opt.reporting.figures.answers import Ask
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row

VISIBILITIES = tuple(Fraction(x, 1000) for x in (900, 920, 940, 950, 960, 970, 980, 990, 995, 999))
SERIES = {"result": "found by the search", "ladder": "Hardy's test", "chained": "chained, $N = 2$"}

FRAME = Frame(
    "visibility",
    "Largest epsilon against visibility",
    r"The largest $\epsilon$ of a Santha--Vazirani source at which a no-signalling adversary does not know"
    r" A's outcome at the last settings (guess at most $1 - 10^{-6}$), two settings a party, whole behaviour"
    r" in white noise. Each bracket is certified for the state and measurements of its question; that the"
    r" search finds the best of all is not promised.",
    (Panel("", "visibility $V$", r"largest $\epsilon$", legend="upper left"),),
)


def rows(ask: Ask) -> list[Row]:
    """Return certified thresholds of three devices; the search is run anew, no claim is asked."""
    found: list[Row] = []
    for visibility in VISIBILITIES:
        device = best(visibility=visibility, settings=2, starts=2)
        for name, series in SERIES.items():
            result = getattr(device, name)
            if result is not None:
                ends = result.bracket
                found.append(Row("bracket", series, visibility, ends.lower, ends.upper, result.digest))
    return found
