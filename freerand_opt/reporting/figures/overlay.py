"""What is drawn over a graph so that nothing is hidden or unnamed: rings around dots, styles of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from freerand_opt.reporting.figures.frame import DASHES, Panel
from freerand_opt.reporting.figures.row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def styles(
    panel: Panel, rows: Sequence[Row], names: Sequence[str], lines: Sequence[str]
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield what styles mean that have no entry of their own in the legend."""
    if any(name in names for name in lines):
        yield {"linestyle": "-"}, panel.lines
    for words in dict.fromkeys(name.rpartition(", ")[0] for name in lines if name not in names):
        if words:
            yield {"linestyle": DASHES[0]}, words
    if any(row.kind == "measured" and not row.low for row in rows) and panel.y_scale == "log":
        yield {"linestyle": "none", "marker": "v", "fillstyle": "none"}, "none seen: upper limit"


def rings(ax: Axes, names: Sequence[str], rows: Sequence[Row], colours: dict[str, Any]) -> None:
    """Draw a ring, in its own colour, around the dot that hides a bracket of another series."""
    height = ax.get_ylim()[1] - ax.get_ylim()[0]
    drawn: dict[float, list[Row]] = {}
    for row in rows:
        if row.kind == "bracket" and row.low is not None and row.high is not None:
            drawn.setdefault(row.position, []).append(row)
    for found in drawn.values():
        order = sorted(found, key=lambda row: names.index(row.series))
        for k, row in enumerate(order):
            above = [other for other in order[k + 1 :] if abs(other.middle - row.middle) < height / 150]
            if above:
                size = 3.0 + 2.2 * len(above)
                ring: dict[str, Any] = {
                    "fillstyle": "none",
                    "markersize": size,
                    "markeredgewidth": 0.9,
                    "zorder": 3.5,
                }
                ax.plot([row.position], [row.middle], "o", color=colours[row.series], **ring)
