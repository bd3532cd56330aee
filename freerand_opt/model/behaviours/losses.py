r"""Detectors that miss: the behaviour that is seen when each party's outcome is lost now and then.

.. math:: P_\eta(o|s) = \sum_{o'} \prod_p [ \eta_p 1[o_p = o'_p] + (1 - \eta_p) 1[o_p = n_p] ] P(o'|s)

with n_p what a missing click counts as: a further outcome, or one of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from freerand_opt.model.scenario import AnyScenario, Rows, Scenario
from freerand_opt.model.tables.kinds import by_party, either, number, word
from freerand_opt.numbers.exact import Exact

EFFICIENCY = either(
    "a probability, or { A = .., B = .. }",
    number=number(0, 1),
    table=by_party(number(0, 1)),
    items=by_party(number(0, 1)),
)
_OUTCOME = number(0, 1023, whole=True)
NO_CLICK = either(
    "the word outcome, an outcome, or { A = .., B = .. }",
    text=word("outcome"),
    number=_OUTCOME,
    table=by_party(_OUTCOME),
    items=by_party(_OUTCOME),
)


def detected(scenario: AnyScenario) -> Scenario:
    """Return the scenario of clicks alone: an outcome less for each party, whose last one is none."""
    settings, outcomes = scenario.sizes
    return Scenario(settings, tuple(d - 1 for d in outcomes))


def lossy(
    rows: Rows, inner: AnyScenario, scenario: AnyScenario, efficiency: Sequence[Fraction], lost: Sequence[int]
) -> Rows:
    """Return what is seen of a behaviour of `inner`; a missing click of party p is outcome `lost[p]`."""
    known: dict[int, tuple[Exact, ...] | None] = {}

    def row(s: int) -> tuple[Exact, ...] | None:
        if s not in known:
            given = rows(s)
            known[s] = None if given is None else _lost(given)
        return known[s]

    def _lost(given: tuple[Exact, ...]) -> tuple[Exact, ...]:
        found: list[Exact] = [Fraction(0)] * scenario.shape[1]
        for outcomes, p in zip(inner.joint_outcomes, given, strict=True):
            for clicks in product((True, False), repeat=len(lost)):
                share = Fraction(1)
                for click, eta in zip(clicks, efficiency, strict=True):
                    share *= eta if click else 1 - eta
                if share and p != 0:
                    seen = [o if click else n for o, click, n in zip(outcomes, clicks, lost, strict=True)]
                    place = scenario.outcome_index(seen)
                    found[place] = found[place] + share * p
        return tuple(found)

    return row
