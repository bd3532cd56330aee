"""The table of a sweep for a paper: one row an answer, ends rounded outward, with its certificate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from freerand_opt.claims.verify import Verification
from freerand_opt.model.quantities import QUANTITIES
from freerand_opt.numbers.exact import text
from freerand_opt.numbers.rounding import decimal_above, decimal_below
from freerand_opt.reporting.cell import Cell
from freerand_opt.reporting.latex import escaped
from freerand_opt.reporting.paper.caption import number, symbol

#: Rows of a table that floats; longer ones run over pages.
FLOATING = 40
#: Letters of an exact answer that has a place in the table.
EXACT = 24


def varied(cells: Sequence[Cell | Verification]) -> tuple[str, ...]:
    """Return the key paths of the fields in which the answers differ."""
    places = [dict(found.instance.at) for found in cells]
    names = dict.fromkeys(name for place in places for name in place)
    return tuple(name for name in names if len({str(place.get(name)) for place in places}) > 1)


def tabulated(cells: Sequence[Cell], caption: str, name: str) -> str:
    """Return a booktabs table of answers, a longtable if it has more than `FLOATING` rows."""
    fields = varied(cells)
    heads = [f"${symbol(field)}$" for field in fields] or ["question"]
    quantity = cells[0].result.quantity if cells[0].result is not None else ""
    unit = (
        f" / {QUANTITIES[quantity].unit}"
        if quantity in QUANTITIES and QUANTITIES[quantity].unit != "1"
        else ""
    )
    heads += [f"at least{unit}", f"at most{unit}", "certificate"]
    lines = [" & ".join(heads) + r" \\", r"\midrule"]
    body = [" & ".join(_row(found, fields)) + r" \\" for found in cells]
    columns = "l" * len(heads)
    made = rf"\caption{{{caption}}}\label{{tab:{name}}}"
    if len(body) <= FLOATING:
        head = [
            r"\begin{table}",
            r"\centering\footnotesize",
            made + r"\smallskip",
            rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        ]
        tail = [r"\bottomrule", r"\end{tabular}", r"\end{table}"]
        return "\n".join([*head, r"\toprule", *lines, *body, *tail]) + "\n"
    head = [r"{\footnotesize", rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}", made + r"\\", r"\toprule"]
    tail = [r"\bottomrule", r"\end{longtable}", "}"]
    return "\n".join([*head, *lines, r"\endhead", *body, *tail]) + "\n"


def _row(found: Cell, fields: Sequence[str]) -> list[str]:
    place = dict(found.instance.at)
    row = [f"${words_of(place.get(field))}$" for field in fields] or [escaped(found.title)]
    digest = "" if found.result is None else rf"\texttt{{{found.result.digest[:12]}}}"
    lower, upper = found.bracket.lower, found.bracket.upper
    exact = found.bracket.exact
    if lower is None and upper is None:
        return [*row, rf"\multicolumn{{2}}{{l}}{{{escaped(found.answer)}}}", digest]
    if exact is not None and len(text(exact)) <= EXACT:
        return [*row, rf"\multicolumn{{2}}{{l}}{{${number(exact)}$}}", digest]
    ends = [
        "--" if lower is None else f"${decimal_below(lower)}$",
        "--" if upper is None else f"${decimal_above(upper)}$",
    ]
    return [*row, *ends, digest]


def words_of(value: object) -> str:
    """Return the value of a field in mathematics, without dollars."""
    words = str(value)
    return words if re.fullmatch(r"-?[0-9./]+", words) else rf"\mbox{{{escaped(words)}}}"
