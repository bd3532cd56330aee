"""The figure of somebody's own question: answers over the grid of the file or of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from freerand_opt.claims.formulas import value as value_of
from freerand_opt.claims.verify import Verification
from freerand_opt.errors import InputError
from freerand_opt.model.conditions import Test
from freerand_opt.model.files.expect import Formula
from freerand_opt.model.quantities import QUANTITIES
from freerand_opt.model.tables.values import with_values
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.parse import parse
from freerand_opt.reporting.figures.answers import bracket
from freerand_opt.reporting.figures.frame import Between, Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula
from freerand_opt.reporting.latex import escaped
from freerand_opt.reporting.paper.caption import sentences
from freerand_opt.reporting.paper.sweep import varied

OF_SCORE = re.compile(r"test(?:\[(\d+)\])?\.score", re.ASCII)
#: How a field is written at an axis.
SYMBOLS = {"epsilon": r"$\epsilon$", "N": "$N$", "M": "$M$"}
LEAKAGES = ("guessing-probability", "trace-distance")
ENTROPY = "min-entropy"
_WORDS = {name: name.replace("-", " ") for name in LEAKAGES}
#: A source that may do more helps the adversary, and so do tests that ask less.
TURN = {">=": -1, "<=": 1}


def frame_and_rows(answers: Sequence[Verification]) -> tuple[Frame, list[Row]]:
    """Return the figure of one file's answers; raise InputError if its instances have no number to plot.

    The first axis is the numeric field with most values; instances that differ otherwise are series. An
    instance that the values of the axes make equal to another one is drawn once.
    """
    field = _axis(answers)
    series_of: dict[str, list[Verification]] = {}
    rows: list[Row] = []
    seen: set[tuple[Exact, Any]] = set()
    for found in answers:
        values = {axis: str(value) for axis, value in found.instance.at}
        if field not in values:
            continue
        x = parse(values[field])
        asked = getattr(found.instance, "question", found.instance.name)
        if (x, asked) in seen:
            continue
        seen.add((x, asked))
        series = _without(found.instance.name, field, values[field]) or found.result.quantity
        series_of.setdefault(series, []).append(found)
        drawn = bracket(found, series, x)
        rows += drawn
        expect = found.instance.expect
        if expect is not None and drawn:
            rows += [formula(series, x, value) for value in _claimed(found)]
    turns = {_turn(found, field) for found in series_of.values()}
    turn = turns.pop() if len(turns) == 1 else 0
    if answers[0].result.quantity == ENTROPY:  # what is left of the entropy falls where a leakage rises
        turn = -turn
    between: Between = "rises" if turn > 0 else "falls" if turn < 0 else "nothing"
    return _frame(answers, field, between), rows


def _without(name: str, field: str, value: str) -> str:
    """Return the name of a cell without the value of one axis."""
    for word in (field, field.rpartition(".")[2]):
        if f"{word}={value}" in name:
            return " ".join(name.replace(f"{word}={value}", "", 1).split())
    return name


def _turn(answers: Sequence[Verification], field: str) -> int:
    """Return 1 if what is known of an output rises with the field -1 if it falls, 0 if neither is known."""
    if any(found.result.quantity not in (*LEAKAGES, ENTROPY) for found in answers):
        return 0
    bodies = [with_values(getattr(found.instance, "body", {}), {field: 0}) for found in answers]
    rest = [{key: value for key, value in body.items() if key != "expect"} for body in bodies]
    if any(one != rest[0] for one in rest):
        return 0
    test = _test(answers[0], field)
    return TURN.get(test.relation, 0) if test is not None else int(field == "source.epsilon")


def _test(found: Verification, field: str) -> Test | None:
    """Return the test whose score a field is."""
    question = getattr(found.instance, "question", None)
    place = OF_SCORE.fullmatch(field)
    held = question.tests[int(place[1] or 0)] if question is not None and place else None
    return held if isinstance(held, Test) else None


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
        for axis, value in found.instance.at:
            try:
                values.setdefault(axis, set()).add(parse(str(value)))
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
    last, test = field.rpartition(".")[2], _test(found, field)
    scored = None if test is None else test.functional.functional
    label = SYMBOLS.get(last, last) if scored is None else f"score of {scored}"
    panel = Panel("", label, _WORDS.get(quantity, quantity) + unit, between=between)
    return Frame(Path(found.file.name).name, found.file.title, "".join(parts), (panel,))
