"""One question as a job for a worker: what travels to it, and what comes back."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from freerand_opt.bounds.answers.result import Result, result_of
from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.options import options_of, usual_width
from freerand_opt.bounds.threshold import NoChangeError
from freerand_opt.certificates.pool import RELATIVE
from freerand_opt.claims.verify import Instance
from freerand_opt.errors import FreerandError, InputError, SolverUnavailableError, TooLargeError
from freerand_opt.model.files.file import Instance as Asks
from freerand_opt.model.quantities import STRATEGY
from freerand_opt.numbers.exact import enclose
from freerand_opt.version import __version__

if TYPE_CHECKING:
    from freerand_opt.claims.conjecture.computed import Computed

#: What a question or a computation is answered by.
Found: TypeAlias = "Result | Computed"
#: A worker of a cluster may have several threads; solvers and interval arithmetic get one at a time.
_ALONE = threading.Lock()


@dataclass(frozen=True)
class Way:
    """How questions are attacked, as for `bound`; `time_limit` in seconds for each program."""

    solver: str = "auto"
    time_limit: float | None = None
    width: Fraction | None = None
    symmetry: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Return the options of `bound`."""
        return {key: getattr(self, key) for key in ("solver", "time_limit", "width", "symmetry")}

    @property
    def text(self) -> str:
        """Return it in words; the store keeps them with the answer."""
        limit = "no time limit" if self.time_limit is None else f"{self.time_limit:g} s a program"
        width = "" if self.width is None else f", width {self.width}"
        symmetry = f", symmetry {'; '.join(self.symmetry)}" if self.symmetry else ""
        return f"freerand {__version__}, solver {self.solver}, {limit}{width}{symmetry}"


def way_of(
    *, solver: str = "auto", time_limit: Any = None, width: Any = None, symmetry: Sequence[str] = ()
) -> Way:
    """Return a way; raise InputError for what is none, SolverUnavailableError without the solver."""
    held = options_of("", "", solver=solver, time_limit=time_limit, width=width, symmetry=symmetry)
    return Way(held.solver, held.time_limit, None if width is None else held.width, held.symmetry)


@dataclass(frozen=True)
class Kept:
    """A certificate that was stored, with what was said of how it was found; it proves nothing unchecked."""

    certificate: str
    how: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    ways: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """One question for a worker. What is `kept` is checked by the kernel, and solved anew if it fails."""

    instance: Instance
    address: str
    way: Way
    kept: Kept | None = None


@dataclass(frozen=True)
class Outcome:
    """What a job came to: a result, or a mark for tables and the reason why there is none.

    `code` is the exit code that the reason calls for; `damage` says what was wrong with the answer that
    was kept.
    """

    kind: Literal["solved", "stored", "failed", "unavailable"]
    result: Found | None = None
    mark: str = ""
    why: str = ""
    code: int = 0
    damage: str = ""


class DamagedError(FreerandError):
    """A stored answer that is not as it was written, proves nothing, or is about another question."""


def work(job: Job) -> Outcome:
    """Check a job's stored answer, or else answer its question; nothing but a defect raises an error.

    A stored answer that falls short is sought in this way too, unless it was, and the narrower one counts.
    """
    with _ALONE:
        if job.kept is None:
            return _solved(job)
        try:
            before = recalled(job.kept, job.instance)
        except DamagedError as error:
            return replace(_solved(job), damage=str(error))
        if job.way.text in job.kept.ways or not falls_short(before, job.way.width):
            return Outcome("stored", before)
        after = _solved(job)
        if after.kind == "unavailable":
            return after
        return Outcome("stored", before) if after.result is None else _better(after, before)


def _better(after: Outcome, before: Found) -> Outcome:
    assert after.result is not None
    found = min((after.result, before), key=openness)
    return Outcome("stored" if found is before else "solved", found)


def openness(result: Found) -> tuple[int, Fraction]:
    """Return (number of open ends, width) of a result; nothing is open where no strategy passes."""
    if is_impossible(result) or str(result) == "exists":
        return 0, Fraction(0)
    ends = (result.bracket.lower, result.bracket.upper)
    return ends.count(None), result.bracket.width or Fraction(0)


def is_impossible(result: Found | None) -> bool:
    """Return whether it is proved that no strategy passes the tests."""
    return isinstance(result, Result) and result.impossible


def falls_short(result: Found, width: Fraction | None) -> bool:
    """Return whether an answer is not known as well as `width` (None: as usual) asks."""
    if is_impossible(result) or not isinstance(result, Result):
        return False
    if result.quantity == STRATEGY:
        return str(result) != "exists"
    size = result.bracket.width
    if size is None:
        return True
    if result.threshold is not None:  # its width is its own, and ends in bits are rounded logarithms
        return size > result.threshold.width * Fraction(17, 16)
    if width is not None:
        return size > width
    # what was as narrow as was sought has no notes, though bits may be wider than probabilities
    usual = usual_width(result.question.adversary.devices, result.quantity)
    return bool(result.notes) and (size > usual or is_coarse(result))


def is_coarse(result: Result) -> bool:
    """Return whether a small entropy is known worse than to a thousandth of itself."""
    low, size = result.bracket.lower, result.bracket.width
    if result.quantity != "min-entropy" or low is None or size is None:
        return False
    return 0 < RELATIVE * enclose(low, 80)[0] < size


def recalled(kept: Kept, instance: Instance) -> Found:
    """Return a stored answer after a check by its checker; raise DamagedError where it does not hold."""
    try:
        if not isinstance(instance, Asks):
            from freerand_opt.claims.conjecture.computed import computed_of

            return computed_of(instance.computation, kept.certificate, seconds=kept.seconds)
        question, threshold = instance.question, instance.threshold
        found = result_of(question, kept.certificate, threshold=threshold)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        InputError,
    ) as error:
        raise DamagedError(f"is rejected: {error}") from None
    return replace(found, how=kept.how, notes=kept.notes, seconds=kept.seconds)


def _answered(job: Job) -> Found:
    if isinstance(job.instance, Asks):
        return bound(job.instance, **job.way.options)
    from freerand_opt.claims.conjecture.computed import compute

    return compute(job.instance.computation)


def _solved(job: Job) -> Outcome:
    try:
        return Outcome("solved", _answered(job))
    except SolverUnavailableError as error:
        return Outcome("unavailable", why=str(error), code=3)
    except TooLargeError as error:
        return Outcome("failed", mark="too large", why=str(error), code=3)
    except NoChangeError as error:
        return Outcome("failed", mark=_no_change(error.sides), why=str(error), code=1)
    except FreerandError as error:
        return Outcome("failed", why=str(error), code=2)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        why = f"internal error: {type(error).__name__}: {error} ({last.name}, line {last.lineno})"
        return Outcome("failed", mark="failed", why=why, code=3)


def _no_change(sides: Sequence[int]) -> str:
    """Return what a table says of a threshold that was not found."""
    if 0 in sides:
        return "undecided"
    return "holds at both ends" if sides[0] < 0 else "fails at both ends"
