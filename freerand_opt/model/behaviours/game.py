r"""Nonlocal games: who wins which answers to which questions, how often a question is asked, how many rounds.

.. math:: f = \sum_{s,o} \prod_{i=1}^{n} \pi(s_i)\, V(o_i|s_i)\; P(o|s)

In n rounds at once (parallel repetition) settings and outcomes of each party are strings of n digits, the
first slowest, and all rounds are to be won.
"""

from __future__ import annotations

import ast
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Annotated, Any

from freerand_opt.model.behaviours.labels import setting_index, setting_spelt
from freerand_opt.model.scenario import AnyScenario, Cells, Scenario
from freerand_opt.model.tables.kinds import either, labelled, line, number, word
from freerand_opt.model.tables.table import Table
from freerand_opt.model.tables.text import shown

#: What a predicate may be made of, beside names and integers.
_ALLOWED = (
    *(
        ast.Expression,
        ast.BoolOp,
        ast.And,
        ast.Or,
        ast.UnaryOp,
        ast.Not,
        ast.USub,
        ast.BinOp,
        ast.Add,
        ast.Sub,
    ),
    *(ast.Mult, ast.Mod, ast.BitAnd, ast.BitOr, ast.BitXor, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE),
    *(ast.Gt, ast.GtE, ast.Name, ast.Load, ast.Constant),
)
MOST_NODES = 200
_BY_SETTING = labelled(number(0, 1), setting_spelt, "probabilities by joint setting", once=True)
_QUESTIONS = either(
    "uniform, or probabilities by joint setting", text=word("uniform"), table=_BY_SETTING, items=_BY_SETTING
)


class Game(Table):
    """A predicate, the distribution of questions and the number of rounds that are played at once.

    >>> Game("(a + b) % 2 == x * y").rounds
    1
    """

    wins: Annotated[
        str,
        line("a predicate"),
        "who wins, in outcomes a, b, c or a1, a2, .. and settings x, y, z or x1, x2, ..: integers, + - *, "
        "% & | ^, comparisons, and, or, not",
    ]
    questions: Annotated[
        Any,
        _QUESTIONS,
        "how often each joint setting of a round is asked",
    ] = "uniform"
    rounds: Annotated[int, number(1, 8, whole=True), "rounds that are played at once; all are to be won"] = 1

    def check(self) -> None:
        """Raise InputError for what is no predicate, and probabilities that do not sum to 1."""
        try:
            parsed = ast.parse(self.wins, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self.fault(
                "wins", f"{shown(self.wins)} is no predicate, such as (a + b) % 2 == x * y"
            ) from None
        nodes = list(ast.walk(parsed))
        wrong = next((node for node in nodes if not isinstance(node, _ALLOWED)), None)
        small = all(
            type(node.value) is int and node.value < 10**6 for node in nodes if isinstance(node, ast.Constant)
        )
        if wrong is not None or not small:
            raise self.fault(
                "wins",
                f"{shown(self.wins)} has more than integers below 10^6, names, + - * % & | ^ and comparisons",
            )
        if len(nodes) > MOST_NODES:
            raise self.fault(
                "wins",
                f"{shown(self.wins)} has {len(nodes)} names and operations, and may have {MOST_NODES}; "
                "give the game as terms",
            )
        if not isinstance(self.questions, str):
            whole = sum((weight for _, weight in self.questions), Fraction(0))
            if whole != 1:
                raise self.fault("questions", f"the probabilities sum to {whole}, not to 1")

    @cached_property
    def _code(self) -> Any:  # of nothing but what `check` lets through
        return compile(ast.parse(self.wins, mode="eval"), "wins", "eval")

    def cells(self, scenario: AnyScenario) -> Cells:
        """Return the functional in joint indices; raise ValueError for a scenario that it does not fit."""
        one = _single(scenario, self.rounds)
        wins = {
            (s, o): self._won(settings, outcomes)
            for s, settings in enumerate(one.joint_settings)
            for o, outcomes in enumerate(one.joint_outcomes)
        }
        asked = self._asked(one)
        single = {key: asked[key[0]] for key, won in wins.items() if won and asked[key[0]]}
        if not single:
            raise ValueError("wins: no answer wins a question that is asked; one that does is needed")
        return single if self.rounds == 1 else _repeated(single, one, scenario, self.rounds)

    def _won(self, settings: tuple[int, ...], outcomes: tuple[int, ...]) -> bool:
        names: dict[str, int] = {}
        for p, (x, a) in enumerate(zip(settings, outcomes, strict=True)):
            names |= {f"x{p + 1}": x, f"a{p + 1}": a}
            if p < 3:
                names |= {"xyz"[p]: x, "abc"[p]: a}
        try:
            return bool(eval(self._code, {"__builtins__": {}}, names))
        except NameError as error:
            raise ValueError(f"wins: {error}; parties have {', '.join(sorted(names))}") from None
        except ZeroDivisionError:
            raise ValueError("wins: a remainder by 0") from None

    def _asked(self, one: AnyScenario) -> dict[int, Fraction]:
        count = one.shape[0]
        if isinstance(self.questions, str):
            return dict.fromkeys(range(count), Fraction(1, count))
        found = dict.fromkeys(range(count), Fraction(0))
        for label, weight in self.questions:
            try:
                found[setting_index(one, label)] = weight
            except ValueError as error:
                raise ValueError(f'questions."{label}" {error}') from None
        return found


def _single(scenario: AnyScenario, rounds: int) -> AnyScenario:
    """Return the scenario of one round."""
    sizes = []
    for what, own in zip(("settings", "outcomes"), scenario.sizes, strict=True):
        roots = [round(n ** (1 / rounds)) for n in own]
        if any(root**rounds != n for root, n in zip(roots, own, strict=True)):
            raise ValueError(
                f"{rounds} rounds need {what} that are powers {rounds} of those of one, not {list(own)}"
            )
        sizes.append(tuple(roots))
    return Scenario(*sizes)


def _repeated(single: Cells, one: AnyScenario, scenario: AnyScenario, rounds: int) -> Cells:
    """Return the product of so many games, each party's digits put together."""
    found: dict[tuple[int, int], Fraction] = {}
    for played in product(single.items(), repeat=rounds):
        worth = Fraction(1)
        settings, outcomes = [0] * len(one.settings), [0] * len(one.settings)
        for (s, o), weight in played:
            worth *= weight
            for p, (n, d) in enumerate(zip(*one.sizes, strict=True)):
                settings[p] = settings[p] * n + one.joint_settings[s][p]
                outcomes[p] = outcomes[p] * d + one.joint_outcomes[o][p]
        found[scenario.setting_index(settings), scenario.outcome_index(outcomes)] = worth
    return found
