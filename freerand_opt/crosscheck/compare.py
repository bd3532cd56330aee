"""Other people's software beside ours: the program by PICOS + CVXOPT (a large one by cvxpy + Clarabel), the
relaxation by ncpol2sdpa.

Peers give floats of unstated accuracy, so they prove nothing; but a certified optimum that is far from theirs
means that one of the programs is not the one that was meant.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from freerand_opt.bounds.corridor import corridor
from freerand_opt.bounds.options import Options
from freerand_opt.conic.formats.as_cvxpy import as_cvxpy
from freerand_opt.conic.formats.blocks import blocks
from freerand_opt.conic.formats.conic import Conic
from freerand_opt.crosscheck.rederivation import MOST_WORDS, NotCoveredError, rederived, word_count
from freerand_opt.errors import SolverUnavailableError, TooLargeError, unavailable
from freerand_opt.model.ask import WORST
from freerand_opt.model.files.file import Instance, QuestionFile
from freerand_opt.model.many import Many
from freerand_opt.model.problem import FullSupport, Problem
from freerand_opt.model.quantities import ENTROPY, STRATEGY
from freerand_opt.model.question import Question
from freerand_opt.programs.cycle import cycle_of
from freerand_opt.programs.guesses import guesses_of
from freerand_opt.programs.moments import forced_zeros
from freerand_opt.programs.of_question import conic_of
from freerand_opt.solvers.picos import modelled, run

#: What peers are trusted to reach, relative to numbers above 1; a violation beyond it is none of rounding.
ACCURACY, VIOLATED = 1e-5, 1e-6
#: Said of a value that is no more than an upper bound of ours.
ABOVE = "an upper bound: without the zeros that the tests force"
#: To what peers keep the rows.
FEASIBLE = 1e-7
#: CVXOPT's algebra is dense: 1474 rows took it a minute and a half. Clarabel's is sparse.
DENSE_ROWS, MOST_ROWS = 1400, 30_000


DENSE, SPARSE = "PICOS + CVXOPT", "cvxpy + Clarabel"


@dataclass(frozen=True)
class Peer:
    """One peer's value (an upper bound of ours if `words` is `ABOVE`); None for the reason in `words`."""

    name: str
    value: float | None
    words: str = ""


@dataclass(frozen=True)
class CrossCheck:
    """The certified bound of a program, a maximum, beside its peers' optima; None where there is no point.

    Of existence the program is that of the least violation: 0 if there is a strategy. `words` says why
    nothing was compared.
    """

    name: str
    instance: str
    ours: float | None
    peers: tuple[Peer, ...]
    words: str = ""
    accuracy: float = ACCURACY

    @property
    def disagreeing(self) -> tuple[Peer, ...]:
        """Return the peers whose value is further from ours than `accuracy`, relative to numbers above 1."""
        return (
            ()
            if self.words
            else tuple(peer for peer in self.peers if not _agrees(self.ours, peer, self.accuracy))
        )

    @property
    def verdict(self) -> str:
        """Return agrees, DISAGREES or skipped."""
        if self.disagreeing:
            return "DISAGREES"
        compared = any(peer.value is not None or peer.words == "infeasible" for peer in self.peers)
        return "agrees" if compared else "skipped"


def _agrees(ours: float | None, peer: Peer, accuracy: float) -> bool:
    if peer.value is None:
        return peer.words != "infeasible" or ours is None
    if peer.words == ABOVE and ours is not None and ours < peer.value:
        return True
    return ours is not None and abs(ours - peer.value) <= accuracy * max(1.0, abs(ours))


def require() -> None:
    """Raise SolverUnavailableError unless the peers are installed."""
    for name in ("picos", "cvxopt", "cvxpy", "ncpol2sdpa"):
        why = unavailable(name, name, name)
        if why:
            raise SolverUnavailableError(why)


def crosscheck(file: QuestionFile, instance: Instance) -> CrossCheck:
    """Bound an instance's program with ours and with peers, where it is small enough for them."""
    question, skipped = instance.question, CrossCheck(file.name, instance.name, None, ())
    if instance.threshold is not None:
        return _because(skipped, "a threshold is the answer to many programs")
    if question.ask.at == WORST:
        return _because(skipped, "one program for each setting; ask at one of them")
    if question.ask.quantity == ENTROPY:
        return _because(skipped, "an entropy is no optimum of a program: its logarithms are enclosed")
    quantum = question.adversary.devices == "quantum"
    if quantum and (words := word_count(question)) > MOST_WORDS:
        return _because(skipped, f"{words} words, and peers are asked for at most {MOST_WORDS}")
    asked = question.shortest()
    if (rows := _least_rows(asked)) > MOST_ROWS:  # said before a large program is built
        return _because(skipped, f"at least {rows} rows, and peers are asked for at most {MOST_ROWS}")
    try:
        program = conic_of(asked, question.adversary.level)
    except TooLargeError as error:
        return _because(skipped, str(error))
    if len(program.rows) > MOST_ROWS:
        why = f"{len(program.rows)} rows, and peers are asked for at most {MOST_ROWS}"
        return _because(skipped, why)
    pool = corridor(asked, Options(level=question.adversary.level))
    if question.ask.quantity == STRATEGY:
        ours = None if pool.impossible else 0.0 if pool.attack is not None else _NOTHING
    else:
        # a guess of negative probability is one that nobody can make
        none = pool.impossible or (question.ask.functional is None and pool.height < 0)
        ours = None if none else pool.height
    if ours is not None and ours in (_NOTHING, float("inf")):
        return _because(skipped, "nothing is proved")
    found = tuple(_peers(question, asked, program, ours is not None))
    return CrossCheck(file.name, instance.name, ours, found, accuracy=_accuracy(pool.upper))


_NOTHING = float("-inf")


def _least_rows(asked: Problem | Many) -> int:
    """Return a number that the rows of the program are not below."""
    if isinstance(asked, Many) or asked.devices == "quantum" or cycle_of(asked) is not None:
        return 0
    if asked.devices == "local":
        return prod(d**n for d, n in zip(asked.outcomes, asked.settings, strict=True))
    return guesses_of(asked).labels * prod(asked.shape)


def _accuracy(upper: Mapping[str, Any] | None) -> float:
    """Return what is asked of peers: they keep tests to about 1e-7, which costs the price of a test each."""
    prices = [] if upper is None else upper["prices"].get("tests", [])
    plain = [abs(float(Fraction(price))) for price in prices if isinstance(price, str)]
    return ACCURACY + FEASIBLE * max(plain, default=0.0)


def _because(skipped: CrossCheck, why: str) -> CrossCheck:
    return CrossCheck(skipped.name, skipped.instance, None, (), why)


def _peers(question: Question, asked: Problem | Many, program: Conic, exists: bool) -> Iterator[Peer]:
    large = len(program.rows) > DENSE_ROWS
    status, value = (sparse_optimum if large else optimum)(program)
    if question.ask.quantity == STRATEGY and value is not None:
        if value < -VIOLATED:
            status, value = "infeasible", None
        elif not exists and value <= 0:
            status, value = f"no value: a violation of {-value:.1e} may be rounding", None
        else:
            value = min(value, 0.0)  # a margin, where there is one inequality alone
    # the program is about the closure of the source, which forces no zeros
    closure = ABOVE if isinstance(asked, Problem) and isinstance(asked.source, FullSupport) else ""
    yield Peer(SPARSE if large else DENSE, value, closure if value is not None else status)
    if question.adversary.devices == "quantum":
        try:
            words = ABOVE if forced_zeros(question.problem()) else ""
            yield Peer("ncpol2sdpa", rederived(question), words)
        except NotCoveredError as error:
            yield Peer("ncpol2sdpa", None, f"no value: {error}")


def optimum(held: Conic) -> tuple[str, float | None]:
    """Return (status, optimum): ``optimal``, ``infeasible`` or ``gave up``; ImportError without PICOS.

    PICOS and CVXOPT are both under the GPL, so they are optional.
    """
    import cvxopt  # noqa: F401

    problem, x, cost = as_picos(held)
    status = run(problem, "cvxopt")  # never MOSEK, which PICOS takes where it is installed, licence or not
    if status == "optimal" and x.value is not None:
        return "optimal", float(cost @ np.array(x.value, dtype=np.float64).ravel())
    return ("infeasible" if status == "infeasible" else "gave up"), None


def sparse_optimum(held: Conic) -> tuple[str, float | None]:
    """Return the same by cvxpy and Clarabel; ImportError without cvxpy."""
    from cvxpy.error import SolverError

    problem = as_cvxpy(held).problem
    with warnings.catch_warnings():
        # cvxpy says on the side what its status says
        warnings.simplefilter("ignore")
        try:
            problem.solve(solver="CLARABEL")  # type: ignore[no-untyped-call]
        except SolverError:
            return "gave up", None
    if problem.status == "optimal":
        return "optimal", float(problem.value)
    return ("infeasible" if problem.status == "infeasible" else "gave up"), None


def as_picos(held: Conic) -> tuple[Any, Any, Any]:
    """Return the program as a PICOS problem, with its variable and the objective's coefficients."""
    cost, parts = blocks(held)
    problem, x, _ = modelled(cost, parts)
    return problem, x, cost
