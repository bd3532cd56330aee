"""Other people's software beside ours: the program by PICOS + CVXOPT, the relaxation by ncpol2sdpa.

Peers give floats of unstated accuracy, so they prove nothing; but a certified optimum that is far
from theirs means that one of the programs is not the one that was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from freerand_opt.errors import SolverUnavailableError, TooLargeError
from freerand_opt.model.question import Question
from freerand_opt.peers.rederivation import MAX_WORDS, NotCoveredError, rederived
from freerand_opt.programs.build import programs
from freerand_opt.programs.moments import word_count
from freerand_opt.programs.program import ConicProgram
from freerand_opt.programs.relaxed import by_margin, by_violations, test_inequalities, without_objective
from freerand_opt.proving.solving import solve
from freerand_opt.solvers.choose import solver_named
from freerand_opt.spec.file import Instance, QuestionFile

#: What peers are trusted to reach, relative to numbers above 1.
ACCURACY = 1e-5
#: CVXOPT's algebra is dense: 1474 rows, bounds included, took it a minute and a half.
MAX_ROWS = 1400


@dataclass(frozen=True)
class Peer:
    """One peer's value, a float; None if it has none, for the reason in `words`."""

    name: str
    value: float | None
    words: str = ""


@dataclass(frozen=True)
class CrossCheck:
    """The certified upper bound of a program beside its peers' optima; None where it is infeasible.

    Where nothing was compared `words` says why.
    """

    name: str
    instance: str
    ours: float | None
    peers: tuple[Peer, ...]
    words: str = ""

    @property
    def disagreeing(self) -> tuple[Peer, ...]:
        """Return the peers whose value is further from ours than `ACCURACY`."""
        if self.words:
            return ()
        return tuple(peer for peer in self.peers if not _agrees(self.ours, peer))

    @property
    def verdict(self) -> str:
        """Return agrees, DISAGREES or skipped."""
        if self.disagreeing:
            return "DISAGREES"
        compared = any(peer.value is not None or peer.words == "infeasible" for peer in self.peers)
        return "agrees" if compared else "skipped"


def _agrees(ours: float | None, peer: Peer) -> bool:
    if peer.value is None:
        return peer.words != "infeasible" or ours is None
    return ours is not None and abs(ours - peer.value) <= ACCURACY * max(1.0, abs(ours))


def require() -> None:
    """Raise SolverUnavailableError unless the peers are installed."""
    solver_named("picos:cvxopt")
    solver_named("cvxpy:CLARABEL")
    try:
        import ncpol2sdpa  # noqa: F401
    except ImportError:
        raise SolverUnavailableError("ncpol2sdpa is not installed: pip install ncpol2sdpa") from None


def crosscheck(file: QuestionFile, instance: Instance) -> CrossCheck:
    """Solve an instance's program with ours and with peers, where it is small enough for them."""
    question = instance.question
    why = ""
    if question is None:
        why = "a computation, not a program"
    elif instance.threshold is not None:
        why = "a threshold is the answer to many programs"
    elif question.ask.at == "worst":
        why = "one program for each setting; ask at one of them"
    elif question.adversary.devices == "quantum":
        why = _too_many(word_count(question.scenario, question.adversary.level))
    if question is None or why:
        return CrossCheck(file.name, instance.name, None, (), why)
    try:
        program = _program(question)
    except TooLargeError as error:
        return CrossCheck(file.name, instance.name, None, (), str(error))
    why = _too_large(program)
    if why:
        return CrossCheck(file.name, instance.name, None, (), why)
    solved = solve(program, None, solver_named("auto"), None)
    infeasible = solved.infeasible or solved.solution.status == "infeasible"
    ours = None if infeasible else float(solved.multipliers.bound)
    return CrossCheck(file.name, instance.name, ours, tuple(_peers(question, program)))


def _program(question: Question) -> ConicProgram:
    """Return the question's program; that of the largest margin if existence is asked."""
    program = programs(question).above.program
    if question.ask.quantity != "strategy":
        return program
    whole = without_objective(program)
    return by_margin(whole) if len(test_inequalities(whole)) else by_violations(whole)


def _too_many(words: int) -> str:
    return "" if words <= MAX_WORDS else f"{words} words, and peers are asked for at most {MAX_WORDS}"


def _too_large(program: ConicProgram) -> str:
    rows, columns = program.shape
    total = rows if program.psd_blocks else rows + 2 * columns
    if total > MAX_ROWS:
        return f"{total} rows with bounds, and peers are asked for at most {MAX_ROWS}"
    return ""


def _peers(question: Question, program: ConicProgram) -> Iterator[Peer]:
    found = solver_named("picos:cvxopt")(program, None)
    name = "PICOS + CVXOPT"
    if found.status == "optimal":
        yield Peer(name, float(program.objective.floats() @ found.primal))
    else:
        yield Peer(name, None, "infeasible" if found.status == "infeasible" else "gave up")
    if question.adversary.devices == "quantum":
        try:
            yield Peer("ncpol2sdpa", rederived(question))
        except NotCoveredError as error:
            yield Peer("ncpol2sdpa", None, f"no value: {error}")
