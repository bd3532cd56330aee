"""Curves as figures: drawn between their certified ends, with the places marked where a formula ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freerand_opt.files import file_name
from freerand_opt.model.files import catalogue
from freerand_opt.model.files.file import read
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row

if TYPE_CHECKING:
    from freerand_opt.bounds.curves.curve import Curve

SAMPLES = 100
#: How a field is written at an axis.
SYMBOLS = {"epsilon": r"$\epsilon$"}


def rows_of(curve: Curve, series: str, panel: str = "", count: int = SAMPLES) -> list[Row]:
    """Return a curve as rows: `count` + 1 places, and those where another function above is the least."""
    low, high = curve.between
    breaks = [curve.near(x) for x in curve.breaks()]
    places = sorted({low + (high - low) * k / count for k in range(count + 1)} | set(breaks))
    found = []
    for kind, place in [*(("curve", x) for x in places), *(("break", x) for x in breaks)]:
        here = curve(place)
        found.append(Row(kind, series, place, here.lower, here.upper, curve.digest, panel))  # type: ignore[arg-type]
    return found


def committed(claim: str, field: str, ends: tuple[str, str], sizes: str) -> Iterator[tuple[int, Curve]]:
    """Yield (N, curve) of a claim, from its committed certificate where that is here."""
    from freerand_opt.bounds.curves.curve_of import curve, load_curve

    path, folder = catalogue.find(claim), catalogue.curves()
    assert path is not None
    for size in map(int, sizes.split(",")):
        fields = {"scenario.N": [size], field: [ends[0]]}
        question = read(path, fields, keep=lambda variant, _: not variant).instances[0].question
        label = file_name(f"N={size} {field.rpartition('.')[2]}={ends[0]}..{ends[1]}")
        place = None if folder is None else folder / claim / f"{label}.json"
        here = place is not None and place.is_file()
        yield size, load_curve(place, question, field) if here and place else curve(question, field, ends)


def frame_of(curves: Sequence[Curve], title: str) -> Frame:
    """Return axes and caption of curves over one field."""
    name = curves[0].field.rpartition(".")[2]
    caption = (
        f"{title}. Curves: the certified answer, between its two ends; strokes: where another formula begins."
    )
    quantity = curves[0].question.ask.quantity.replace("-", " ")
    return Frame("curve", title, caption, (Panel("", SYMBOLS.get(name, name), quantity),))


def drawn(curve: Curve, path: str | Path | None = None) -> Any:
    """Return the figure of a curve, written to `path` with its data and caption if one is given."""
    from freerand_opt.reporting.figures.draw import figure
    from freerand_opt.reporting.figures.save import require_suffix, save

    quantity, (low, high) = curve.question.ask.quantity, curve.between
    frame, rows = (
        frame_of([curve], f"{quantity} for {curve.field} in [{low}, {high}]"),
        rows_of(curve, "answer"),
    )
    made = figure(frame, rows)
    if path is not None:
        require_suffix(Path(path))
        save(made, frame, rows, Path(path), "fr.curve(..).plot(..)")
    return made
