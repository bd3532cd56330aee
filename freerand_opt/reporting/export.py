"""Questions as programs that other software reads: by the ending of a file, or as text."""

from __future__ import annotations

from pathlib import Path

from freerand_opt.bounds.critical import form_of
from freerand_opt.bounds.result import Result
from freerand_opt.conic.formats.conic import as_cbf, as_sdpa
from freerand_opt.conic.formats.mps import as_mps
from freerand_opt.crosscheck.as_cvxpy import Modelled, as_cvxpy
from freerand_opt.errors import InputError, nearest
from freerand_opt.files import write_whole
from freerand_opt.model.question import Question
from freerand_opt.programs.of_question import conic_of, named_program
from freerand_opt.reporting.proof import vipr

#: Formats, and the endings of their files.
FORMS = {"mps": ".mps", "cbf": ".cbf", "sdpa": ".dat-s", "vipr": ".vipr"}


def program_text(question: Question, form: str) -> str:
    """Return the question's program as MPS (linear programs), CBF or SDPA text, rows named.

    Raise InputError for a format that does not hold the program, TooLargeError beyond 60,000 columns.
    """
    forms = [name for name in FORMS if name != "vipr"]
    if form not in forms:
        raise InputError(
            "form", f"{form[:40]!r} is not known; allowed: {', '.join(forms)}{nearest(form, forms)}"
        )
    asked = form_of(question)
    if form == "mps":
        if question.adversary.devices == "quantum":
            raise InputError("form", "mps holds linear programs only; take cbf or sdpa")
        return as_mps(named_program(asked))
    return {"cbf": as_cbf, "sdpa": as_sdpa}[form](conic_of(asked, question.adversary.level))


def to_cvxpy(question: Question) -> Modelled:
    """Return the question's program as a cvxpy problem, with its variable and names."""
    return as_cvxpy(conic_of(form_of(question), question.adversary.level))


def to_file(asked: Question | Result, path: str | Path) -> None:
    """Write the program of a question (.mps, .cbf, .dat-s), or the proof that a result holds (.vipr).

    Raise InputError for another ending, or a format that does not hold the program.
    """
    path = Path(path)
    form = next((form for form, ending in FORMS.items() if path.name.endswith(ending)), None)
    if form is None:
        raise InputError(str(path), f"ends in none of {', '.join(FORMS.values())}")
    if (form == "vipr") != isinstance(asked, Result):
        said = "a .vipr file holds the proof of a result; bound the question first"
        raise InputError(str(path), said if form == "vipr" else "a result's proof is written to a .vipr file")
    write_whole(path, vipr(asked) if isinstance(asked, Result) else program_text(asked, form))
