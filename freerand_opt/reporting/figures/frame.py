"""What stands around the rows of a figure: axes, panels, caption and size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Width: TypeAlias = Literal["one-column", "two-column"]
Between: TypeAlias = Literal["nothing", "rises", "falls"]
#: Width of a column and of a page in inches (RevTeX: 246 and 510 points).
INCHES: dict[str, float] = {"one-column": 3.40, "two-column": 7.05}

#: Dashes of lines, in the order in which they are used.
DASHES: tuple[Any, ...] = ((0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 1.5, 1, 1.5)))


@dataclass(frozen=True)
class Panel:
    """One pair of axes; `name` is the panel of the rows that it shows.

    `limits` hold for the first and `heights` for the second axis; None leaves them to the data.
    `between` tells what is known between neighbouring brackets: a value that rises with x lies
    between one's lower and the next one's upper end, so that the band drawn there is certified too.
    `lines` says in the legend what the lines through dots of their colour are.
    """

    name: str
    x_label: str
    y_label: str
    title: str = ""
    x_scale: Literal["linear", "log"] = "linear"
    y_scale: Literal["linear", "log"] = "linear"
    limits: tuple[float, float] | None = None
    heights: tuple[float, float] | None = None
    between: Between = "nothing"
    legend: str | None = "best"
    ordered: bool = False
    ladder: bool = False
    lines: str = "closed form"


@dataclass(frozen=True)
class Frame:
    """A figure without its data; the caption is plain LaTeX text."""

    name: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    width: Width = "one-column"
    height: float = 2.55
