"""Tables for papers: longtable with booktabs rules, one row an instance."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from freerand_opt.claims.verify import Verification
from freerand_opt.reporting import tables
from freerand_opt.reporting.cell import Cell, cells

_SPECIAL = str.maketrans(
    {
        "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
        "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\textbar{}",
    }
)  # fmt: skip
_HEAD = r"""% needs \usepackage{booktabs,longtable}
\begin{longtable}{@{}p{0.33\textwidth}p{0.19\textwidth}p{0.24\textwidth}p{0.13\textwidth}@{}}
\toprule
instance & expected & certified bracket & verdict \\
\midrule
\endhead
\bottomrule
\endfoot
"""


def escaped(words: str) -> str:
    """Return a text with LaTeX's special characters made harmless."""
    return words.translate(_SPECIAL)


def claims(results: Iterable[Verification | Cell]) -> str:
    """Return a longtable of claims with certified brackets, ends rounded outward."""
    lines = [_HEAD]
    for _, group in groupby(cells(results), key=lambda found: found.file.name):
        rows = list(group)
        title, reference = rows[0].file.title or rows[0].file.name, rows[0].file.reference
        cite = rf" \textit{{{escaped(reference)}}}" if reference else ""
        lines.append(
            rf"\multicolumn{{4}}{{@{{}}p{{0.97\textwidth}}@{{}}}}{{\textbf{{{escaped(title)}}}{cite}}} \\*"
        )
        for found in rows:
            lines.append(" & ".join(map(escaped, tables.row(found))) + r" \\")
        lines.append(r"\addlinespace")
    return "\n".join(lines) + "\n" + r"\end{longtable}" + "\n"
