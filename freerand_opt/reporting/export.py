"""Questions as programs that other software reads: by the ending of a file, or as text."""

from __future__ import annotations

from pathlib import Path

from freerand_opt.bounds.answers.result import Result
from freerand_opt.bounds.bound import bound
from freerand_opt.conic.formats.as_cvxpy import Modelled, as_cvxpy
from freerand_opt.conic.formats.conic import as_cbf, as_sdpa, as_task
from freerand_opt.conic.formats.mps import as_mps
from freerand_opt.errors import InputError
from freerand_opt.files import write_whole
from freerand_opt.model.quantities import ENTROPY
from freerand_opt.model.question import Question
from freerand_opt.model.tables.text import nearest
from freerand_opt.programs.of_question import conic_of, named_program
from freerand_opt.reporting.proof import vipr

#: Formats, and the endings of their files.
FORMS = {"mps": ".mps", "cbf": ".cbf", "sdpa": ".dat-s", "task": ".jtask", "vipr": ".vipr", "matrix": ".csv"}


def exported(question: Question, form: str) -> str:
    """Return the question's program as MPS, CBF, SDPA or MOSEK's task text, rows named; or its moment matrix.

    `vipr` is the proof of its bound, which is sought for it. Raise InputError for a format that does not hold
    the program, TooLargeError beyond 60,000 columns.
    """
    if form not in FORMS:
        raise InputError(
            "form", f"{form[:40]!r} is not known; allowed: {', '.join(FORMS)}{nearest(form, FORMS)}"
        )
    if form == "matrix":
        from freerand_opt.reporting.matrices import as_csv, relaxed

        return as_csv(relaxed(question).moments.space.matrix)
    _require_optimum(question)
    if form == "vipr":
        return vipr(bound(question))
    asked = question.shortest()
    if form == "mps":
        if question.adversary.devices == "quantum":
            raise InputError("form", "mps holds linear programs only; take cbf, sdpa or task")
        return as_mps(named_program(asked))
    return {"cbf": as_cbf, "sdpa": as_sdpa, "task": as_task}[form](conic_of(asked, question.adversary.level))


def to_cvxpy(question: Question) -> Modelled:
    """Return the question's program as a cvxpy problem, with its variable and names."""
    _require_optimum(question)
    return as_cvxpy(conic_of(question.shortest(), question.adversary.level))


def _require_optimum(question: Question) -> None:
    if question.ask.quantity == ENTROPY:
        raise InputError(
            "ask.quantity",
            "an entropy is no optimum of a program: its logarithms are enclosed by chords; "
            "what proves it is its certificate",
        )


def to_file(asked: Question | Result, path: str | Path) -> None:
    """Write the program of a question (.mps, .cbf, .dat-s, .jtask), or the proof of its bound (.vipr).

    Of a result it is the proof that it holds. Raise InputError for another ending, or a format that does not
    hold the program.
    """
    path = Path(path)
    form = next((form for form, ending in FORMS.items() if path.name.endswith(ending)), None)
    if form is None:
        raise InputError(str(path), f"ends in none of {', '.join(FORMS.values())}")
    if isinstance(asked, Result) and form != "vipr":
        raise InputError(str(path), "a result's proof is written to a .vipr file, its certificate by save")
    write_whole(path, vipr(asked) if isinstance(asked, Result) else exported(asked, form))
