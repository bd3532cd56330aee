"""Questions as programs that other software reads: by the ending of a file, or as text."""

from __future__ import annotations

from pathlib import Path

from freerand_opt.bounds.critical import form_of
from freerand_opt.bounds.result import Result
from freerand_opt.conic.formats.conic import Conic, as_cbf, as_sdpa, conic
from freerand_opt.conic.formats.mps import as_mps
from freerand_opt.errors import InputError, nearest
from freerand_opt.files import write_whole
from freerand_opt.model.question import Question
from freerand_opt.programs.of_question import named_program
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
    if question.adversary.devices == "quantum":
        if form == "mps":
            raise InputError("form", "mps holds linear programs only; take cbf or sdpa")
        return {"cbf": as_cbf, "sdpa": as_sdpa}[form](moments(question))
    held = named_program(asked)
    return as_mps(held) if form == "mps" else {"cbf": as_cbf, "sdpa": as_sdpa}[form](conic(held))


def moments(question: Question) -> Conic:
    """Return the relaxation of a question about quantum devices in doubles, rows and moments named."""
    from freerand_opt.programs.of_quantum import conic_form

    return conic_form(question.problem(), question.adversary.level)


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
