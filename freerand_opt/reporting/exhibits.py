"""The program of a question in a few lines: how large it is, and what its rows and columns are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.model.question import Question
from freerand_opt.programs.of_question import named_program


def described(question: Question, symmetry: Sequence[str] = ()) -> Iterator[str]:
    """Yield what the program of a question looks like: its moment matrix, or the size of a linear one."""
    if question.adversary.devices == "quantum":
        from freerand_opt.reporting.matrices import moment_matrices, relaxed

        yield from moment_matrices(relaxed(question), symmetry)
        return
    if symmetry:
        raise InputError(
            "--symmetry", "only moment matrices, of quantum devices, are split by named symmetries"
        )
    try:
        held = named_program(question.shortest())
    except TooLargeError as error:
        yield f"program     {error}"
        return
    equal = sum(held.program.equal)
    yield f"program     {held.notes[0]}"
    yield f"            {len(held.rows)} rows ({equal} equalities), {len(held.columns)} columns"
    yield f"rows        {held.rows[0]}, .., {held.rows[-1]}"
    yield f"columns     {held.columns[0]}, .., {held.columns[-1]}"
