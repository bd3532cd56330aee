"""The files of a paper kit as texts: document, tables, references, and the referee's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from freerand_opt.bounds.answers.result import Result
from freerand_opt.checker.onefile import one_file
from freerand_opt.errors import InputError
from freerand_opt.model.files.file import Instance
from freerand_opt.reporting.cell import Cell
from freerand_opt.reporting.latex import escaped
from freerand_opt.reporting.paper.caption import number, sentences, symbol
from freerand_opt.reporting.paper.strategies import attack_table
from freerand_opt.reporting.paper.sweep import FLOATING, tabulated, varied, words_of
from freerand_opt.version import __version__

REFERENCES = rf"""@misc{{freerand_opt,
  author = {{{{The freerand\_opt developers}}}},
  title  = {{freerand\_opt: certified bounds for imperfect randomness}},
  note   = {{Version {__version__}}}
}}

@article{{ColbeckRenner2012,
  author  = {{Colbeck, Roger and Renner, Renato}},
  title   = {{Free randomness can be amplified}},
  journal = {{Nature Physics}},
  volume  = {{8}},
  pages   = {{450--453}},
  year    = {{2012}},
  eprint  = {{1105.3195}},
  archiveprefix = {{arXiv}}
}}
"""
_FIGURE = r"""\begin{{figure}}
\centering
\IfFileExists{{figure.pgf}}{{\input{{figure.pgf}}}}{{\includegraphics{{figure.pdf}}}}
\caption{{{caption}}}\label{{fig:{name}}}
\end{{figure}}
"""
_MAIN = r"""\documentclass[twocolumn]{{article}}
% columns of 246 pt, as RevTeX sets them; any other class does that has booktabs and pgf
\usepackage[letterpaper,textwidth=510pt,textheight=680pt,columnsep=18pt]{{geometry}}
\usepackage{{booktabs,longtable,graphicx,pgf}}
\providecommand\mathdefault[1]{{#1}}
\begin{{document}}
\section*{{{title}}}
{words} Computed and certified with \texttt{{freerand\_opt}}~\cite{{freerand_opt}}.
{body}
\bibliographystyle{{plain}}
\bibliography{{references}}
\end{{document}}
"""
_ENTROPY = (
    "The paper states min-entropies. What a certificate proves is the guessing probability p, and the "
    "min-entropy is -log2 p: the upper end of one is the lower end of the other."
)


def caption(cells: Sequence[Cell]) -> str:
    """Return the sentences that state the question of all cells, in LaTeX."""
    one = asked(cells[0])
    said = [*sentences(one.question, varied(cells))]
    if one.threshold is not None:
        crossed = one.threshold.crosses
        at = "a strategy begins or ceases to exist" if crossed is None else f"it crosses {_crossed(crossed)}"
        said.append(f"Sought: the ${symbol(one.threshold.of)}$ at which {at}.")
    return " ".join(said)


def _crossed(value: object) -> str:
    return escaped(value) if isinstance(value, str) else f"${number(value)}$"  # type: ignore[arg-type]


def asked(found: Cell) -> Instance:
    """Return the instance of a cell, which is a question and no computation."""
    assert isinstance(found.instance, Instance)
    return found.instance


def shown(cells: Sequence[Cell], instance: str | None) -> Cell | None:
    """Return the cell whose attack is written out: the one named, else the middle one that has an attack."""
    if instance is not None:
        named = [found for found in cells if found.instance.name == instance]
        if not named:
            names = "; ".join(found.instance.name or "(its base)" for found in cells[:20])
            raise InputError("--instance", f"{instance[:60]!r} is no answer of this run: {names}")
        return named[0]
    having = [
        found for found in cells if isinstance(found.result, Result) and found.result.attack is not None
    ]
    return having[len(having) // 2] if having else None


def texts(
    cells: Sequence[Cell], links: Mapping[int, str], command: str, *, figure: bool, instance: str | None
) -> dict[str, str]:
    """Return the texts of the folder by file name; `links` has each cell's certificate by its place."""
    words, name = caption(cells), escaped(cells[0].file.title or cells[0].file.name)
    label = "".join(c for c in cells[0].file.name if c.isalnum() or c == "-")
    stated = rf"The question of Fig.~\ref{{fig:{label}}}." if figure else words
    found = {
        "table.tex": f"% made by: {command}\n% needs booktabs, longtable\n"
        + tabulated(cells, f"{name}: certified brackets, ends rounded outward. {stated}", label),
        "references.bib": REFERENCES,
        "certificates/README.md": referee(cells, links, command),
        "certificates/check.py": one_file(),
        "question.toml": asked(cells[0]).question.to_toml(),
    }
    body = []
    if figure:
        dots = f"{name}. Dots: certified brackets; shaded: what they certify in between. {words}"
        found["figure.tex"] = f"% made by: {command}\n" + _FIGURE.format(caption=dots, name=label)
        body.append(r"\input{figure}")
    one = shown(cells, instance)
    if one is not None and isinstance(one.result, Result) and one.result.attack is not None:
        place = ", ".join(f"${symbol(field)} = {words_of(value)}$" for field, value in one.instance.at)
        title = f" at {place}" if place else ""
        found["attack.tex"] = f"% made by: {command}\n" + attack_table(one.result.attack, title)
        body.append(r"\input{attack}")
    body.append((r"\onecolumn" if len(cells) > FLOATING else "") + r"\input{table}")
    found["main.tex"] = _MAIN.format(title=name, words=words, body="\n".join(body))
    return found


def referee(cells: Sequence[Cell], links: Mapping[int, str], command: str) -> str:
    """Return what a referee needs: what each certificate proves and how to check it without a solver."""
    lines = [
        "# Certificates",
        "",
        f"Each file proves one number of the paper; made by `{command}`, freerand_opt {__version__}.",
        "",
        "To check them, with Python 3.11 or newer and nothing else (no solver, no other package):",
        "",
        "    python3 check.py FILE.json",
        "",
        "`check.py` is the whole checker. It reads the question from the certificate, prints it, writes "
        "every inequality itself in exact arithmetic, and prints what is proved; exit code 0 if it is. With "
        "the library `freerand check FILE.json` does the same, and `freerand show FILE.json` prints the "
        "attack too.",
        "",
        "An upper end is proved by multipliers of a dual program, a lower end by an explicit strategy of the "
        "adversary. What you have to believe is that the question printed is the paper's question.",
        *(["", _ENTROPY] if asked(cells[0]).question.ask.quantity == "min-entropy" else []),
        "",
        "| file | asked at | answer |",
        "|---|---|---|",
    ]
    for k, found in enumerate(cells):
        name = found.instance.name or "the question"
        link = links[k].removeprefix("certificates/") if k in links else "none"
        lines.append(f"| {link} | {name} | {found.answer} |".replace("<", "&lt;"))
    return "\n".join(lines) + "\n"
