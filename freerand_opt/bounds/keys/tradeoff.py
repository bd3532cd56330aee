r"""An entropy's lower bound for all scores at once.

The prices m of a certificate's tests bound H for every behaviour with its observed settings:

.. math:: H \ge f(I) = \frac{a - \sum_k m_k I_k}{\ln 2} \text{ bits},

a and m exact (a min-tradeoff function; docs/proofs/entropies.md, 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.keys.rate import LN2
from freerand_opt.checker.asked import Kept
from freerand_opt.checker.chords import by_nodes
from freerand_opt.checker.failures import Work
from freerand_opt.checker.logs import ln_above
from freerand_opt.checker.numbers import Number, enclose, show
from freerand_opt.checker.question import read_question
from freerand_opt.checker.reading import fraction
from freerand_opt.checker.vectors import vector
from freerand_opt.errors import InputError
from freerand_opt.model.behaviours.behaviour import Behaviour
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.quantities import ENTROPY
from freerand_opt.model.question import Question
from freerand_opt.model.tables.kinds import number
from freerand_opt.numbers.kernel import kernel_number

WORK = 10**10
#: Prices of a kept table by (joint setting, joint outcome).
Table: TypeAlias = dict[tuple[int, int], Fraction]


@dataclass(frozen=True)
class Tradeoff:
    """H >= (constant - sum of prices times scores) / ln 2 bits, for every behaviour with these settings.

    `prices` are those of the question's tests, in their order; scores are what the tests compare, for a kept
    table its probabilities, within the same tolerance. `question` is what was asked.
    """

    constant: Number
    prices: tuple[Fraction | Table, ...]
    question: Question

    def at(self, *scores: Any) -> Fraction:
        """Return the bound in bits at scores of the tests (kept tables: behaviours).

        Raise InputError for another number of them, and for a probability that is lacking.
        """
        if len(scores) != len(self.prices):
            raise InputError(
                "scores", f"{len(scores)} were given, and the question has {len(self.prices)} tests"
            )
        total = self.constant
        for price, score in zip(self.prices, scores, strict=True):
            if isinstance(price, Fraction):
                total = total - kernel_number(number(rational=False).read(score, "scores")) * price
                continue
            if not isinstance(score, Behaviour):
                raise InputError("scores", "a behaviour is needed for a test that keeps probabilities")
            for (s, o), factor in price.items():
                row = score.rows[s]
                if row is None:
                    raise InputError("scores", f"the behaviour does not say P(.|{s})")
                total = total - kernel_number(row[o]) * factor
        return _bits(total)

    def of(self, question: Question) -> Fraction:
        """Return the bound in bits for a question that differs in scores or kept probabilities alone.

        Raise InputError for one that differs in more.
        """
        form, own = (question_form(x.problem()) for x in (question, self.question))
        for key in form:
            if _bare(form[key]) != _bare(own[key]):
                raise InputError("question", f"is another one, not only by its scores: see {key}")
        q, total = read_question(form, Work(WORK)), self.constant
        for price, test in zip(self.prices, q.tests, strict=True):
            if isinstance(test, Kept):
                assert isinstance(price, dict)
                for (s, o), factor in price.items():
                    total = total - test.table[s][o] * factor
            else:
                assert isinstance(price, Fraction)
                total = total - test.score * price
        return _bits(total)

    def to_dict(self) -> dict[str, Any]:
        """Return the exact coefficients; the bound is (constant - sum of prices times scores) / ln 2."""
        listed = (
            str(price) if isinstance(price, Fraction) else [[s, o, str(x)] for (s, o), x in price.items()]
            for price in self.prices
        )
        return {"unit": "nats", "constant": show(self.constant), "prices": list(listed)}


def _bits(total: Number) -> Fraction:
    low = enclose(total, 160)[0]
    return low / (ln_above(Fraction(2)) if low >= 0 else LN2)


def _bare(form: Any) -> Any:
    """Return a part of a question without scores and kept probabilities."""
    if not isinstance(form, list) or not all(isinstance(test, dict) for test in form):
        return form
    kept = [[s for s, _ in test.get("keep", [])] for test in form]
    return [kept, *({k: x for k, x in test.items() if k not in ("score", "keep")} for test in form)]


def tradeoff(result: Result) -> Tradeoff:
    """Return an entropy's lower bound for all scores at once, read from its certificate and checked.

    Raise InputError for an answer without such a bound: another quantity, extreme boxes, or a proof that uses
    outcomes which the tests forbid.
    """
    upper = result.document.get("upper")
    if result.quantity != ENTROPY or result.impossible or upper is None:
        raise InputError("result", "an entropy with a lower end is needed")
    q, work = read_question(result.document["question"], Work(WORK)), Work(WORK)
    if "nodes" not in upper:
        raise InputError(
            "result", "this entropy was bounded by extreme boxes; ask for quantum side information"
        )
    if '"zeros"' in result.certificate:
        raise InputError("result", "its proof uses outcomes that the tests forbid; allow a tolerance")
    total, prices = -by_nodes(upper, q, work), list[Fraction | Table]()
    for k, test in enumerate(q.tests):
        own = [node["prices"]["tests"][k] for node in upper["nodes"]]
        if not isinstance(test, Kept):
            price = sum((Fraction(x) for x in own), Fraction(0))
            total = total + test.score * price
            prices.append(price)
            continue
        cells = [(s, o) for s in test.table for o in range(q.shape[1])]
        vectors = [vector(raw, "prices", len(cells), fraction) for raw in own]
        table = {cell: sum((v[k] for v in vectors), Fraction(0)) for k, cell in enumerate(cells)}
        # the tolerance is paid in any case, and stays in the constant
        for (s, o), price in table.items():
            total = total + test.table[s][o] * price
        prices.append({cell: price for cell, price in table.items() if price})
    return Tradeoff(total, tuple(prices), result.question)
