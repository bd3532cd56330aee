"""Draw the rows of a figure: a pure function from rows to a matplotlib figure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freerand_opt.errors import FreerandError
from freerand_opt.reporting.figures.frame import DASHES, INCHES, Frame, Panel, Width
from freerand_opt.reporting.figures.overlay import rings, styles
from freerand_opt.reporting.figures.row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("freerand.mplstyle")
#: Kinds of rows that have a certificate.
PROVED = ("bracket", "curve", "break")
GUIDE = "#555555"


def figure(frame: Frame, rows: Sequence[Row], *, width: Width | None = None) -> Figure:
    """Return the matplotlib figure of `rows`, drawn as `frame` says; it belongs to no window.

    Certified brackets are dots with bars, and bands where monotony certifies what lies between
    them; closed forms are lines; marks are dashed. Raises FreerandError for a bracket without proof.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    unproved = [row for row in rows if row.kind in PROVED and not row.proof]
    if unproved:
        raise FreerandError(f"{frame.name}: {unproved[0].series} at {unproved[0].x} has no certificate")
    with mpl.rc_context(fname=str(STYLE)):
        made = Figure(figsize=(INCHES[width or frame.width], frame.height), layout="constrained")
        across = (width or frame.width) == "two-column"
        count = len(frame.panels)
        axes = made.subplots(1 if across else count, count if across else 1, squeeze=False).ravel()
        if not across:
            made.set_figheight(sum(frame.height * (1.5 if panel.ladder else 1) for panel in frame.panels))
        for panel, ax in zip(frame.panels, axes, strict=True):
            chosen = [row for row in rows if row.panel == panel.name]
            if panel.ladder:
                _ladder(ax, panel, chosen, across=across)
            else:
                _graph(ax, panel, chosen)
    return made


def _graph(ax: Axes, panel: Panel, rows: Sequence[Row]) -> None:
    """Draw dots, bands, lines and marks; a line with the colour of its dots is named by its style."""
    _axes(ax, panel)
    names = list(dict.fromkeys(row.series for row in rows if row.kind in ("bracket", "curve", "measured")))
    guides = list(dict.fromkeys(row.series for row in rows if row.kind == "guide"))
    lines = list(dict.fromkeys(row.series for row in rows if row.kind == "formula"))
    colours = _colours(names or lines, ordered=panel.ordered)
    for number, name in enumerate(names):
        points = sorted((row for row in rows if row.series == name), key=lambda row: row.position)
        brackets = [row for row in points if row.kind == "bracket"]
        _brackets(ax, panel, brackets, name, colours[name])
        _curve(ax, points, name, colours[name])
        measured = [row for row in points if row.kind == "measured"]
        if measured:
            alone = name not in lines  # else the closed form of the same name joins the points
            aside = 1.3 ** (number - (len(names) - 1) / 2)  # intervals at one place stand beside each other
            aside = aside if not alone and panel.x_scale == "log" else 1.0
            _measured(ax, measured, name, colours[name], "osDPX*"[number % 6], joined=alone, aside=aside)
    if not panel.ordered:
        rings(ax, names, rows, colours)
    for name in lines:
        _line(ax, rows, name, names, colours)
    for name, dashes in zip(guides, DASHES, strict=False):
        points = [row for row in rows if row.series == name and row.kind == "guide"]
        ends = [row.position for row in points], [row.middle for row in points]
        ax.plot(*ends, color=GUIDE, linewidth=0.9, linestyle=dashes, label=name, zorder=1.5)
    for row in rows:
        if row.kind == "mark":
            _mark(ax, row)
    for style, words in styles(panel, rows, names, lines):
        ax.plot([], [], color=GUIDE, linewidth=0.9, label=words, **style)
    handles, _ = ax.get_legend_handles_labels()
    if len(handles) > 1 and panel.legend is not None:
        _legend(ax, panel.legend)


def _line(ax: Axes, rows: Sequence[Row], name: str, names: Sequence[str], colours: dict[str, Any]) -> None:
    """Draw a closed form, in the colour of the series that it is about."""
    points = sorted(
        (row for row in rows if row.series == name and row.kind == "formula"), key=lambda row: row.position
    )
    known = name in names or not names
    # a line such as "bound, N = 64" has the colour of "N = 64"
    about = name if name in names else name.rpartition(", ")[2]
    ax.plot(
        [row.position for row in points],
        [row.middle for row in points],
        color=colours.get(about, GUIDE),
        linewidth=0.9,
        linestyle="-" if known else DASHES[0],
        label=None if about in names else name,
        zorder=2,
    )


def _legend(ax: Axes, place: Any) -> None:
    """Put the legend inside, or ("outside") below the whole figure."""
    drawn = ax.get_figure(root=True)
    if place != "outside" or drawn is None:
        ax.legend(loc=place)
    else:
        longest = max(map(len, ax.get_legend_handles_labels()[1]), default=0)
        drawn.legend(loc="outside lower center", ncols=1 if longest > 30 else 2)


def points_id(panel: str, series: str) -> str:
    """Return the id of the markers of a series in an SVG: its two-ended brackets, in order of `x`."""
    return "points-" + "".join(c if c.isalnum() else "-" for c in f"{panel}-{series}")


def _axes(ax: Axes, panel: Panel) -> None:
    ax.set_xscale(panel.x_scale, **({"base": 2} if panel.x_scale == "log" else {}))
    ax.set_yscale(panel.y_scale)
    ax.set_xlabel(panel.x_label)
    ax.set_ylabel(panel.y_label)
    if panel.limits is not None:
        ax.set_xlim(*panel.limits)
    if panel.heights is not None:
        ax.set_ylim(*panel.heights)
    if panel.title:
        ax.set_title(panel.title, loc="left")


def _colours(names: Sequence[str], *, ordered: bool) -> dict[str, Any]:
    """Return a colour for each series: a scale for ordered families, else colours of the style."""
    import matplotlib as mpl

    if ordered and len(names) > 2:
        scale = mpl.colormaps["viridis"]
        return {name: scale(0.02 + 0.86 * k / (len(names) - 1)) for k, name in enumerate(names)}
    cycle = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    return {name: f"#{cycle[k % len(cycle)]}".replace("##", "#") for k, name in enumerate(names)}


def _brackets(ax: Axes, panel: Panel, rows: Sequence[Row], name: str, colour: Any) -> None:
    if not rows:
        return
    for row, after in pairwise(rows):
        first, last = (row, after) if panel.between == "rises" else (after, row)
        low, high = first.low, last.high
        if panel.between != "nothing" and low is not None and high is not None:
            ax.fill_between([row.position, after.position], low, high, color=colour, alpha=0.22, linewidth=0)
    whole = [row for row in rows if row.low is not None and row.high is not None]
    half = [
        [row.middle - (row.low or 0) for row in whole],
        [(row.high or 0) - row.middle for row in whole],
    ]
    drawn = ax.errorbar(
        [row.position for row in whole],
        [row.middle for row in whole],
        yerr=half,
        color=colour,
        fmt="o",
        markersize=2.2 if len(whole) > 15 else 3.0,
        elinewidth=1.0,
        capsize=0,
        label=name,
        zorder=3,
    )
    if whole:  # the page shows exact ends where a reader points (reporting.page)
        drawn.lines[0].set_gid(points_id(panel.name, name))
    for end, sign in (("low", "^"), ("high", "v")):
        open_ended = [row for row in rows if row not in whole and getattr(row, end) is not None]
        ax.plot(
            [row.position for row in open_ended],
            [getattr(row, end) for row in open_ended],
            sign,
            color=colour,
            label=None if whole or not open_ended else name,
        )


def _curve(ax: Axes, rows: Sequence[Row], name: str, colour: Any) -> None:
    """Draw a curve between its ends, with a stroke where another function is the least."""
    points = [row for row in rows if row.kind == "curve" and row.low is not None and row.high is not None]
    if not points:
        return
    places = [row.position for row in points]
    low, high = ([getattr(row, end) or 0.0 for row in points] for end in ("low", "high"))
    ax.fill_between(places, low, high, color=colour, alpha=0.3, linewidth=0)
    ax.plot(places, [row.middle for row in points], color=colour, linewidth=1.1, label=name, zorder=3)
    breaks = [row for row in rows if row.kind == "break"]
    ends = [row.position for row in breaks], [row.middle for row in breaks]
    ax.plot(*ends, "|", color=colour, markersize=5, markeredgewidth=0.8, zorder=3)


def _measured(
    ax: Axes, rows: Sequence[Row], name: str, colour: Any, marker: str, *, joined: bool, aside: float
) -> None:
    """Draw intervals with a marker inside; one that begins at 0 is an upper limit."""
    seen = [row for row in rows if row.low or ax.get_yscale() != "log"]
    inside = [_inside(row, ax.get_yscale()) for row in seen]
    ax.errorbar(
        [row.position * aside for row in seen],
        inside,
        yerr=[
            [middle - (row.low or 0) for row, middle in zip(seen, inside, strict=True)],
            [(row.high or 0) - middle for row, middle in zip(seen, inside, strict=True)],
        ],
        color=colour,
        marker=marker,
        linestyle="-" if joined else "none",
        linewidth=0.8,
        elinewidth=0.8,
        label=name,
    )
    limits = [row for row in rows if row not in seen]
    ax.plot(
        [row.position * aside for row in limits],
        [float(row.high or 0) for row in limits],
        "v",
        color=colour,
        fillstyle="none",
    )


def _inside(row: Row, scale: str) -> float:
    low, high = row.low, row.high
    assert low is not None, "a measured row has both ends"
    assert high is not None, "a measured row has both ends"
    return float((low * high) ** 0.5) if scale == "log" else (low + high) / 2


def _mark(ax: Axes, row: Row) -> None:
    ax.axvline(row.position, color="#777777", linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
    ax.annotate(
        row.series,
        (row.position, 0.0),
        xycoords=("data", "axes fraction"),
        xytext=(-1.5, 4),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="bottom",
        fontsize=6.5,
        color="#444444",
    )


def _ladder(ax: Axes, panel: Panel, rows: Sequence[Row], *, across: bool) -> None:
    """Draw one rung for each category, from 0 to its value, with the value beside it."""
    _axes(ax, panel)
    kinds = list(dict.fromkeys(row.series for row in rows))
    colours = _colours(kinds, ordered=False)
    rungs = sorted(rows, key=lambda row: row.middle)
    labelled: set[str] = set()
    for height, row in enumerate(rungs):
        new = row.series not in labelled
        labelled.add(row.series)
        ax.plot([0, row.middle], [height, height], color=colours[row.series], linewidth=1.0, alpha=0.45)
        ax.plot(
            [row.middle],
            [height],
            "o" if row.kind == "bracket" else "D",
            markerfacecolor=colours[row.series] if row.kind == "bracket" else "white",
            color=colours[row.series],
            label=row.series if new else None,
        )
        ax.annotate(
            f"{_four_places(row)}",
            (row.middle, height),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
        )
    letters = 60 if across else 24
    ax.set_yticks(range(len(rungs)), [textwrap.fill(str(row.x), letters) for row in rungs])
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.set_ylim(-0.6, len(rungs) - 0.4)
    if panel.legend is not None and across:
        _legend(ax, panel.legend)
    elif panel.legend is not None:  # beside rungs and their names there is no room
        _legend(ax, "outside")


def _four_places(row: Row) -> str:
    """Return the value to four places, cut and not rounded, so that it never exceeds the bracket."""
    low = row.low
    assert low is not None
    return f"{int(low * 10**4 + 1e-9) / 10**4:.4f}\u2026"
