"""The figures by name, and where their data come from."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.model.tables.text import nearest
from freerand_opt.reporting.figures.answers import Ask
from freerand_opt.reporting.figures.frame import Frame
from freerand_opt.reporting.figures.row import COLUMNS, Row, from_csv

#: Figures of certified answers, which are computed if the store does not have them.
ANSWERED = (
    "leakage",
    "ladder",
    "critical",
    "adversaries",
    "scores",
    "selection",
    "biases",
    "amplification",
    "visibility",
    "entropy",
    "efficiency",
)
#: Figures of measurements: their rows come from a table.
MEASURED = ("simulation", "cost")
NAMES = (*ANSWERED, *MEASURED)


@dataclass(frozen=True)
class Drawing:
    """A figure of the gallery: `answered` gives its rows, or `converted` does from another program's table.

    `source` is the command that writes that table.
    """

    frame: Frame
    answered: Callable[[Ask], list[Row]] | None
    converted: Callable[[Iterable[Mapping[str, str]]], list[Row]] | None
    source: str


def drawing(name: str) -> Drawing:
    """Return a figure by name; raise InputError for others."""
    if name not in NAMES:
        raise InputError(
            name, f"is no figure, claim or file; figures: {', '.join(NAMES)}{nearest(name, NAMES)}"
        )
    module: Any = import_module(f"freerand_opt.reporting.figures.{name}")
    rows = getattr(module, "rows", None)
    if name in ANSWERED:
        return Drawing(module.FRAME, rows, None, "")
    return Drawing(module.FRAME, None, rows, module.SOURCE)


def table(chosen: Drawing, path: Path) -> list[Row]:
    """Return the rows in a file: a figure's own table, or one that the figure converts."""
    try:
        body = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("--data", f"{path} cannot be read: {error}") from None
    if chosen.converted is None or body.startswith(",".join(COLUMNS)):
        return from_csv(body, str(path))
    try:
        return chosen.converted(list(csv.DictReader(body.splitlines())))
    except (KeyError, ValueError):
        raise InputError("--data", f"{path} is not the table that `{chosen.source}` writes") from None
