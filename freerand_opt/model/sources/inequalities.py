r"""A source given by its own linear rows.

.. math:: \sum_s a_{ks} P(s|w) \;\le,\; \ge \text{ or } =\; b_k \qquad \text{for every row } k \text{ and
   every } w

There is no epsilon. Rows that no distribution obeys are refused: a question about them would prove anything.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.behaviours.labels import setting_index, setting_spelt
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source
from freerand_opt.model.tables.kinds import items, labelled, number, word
from freerand_opt.model.tables.table import Table, table
from freerand_opt.model.tables.text import said_at


class Row(Table):
    """One row: a sum of factors times P(s|w) stands in a relation to a bound."""

    terms: Annotated[
        tuple[tuple[str, Fraction], ...],
        labelled(number(), setting_spelt, 'a table of joint settings such as { "00" = 1 }', once=True),
        "rational factors by joint setting",
    ]
    bound: Annotated[Fraction, number(), "what the sum is compared with"]
    relation: Annotated[str, word("<=", ">=", "="), "how"] = "<="


class Inequalities(Source, tag="inequalities"):
    """Every distribution of joint settings that obeys rows of linear inequalities and equalities."""

    rows: Annotated[
        tuple[Row, ...],
        items(table(Row, allowed="a table with terms, relation and bound"), "an array of rows"),
        'rows such as { terms = { "00" = 1 }, relation = "<=", bound = "1/3" }',
    ]

    def _rows(self, scenario: AnyScenario) -> list[tuple[tuple[tuple[int, Fraction], ...], str, Fraction]]:
        found = []
        for k, row in enumerate(self.rows):
            sign = -1 if row.relation == ">=" else 1
            terms = []
            for label, factor in row.terms:
                with said_at(f'Question.source.rows[{k}].terms."{label}"'):
                    terms.append((setting_index(scenario, label), sign * factor))
            relation = "=" if row.relation == "=" else "<="
            found.append((tuple(sorted(terms)), relation, sign * row.bound))
        return found

    def _point(self, scenario: AnyScenario, gains: list[Fraction]) -> tuple[Fraction, ...] | None:
        """Return the distribution that obeys the rows with the largest gain, None if there is none."""
        from freerand_opt.numbers.simplex import best_point

        limits = []
        for terms, relation, bound in self._rows(scenario):
            limits.append((dict(terms), bound))
            if relation == "=":
                limits.append(({s: -factor for s, factor in terms}, -bound))
        return best_point(limits, Fraction(1), gains)

    def fit(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> None:
        """Raise InputError for unknown settings, or rows that contradict each other."""
        if self._point(scenario, [Fraction(0)] * scenario.shape[0]) is None:
            raise InputError(
                "Question.source.rows", "no distribution P(s|w) obeys all of them; weaken a bound"
            )

    def form(self, scenario: AnyScenario, observed: tuple[Fraction, ...] | None) -> forms.Rows:
        """Return the rows, each with <= or =."""
        return forms.Rows(tuple(self._rows(scenario)))
