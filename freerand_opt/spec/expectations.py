"""The table `expect`: what a file claims of the answer."""

from __future__ import annotations

import re
from fractions import Fraction

from freerand_opt.computations.parameters import Computation
from freerand_opt.formulas.parties import OF_LOCAL_ERRORS, OF_PARTIES
from freerand_opt.formulas.questions import NAMED
from freerand_opt.model.local_errors import LocalErrors
from freerand_opt.model.question import Expect, Question
from freerand_opt.model.relations import SumOfBiases
from freerand_opt.numbers.exact import Exact
from freerand_opt.spec.computations import Asked
from freerand_opt.spec.fields import Fields, attempt, number, shown

VERDICTS = ("PROVED", "REFUTED", "UNDECIDED")
#: How a written proof is named, as certificates do.
PAGE = re.compile(r"[A-Za-z0-9._/#-]{1,120}")


def expected(fields: Fields | None, question: Question | Asked, within: Fraction) -> Expect | None:
    """Return what a table claims of the answer, None without a claim; `within` is a difference allowed."""
    if fields is None or not fields.table:
        return None
    ends: dict[str, Exact] = {}
    words = []
    for key, sign in (("value", "="), ("at_most", "<="), ("at_least", ">=")):
        if key == "value" and fields.has(key) and _is_none(fields.table[key], question):
            words.append("= none")
        elif fields.has(key):
            ends[key], word = _number(fields, key, question)
            words.append(f"{sign} {word}")
    allowed = fields.fraction("within", within)
    verdict = fields.choice("verdict", VERDICTS, "PROVED")
    rests_on = fields.get("rests_on", str)
    fields.done()
    assert allowed is not None
    if rests_on is not None and PAGE.fullmatch(rests_on) is None:
        raise fields.fail("rests_on", f"{shown(rests_on)} is no path, as docs/proofs/thresholds.md")
    if allowed < 0:
        raise fields.fail("within", f"{allowed} is negative")
    none = fields.table.get("value") == "none" and "value" not in ends
    if not ends and not none and verdict == "PROVED":
        raise fields.fail("", "one of value, at_most, at_least is needed (expect = {} is no claim)")
    if none and ends:
        raise fields.fail("value", '"none" says that there is no answer, and stands alone')
    return Expect(
        value=ends.get("value"),
        at_most=ends.get("at_most"),
        at_least=ends.get("at_least"),
        within=allowed,
        verdict=None if verdict == "PROVED" else verdict,
        rests_on=rests_on,
        shown=", ".join(words),
        none=none,
    )


def _is_none(value: object, question: Question | Asked) -> bool:
    """Return whether a file expects that no strategy passes the tests; a question of one is answered so."""
    return value == "none" and isinstance(question, Question) and question.ask.quantity != "strategy"


def _number(fields: Fields, key: str, question: Question | Asked) -> tuple[Exact, str]:
    """Return (number, words): a number, { formula = name }, or exists / none for a strategy."""
    value = fields.table[key]
    if isinstance(value, dict):
        inner = Fields(value, fields.at(key))
        name = inner.choice("formula", (*NAMED, *OF_PARTIES, *OF_LOCAL_ERRORS))
        inner.done()
        if isinstance(question, Question) and name in NAMED:
            return attempt(inner.at("formula"), lambda: NAMED[name](question)), name
        if isinstance(question, SumOfBiases) and name in OF_PARTIES:
            return OF_PARTIES[name](question.relations.parties), name
        if isinstance(question, LocalErrors) and name in OF_LOCAL_ERRORS:
            return OF_LOCAL_ERRORS[name](question), name
        if isinstance(question, Computation):
            raise inner.fail("formula", "a root has no question to evaluate a formula on")
        whose = "a question" if name in NAMED else "a sum of biases" if name in OF_PARTIES else "local errors"
        raise inner.fail("formula", f"{name!r} is a formula of {whose}")
    if isinstance(question, Question) and question.ask.quantity == "strategy" and value in ("exists", "none"):
        return Fraction(int(value == "exists")), value
    found = number(value, fields.at(key))
    return found, str(value)
