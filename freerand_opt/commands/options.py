"""Options that several verbs of the command line share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Solver = Annotated[
    str, typer.Option("--solver", help="highs, clarabel, qics, mosek, cvxpy:NAME, picos:cvxopt.")
]
TimeLimit = Annotated[float | None, typer.Option("--time-limit", min=0.01, help="Seconds for each program.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress on stderr.")]
Folder = Annotated[Path | None, typer.Option("--certificates", help="Write certificates below this folder.")]
Symmetry = Annotated[
    list[str] | None,
    typer.Option(help='Quantum devices: "A0 -> B0, B0 -> -A1", a file with one on each line, or find.'),
]
Width = Annotated[float | None, typer.Option(help="Wider brackets: exit code 1 (1e-9; quantum 1e-6).")]
Kept = Annotated[Path | None, typer.Option("--store", help="Folder of answers; else the user's cache.")]
Optional = Annotated[Path | None, typer.Option("--store", help="Use and keep answers in this folder.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Solve anew what is stored; keep the new answer.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Processes; else one for each core.", show_default=False)
]
Cluster = Annotated[str | None, typer.Option("--cluster", help="Dask scheduler: tcp://host:8786.")]
Part = Annotated[str | None, typer.Option("--shard", help="One part of the cells: 3/40.")]
Finer = Annotated[str | None, typer.Option("--refine", help="Cells near a threshold: source.epsilon=1/1000.")]
Crosses = Annotated[str | None, typer.Option("--crosses", help="The number at which --refine looks.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Table to .csv, .json or .parquet.")]
Form = Annotated[str | None, typer.Option("--as", help="Form of the table: csv, json, parquet.")]
