"""Questions, programs and certificates as they are shown to people and to other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from freerand_opt.answers.verification import brackets, check_certificate
from freerand_opt.certificates.attack import from_json
from freerand_opt.certificates.certificate import question_from_json
from freerand_opt.certificates.check import safe
from freerand_opt.errors import FreerandError, InputError
from freerand_opt.reporting import words
from freerand_opt.spec.file import Instance, QuestionFile

FORMS = ("words", "matrix", "json", "mps", "cbf", "sdpa", "task", "vipr")
#: Formats without matrices.
LINEAR = ("mps", "vipr")


def instance(file: QuestionFile, chosen: Instance, form: str, symmetry: Sequence[str] = ()) -> str:
    """Return one instance of a file in one of `FORMS`; all but words is the program alone.

    `symmetry` names relabellings of a question about quantum devices, as for `bound`.
    """
    if chosen.question is None:
        return _computation(file, chosen, form)
    from freerand_opt.programs import export, export_conic
    from freerand_opt.programs.build import programs
    from freerand_opt.programs.quantum import MomentStrategies
    from freerand_opt.reporting.matrices import as_csv, moment_matrices, symmetric_blocks

    made = programs(chosen.question)
    program = made.above.program
    if form in LINEAR and program.psd_blocks:
        raise InputError("--as", f"{form} holds linear programs only; take cbf, sdpa, task or json")
    if symmetry and form != "words":
        raise InputError("--symmetry", "changes how a program is solved, not the program; take --as words")
    if form == "matrix":
        if not isinstance(made.above, MomentStrategies):
            raise InputError("--as", "matrix is the moment matrix of quantum devices; others have none")
        return as_csv(made.above.moments)
    if form == "vipr":
        from freerand_opt.answers.bounding import proofs

        return export.as_vipr(*proofs(chosen.question))
    if form == "task":
        from freerand_opt.solvers.mosek import task_text

        return task_text(program)
    if form == "json":
        return json.dumps(program.plain, indent=1) + "\n"
    if form == "words":
        lines = [
            file.title,
            file.claim,
            *words.question(chosen.question),
            *words.program(program, made.method),
        ]
        if isinstance(made.above, MomentStrategies):
            lines += symmetric_blocks(chosen.question, made.above, symmetry)
            lines += moment_matrices(made.above, chosen.question.scenario)
        elif symmetry:
            raise InputError("--symmetry", "is for quantum devices; other programs have no operators")
        return "\n".join(line for line in lines if line) + "\n"
    return {"mps": export.as_mps, "cbf": export_conic.as_cbf, "sdpa": export_conic.as_sdpa}[form](program)


def _computation(file: QuestionFile, chosen: Instance, form: str) -> str:
    assert chosen.computation is not None
    if form != "words":
        raise InputError("--as", f"{file.name} is a computation and has no program; only words can be shown")
    parameters = ", ".join(f"{key} = {value}" for key, value in chosen.computation.parameters)
    lines = [file.title, file.claim, f"computation {chosen.computation.name} {parameters}".strip()]
    return "\n".join(line for line in lines if line) + "\n"


def certificate(body: dict[str, Any]) -> Iterator[str]:
    """Check a certificate and yield what it proves, its questions and its attacks, line by line."""
    yield from check_certificate(body)
    for part in brackets(body):
        try:
            asked = question_from_json(part["question"])
            yield from map(safe, words.question(asked))
            if part["attack"] is not None and asked.relations is not None:
                yield from words.orbit_boxes(part["attack"], asked)
            elif part["attack"] is not None:
                strategies = from_json(part["attack"])
                yield from map(safe, words.attack(strategies, asked, limit=100))
                yield from map(safe, words.tables(strategies, asked.scenario))
        except (KeyError, TypeError, ValueError, ArithmeticError, LookupError, FreerandError) as error:
            yield f"(checked, but this library cannot put it into words: {error})"
