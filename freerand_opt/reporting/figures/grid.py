"""The figure of somebody's own question: answers over the grid of the file or of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from freerand_opt.claims.formulas import value as value_of
from freerand_opt.claims.verify import Verification
from freerand_opt.errors import InputError
from freerand_opt.model.expect import Formula
from freerand_opt.model.quantities import QUANTITIES
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.parse import parse
from freerand_opt.reporting.figures.answers import bracket
from freerand_opt.reporting.figures.frame import Between, Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula
from freerand_opt.reporting.latex import escaped
from freerand_opt.reporting.paper.caption import sentences
from freerand_opt.reporting.paper.sweep import varied

_FIELD = re.compile(r"(\S+?)=(\S+)")
#: How a field is written at an axis.
SYMBOLS = {"epsilon": r"$\epsilon$", "N": "$N$", "M": "$M$"}
#: Fields along which any leakage rises: a source that may do more helps the adversary.
RISING = ("epsilon",)
LEAKAGES = ("guessing-probability", "trace-distance")
ENTROPY = "min-entropy"
_WORDS = {name: name.replace("-", " ") for name in LEAKAGES}


def frame_and_rows(answers: Sequence[Verification]) -> tuple[Frame, list[Row]]:
    """Return the figure of one file's answers; raise InputError if its instances have no number to plot.

    The first axis is the numeric field with most values; instances that differ otherwise are series.
    """
    field = _axis(answers)
    series_of: dict[str, list[Verification]] = {}
    rows: list[Row] = []
    for found in answers:
        values = dict(_FIELD.findall(found.instance.name))
        if field not in values:
            continue
        rest = _FIELD.sub("", found.instance.name).split()
        rest += [f"{name}={value}" for name, value in values.items() if name != field]
        series, x = " ".join(rest) or found.result.quantity, parse(values[field])
        series_of.setdefault(series, []).append(found)
        drawn = bracket(found, series, x)
        rows += [drawn] if drawn is not None else []
        expect = found.instance.expect
        if expect is not None and drawn is not None:
            rows += [formula(series, x, value) for value in _claimed(found)]
    monotone = field in RISING and all(_only_source_differs(found) for found in series_of.values())
    between: Between = "nothing"
    if monotone:  # a leakage rises with the set of sources, and what is left of the entropy falls
        between = "falls" if answers[0].result.quantity == ENTROPY else "rises"
    return _frame(answers, field, between), rows


def _only_source_differs(answers: Sequence[Verification]) -> bool:
    """Return whether the same knowledge is asked of each, so that it is monotone in the set of sources."""
    questions = [getattr(found.instance, "question", None) for found in answers]
    first = questions[0]
    return first is not None and all(
        asked is not None
        and found.result.quantity in (*LEAKAGES, ENTROPY)
        and asked.changed(source=first.source) == first
        for asked, found in zip(questions, answers, strict=True)
    )


def _claimed(found: Verification) -> Iterator[Exact]:
    """Yield the number that the file expects, if it expects one."""
    expect = found.instance.expect
    claimed = None if expect is None else expect.value
    if isinstance(claimed, Formula):
        instance: Any = found.instance
        yield value_of(claimed.formula, getattr(instance, "question", None) or instance.computation)
    elif claimed is not None and not isinstance(claimed, str):
        yield claimed


def _axis(answers: Sequence[Verification]) -> str:
    values: dict[str, set[Exact]] = {}
    for found in answers:
        for name, value in _FIELD.findall(found.instance.name):
            try:
                values.setdefault(name, set()).add(parse(value))
            except ValueError:  # a name, such as the order of bits
                continue
    if not values or max(map(len, values.values())) < 2:
        raise InputError(
            str(answers[0].file.path),
            "no number differs between its instances; give a range, such as source.epsilon=0:1/10:1/100",
        )
    return max(values, key=lambda name: len(values[name]))


def _frame(answers: Sequence[Verification], field: str, between: Between) -> Frame:
    found = answers[0]
    quantity = found.result.quantity
    unit = " (bits)" if quantity in QUANTITIES and QUANTITIES[quantity].unit == "bits" else ""
    named = f"{escaped(found.file.title)}. " if found.file.title != found.file.name else ""
    parts = [f"{named}Dots: certified brackets", "", "."]
    parts[1] = "" if between == "nothing" else "; bands: what they certify in between"
    parts += [" Lines: what the file expects."] if any(one.instance.expect for one in answers) else []
    question = getattr(found.instance, "question", None)
    if question is not None:
        parts += [f" {words}" for words in sentences(question, varied(answers))]
    panel = Panel("", SYMBOLS.get(field, field), _WORDS.get(quantity, quantity) + unit, between=between)
    return Frame(Path(found.file.name).name, found.file.title, "".join(parts), (panel,))
