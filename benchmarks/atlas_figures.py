"""Figures of the atlas: a panel for each family, sources along it, devices by colour."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from atlas_cells import CROSSES, DEVICES, FAMILIES, SETTINGS, SOURCES
from atlas_lines import Line

from freerand_opt.reporting.figures.draw import STYLE

#: As in the figure of adversaries.
COLOURS = dict(zip(DEVICES, ("#009E73", "#D55E00", "#0072B2"), strict=True))
_MARKS = (
    "Dots: settings observed uniform; rings: free. A bar joins the ends of a bracket that is wider than "
    "its mark; a triangle is one end alone."
)
CAPTIONS = {
    "score": f"The largest score by family, source and devices. {_MARKS}",
    "guess": f"The guess at the stated score; local devices either are known or cannot show it. {_MARKS}",
    "threshold": "Strength of the source (its own number, along the axis from 0) from which local devices "
    f"reach the score, and the guess of no-signalling ones passes {CROSSES}. {_MARKS}",
}


def drawn(lines: Sequence[Line]) -> list[tuple[str, str, str]]:
    """Return the figures: name, SVG, caption."""
    return [(quantity, figure(lines, quantity), caption) for quantity, caption in CAPTIONS.items()]


def figure(lines: Sequence[Line], quantity: str) -> str:
    """Return one quantity as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    names = list(SOURCES)
    devices = DEVICES[1:] if quantity == "guess" else DEVICES[::2] if quantity == "threshold" else DEVICES
    with mpl.rc_context(mpl.rc_params_from_file(str(STYLE), use_default_template=False)):
        made = Figure(figsize=(9.6, 4.6), layout="constrained")
        axes = made.subplots(2, 5, sharex=True).ravel()
        for ax, family in zip(axes, FAMILIES, strict=True):
            ax.set_title(family)
            ax.set_xlim(-0.6, len(names) - 0.4)
            ax.set_xticks(range(len(names)), names, rotation=90)
            for name, settings in product(devices, SETTINGS):
                cut = [x for x in lines if x.cell[::2] == (family, name, settings)]
                _marks(ax, [x for x in cut if x.cell.quantity == quantity], name, free=settings == "free")
            if not ax.lines:  # the table says why
                ax.set_yticks([])
                ax.text(0.5, 0.5, "no bracket", transform=ax.transAxes, ha="center")
        handles = [
            Line2D([], [], color=COLOURS[name], marker="o", linestyle="", label=name) for name in devices
        ]
        made.legend(handles=handles, loc="outside upper right", ncols=3)
        out = io.StringIO()
        made.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    svg = re.sub(r"^.*?(?=<svg)", "", out.getvalue(), flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{quantity}-', svg)
    svg = re.sub(r'href="#', f'href="#{quantity}-', svg)
    return re.sub(r"url\(#", f"url(#{quantity}-", svg)


def _marks(ax: Any, lines: Sequence[Line], devices: str, *, free: bool) -> None:
    """Draw brackets of one kind of devices and settings, each at its source."""
    colour, names = COLOURS[devices], list(SOURCES)
    shift = 0.22 * (DEVICES.index(devices) - 1) + 0.1 * free
    marks: dict[str, list[tuple[float, float]]] = {"o": [], "v": [], "^": []}
    for found in lines:
        ends = [float(Fraction(end)) for end in (found.lower, found.upper) if end]
        where = names.index(found.cell.source) + shift
        if len(ends) == 2:
            marks["o"].append((where, sum(ends) / 2))
            if ends[1] - ends[0] > 1e-3 * abs(ends[1]):
                ax.plot([where] * 2, ends, color=colour, linewidth=0.9)
        elif ends:
            marks["v" if found.upper else "^"].append((where, ends[0]))
    for mark, points in marks.items():
        face = "none" if free else colour
        if points:
            ax.plot(*zip(*points, strict=True), mark, color=colour, markersize=3.6, markerfacecolor=face)
