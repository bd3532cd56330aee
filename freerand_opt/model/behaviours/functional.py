r"""Linear functionals of what is observed, and of moments of quantum devices.

.. math:: f = \sum_{s,o} f_{so} P(o|s) \text{ (conditional)}, \quad
   \sum_{s,o} f_{so} P(o, s) \text{ (joint)}, \quad
   \sum_w f_w \langle w \rangle \text{ (moments, averaged over W)}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from freerand_opt.errors import InputError
from freerand_opt.model import problem as forms
from freerand_opt.model.behaviours import labels
from freerand_opt.model.behaviours.arrays import cell_label, collins_gisin, entries, flat
from freerand_opt.model.behaviours.game import Game
from freerand_opt.model.families import FUNCTIONALS
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.tables.kinds import Schema, labelled, number, word
from freerand_opt.model.tables.table import Table, table
from freerand_opt.model.tables.text import said_at, shown
from freerand_opt.numbers import markup

TERMS = 'a table of labels such as { "<A0 B0>" = 1, "P(01|10)" = "-1/2", "PA(0|1)" = 1 }'


class Functional(Table):
    """A functional by its name, or by terms; names and terms get their meaning from a scenario."""

    positional: ClassVar[int] = 1
    rules: ClassVar[Schema] = {"oneOf": [{"required": [key]} for key in ("functional", "game", "terms")]}

    functional: Annotated[str | None, word(*FUNCTIONALS), "name of a known functional; a table is terms"] = (
        None
    )
    game: Annotated[
        Game | None,
        table(Game, allowed="a table with wins, questions, rounds"),
        "a nonlocal game: the probability that it is won",
    ] = None
    terms: Annotated[
        tuple[tuple[str, Fraction], ...] | None,
        labelled(number(), labels.spelt, TERMS, least=1),
        "rational coefficients by label; marginals are averaged over the settings of the other parties",
    ] = None
    on: Annotated[
        str,
        word("conditional", "joint", "moments"),
        "of P(outcomes|settings), of P(outcomes, settings), or of moments; products that no joint setting "
        "measures make it moments",
    ] = "conditional"

    @classmethod
    def named(cls, name: str, *, on: str = "conditional") -> Functional:
        """Return the functional of a name in `FUNCTIONALS`."""
        return cls(functional=name, on=on)

    @classmethod
    def from_terms(cls, terms: Mapping[str, Any], *, on: str = "conditional") -> Functional:
        """Return the functional with these coefficients by label.

        >>> Functional.from_terms({"<A0>": "1/2", "<B0 A0>": 1}).terms
        (('<A0 B0>', Fraction(1, 1)), ('<A0>', Fraction(1, 2)))
        """
        return cls(terms=terms, on=on)  # type: ignore[arg-type]

    @classmethod
    def from_array(cls, coefficients: Any, axes: str = "abxy", *, on: str = "conditional") -> Functional:
        """Return the functional with coefficients of P(ab..|xy..) in an array.

        `axes` names each axis: letters before n are outcomes, the others settings, of A, B, .. in their
        order.
        """
        settings, outcomes, found = entries(coefficients, axes, "Functional.from_array")
        terms = {cell_label(s, o, settings, outcomes): x for (s, o), x in found.items() if x}
        return cls.from_terms(terms, on=on)

    @classmethod
    def from_collins_gisin(
        cls, coefficients: Any, outcomes: tuple[int, int] = (2, 2), *, on: str = "conditional"
    ) -> Functional:
        """Return the functional with coefficients of a Collins-Gisin table (arXiv:quant-ph/0306129).

        Entry [i][0] belongs to P_A(a|x), [0][j] to P_B(b|y), [i][j] to P(ab|xy), with
        i = 1 + x (d_A - 1) + a, and so for j. [0][0] is 0: a constant belongs to the bound.
        """
        where = "Functional.from_collins_gisin"
        settings, (d, e) = collins_gisin(coefficients, outcomes, where), outcomes
        terms: dict[str, Any] = {}
        for (i, j), value in flat(coefficients, where):
            (x, a), (y, b) = divmod(i - 1, d - 1), divmod(j - 1, e - 1)
            if i and j:
                label = cell_label(
                    forms.joint((x, y), settings), forms.joint((a, b), outcomes), settings, outcomes
                )
            elif i or j:
                label = f"PA({a}|{x})" if i else f"PB({b}|{y})"
            elif value:
                raise InputError(f"{where}, [0][0]", f"{shown(value)} is a constant; take it to the bound")
            if value:
                terms[label] = value
        return cls.from_terms(terms, on=on)

    @classmethod
    def short(cls, value: Any) -> dict[str, Any] | None:
        """Return a name or a table of labels as fields."""
        if isinstance(value, str):
            return {"functional": value}
        if isinstance(value, Game):
            return {"game": value}
        named = isinstance(value, Mapping) and not {"functional", "game", "terms", "on"} & value.keys()
        return {"terms": value} if named and value else None

    def _repr_latex_(self) -> str:
        """Return the functional for a notebook: the sum of its terms, or its name."""
        if self.game is not None:
            return rf"$\text{{wins {self.game.wins}}}$"
        if self.functional is not None:
            return rf"$\text{{{self.functional}}}$"
        return f"${markup.sum_latex((x, labels.latex(label)) for label, x in self.terms or ())}$"

    def check(self) -> None:
        """Raise InputError unless there is a name, a game, or there are terms."""
        if sum(given is not None for given in (self.functional, self.game, self.terms)) != 1:
            raise self.fault(
                "functional", "either functional (a name), terms (a table of labels) or game is needed"
            )
        if self.game is not None and self.on != "conditional":
            raise self.fault(
                "on", "a game is of P(outcomes|settings); how often questions are asked is its own"
            )
        if self.terms is not None and not any(factor for _, factor in self.terms):
            raise self.fault("terms", "add up to nothing; a functional needs a coefficient that is not 0")

    @property
    def speaks_of(self) -> str:
        """Return conditional, joint or moments."""
        products = any(labels.is_moment(label) for label, _ in self.terms or ())
        return "moments" if self.on == "conditional" and products else self.on

    def resolved(self, scenario: AnyScenario, where: str) -> forms.Functional:
        """Return the functional in joint indices; raise InputError below `where` for what is not there."""
        on = self.speaks_of
        if self.game is not None:
            with said_at(f"{where}.game"):
                won = self.game.cells(scenario)
            return forms.Functional(on, tuple(sorted((s, o, x) for (s, o), x in won.items())))
        if self.functional is not None:
            if on == "moments":
                raise InputError(
                    f"{where}.on", "a named functional is of probabilities; give terms for moments"
                )
            with said_at(f"{where}.functional"):
                known = FUNCTIONALS[self.functional](scenario)
            return forms.Functional(on, tuple(sorted((s, o, x) for (s, o), x in known.items() if x)))
        total: dict[Any, Fraction] = {}
        for factor, found in self._found(scenario, where, on):
            for key, share in found.items():
                total[key] = total.get(key, Fraction(0)) + factor * share
        kept = sorted((key, x) for key, x in total.items() if x)
        if not kept:
            raise InputError(f"{where}.terms", "add up to nothing; a coefficient that is not 0 is needed")
        if on == "moments":
            return forms.Functional(on, words=tuple(kept))
        return forms.Functional(on, tuple((s, o, x) for (s, o), x in kept))

    def _found(
        self, scenario: AnyScenario, where: str, on: str
    ) -> Iterator[tuple[Fraction, Mapping[Any, Fraction]]]:
        for label, factor in self.terms or ():
            with said_at(f'{where}.terms."{label}"'):
                found = labels.words(scenario, label) if on == "moments" else labels.cells(scenario, label)
            yield factor, found


#: A field whose keys functional, terms and on stand in the table around it.
FUNCTIONAL = table(Functional, allowed="functional (a name), terms (a table of labels) or game", spread=True)
