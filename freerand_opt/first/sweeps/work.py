"""One question as a job for a worker: what travels to it, and what comes back.

The question goes one way; the text of a store's entry, with its certificate, comes back.
"""

from __future__ import annotations

import json
import threading
import traceback
from dataclasses import dataclass, replace
from typing import Any, Literal

from freerand_opt import __version__
from freerand_opt.errors import FreerandError, SolverUnavailableError, TooLargeError
from freerand_opt.first.answers.answering import InfeasibleError
from freerand_opt.first.answers.threshold import NoChangeError
from freerand_opt.first.answers.verification import answer
from freerand_opt.first.spec.file import Instance, QuestionFile
from freerand_opt.first.sweeps.store import DamagedError, checked, entry_from, entry_of

#: A worker of a cluster may have several threads; solvers and interval arithmetic get one at a time.
_ALONE = threading.Lock()


@dataclass(frozen=True)
class Way:
    """How questions are attacked, as for `bound`; `time_limit` in seconds for each program."""

    solver: str = "auto"
    time_limit: float | None = None
    symmetry: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return it in words; the store keeps them with the answer."""
        limit = "no time limit" if self.time_limit is None else f"{self.time_limit:g} s a program"
        symmetry = f", symmetry {'; '.join(self.symmetry)}" if self.symmetry else ""
        return f"freerand {__version__}, solver {self.solver}, {limit}{symmetry}"


@dataclass(frozen=True)
class Job:
    """One question for a worker; `file` holds that instance alone. A stored `entry` is only checked."""

    file: QuestionFile
    address: str
    way: Way
    entry: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What a job came to: a store's entry, or a mark for tables and the reason why there is none.

    `damage` says what was wrong with the entry that was to be checked, and was computed anew.
    """

    kind: Literal["solved", "checked", "failed", "unavailable"]
    entry: str = ""
    mark: str | None = None
    why: str = ""
    damage: str = ""


def work(job: Job) -> Outcome:
    """Check a job's stored answer, or else answer its question; nothing but a defect raises an error."""
    with _ALONE:
        damage = ""
        if job.entry is not None:
            try:
                checked(entry_from(job.entry, job.address))
                return Outcome("checked")
            except DamagedError as error:
                damage = str(error)
        return replace(_solved(job), damage=damage)


def _solved(job: Job) -> Outcome:
    instance, way = job.file.instances[0], job.way
    how: dict[str, Any] = {"solver": way.solver, "time_limit": way.time_limit, "symmetry": way.symmetry}
    try:
        result = answer(job.file, instance, **how)
    except InfeasibleError as error:
        if instance.threshold is not None:  # its certificate is of one value of the field
            return Outcome("failed", mark=None, why=str(error))
        result = error.result
    except SolverUnavailableError as error:
        return Outcome("unavailable", why=str(error))
    except FreerandError as error:
        return Outcome("failed", mark=_mark(error, instance), why=str(error))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        why = f"internal error: {type(error).__name__}: {error} ({last.name}, line {last.lineno})"
        return Outcome("failed", mark="failed", why=why)
    return Outcome("solved", entry=json.dumps(entry_of(result, job.address, [way.text])))


def _mark(error: FreerandError, instance: Instance) -> str | None:
    """Return what a table says in place of an answer, or None if the question itself is wrong."""
    if isinstance(error, TooLargeError):
        return "too large"
    if isinstance(error, NoChangeError) and instance.threshold is not None:
        ends = ", ".join(map(str, instance.threshold.between))
        return "undecided" if error.found == "undecided" else f"{error.found} at both ends of [{ends}]"
    return None
