"""Pages as text, Markdown, LaTeX or HTML: headed lists of lines, with a figure where there is one."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH = 80
FORMATS = ("text", "markdown", "latex", "html")
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{max-width:46em;margin:2em auto;padding:0 1em;font:16px/1.45 sans-serif;overflow-wrap:anywhere}"
    "svg{width:100%;height:auto}table{display:block;overflow-x:auto}td{padding:0 .8em 0 0}"
    "ul{padding-left:1.2em}"
)
_PREAMBLE = (
    "\\documentclass[a4paper]{article}\n\\usepackage[margin=2.5cm]{geometry}\n"
    "\\usepackage{graphicx}\n\\sloppy\n\\begin{document}\n"
)


@dataclass(frozen=True)
class Section:
    """A heading, its lines, a drawing in characters for the form that has no figures, and a table for the
    others.
    """

    title: str
    lines: tuple[str, ...]
    drawing: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Page:
    """Sections under a title; `figure` is the SVG itself for HTML, the name of a file for LaTeX and
    Markdown.
    """

    title: str
    sections: tuple[Section, ...]
    figure: str = ""


def rendered(pages: Sequence[Page], form: str, *, whole: bool = True) -> str:
    r"""Return pages in one of `FORMATS`; LaTeX that is not `whole` is for \input."""
    if form == "html":
        return _html(pages)
    made: dict[str, Callable[[Page], str]] = {"text": _text, "markdown": _markdown, "latex": _latex}
    body = "\n".join(made[form](page) for page in pages)
    return f"{_PREAMBLE}{body}\\end{{document}}\n" if form == "latex" and whole else body


def chart(points: Sequence[tuple[float, float]], width: int = 60, height: int = 8) -> tuple[str, ...]:
    r"""Return a curve in characters, its ends at the left and below, for points in rising order.

    >>> print("\n".join(chart([(0, 0), (1, 1), (2, 2)], 3, 3)))
    2 |  *
      | *
    0 |*
       0
       .. 2
    """
    points = [(x, y) for x, y in points if math.isfinite(y)]
    if not points:
        return ()
    low, high = min(y for _, y in points), max(y for _, y in points)
    last, step = points[-1][0] or 1, (high - low) / (height - 1) or 1.0
    grid = [[" "] * width for _ in range(height)]
    for x, y in points:
        grid[round((high - y) / step)][round(x / last * (width - 1))] = "*"
    top, bottom = f"{high:.5g}", f"{low:.5g}"
    margin = max(len(top), len(bottom))
    heads = [top, *[""] * (height - 2), bottom]
    rows = [f"{head:>{margin}} |{''.join(row)}".rstrip() for head, row in zip(heads, grid, strict=True)]
    ends = f"{'':{margin}}  {points[0][0]:g}", f"{'':{margin}}  {f'.. {last:g}':>{width}}"
    return (*rows, *ends)


def _text(page: Page) -> str:
    def wrapped(line: str) -> str:
        return textwrap.fill(
            line, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
        )

    body = "\n".join(
        f"{part.title}\n"
        + "".join(f"{wrapped(line)}\n" for line in part.lines)
        + "".join(f"    {line}\n" for line in part.drawing)
        for part in page.sections
    )
    return f"{page.title}\n\n{body}"


def _markdown(page: Page) -> str:
    def plain(line: str) -> str:
        return "".join("\\" + mark if mark in "\\*_`<" else mark for mark in line)

    def listed(part: Section) -> str:
        rows = [f"| {' | '.join(map(plain, row))} |\n" for row in part.table]
        rows[1:1] = ["|" + "---|" * len(part.table[0]) + "\n"] if rows else []
        return f"## {part.title}\n\n" + "".join([*rows, *(f"* {plain(line)}\n" for line in part.lines)])

    shown = f"\n![course of the factor, settings, marginals](<{page.figure}>)\n" if page.figure else ""
    first, *rest = (listed(part) for part in page.sections)
    return f"# {plain(page.title)}\n\n{first}{shown}" + "".join(f"\n{part}" for part in rest)


def _latex(page: Page) -> str:
    special = {
        **{mark: "\\" + mark for mark in "{}#$%&_"},
        **{"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}", "-": "-{}", "|": r"\textbar{}"},
        **{"<": r"\textless{}", ">": r"\textgreater{}", '"': "''"},
    }

    def plain(line: str) -> str:
        return r"$\leq$".join("".join(special.get(mark, mark) for mark in part) for part in line.split("<="))

    def listed(part: Section) -> str:
        items = "".join(f"  \\item {plain(line)}\n" for line in part.lines)
        found = f"\\subsection*{{{plain(part.title)}}}\n"
        if part.table:
            rows = "".join(f"{' & '.join(map(plain, row))} \\\\\n" for row in part.table)
            columns = "l" * len(part.table[0])
            found += f"\\noindent\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n{rows}\\end{{tabular}}\n\n"
        return found + (f"\\begin{{itemize}}\n{items}\\end{{itemize}}\n" if items else "")

    shown = f"\\noindent\\includegraphics[width=\\linewidth]{{\\detokenize{{{page.figure}}}}}\n"
    first, *rest = (listed(part) for part in page.sections)
    return f"\\section*{{{plain(page.title)}}}\n{first}{shown if page.figure else ''}{''.join(rest)}"


def _html(pages: Sequence[Page]) -> str:
    def listed(part: Section) -> str:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in part.lines)
        rows = (f"<tr>{''.join(f'<td>{html.escape(x)}</td>' for x in row)}</tr>" for row in part.table)
        table = f"<table>{''.join(rows)}</table>" if part.table else ""
        return f"<h2>{html.escape(part.title)}</h2>{table}" + (f"<ul>{lines}</ul>" if lines else "")

    body = ""
    for page in pages:
        first, *rest = (listed(part) for part in page.sections)
        body += f"<h1>{html.escape(page.title)}</h1>{first}{page.figure}{''.join(rest)}"
    title = html.escape(pages[0].title)
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    head += '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return f"{head}<style>{_STYLE}</style>{body}</html>\n"
