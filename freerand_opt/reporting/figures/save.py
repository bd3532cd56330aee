"""Write a figure with the data, the caption and the command that make it again."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freerand_opt.errors import InputError
from freerand_opt.files import write_whole
from freerand_opt.reporting.figures.frame import Frame
from freerand_opt.reporting.figures.row import Row, as_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".pdf", ".svg", ".png", ".pgf")


def require_suffix(path: Path) -> None:
    """Raise InputError if no figure is written under that suffix, or LaTeX is needed and not here."""
    if path.suffix not in SUFFIXES:
        raise InputError("--output", f"{path.name} ends in none of {', '.join(SUFFIXES)}")
    if path.suffix == ".pgf" and shutil.which("pdflatex") is None:
        raise InputError("--output", "a .pgf file needs pdflatex to measure its letters; take .pdf or .svg")


def save(made: Figure, frame: Frame, rows: Sequence[Row], path: Path, command: str) -> list[Path]:
    """Write `path`, and beside it the rows (.csv) and the caption (.caption.tex); return all three.

    The bytes depend on the rows and the version of matplotlib only.
    """
    import matplotlib as mpl

    from freerand_opt.reporting.figures.draw import STYLE

    data, words = path.with_suffix(".csv"), path.with_suffix(".caption.tex")
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(fname=str(STYLE)):
        made.savefig(path, **_metadata(path, frame))
    write_whole(data, as_csv(rows))
    write_whole(words, f"% made by: {command}\n% data: {data.name}\n{frame.caption}\n")
    return [path, data, words]


def _metadata(path: Path, frame: Frame) -> dict[str, Any]:
    """Return the title of the file; dates are left out, so that equal rows give equal bytes."""
    if path.suffix == ".pgf":  # it has no place for it
        return {}
    if path.suffix == ".png":
        return {"metadata": {"Title": frame.title, "Software": "freerand_opt"}}
    date = "CreationDate" if path.suffix == ".pdf" else "Date"
    return {"metadata": {"Title": frame.title, "Creator": "freerand_opt", date: None}}
