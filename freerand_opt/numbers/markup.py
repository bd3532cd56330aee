"""How numbers and tables look in a notebook: HTML and LaTeX, exact."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from html import escape

from freerand_opt.numbers.exact import Exact, text

#: Rows and columns of a table that are shown.
MOST = 40
_CELL = "text-align:left;padding:0.1em 0.8em 0.1em 0"


def latex(value: Exact) -> str:
    r"""Return an exact number in LaTeX, as ``\frac{1}{2} - \frac{1}{4} \sqrt{2}``, without dollars."""
    words = text(value)
    words = re.sub(r"(\w+)/(\w+)", r"\\frac{\1}{\2}", words)
    words = re.sub(r"\bsqrt\(([^()]*)\)", r"\\sqrt{\1}", words)
    words = re.sub(r"\broot(\d+)\(([^()]*)\)", r"\\sqrt[\1]{\2}", words)
    words = re.sub(r"\b(cos|sin)\(([^()]*)\)", r"\\\1(\2)", words)
    words = re.sub(r"\blog2\b", r"\\log_2 ", words)
    return re.sub(r"\bpi\b", r"\\pi", words.replace("*", r" \, "))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an HTML table; texts are escaped, and after `MOST` rows and columns dots stand for the rest."""
    shown = []
    for place, row in enumerate(rows):
        if place == MOST:
            shown.append(["..."])
            break
        shown.append(_short(row))
    heads = "".join(f'<th style="{_CELL}">{escape(cell)}</th>' for cell in _short(head))
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in shown
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _short(row: Sequence[str]) -> list[str]:
    return [*row[:MOST], "..."] if len(row) > MOST else list(row)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return an HTML table of names and what is to be said of them; empty ones are left out."""
    rows = "".join(
        f'<tr><th style="{_CELL}">{escape(name)}</th><td style="{_CELL}">{escape(words)}</td></tr>'
        for name, words in pairs
        if words
    )
    return f"<table><tbody>{rows}</tbody></table>"


def sum_latex(terms: Iterable[tuple[Fraction, str]]) -> str:
    """Return a sum of terms in LaTeX, coefficients 1 left out, without dollars; 0 without any."""
    parts: list[str] = []
    for place, (factor, name) in enumerate(terms):
        if place == MOST:
            parts.append(r" + \cdots")
            break
        sign = "-" if factor < 0 else "+" if parts else ""
        size = "" if abs(factor) == 1 else latex(abs(factor)) + r" \, "
        parts.append(f" {sign} {size}{name}" if parts else f"{sign}{size}{name}")
    return "".join(parts) or "0"
