"""Figures of an experiment: the running log of a factor, settings beside the source, marginals, plans.

Pure functions of results; matplotlib (extra `plot`) is imported where it is used.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from freerand_opt.data.counts import Counts
from freerand_opt.data.trials import Running
from freerand_opt.errors import imported
from freerand_opt.experiment_checker.powers import ONE
from freerand_opt.experiment_checker.support import support
from freerand_opt.experiments.answer import Found
from freerand_opt.experiments.bits import Bits
from freerand_opt.experiments.design import Design
from freerand_opt.experiments.setup import Setup

_STYLE: Any = {
    "svg.hashsalt": "freerand_opt",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
#: Joint settings, or marginals, that get a name each on an axis.
NAMED = 32
#: Letters of all names that fit side by side below an axis.
LETTERS = 50


def _figure(height: float) -> Any:
    figure = imported("matplotlib.figure", "figures need matplotlib", "'freerand_opt[plot]'")
    return figure.Figure(figsize=(6.5, height), layout="constrained")


def _axes(axes: Any) -> Any:
    return _figure(4).subplots() if axes is None else axes


def running_log(running: Running, axes: Any = None) -> Any:
    """Draw log2 of the product of factors against the number of trials; return the axes."""
    drawn = _axes(axes)
    drawn.plot([n for n, _ in running.trace], [level for _, level in running.trace], linewidth=1)
    drawn.axhline(0, linewidth=0.5, color="black")
    drawn.set(xlabel="trials", ylabel=r"$\log_2$ of the product of factors")
    return drawn


def settings(setup: Setup, counts: Counts, axes: Any = None) -> Any:
    """Draw how far shares of joint settings lie from the source's centre, three standard deviations, and
    what the source allows.
    """
    drawn, total = _axes(axes), counts.total
    seen = [n / total for n in counts.by_setting]
    away = [p - float(u) for p, u in zip(seen, setup.centre, strict=True)]
    reach = support(setup.setting.source, None, setup.centre)
    for z, u in enumerate(setup.centre):
        here = [ONE if s == z else 0 for s in range(len(seen))]
        top, rest = reach(here) / ONE, reach([ONE - x for x in here]) / ONE
        drawn.bar(
            z, top + rest - 1, 0.6, 1 - rest - float(u), color="0.88", label="allowed" if not z else None
        )
    bars = [3 * (p * (1 - p) / total) ** 0.5 for p in seen]
    drawn.errorbar(range(len(seen)), away, yerr=bars, fmt="o", markersize=4, label="seen, 3 sigma")
    drawn.axhline(0, linewidth=0.5, color="black")
    _named(drawn, [counts.scenario.setting_label(z) for z in range(len(seen))])
    drawn.set(xlabel="joint setting", ylabel="share, less the centre")
    drawn.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return drawn


def marginals(counts: Counts, axes: Any = None) -> Any:
    """Draw each party's outcomes at each of its settings, by the others' settings, less their mean: 0 without
    signalling.
    """
    drawn, scenario = _axes(axes), counts.scenario
    size, totals = scenario.shape[1], counts.by_setting
    names, away, bars = [], [], []
    for party, most in enumerate(scenario.settings):
        for x in range(most):
            same = [z for z, s in enumerate(scenario.joint_settings) if s[party] == x and totals[z]]
            for outcome in range(max(1, scenario.outcomes[party] - 1)):
                cells = [c for c, o in enumerate(scenario.joint_outcomes) if o[party] == outcome]
                won = [sum(counts.values[z * size + c] for c in cells) for z in same]
                shares = [n / totals[z] for n, z in zip(won, same, strict=True)]
                mean = sum(won) / (sum(totals[z] for z in same) or 1)
                away += [share - mean for share in shares]
                bars += [3 * (mean * (1 - mean) / totals[z]) ** 0.5 for z in same]
                letter = scenario.parties[party]
                names += [f"{letter}={outcome} | {scenario.setting_label(z)}" for z in same]
    drawn.errorbar(range(len(away)), away, yerr=bars, fmt="o", markersize=3, linewidth=1)
    drawn.axhline(0, linewidth=0.5, color="black")
    _named(drawn, names)
    drawn.set(ylabel="marginal, less its mean")
    return drawn


def _named(axes: Any, names: Sequence[str]) -> None:
    if len(names) <= NAMED:
        upright = sum(map(len, names)) > LETTERS
        axes.set_xticks(range(len(names)), names, rotation=90 if upright else 0)


def bits_against_trials(designs: Sequence[Design], axes: Any = None, label: str | None = None) -> Any:
    """Draw planned bits against the number of trials, both logarithmic."""
    drawn = _axes(axes)
    kept = [held for held in designs if held.bits > 0]
    drawn.loglog([held.trials for held in kept], [held.bits for held in kept], marker="o", label=label)
    drawn.set(xlabel="trials", ylabel="certified bits (planned)")
    return drawn


def figure(found: Found) -> Any:
    """Return an answer's figure: the running log where trials came in order, settings, marginals."""
    running = found.running
    panels = 2 + (running is not None)
    made = _figure(2.6 * panels)
    places = made.subplots(panels, 1)
    if running is not None:
        drawn = running_log(running, places[0])
        if isinstance(found, Bits) and found.planned:
            drawn.axhline(float(found.threshold), linestyle="--", color="tab:orange", label="threshold L")
            drawn.legend(fontsize="small", loc="lower right")
    settings(found.setup, found.counts, places[-2])
    marginals(found.counts, places[-1])
    return made


def saved(made: Any, form: str) -> bytes:
    """Return a figure as `svg` or `pdf`; equal figures give equal bytes."""
    import matplotlib as mpl

    file = io.BytesIO()
    date = "CreationDate" if form == "pdf" else "Date"
    with mpl.rc_context(_STYLE):
        made.savefig(file, format=form, metadata={date: None})
    return file.getvalue()
