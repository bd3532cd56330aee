"""A page in a file, with figures: HTML holds them, Markdown and LaTeX have them in files beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from freerand_opt.errors import InputError
from freerand_opt.experiments.figures import figure, saved
from freerand_opt.experiments.forms import rendered
from freerand_opt.experiments.report import Found, page
from freerand_opt.files import write_whole

SUFFIXES = {".html": "html", ".md": "markdown", ".tex": "latex"}


def require_page(path: Path, option: str = "page") -> None:
    """Raise InputError for a file that is no page."""
    if path.suffix not in SUFFIXES:
        raise InputError(option, f"{path.name} ends in none of {', '.join(SUFFIXES)}")


def write_page(answers: Sequence[tuple[Found, str]], path: str | Path) -> list[Path]:
    """Write answers with their titles as one page, and return the files; the suffix says in which form."""
    path = Path(path)
    require_page(path)
    form, made, pages = SUFFIXES[path.suffix], [path], []
    for number, (found, title) in enumerate(answers):
        drawn = figure(found)
        if form == "html":
            svg = saved(drawn, "svg").decode()
            place = svg[svg.index("<svg") :]
        else:
            kind = "pdf" if form == "latex" else "svg"
            beside = path.with_name(f"{path.stem}-{number}.{kind}")
            write_whole(beside, saved(drawn, kind))
            made.append(beside)
            place = beside.name
        pages.append(page(found, title, place))
    write_whole(path, rendered(pages, form))
    return made
