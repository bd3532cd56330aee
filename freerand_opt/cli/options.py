"""Options that several verbs share, in panels by what one wants, and how their values are read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from freerand_opt.cli import complete
from freerand_opt.errors import InputError

#: Panels of the list of verbs.
ANSWER, LOOK, KEEP = "Answer and check", "Look and draw", "What is kept"
#: Panels of options.
QUESTION, GOOD, KEPT, RUNS, PUT = (
    "What is asked",
    "How well it is answered",
    "What is kept and used again",
    "Where it runs",
    "What is printed and written",
)
SYMMETRY_BYTES = 2**16

Solver = Annotated[
    str,
    typer.Option(
        "--solver",
        rich_help_panel=GOOD,
        autocompletion=complete.solvers,
        help="auto, highs, clarabel, qics, mosek, cvxpy:NAME, picos:cvxopt; ends are certified in any case.",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option("--time-limit", min=0.01, rich_help_panel=GOOD, help="Seconds for each program."),
]
Symmetry = Annotated[
    list[str] | None,
    typer.Option(
        rich_help_panel=GOOD,
        help='Quantum devices: "A0 -> B0, B0 -> -A1", a file with one on each line, or find.',
    ),
]
Width = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=GOOD,
        help="How narrow brackets are sought; wider ones: exit code 1. [1e-9; quantum 1e-6]",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option("--certificates", rich_help_panel=KEPT, help="Write certificates below this folder."),
]
Kept = Annotated[
    Path | None,
    typer.Option("--store", rich_help_panel=KEPT, help="Folder of answers; else the user's cache."),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh", rich_help_panel=KEPT, help="Solve anew what is stored; keep the new answer."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", min=1, rich_help_panel=RUNS, help="Processes; else one for each core.", show_default=False
    ),
]
Cluster = Annotated[
    str | None, typer.Option("--cluster", rich_help_panel=RUNS, help="Dask scheduler: tcp://host:8786.")
]
Part = Annotated[
    str | None, typer.Option("--shard", rich_help_panel=RUNS, help="One part of the cells: 3/40.")
]
Finer = Annotated[
    str | None,
    typer.Option(
        "--refine", rich_help_panel=QUESTION, help="Cells near a threshold too: source.epsilon=1/1000."
    ),
]
Crosses = Annotated[
    str | None,
    typer.Option(
        "--crosses", rich_help_panel=QUESTION, help="The number that a curve, --threshold or --refine seeks."
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", rich_help_panel=PUT, help="Table to .csv, .json or .parquet."),
]
Form = Annotated[
    str | None, typer.Option("--as", rich_help_panel=PUT, help="Form of the table: csv, json, parquet.")
]
AsJson = Annotated[bool, typer.Option("--json", rich_help_panel=PUT, help="Print JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", rich_help_panel=PUT, help="No progress on stderr.")]


def split(words: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return (files and claims, values by field) from the arguments of a verb; raise InputError."""
    names = [word for word in words if "=" not in word or Path(word).exists()]
    fields: dict[str, str] = {}
    for word in words:
        if word in names:
            continue
        field, _, value = word.partition("=")
        if not field or not value:
            raise InputError(word[:60], "fields are set as field=value, for example source.epsilon=1/20")
        if field[-1] in "<>" or value[0] in "<>=":
            raise InputError(
                word[:60],
                "a field is set with = alone, as test.score=5/2; <= and >= are the field test.relation",
            )
        if field in fields:
            raise InputError(
                field[:60],
                f"is given twice, {fields[field][:40]} and {value[:40]}; several values are a list: "
                f"{field[:60]}={fields[field][:40]},{value[:40]}",
            )
        fields[field] = value
    return names, fields


def width_of(words: str | None) -> Fraction | None:
    """Return the width that was asked for; raise InputError for what is no number, or a negative one."""
    if words is None:
        return None
    from freerand_opt.model.tables.number import exact

    try:
        found = exact(words, "--width")
    except InputError:
        found = Fraction(-1)
    if not isinstance(found, Fraction) or found < 0:
        raise InputError("--width", f"{words[:40]!r}: a rational number of at least 0 is needed, as 1e-9")
    return found


def relabellings(named: list[str] | None) -> tuple[str, ...]:
    """Return the symmetries that were named as texts; whether a question has them is found out on it."""
    from freerand_opt.model.files.beside import contents

    found: list[str] = []
    for entry in named or ():
        if "->" in entry or entry == "find":
            found.append(entry)
            continue
        path = Path(entry)
        if not path.is_file():
            raise InputError(
                "--symmetry",
                f'{entry[:60]!r} is no file and no relabelling, as "A0 -> B0, B0 -> -A1", nor find',
            )
        lines = contents(path, f"--symmetry ({path})", SYMMETRY_BYTES, "name generators of the group")
        texts = [line.partition("#")[0].strip() for line in lines.splitlines()]
        if not any(texts):
            raise InputError(f"--symmetry ({path})", "has no relabelling; write one on each line")
        found += [text for text in texts if text]
    return tuple(found)


def worst(codes: set[int]) -> int:
    """Return the exit code of several: 2 before 3 before 1."""
    return next((code for code in (2, 3, 1) if code in codes), 0)


def require_file(path: Path | None, option: str) -> None:
    """Raise InputError, before anything is computed, if a file cannot be written."""
    from freerand_opt.files import require_writable

    if path is not None:
        if path.is_dir():
            raise InputError(option, f"{path} is a directory; a file is needed")
        require_writable(path.parent, option)
