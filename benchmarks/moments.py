"""Moment matrices and quantum bounds beside ncpol2sdpa (one row: Clarabel) in one run; prints ratios.

    make bench        or        python benchmarks/moments.py [--large] [row ..]

"build" is from the question to the program as solvers take it. "answer" is, for ours, from the
question to a bracket whose certificate has been checked; for ncpol2sdpa it is generation, its own
conversion to cvxpy and Clarabel, which ends with a float. Times are CPU seconds of one process
after all libraries are imported and a small question was answered by both; ours are the median of
three runs where one takes less than a second, theirs one run. Rows of many seconds are run with --large.
Theirs in the row of the weighted chain is our own program, solved by Clarabel and made a bound.

ncpoleon (0.1.0a1 was tried; GPL-3, an optional peer that nothing here installs) only builds: its
time is for the call that makes the relaxation, operators and rewriting rules being ready; the median
of three runs. Without it its column stays empty.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

from freerand_opt.bounds.bound import bound
from freerand_opt.crosscheck.rederivation import relaxed
from freerand_opt.model import Question, Uniform, chained, i3322
from freerand_opt.programs.of_quantum import relaxation

RUNS = 3
#: Rows that take longer than this are run once.
ONCE = 1.0


def asked(scenario: Any, functional: str, level: str, extreme: str) -> Question:
    """Return the question for the extreme value of a functional."""
    adversary = {"devices": "quantum", "level": level}
    ask = {"quantity": "score", "functional": functional, "extreme": extreme}
    return Question(scenario, Uniform(), adversary=adversary, ask=ask)


def chained_question(n: int, level: str) -> Question:
    """Return the question for the smallest I_N."""
    return asked(chained(n), "chained", level, "smallest")


def i3322_question(level: str) -> Question:
    """Return the question for the largest I3322."""
    return asked(i3322(), "i3322", level, "largest")


def weighted_chain(n: int, level: str) -> Question:
    """Return the smallest sum of errors on the chain with weights 1, 11/10, 12/10, .. along it."""
    terms = {
        f"P({o}|{(k + 1) // 2 % n}{k // 2})": str(1 + Fraction(k, 10))
        for k in range(2 * n)
        for o in (("00", "11") if k == 2 * n - 1 else ("01", "10"))
    }
    ask = {"quantity": "score", "terms": terms, "extreme": "smallest"}
    return Question(chained(n), Uniform(), adversary={"devices": "quantum", "level": level}, ask=ask)


def ghz_question(parties: int, level: str) -> Question:
    """Return the guess of an outcome given perfect GHZ relations, epsilon = 49/100: exactly 1/2."""
    return Question.from_dict(
        {
            "scenario": {"family": "ghz", "M": parties},
            "source": {"kind": "santha-vazirani", "epsilon": "49/100"},
            "adversary": {"devices": "quantum", "level": level},
            "test": [{"relations": "mermin", "violated": 0}],
            "ask": {"quantity": "guessing-probability", "of": "A", "at": [0] * parties},
        }
    )


def built(question: Question) -> float:
    """Return the number of distinct moments of our relaxation."""
    return float(relaxation(question.problem(), question.adversary.level).program.columns - 1)


def built_by_ncpol2sdpa(question: Question) -> float:
    """Return the number of distinct moments of ncpol2sdpa's relaxation."""
    return float(relaxed(question).n_vars)


def answered(question: Question) -> float:
    """Return our certified bound."""
    bracket = bound(question).bracket
    end = bracket.lower if question.ask.extreme == "smallest" else bracket.upper
    assert end is not None
    return float(end)


def answered_by_clarabel(question: Question) -> float:
    """Return Clarabel's value of our program of the level, made a bound."""
    bracket = bound(question, solver="clarabel").bracket
    assert bracket.lower is not None
    return float(bracket.lower)


def answered_by_ncpol2sdpa(question: Question) -> float:
    """Return ncpol2sdpa's value, solved by Clarabel."""
    theirs = relaxed(question)
    theirs.solve("cvxpy", {"solver": "CLARABEL"})
    return float(theirs.primal) * (1 if question.ask.extreme == "smallest" else -1)


def built_by_ncpoleon(question: Question) -> float:
    """Return the seconds that ncpoleon takes for the same moment matrix; two parties, outcomes +-1."""
    library = importlib.import_module("ncpoleon")
    scenario, level = question.scenario, question.adversary.level
    parties = [
        library.generate_noncommutative_variables(name, count, hermitian=True)
        for name, count in zip(scenario.parties, scenario.settings, strict=True)
    ]
    letters = [letter for party in parties for letter in party]
    rules = {letter * letter: 1.0 for letter in letters}
    rules |= {y * x: x * y for x in parties[0] for y in parties[1]}
    objective = sum((x * y for x in parties[0] for y in parties[1]), 0 * letters[0])
    more = [x * y for x in parties[0] for y in parties[1]] if level == "1 + A B" else []
    begun = time.process_time()
    made = library.get_relaxation(
        letters, 1 if more else int(level), objective, substitutions=rules, extra_monomials=more
    )
    seconds = time.process_time() - begun
    (matrix,) = made.moment_matrices.values()
    assert matrix.size == relaxation(question.problem(), level).moments.space.matrix.size
    return seconds


#: Name: (question, ours, theirs where it is asked).
Rows = dict[str, tuple[Question, Callable[..., float], Callable[..., float] | None]]
ROWS: Rows = {
    "build, chained N = 16, 1": (chained_question(16, "1"), built, None),
    "build, chained N = 8, 1 + A B": (chained_question(8, "1 + A B"), built, built_by_ncpol2sdpa),
    "build, I3322, 3": (i3322_question("3"), built, None),
    "answer, chained N = 4, 1 + A B": (chained_question(4, "1 + A B"), answered, answered_by_ncpol2sdpa),
    "answer, weighted chain, 1 + A B": (weighted_chain(8, "1 + A B"), answered, answered_by_clarabel),
    "answer, GHZ relations, M = 4": (ghz_question(4, "local 1"), answered, None),
    "answer, chained N = 256, 1": (chained_question(256, "1"), answered, None),
}
LARGE: Rows = {
    "build, chained N = 32, 1": (chained_question(32, "1"), built, None),
    "build, chained N = 16, 1 + A B": (chained_question(16, "1 + A B"), built, None),
    "build, I3322, 3, beside": (i3322_question("3"), built, built_by_ncpol2sdpa),
    "answer, chained N = 8, 1 + A B": (chained_question(8, "1 + A B"), answered, answered_by_ncpol2sdpa),
    "answer, weighted chain, beside": (weighted_chain(8, "1 + A B"), answered, answered_by_ncpol2sdpa),
    "answer, GHZ relations, M = 5": (ghz_question(5, "3"), answered, None),
    "answer, I3322, 3": (i3322_question("3"), answered, answered_by_ncpol2sdpa),
    "answer, I3322, 4": (i3322_question("4"), answered, None),
    "answer, chained N = 1024, 1": (chained_question(1024, "1"), answered, None),
    "answer, chained N = 16, 1 + A B": (chained_question(16, "1 + A B"), answered, None),
    "answer, chained N = 32, 1 + A B": (chained_question(32, "1 + A B"), answered, None),
}


def timed(run: Callable[[Question], float], question: Question) -> tuple[float, float]:
    """Return (value, seconds) of one call."""
    begun = time.process_time()
    value = run(question)
    return value, time.process_time() - begun


def median(run: Callable[[Question], float], question: Question) -> tuple[float, float]:
    """Return (value, seconds), the median of three where the first is short."""
    first = timed(run, question)
    if first[1] > ONCE:
        return first
    runs = [first, *(timed(run, question) for _ in range(RUNS - 1))]
    return first[0], statistics.median(seconds for _, seconds in runs)


def main() -> None:
    """Print the table with ratios."""
    warnings.simplefilter("ignore")  # ncpol2sdpa and cvxpy warn of their own future
    small = chained_question(2, "1")
    for question in (small, chained_question(12, "1"), i3322_question("2")):
        answered(question)  # loads and compiles what solvers need
    answered_by_ncpol2sdpa(small)
    beside = find_spec("ncpoleon") is not None
    if not beside:
        print("ncpoleon is not installed: its column is left out")
    print(f"{'':32}{'ours':>10}{'theirs':>12}{'ratio':>8}{'ncpoleon':>12}{'ratio':>8}   moments, or bounds")
    words = [word for word in sys.argv[1:] if word != "--large"]
    for name, (question, ours, theirs) in (ROWS | (LARGE if "--large" in sys.argv else {})).items():
        if words and not any(word in name for word in words):
            continue
        value, mine = median(ours, question)
        line, values = f"{name:32}{mine:8.4f} s", f"{value:.10g}"
        if theirs is None:
            line += " " * 20
        else:
            other, seconds = timed(theirs, question)
            line += f"{seconds:10.2f} s{seconds / mine:8.0f}"
            values += f", {other:.10g}"
        if beside and ours is built:
            seconds = statistics.median(built_by_ncpoleon(question) for _ in range(RUNS))
            line += f"{seconds:10.3f} s{seconds / mine:8.1f}"
        else:
            line += " " * 20
        print(f"{line}   {values}", flush=True)


if __name__ == "__main__":
    main()
