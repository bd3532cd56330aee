r"""Which test no strategy passes, and the largest score that one reaches, from the proof that there is none.

Multipliers with objective 0 and a negative bound B, lambda that of a test :math:`a\cdot x \le b`, prove

.. math:: a \cdot x \;\ge\; b - B / \lambda

for every strategy that passes the other tests: weak duality without that row.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from freerand_opt.model.question import Ask, Question
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.parse import parse
from freerand_opt.numbers.rounding import decimal_above, decimal_below
from freerand_opt.programs.build import build
from freerand_opt.programs.ends import algebraic_ends
from freerand_opt.programs.quantum import MomentStrategies
from freerand_opt.programs.relaxed import without_objective


def beyond(question: Question, certificate: dict[str, Any]) -> tuple[str, str] | None:
    """Return (place, words) for tests that quantum devices cannot pass, from the certificate; else None."""
    proof = certificate.get("multipliers")
    if question.adversary.devices != "quantum" or not isinstance(proof, dict) or not question.tests:
        return None
    made = build(replace(question, ask=Ask("strategy"))).above
    if not isinstance(made, MomentStrategies) or proof["digest"] != without_objective(made.program).digest:
        return None
    values = {
        row: Fraction(proof["palette"][code]) for row, code in zip(proof["rows"], proof["codes"], strict=True)
    }
    used = [
        (k, values[held[0]] * held[1])
        for k, held in enumerate(made.test_rows)
        if held is not None and values.get(held[0])
    ]
    if not used:
        return None
    if len(used) > 1:
        words = "; ".join(question.tests[k].label for k, _ in used[:4]) + ("; .." if len(used) > 4 else "")
        return "tests", f"no quantum devices pass these together: {words}"
    ((place, weight),) = used
    return "tests", _alone(question, place, weight, parse(proof["bound"]))


def _alone(question: Question, place: int, weight: Fraction, bound: Exact) -> str:
    """Say what a single test's score is at most (at least), `weight` being lambda for its <= form."""
    test = question.tests[place]
    others = " that pass the other tests" if len(question.tests) > 1 else ""
    # of the form a.x <= b; -a.x for >=, and an equality is broken on the side of its multiplier's sign
    least = test.relation == "<=" or (test.relation == "=" and weight > 0)
    limit = test.score - bound * (1 / abs(weight)) * (1 if least else -1)
    low, high = algebraic_ends(question, test.functional)
    limit = max(low, limit, key=float) if least else min(high, limit, key=float)
    end = decimal_below(limit) if least else decimal_above(limit)
    side = "at least" if least else "at most"
    return f"{test.label}: the score of quantum devices{others} is {side} {end}"
