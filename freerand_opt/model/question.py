r"""A question: who measures, who chooses, what Eve may do, what she must reproduce, what is asked.

The adversary holds W. For each value w she has a source distribution s_w in the source set S and a box q_w
in the device set Q, with weight p_w; the observed joint distribution is

.. math:: P(o, s) = \sum_w p_w\, s_w(s)\, q_w(o|s).

What can be built can be asked: every constructor raises InputError for anything else.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import field
from msgspec.structs import force_setattr

from freerand_opt.doors import body
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.model import problem as forms
from freerand_opt.model.adversary import Adversary
from freerand_opt.model.ask import WORST, Ask
from freerand_opt.model.behaviours.behaviour import SCENARIO
from freerand_opt.model.conditions import MOMENTS, TESTS, Keep, Moment, Relations, Test
from freerand_opt.model.data import ALIKE, Data
from freerand_opt.model.many import Many, many
from freerand_opt.model.observed import Observed
from freerand_opt.model.quantities import ENTROPY, OF_DATA, SCORE
from freerand_opt.model.scenario import AnyScenario
from freerand_opt.model.source import Source
from freerand_opt.model.sources import SOURCES
from freerand_opt.model.tables.table import Table, table
from freerand_opt.model.tables.toml import document
from freerand_opt.model.tables.values import with_values

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

#: Questions about relations with more probabilities than this (four parties) are asked in their short form.
FEW_CELLS = 4**4


class Question(Table, rename={"tests": "test", "moments": "moment"}):
    """One question with one answer; frozen, exact, equal and hashed by content.

    >>> from freerand_opt.model import Question, SanthaVazirani, chsh
    >>> question = Question(
    ...     chsh(),
    ...     SanthaVazirani("0.02"),
    ...     adversary={"devices": "no-signalling"},
    ...     tests=[Test("chsh", ">=", "2.7")],
    ...     ask=Ask("guessing-probability", of="A", at=[0, 0]),
    ... )
    >>> question.problem().tests[0].score
    Fraction(27, 10)
    """

    positional: ClassVar[int] = 2

    scenario: Annotated[
        AnyScenario, SCENARIO, "who measures what: a family by name, or settings and outcomes by party"
    ]
    source: Annotated[
        Source,
        table(*SOURCES, allowed='a table with kind, as { kind = "uniform" }', tag="kind", base=Source),
        "who chooses the settings, and what the adversary may do to them",
    ]
    adversary: Annotated[Adversary, table(Adversary, allowed="a table with devices"), "what Eve may do"]
    ask: Annotated[Ask, table(Ask, allowed="a table with quantity"), "what is asked"]
    observed: Annotated[Observed, table(Observed, allowed="a table"), "what an honest run shows"] = field(
        default_factory=Observed
    )
    tests: Annotated[
        tuple[Test | Keep | Relations, ...], TESTS, "what she must reproduce of what is observed; [[test]]"
    ] = ()
    moments: Annotated[
        tuple[Moment, ...], MOMENTS, "conditions on moments of quantum devices, averaged over W; [[moment]]"
    ] = ()
    data: Annotated[
        Data | None, table(Data, allowed="a table with counts or trials"), "an experiment's counts or trials"
    ] = None

    def check(self) -> None:
        """Raise InputError for what does not go together, with key paths below ``Question``."""
        if (self.data is not None) != (self.ask.quantity in OF_DATA) and not self.is_region:
            raise self.fault(
                "data",
                f"belongs to the quantities {' and '.join(OF_DATA)}, which need it; asked is "
                f"{self.ask.quantity}, of which data speak by a score's region, or with rounds = "
                f'"{ALIKE}" by that of behaviours',
            )
        if self.data is not None and self.data.rounds == ALIKE and not self.is_region:
            raise self.fault(
                "data.rounds", f"{self.ask.quantity} holds under any memory; independence adds nothing to it"
            )
        if self.data is not None and (self.tests or self.moments):
            raise self.fault("test", f"a question about data has no tests; {self.ask.quantity} is asked")
        if not self.is_written_out:
            self._short()
            return
        force_setattr(self, "observed", self.observed.settled(self.scenario))
        self.source.fit(self.scenario, self.observed.weights(self.scenario))
        self.observed.rows(self.scenario)
        self.adversary.fit(self.scenario)
        _refuse(self, *self._resolved)

    @property
    def is_region(self) -> bool:
        """Return whether data are asked for a region: of a score, or of the behaviours of rounds alike."""
        if self.data is None or self.ask.quantity in OF_DATA:
            return False
        return self.data.rounds == ALIKE or self.ask.quantity == SCORE

    @property
    def is_written_out(self) -> bool:
        """Return whether the question is small enough, and of a kind, to be written out in joint indices."""
        return self.ask.picked is None and prod(self.scenario.shape) <= self.scenario.largest

    @cached_property
    def _resolved(self) -> tuple[tuple[forms.Test | forms.Kept, ...], forms.Ask]:
        """Return the tests and what is asked in joint indices."""
        tests: list[forms.Test | forms.Kept] = []
        for key, given in (("test", self.tests), ("moment", self.moments)):
            for k, test in enumerate(given):
                tests += test.resolved(self.scenario, self.observed, f"Question.{key}[{k}]")
        return tuple(tests), self.ask.resolved(
            self.scenario, self.adversary.told, "Question.ask", self.adversary.side
        )

    def problem(self) -> forms.Problem:
        """Return the question in joint indices, as programs and certificates are made of.

        Raise TooLargeError for more than 8 parties and for a picked party (`many` is their form), and
        InputError for the worst settings, which are one problem each (`cases`).
        """
        if self.data is not None:
            raise InputError(
                "Question.ask",
                f"{self.ask.quantity} is a statement about data and has no program; "
                "run `freerand experiment FILE`",
            )
        if not self.is_written_out:
            raise TooLargeError("this question is not written out; its form is that of many parties")
        if self.ask.at == WORST:
            raise InputError(
                "Question.ask.at", '"worst" is one problem for each joint setting; take question.cases()'
            )
        tests, ask = self._resolved
        weights = self.observed.weights(self.scenario)
        source = self.source.form(self.scenario, weights)
        settings, outcomes = self.scenario.sizes
        return forms.Problem(settings, outcomes, source, weights, self.adversary.devices, tests, ask)

    def many(self) -> Many | None:
        """Return the short form of a question about GHZ relations of many parties, None for others."""
        try:
            return self._short()
        except InputError:
            return None

    def _short(self) -> Many:
        tests = (*self.tests, *self.moments)
        return many(self.scenario, self.source, self.observed, self.adversary.devices, tests, self.ask)

    def shortest(self) -> forms.Problem | Many:
        """Return what programs are made of: joint indices, or the short form of relations of many parties."""
        few = self.is_written_out and prod(self.scenario.shape) <= FEW_CELLS
        held = None if few else self.many()
        return self.problem() if held is None else held

    def cases(self) -> tuple[forms.Problem, ...]:
        """Return the problems whose largest answer is that at the worst settings; one for other questions."""
        if self.ask.at != WORST:
            return (self.problem(),)
        first = self.changed(ask=self.ask.changed(at=(0,) * len(self.scenario.settings))).problem()
        weights = first.observed
        every = (s for s in range(self.scenario.shape[0]) if weights is None or weights[s])
        return tuple(replace(first, ask=replace(first.ask, at=s)) for s in every)

    def varied(self, path: str, value: Fraction) -> Question:
        """Return the question with another value of a field, as ``source.epsilon`` or ``test.score``."""
        if path == "observed.visibility":
            return self.changed(observed=self.observed.changed(visibility=value))
        if not path.startswith("source."):
            return Question.from_dict(with_values(self.to_dict(), {path: str(value)}))
        return self.changed(source=self.source.varied(path.removeprefix("source."), value))

    def to_toml(self) -> str:
        """Return the question as a file; reading it gives an equal question."""
        return document(self.to_dict())

    def to_file(self, path: str | Path) -> None:
        """Write the program (.mps, .cbf, .dat-s, .jtask) or the proof of its bound (.vipr), rows by name.

        Raise InputError for another ending, or a format that does not hold the program.
        """
        body("Question.to_file")(self, path)

    def to_cvxpy(self) -> Any:
        """Return the program as a cvxpy problem, for constraints of one's own.

        It is named (`conic.formats.as_cvxpy.Modelled`): `problem`, `x`, `columns`, `rows` and `column(name)`.
        Raise UnavailableError without cvxpy.
        """
        return body("Question.to_cvxpy")(self)


def _refuse(question: Question, tests: tuple[forms.Test | forms.Kept, ...], ask: forms.Ask) -> None:
    """Raise InputError for combinations that are not linear or mean nothing."""
    weights = question.observed.weights(question.scenario)
    label = question.scenario.setting_label
    functionals = [test.functional for test in tests if isinstance(test, forms.Test)]
    functionals += [ask.score] if ask.score is not None else []
    if question.adversary.devices != "quantum":
        _refuse_moments(question)
    if weights is None:
        if ask.quantity == ENTROPY:
            raise InputError(
                "Question.observed.settings",
                "unconstrained; an entropy needs the observed distribution of settings, such as uniform",
            )
        _refuse_ratios(question, ask)
        return
    used = {s for f in functionals if f.on == "conditional" for s in f.settings}
    used |= {s for test in tests if isinstance(test, forms.Kept) for s, _ in test.table}
    used |= set() if ask.at is None else {ask.at}
    for s in sorted(used):
        if not weights[s]:
            raise InputError(
                "Question.observed.settings", f"settings {label(s)} never occur but are conditioned on"
            )


def _refuse_moments(question: Question) -> None:
    """Raise InputError where devices that are not quantum are asked for moments."""
    tests = ((f"test[{k}]", test) for k, test in enumerate(question.tests) if isinstance(test, Test))
    spoken = [(where, test.functional.speaks_of) for where, test in tests]
    spoken += [("ask", question.ask.functional.speaks_of)] if question.ask.functional is not None else []
    spoken += [("moment[0]", "moments")] if question.moments else []
    for where, on in spoken:
        if on == "moments":
            raise InputError(
                f"Question.{where}",
                "speaks of moments (no joint setting measures a product such as <A0 A1>), which only quantum "
                f"devices have; devices are {question.adversary.devices}",
            )


def _refuse_ratios(question: Question, ask: forms.Ask) -> None:
    """Raise InputError for sums of ratios of unknown probabilities, where they cannot be bounded."""
    for k, test in enumerate(question.tests):
        if isinstance(test, Test) and test.relation == "=":
            functional = test.functional.resolved(question.scenario, f"Question.test[{k}]")
            if functional.on == "conditional" and len(functional.settings) > 1:
                raise InputError(
                    f"Question.test[{k}]",
                    f"sums conditional probabilities of {len(functional.settings)} joint settings, a sum of "
                    "ratios when the observed settings are unconstrained, and can only be bracketed with <= "
                    'or >=; write two tests, use on = "joint", or observe uniform settings',
                )
    if ask.score is not None and ask.score.on == "conditional":
        raise InputError(
            "Question.ask", 'a conditional score is not linear with unconstrained settings; use on = "joint"'
        )
