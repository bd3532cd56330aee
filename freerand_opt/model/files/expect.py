"""The table `expect`: what a file claims of the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from freerand_opt.model.tables.kinds import Schema, closed_form, either, line, number, word
from freerand_opt.model.tables.table import Table, table
from freerand_opt.model.tables.text import shown
from freerand_opt.numbers.exact import Exact

#: Closed forms by name; they are evaluated in `formulas`, where each is one function.
FORMULAS = (
    "lemma-1",
    "chained-leakage",
    "averaged-leakage",
    "chained-local-score",
    "chained-local-threshold",
    "chained-local-threshold-bits",
    "chained-local-threshold-lower",
    "mermin-local-threshold",
    "mermin-local-score",
    "ghz-local-errors",
    "ghz-robust",
    "chsh-local-score",
    "chsh-guess",
    "chained-guess",
    "chained-quantum-score",
    "chsh-quantum-guess",
    "chsh-entropy",
    "chsh-shannon-entropy",
    "mermin-quantum-guess",
    "ghz-ratio",
    "ghz-monogamy",
    "ghz-wrong-inputs",
)
_PAGE = re.compile(r"[A-Za-z0-9._/#-]{1,120}")


class Formula(Table):
    """A closed form of the question, by name."""

    formula: Annotated[str, word(*FORMULAS), "which"]


_FORMULA = table(Formula, allowed="a table with formula")
_WORDS = closed_form("exists", "none")
_END = either("a number, or { formula = name }", number=closed_form(), table=_FORMULA)


class Expect(Table):
    """What is claimed of the answer; an empty table claims nothing."""

    rules: ClassVar[Schema] = {
        "anyOf": [
            {"maxProperties": 0},
            *({"required": [key]} for key in ("value", "at_most", "at_least")),
            {"properties": {"verdict": {"not": {"const": "PROVED"}}}, "required": ["verdict"]},
        ]
    }

    value: Annotated[
        Any,
        either('a number, { formula = name }, "exists" or "none"', number=_WORDS, table=_FORMULA),
        "the answer; exists or none for a strategy, none also if no strategy passes the tests",
    ] = None
    at_most: Annotated[Exact | Formula | None, _END, "what the answer does not exceed"] = None
    at_least: Annotated[Exact | Formula | None, _END, "what the answer is not below"] = None
    within: Annotated[Fraction | None, number(0), "difference to `value` that is allowed"] = None
    verdict: Annotated[str, word("PROVED", "REFUTED", "UNDECIDED"), "what becomes of the claim"] = "PROVED"
    rests_on: Annotated[
        str | None, line("the path of a page"), "the written proof on which the claim rests"
    ] = None

    def check(self) -> None:
        """Raise InputError for ends that say nothing or contradict each other."""
        if self.rests_on is not None and _PAGE.fullmatch(self.rests_on) is None:
            raise self.fault("rests_on", f"{shown(self.rests_on)} is no path, as docs/proofs/thresholds.md")
        ends = [end for end in (self.value, self.at_most, self.at_least) if end is not None]
        if self.value == "none" and len(ends) > 1:
            raise self.fault("value", '"none" says that there is no answer, and stands alone')
        said = self.within is not None or self.rests_on is not None
        if not ends and said and self.verdict == "PROVED":
            raise self.fault("", "one of value, at_most, at_least is needed (expect = {} is no claim)")

    def claimed(self, written: Mapping[str, Any]) -> str:
        """Return the claim in words, its numbers as they are `written` in the file's table."""
        ends = (("=", "value"), ("<=", "at_most"), (">=", "at_least"))
        return ", ".join(
            f"{sign} {_said(end, written.get(key))}"
            for sign, key in ends
            if (end := getattr(self, key)) is not None
        )


def _said(end: Exact | Formula | str, written: Any) -> str:
    if isinstance(end, Formula):
        return end.formula
    return " ".join(written.split()) if isinstance(written, str) else str(end)
