"""An attack drawn: where the measurements of each state point, and P(o|s, w) as a table of shades."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from freerand_opt.bounds.answers.attack import Attack, Strategy
from freerand_opt.bounds.answers.seen import Direction, Seen
from freerand_opt.checker.asked import split
from freerand_opt.errors import InputError
from freerand_opt.model.scenario import joined
from freerand_opt.reporting.figures.draw import STYLE
from freerand_opt.reporting.figures.frame import INCHES, Frame
from freerand_opt.reporting.figures.row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Strategies that are drawn, and how large their tables may be.
DRAWN, MOST_CELLS, MOST_NUMBERS = 3, 1024, 144
#: A direction with more than this along y is drawn by its parts along x and z.
FLAT = 5e-5


def attack_frame(attack: Attack) -> Frame:
    """Return title and caption."""
    shown = min(len(attack), DRAWN)
    states = any(one.devices.seen for one in attack.heaviest[:shown])
    left = r"directions of observables (horizontal $X$, vertical $Z$) and " if states else ""
    caption = (
        f"The {shown} heaviest of {len(attack)} strategies of an attack: {left}"
        r"$P(o|s,w)$, settings down, outcomes across. Exact numbers: the certificate."
    )
    return Frame("attack", "Strategies of an attack", caption, (), "two-column", 2.3 * shown)


def attack_rows(attack: Attack, proof: str) -> list[Row]:
    """Return P(o|s, w) of the drawn strategies; raise InputError for tables too large to be seen."""
    _, rows, width = attack.shape
    if rows * width > MOST_CELLS:
        raise InputError("plot", f"a table of {rows} x {width} probabilities is too large to be drawn")
    settings, outcomes = attack.question.settings, attack.question.outcomes
    names = [joined(split(s, settings), settings) for s in range(rows)]
    found = []
    for k, one in enumerate(attack.heaviest[:DRAWN]):
        for s, name in enumerate(names):
            row = one.row(s)
            for o in range(width):
                cell, p = f"{joined(split(o, outcomes), outcomes)}|{name}", row.get(o, one.weight * 0)
                found.append(Row("bracket", f"w {k}", cell, p, p, proof, "attack"))
    return found


def attack_figure(attack: Attack) -> Figure:
    """Return the figure: a line for each of the heaviest strategies."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    frame, shown = attack_frame(attack), attack.heaviest[:DRAWN]
    with mpl.rc_context(fname=str(STYLE)):
        made = Figure(figsize=(INCHES[frame.width], frame.height), layout="constrained")
        axes = made.subplots(len(shown), 2, squeeze=False, width_ratios=(1, 2))
        for (left, right), (k, one) in zip(axes, enumerate(shown), strict=True):
            held = one.devices.seen
            if held is None:
                left.axis("off")
                left.text(0.5, 0.5, one.devices.words, ha="center", va="center", wrap=True)
            else:
                _directions(left, held)
            left.set_title(f"w {k}, weight {float(one.weight):.4g}")
            _table(right, one, attack.question.settings, attack.question.outcomes)
    return made


def _directions(ax: Axes, held: Seen) -> None:
    """Draw observables of qubits as arrows in a circle, one colour a party."""
    from matplotlib.patches import Circle

    ax.add_patch(Circle((0, 0), 1, fill=False, linewidth=0.6, color="#999999"))
    for party, own in enumerate(held.directions):
        for x, d in enumerate(own):
            if d is not None:
                _arrow(ax, d, f"{chr(65 + party)}{x}", f"C{party}", 1.2 + 0.2 * party)
    ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.set_xlabel(held.state if len(held.state) < 45 else "")


def _arrow(ax: Axes, d: Direction, name: str, colour: str, place: float) -> None:
    x, y, z = d
    style = "-" if abs(y) < FLAT else ":"
    ax.plot([0, x], [0, z], style, color=colour)
    ax.text(x * place, z * place, name, ha="center", va="center", color=colour)


def _table(ax: Axes, one: Strategy, settings: tuple[int, ...], outcomes: tuple[int, ...]) -> None:
    """Draw P(o|s, w) in shades, with numbers if there is room."""
    rows, width = prod(settings), prod(outcomes)
    table = [[float(one.row(s).get(o, 0)) for o in range(width)] for s in range(rows)]
    ax.grid(visible=False)
    ax.imshow(table, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    if rows * width <= MOST_NUMBERS:
        for s, row in enumerate(table):
            for o, p in enumerate(row):
                ax.text(o, s, f"{p:.3f}", ha="center", va="center", color="white" if p > 0.6 else "black")
    ax.set_xticks(range(width), [joined(split(o, outcomes), outcomes) for o in range(width)])
    ax.set_yticks(range(rows), [joined(split(s, settings), settings) for s in range(rows)])
    ax.set(xlabel="outcomes", ylabel="settings")
