"""A page in a file, with figures: HTML holds them, Markdown and LaTeX have them in files beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from freerand_opt.errors import InputError
from freerand_opt.experiment_checker.hypotheses import memory_line, source_line
from freerand_opt.experiments.answer import Found
from freerand_opt.experiments.figures import figure, saved
from freerand_opt.experiments.forms import Page, Section, rendered
from freerand_opt.experiments.planned import WORDS, Planned, cells
from freerand_opt.experiments.report import page
from freerand_opt.files import write_whole

SUFFIXES = {".html": "html", ".md": "markdown", ".tex": "latex"}


def require_page(path: Path, option: str = "page") -> None:
    """Raise InputError for a file that is no page."""
    if path.suffix not in SUFFIXES:
        raise InputError(option, f"{path.name} ends in none of {', '.join(SUFFIXES)}")


def write_page(answers: Sequence[tuple[Found, str]], path: str | Path) -> list[Path]:
    """Write answers with their titles as one page, and return the files; the suffix says in which form."""
    return _written([(page(found, title), figure(found)) for found, title in answers], Path(path))


def write_plans(
    plans: Sequence[tuple[str, Planned, Sequence[dict[str, Any]]]], sizes: Sequence[int], path: str | Path
) -> list[Path]:
    """Write plans, each a title with what is planned and its rows, as `write_page` does."""
    made = []
    for title, held, rows in plans:
        hypotheses = (
            source_line(held.cases[0].setup.setting.source),
            f"adversary: {memory_line(held.cases[0].setup.setting.devices)}",
            "(E): later settings may depend on earlier outcomes; (E'): they do not, which is assumption (A2)",
            WORDS,
        )
        table = tuple(tuple(row) for row in cells(rows))
        sections = (Section("Plan", (), table=table), Section("Hypotheses", hypotheses))
        made.append((Page(title, sections), held.figure(sizes)))
    return _written(made, Path(path))


def _written(made: Sequence[tuple[Page, Any]], path: Path) -> list[Path]:
    require_page(path)
    form, files, pages = SUFFIXES[path.suffix], [path], []
    for number, (held, drawn) in enumerate(made):
        if form == "html":
            svg = saved(drawn, "svg").decode()
            pages.append(replace(held, figure=svg[svg.index("<svg") :]))
            continue
        kind = "pdf" if form == "latex" else "svg"
        beside = path.with_name(f"{path.stem}-{number}.{kind}")
        write_whole(beside, saved(drawn, kind))
        files.append(beside)
        pages.append(replace(held, figure=beside.name))
    write_whole(path, rendered(pages, form))
    return files
