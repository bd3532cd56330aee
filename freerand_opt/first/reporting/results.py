"""The results of a run, put where they were asked for: words, a table, JSON, a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from freerand_opt.files import require_writable
from freerand_opt.first.answers.verification import Verification
from freerand_opt.first.reporting import rows, tables, terminal
from freerand_opt.first.sweeps.answers import Answers


@dataclass(frozen=True)
class Target:
    """A table's file (None: stdout) and form."""

    path: Path | None
    form: str


def target(path: Path | None, form: str | None) -> Target | None:
    """Return where a table goes, if one was asked for; raise InputError if that cannot be."""
    if path is None and form is None:
        return None
    form = rows.form_of(path, form)
    if path is not None:
        require_writable(path.parent, "-o")
    return Target(path, form)


def put(
    answers: Answers, *, as_json: bool, alone: bool, target: Target | None = None
) -> tuple[list[Verification], list[str]]:
    """Write answers at length if a single one is `alone`, else as a table; return them, and what failed.

    Certificates of a long table are not kept in memory.
    """
    found, records = [], []
    for one in answers:
        if as_json:
            records.append(tables.record(one))
        found.append(one if len(answers) == 1 else replace(one, result=replace(one.result, certificate={})))
    failed = list(answers.failed)
    if target is not None and target.path is not None:
        rows.write(rows.table(found), target.path, target.form)
    if as_json:
        terminal.put_json(records)
    elif target is not None:
        if target.path is None:
            terminal.put(rows.text(rows.table(found), target.form), end="")
    elif alone and len(answers) == len(found) == 1:
        terminal.put_answer(found[0])
    elif found:
        terminal.put_table(found)
    return found, failed
