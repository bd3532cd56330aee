"""Tables for papers: longtable with booktabs rules, one row an instance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from freerand_opt.first.answers.verification import Verification
from freerand_opt.first.reporting import tables

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


def claims(results: Sequence[Verification]) -> str:
    """Return a longtable of claims with certified brackets, ends rounded outward."""
    lines = [_HEAD]
    for _, group in groupby(results, key=lambda found: found.file.name):
        rows = list(group)
        title, reference = rows[0].file.title or rows[0].file.name, rows[0].file.reference
        cite = rf" \textit{{{escaped(reference)}}}" if reference else ""
        lines.append(
            rf"\multicolumn{{4}}{{@{{}}p{{0.97\textwidth}}@{{}}}}{{\textbf{{{escaped(title)}}}{cite}}} \\*"
        )
        for found in rows:
            name, expected, bracket, verdict, _, _ = tables.row(found)
            cells = (name, expected, bracket, verdict)
            lines.append(" & ".join(map(escaped, cells)) + r" \\")
        lines.append(r"\addlinespace")
    return "\n".join(lines) + "\n" + r"\end{longtable}" + "\n"
