r"""The same relaxation derived anew by ncpol2sdpa (Wittek, arXiv:1308.6029), for cross-checks.

Nothing of ours but the question and the level's text is used: operators, words and moments are
its own. An adversary's guess is one more party E, who commutes with all and has one projective
measurement; on the words u and u E_g the moment matrix is congruent to one matrix for each guess.

.. math:: \max\; \sum_g \langle E_g\, [R = g] \rangle

ncpol2sdpa is under the GPL: optional, and imported only here, when asked for.
"""

from __future__ import annotations

import warnings
from functools import reduce
from itertools import product
from math import prod
from operator import mul
from typing import Any

from freerand_opt.model.ask import WORST
from freerand_opt.model.level import patterns
from freerand_opt.model.problem import Functional, Kept, Point, Problem
from freerand_opt.model.question import Question

#: More words than this take ncpol2sdpa too long.
MOST_WORDS = 60


class NotCoveredError(Exception):
    """A question that is not derived anew; says why."""


def require_covered(question: Question) -> None:
    """Raise NotCoveredError for a question that `rederived` does not answer."""
    if question.adversary.devices != "quantum":
        raise NotCoveredError("its devices are not quantum")
    if question.ask.at == WORST:
        raise NotCoveredError("the worst settings are one question each")
    problem = question.problem()
    if not isinstance(problem.source, Point) or problem.source.values is not None:
        raise NotCoveredError("its source is biased")
    if not problem.even:
        raise NotCoveredError("its settings are not uniform")
    if question.ask.quantity not in ("score", "guessing-probability", "min-entropy"):
        raise NotCoveredError(f"{question.ask.quantity} is not derived anew")
    if problem.ask.at is None and problem.ask.told:
        raise NotCoveredError("the guess may depend on the settings")
    functionals = [problem.ask.score, *(None if isinstance(t, Kept) else t.functional for t in problem.tests)]
    if any(isinstance(t, Kept) for t in problem.tests) or any(f and f.on == "moments" for f in functionals):
        raise NotCoveredError("tables that are kept and conditions on moments are not derived anew")
    words = max(problem.ask.count, 1) * word_count(question)
    if words > MOST_WORDS:
        raise NotCoveredError(f"{words} words, and ncpol2sdpa is asked for at most {MOST_WORDS}")


def rederived(question: Question) -> float:
    """Return the optimum of ncpol2sdpa's relaxation, solved by Clarabel; a float, nothing proved.

    It is minus the score where the smallest is asked, and a guessing probability where the
    min-entropy is. Raise NotCoveredError where `require_covered` does or the solver gives up,
    ImportError if ncpol2sdpa or cvxpy is not installed.
    """
    require_covered(question)
    from cvxpy.error import SolverError

    with warnings.catch_warnings():
        # it and what it imports warn of their own future
        warnings.simplefilter("ignore")
        relaxation = relaxed(question)
        try:
            # the dict that is passed in is changed there
            relaxation.solve("cvxpy", {"solver": "CLARABEL"})
        except SolverError:
            raise NotCoveredError("ncpol2sdpa's solver gave up") from None
    if relaxation.status != "optimal" or relaxation.primal is None:
        raise NotCoveredError(f"ncpol2sdpa's solver says: {relaxation.status}")
    return -float(relaxation.primal)


def relaxed(question: Question) -> Any:
    """Return ncpol2sdpa's relaxation, which minimises minus what is asked."""
    from ncpol2sdpa import SdpRelaxation
    from sympy import S

    problem = question.problem()
    ask = problem.ask
    parties = [_operators(problem, p) for p in range(len(problem.settings))]
    rules: dict[Any, Any] = {}
    for operators, outcomes in zip(parties, problem.outcomes, strict=True):
        rules |= _reductions(operators, signs=outcomes == 2)
    eve = _generated("Eve", max(ask.count - 1, 0))
    rules |= _reductions([eve], signs=False)
    everyone = [[x for setting in party for x in setting] for party in parties] + [eve]
    for place, mine in enumerate(everyone):
        rules |= {y * x: x * y for x in mine for later in everyone[place + 1 :] for y in later}
    words = _words(parties, patterns(question.adversary.level, question.scenario.parties))
    guesses = [*eve, S.One - sum(eve)]
    chance = _chances(problem, parties)
    if ask.score is not None:
        asked = ask.sign * _score(ask.score, problem, chance)
    else:
        values = problem.outputs()
        at = range(problem.shape[0]) if ask.at is None else [ask.at]
        asked = sum(chance(o, s) * guesses[value] / len(at) for s in at for o, value in enumerate(values))
    above: list[Any] = []
    equal: list[Any] = []
    for test in problem.tests:
        assert not isinstance(test, Kept)
        excess = _score(test.functional, problem, chance) - float(test.score)
        (equal if test.relation == "=" else above).append(
            (-excess if test.relation == "<=" else excess).expand()
        )
    relaxation = SdpRelaxation([x for party in everyone for x in party])
    relaxation.get_relaxation(
        -1,
        objective=-asked.expand(),
        substitutions=rules,
        momentinequalities=above,
        momentequalities=equal,
        extramonomials=[word * g for g in [S.One, *eve] for word in words],
    )
    return relaxation


def _score(functional: Functional, problem: Problem, chance: Any) -> Any:
    joint = 1 / problem.shape[0] if functional.on == "joint" else 1.0
    return sum(float(value) * joint * chance(o, s) for s, o, value in functional.terms)


# ------------------------------------------------------------------ operators and words


def _generated(name: str, count: int) -> list[Any]:
    from ncpol2sdpa import generate_operators

    return list(generate_operators(name, count, hermitian=True)) if count else []


def _operators(problem: Problem, party: int) -> list[list[Any]]:
    """Return for each setting one +-1 observable, or projectors on all outcomes but the last."""
    each, name = problem.outcomes[party] - 1, chr(ord("A") + party)
    return [_generated(f"{name}{x}_", each) for x in range(problem.settings[party])]


def _reductions(party: list[list[Any]], *, signs: bool) -> dict[Any, Any]:
    """Return the rules of one party: signs square to 1, projectors of one setting are orthogonal."""
    rules: dict[Any, Any] = {}
    for operators in party:
        for x, y in product(operators, repeat=2):
            rules[x * y] = 0 if x != y else 1 if signs else x
    return rules


def _chances(problem: Problem, parties: list[list[list[Any]]]) -> Any:
    """Return a function from joint outcome and setting to a polynomial."""

    def one(p: int, outcome: int, setting: int) -> Any:
        operators = parties[p][setting]
        if problem.outcomes[p] == 2:
            return (1 + (-1) ** outcome * operators[0]) * 0.5
        return operators[outcome] if outcome < len(operators) else 1 - sum(operators)

    def chance(o: int, s: int) -> Any:
        cells = zip(problem.joint_outcomes[o], problem.joint_settings[s], strict=True)
        return reduce(mul, (one(p, outcome, x) for p, (outcome, x) in enumerate(cells)))

    return chance


def _words(parties: list[list[list[Any]]], lengths: tuple[tuple[int, ...], ...]) -> list[Any]:
    """Return all products with these numbers of operators a party, neighbours of other settings."""
    from sympy import S

    found = []
    for part in lengths:
        lists = [_party_words(party, n) for party, n in zip(parties, part, strict=True)]
        found += [reduce(mul, chosen, S.One) for chosen in product(*lists)]
    return found


def _party_words(party: list[list[Any]], length: int) -> list[Any]:
    from sympy import S

    found = [(S.One, -1)]
    for _ in range(length):
        found = [
            (word * x, setting)
            for word, last in found
            for setting, operators in enumerate(party)
            if setting != last
            for x in operators
        ]
    return [word for word, _ in found]


def word_count(question: Question) -> int:
    """Return the number of words of a question's level."""
    settings, outcomes = question.scenario.sizes
    return sum(
        prod(
            1 if n == 0 else d * (k - 1) * ((d - 1) * (k - 1)) ** (n - 1)
            for d, k, n in zip(settings, outcomes, part, strict=True)
        )
        for part in patterns(question.adversary.level, question.scenario.parties)
    )
