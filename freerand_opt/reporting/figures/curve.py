"""A curve itself: between its certified ends, with the places marked where another function is the least."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from freerand_opt.numbers.exact import Exact, enclose
from freerand_opt.reporting.figures.draw import STYLE
from freerand_opt.reporting.figures.frame import INCHES

if TYPE_CHECKING:
    from freerand_opt.bounds.curve import Curve

SAMPLES = 240


def sampled(curve: Curve, count: int = SAMPLES) -> tuple[list[float], list[float], list[float]]:
    """Return places and both ends there in floats, nan where one is open."""
    low, high = curve.between
    places = sorted({low + (high - low) * k / count for k in range(count + 1)})
    ends = [curve(x) for x in places]
    return [float(x) for x in places], [_float(b.lower) for b in ends], [_float(b.upper) for b in ends]


def drawn(curve: Curve, path: str | Path | None = None) -> Any:
    """Return the figure of a curve, written to `path` if one is given."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    places, lower, upper = sampled(curve)
    marks = curve.breaks()
    with mpl.rc_context(fname=str(STYLE)):
        made = Figure(figsize=(INCHES["one-column"], 2.4), layout="constrained")
        ax = made.subplots()
        ax.fill_between(places, lower, upper, alpha=0.3, linewidth=0)
        (line,) = ax.plot(places, upper, linewidth=1.1)
        ax.plot(places, lower, linewidth=0.8, color=line.get_color())
        least = ax.get_ylim()[0]
        ax.vlines(
            marks, least, [curve_at(curve, x) for x in marks], colors="#555555", linewidth=0.5, linestyle=":"
        )
        ax.set_ylim(bottom=least)
        ax.set_xlim(places[0], places[-1])
        name = curve.field.rpartition(".")[2]
        ax.set_xlabel(r"$\epsilon$" if name == "epsilon" else name)
        ax.set_ylabel(curve.question.ask.quantity)
        if path is not None:
            made.savefig(path)
    return made


def curve_at(curve: Curve, x: float) -> float:
    """Return the upper end near a place, as a float."""
    return _float(curve(curve.near(x)).upper)


def _float(x: Exact | None) -> float:
    return float("nan") if x is None else float(enclose(x, 64)[0])
