"""What the adversary must reproduce: the tables `test` and `moment`."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Annotated, Any, ClassVar, TypeAlias

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.behaviours.functional import FUNCTIONAL, TERMS, Functional
from freerand_opt.model.behaviours.labels import spelt
from freerand_opt.model.behaviours.rows import score
from freerand_opt.model.families import FUNCTIONALS
from freerand_opt.model.observed import BEHAVIOUR, Observed
from freerand_opt.model.scenario import AnyScenario, Rows
from freerand_opt.model.tables.kinds import items, labelled, number, word
from freerand_opt.model.tables.table import Table, table
from freerand_opt.model.tables.text import said_at
from freerand_opt.numbers.exact import Exact, Real

#: Largest number of probabilities P(o|s) that tests may keep one by one.
MAX_KEPT = 2**16
RELATIONS = ("<=", ">=", "=")
Found: TypeAlias = tuple[forms.Test | forms.Kept, ...]


class Test(Table):
    """The observed score of a functional stands in a relation to a number.

    >>> Test("chsh", ">=", "2.7") == Test(Functional.named("chsh"), ">=", 2.7)
    True
    """

    positional: ClassVar[int] = 3
    __test__: ClassVar[bool] = False  # pytest does not collect it

    functional: Annotated[Functional, FUNCTIONAL, "a functional"]
    relation: Annotated[str, word(*RELATIONS), "how the observed score stands to the number"]
    score: Annotated[
        Exact | str,
        number(rational=False, words=("observed",)),
        "the number; observed: of the observed behaviour",
    ]

    def check(self) -> None:
        """Raise InputError for an equality with an irrational number."""
        _need_rational(self, self.relation, self.score, "score")

    def resolved(self, scenario: AnyScenario, observed: Observed, where: str) -> Found:
        """Return the test in joint indices."""
        functional = self.functional.resolved(scenario, where)
        if not isinstance(self.score, str):
            return (forms.Test(functional, self.relation, self.score),)
        rows, place = _rows(observed, scenario, f"{where}.score", '"observed"'), f"{where}.score"
        if functional.on == "moments":
            raise InputError(place, '"observed" is the score of probabilities; give the number for moments')
        conditional = functional
        if functional.on == "joint":
            weights = observed.weights(scenario)
            if weights is None:
                raise InputError(
                    place, "a joint score is not known when the observed settings are unconstrained"
                )
            conditional = forms.Functional(
                "conditional", tuple((s, o, x * weights[s]) for s, o, x in functional.terms)
            )
        _refuse_signalling(observed, place)
        found = _score(conditional, rows, scenario, place)
        if self.relation == "=" and isinstance(found, Real):
            raise InputError(place, f"{found} {_IRRATIONAL}")
        return (forms.Test(functional, self.relation, found),)


class Keep(Table):
    """The observed behaviour, or the error at each edge of a game, is kept up to a tolerance."""

    keep: Annotated[
        str, word("behaviour", "errors"), "every P(o|s) that is known, or the error of each edge at most"
    ]
    tolerance: Annotated[
        Fraction, number(0), "what may be added to or taken from each; needed for irrational probabilities"
    ] = Fraction(0)

    def resolved(self, scenario: AnyScenario, observed: Observed, where: str) -> Found:
        """Return a table that is kept, or a test for each edge."""
        rows = _rows(observed, scenario, f"{where}.keep", "")
        if self.keep == "errors" or not self.tolerance:
            _refuse_signalling(observed, f"{where}.keep")
        if self.keep == "errors":
            return self._errors(scenario, rows, where)
        count = prod(scenario.shape)
        if count > MAX_KEPT:
            raise InputError(
                f"{where}.keep", f"the behaviour has {count} probabilities; tests keep at most {MAX_KEPT}"
            )
        held = [(s, row) for s in range(scenario.shape[0]) if (row := rows(s)) is not None]
        if not self.tolerance and any(isinstance(p, Real) for _, row in held for p in row):
            raise InputError(
                f"{where}.tolerance",
                "this behaviour has irrational entries; a positive tolerance is needed, as 1e-6",
            )
        return (forms.Kept(tuple(held), self.tolerance),)

    def _errors(self, scenario: AnyScenario, rows: Rows, where: str) -> Found:
        with said_at(f"{where}.keep"):
            total = FUNCTIONALS["chained"](scenario)
        found = []
        for s in sorted({s for s, _ in total}):
            terms = tuple(sorted((x, o, factor) for (x, o), factor in total.items() if x == s))
            edge = forms.Functional("conditional", terms)
            most = _score(edge, rows, scenario, f"{where}.keep") + self.tolerance
            found.append(forms.Test(edge, "<=", most))
        return tuple(found)


class Relations(Table):
    """The GHZ relations: wrong outcomes of all settings together weigh at most `violated`."""

    relations: Annotated[str, word("mermin"), "which relations"]
    violated: Annotated[
        Fraction | Real, number(0, rational=False), "total weight of wrong outcomes that is tolerated"
    ] = Fraction(0)

    def resolved(self, scenario: AnyScenario, observed: Observed, where: str) -> Found:
        """Return a test of the total weight of wrong outcomes."""
        with said_at(f"{where}.relations"):
            cells = FUNCTIONALS["mermin-errors"](scenario)
        terms = tuple(sorted((s, o, factor) for (s, o), factor in cells.items()))
        return (forms.Test(forms.Functional("conditional", terms), "<=", self.violated),)


class Moment(Table):
    """A sum of moments of quantum devices, averaged over W, stands in a relation to a number."""

    positional: ClassVar[int] = 3

    terms: Annotated[
        tuple[tuple[str, Fraction], ...], labelled(number(), spelt, TERMS, least=1), "coefficients by label"
    ]
    relation: Annotated[str, word(*RELATIONS), "how the sum stands to the number"]
    bound: Annotated[Exact, number(rational=False), "the number"]

    def check(self) -> None:
        """Raise InputError for an equality with an irrational number, or a sum of nothing."""
        _need_rational(self, self.relation, self.bound, "bound")
        if not any(factor for _, factor in self.terms):
            raise self.fault("terms", "add up to nothing; a coefficient that is not 0 is needed")

    def resolved(self, scenario: AnyScenario, observed: Observed, where: str) -> Found:
        """Return a test of moments."""
        functional = Functional(terms=self.terms, on="moments")
        return (forms.Test(functional.resolved(scenario, where), self.relation, self.bound),)


_IRRATIONAL = "is irrational and cannot be an equality; use <= or >=, or both with a tolerance"


def _need_rational(held: Table, relation: str, number: Any, key: str) -> None:
    if relation == "=" and isinstance(number, Real):
        raise held.fault(key, f"{number} {_IRRATIONAL}")


def _rows(observed: Observed, scenario: AnyScenario, where: str, what: str) -> Rows:
    rows = observed.rows(scenario)
    if rows is None:
        raise InputError(where, f"{what} needs {BEHAVIOUR}".strip())
    return rows


def _refuse_signalling(observed: Observed, where: str) -> None:
    said = observed.signalling
    if said:
        raise InputError(
            where,
            f"the observed table cannot be kept exactly: {said}; keep it with a tolerance, test scores as "
            "numbers, or take the nearest behaviour (Behaviour.from_array with nearest=True)",
        )


def _score(functional: forms.Functional, rows: Rows, scenario: AnyScenario, where: str) -> Exact:
    with said_at(where):
        return score(functional, rows, scenario.setting_label)


#: The field `test`, told apart by the keys keep and relations.
_TEST = "a table, as [[test]], with functional or terms, or keep, or relations"
TESTS = items(table(Test, Keep, Relations, allowed=_TEST), "an array of tests")
MOMENTS = items(table(Moment, allowed="a table, as [[moment]]"), "an array of conditions on moments")
