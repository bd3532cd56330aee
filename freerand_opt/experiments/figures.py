"""Figures of an experiment: the running log of a factor, settings beside the source, bits against trials.

Pure functions of results; matplotlib (extra `plot`) is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from freerand_opt.data.counts import Counts
from freerand_opt.data.trials import Running
from freerand_opt.errors import UnavailableError
from freerand_opt.experiments.design import Design
from freerand_opt.experiments.setup import Setup


def _axes(axes: Any) -> Any:
    if axes is not None:
        return axes
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UnavailableError("figures are drawn by matplotlib; install the extra 'plot'") from None
    return Figure(figsize=(6, 4), layout="constrained").subplots()


def running_log(running: Running, axes: Any = None) -> Any:
    """Draw log2 of the product of factors against the number of trials; return the axes."""
    drawn = _axes(axes)
    drawn.plot([n for n, _ in running.trace], [level for _, level in running.trace], linewidth=1)
    drawn.axhline(0, linewidth=0.5, color="black")
    drawn.set(xlabel="trials", ylabel="log2 of the product of factors")
    return drawn


def settings(setup: Setup, counts: Counts, axes: Any = None) -> Any:
    """Draw how often joint settings came, with three standard deviations, beside the source's centre."""
    drawn = _axes(axes)
    total, labels = counts.total, [counts.scenario.setting_label(z) for z in range(len(setup.centre))]
    seen = [n / total for n in counts.by_setting]
    bars = [3 * (p * (1 - p) / total) ** 0.5 for p in seen]
    drawn.errorbar(range(len(seen)), seen, yerr=bars, fmt="o", label="seen")
    drawn.plot(
        range(len(seen)), [float(u) for u in setup.centre], "_", markersize=20, label="centre of the source"
    )
    drawn.set_xticks(range(len(seen)), labels)
    drawn.set(xlabel="joint setting", ylabel="share of trials")
    drawn.legend()
    return drawn


def bits_against_trials(designs: Sequence[Design], axes: Any = None) -> Any:
    """Draw planned bits against the number of trials, both logarithmic."""
    drawn = _axes(axes)
    kept = [held for held in designs if held.bits > 0]
    drawn.loglog([held.trials for held in kept], [held.bits for held in kept], marker="o")
    drawn.set(xlabel="trials", ylabel="certified bits (planned)")
    return drawn
