"""The verb `freerand bound`."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import typer

from freerand_opt.cli import complete
from freerand_opt.cli import options as opt
from freerand_opt.errors import FreerandError

if TYPE_CHECKING:
    from freerand_opt.cli import screen
    from freerand_opt.cli.words import Line
    from freerand_opt.runner.answer import Answer
    from freerand_opt.runner.answers import Answers
    from freerand_opt.runner.table import Columns


def bound(
    arguments: Annotated[
        list[str],
        typer.Argument(
            help="Question files or claims, and field=value: source.epsilon=1/20, 0:1/5:1/100, a list 2,4,8; "
            "0..1/8 is a curve, the answer as a function (0..1/8:1/40: and the table's step)",
            autocompletion=complete.claims,
        ),
    ],
    threshold: Annotated[
        str | None,
        typer.Option(rich_help_panel=opt.QUESTION, help="Critical value of a field: source.epsilon=0:1/4."),
    ] = None,
    refine: opt.Finer = None,
    crosses: opt.Crosses = None,
    width: opt.Width = None,
    time_limit: opt.TimeLimit = None,
    solver: opt.Solver = "auto",
    symmetry: opt.Symmetry = None,
    store: opt.Kept = None,
    fresh: opt.Fresh = False,
    certificates: opt.Folder = None,
    jobs: opt.Jobs = None,
    cluster: opt.Cluster = None,
    shard: opt.Part = None,
    output: opt.Output = None,
    form: opt.Form = None,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Answer questions by certified brackets, with the attack that reaches them; several make a table."""
    from freerand_opt.cli import screen
    from freerand_opt.runner.interval import interval_of
    from freerand_opt.runner.job import way_of

    names, fields = opt.split(arguments)
    wanted = opt.width_of(width)
    put = screen.wanted(output, form, as_json, quiet)
    over = interval_of(fields)
    if over is not None:
        from freerand_opt.cli import curve

        solved = {"--solver": solver != "auto", "--symmetry": symmetry, "--store": store, "--jobs": jobs}
        swept = {"--threshold": threshold, "--refine": refine, "--cluster": cluster, "--shard": shard}
        curve.refuse(swept | solved)
        how = curve.How(certificates, fresh, wanted, time_limit)
        raise typer.Exit(curve.run(names, fields, over, how, crosses, put))
    from freerand_opt.cli import running

    asked = running.Asked(names, fields, threshold, shard, refine, crosses)
    way = way_of(solver=solver, time_limit=time_limit, width=wanted, symmetry=opt.relabellings(symmetry))
    kept, place = running.shelf(certificates, quiet), running.place(jobs, cluster)
    with kept as shelf, screen.progress(quiet) as watch, place as on:
        found, heads = running.answering(asked, way, watch, on, store=store, fresh=fresh, shelf=shelf)
        if heads is not None:  # some are printed while others are sought
            code = _put(found, put, wanted, heads)
        else:
            together = [*found]
    raise typer.Exit(_put(together, put, wanted) if heads is None else code)


def _put(
    found: Iterable[Answers], put: screen.Put, wanted: Fraction | None, columns: Columns | None = None
) -> int:
    """Print and write answers, and what they fall short of; return the exit code.

    With `columns`, those of the table of all blocks, answers come block by block.
    """
    from freerand_opt.cli import running, screen, words

    codes, said = {0}, dict[str, None]()
    with put.json() as records, put.table() as table:
        for answers in found:
            lines, failed = compared(answers)
            if put.as_json:
                records([words.record(line) for line in lines])
            if put.form is not None:
                table(running.rows(lines, columns))
            alone = columns is None and len(lines) == 1
            if not put.as_json and (put.form is None or (put.output is not None and alone)):
                running.show(lines, alone=alone)
            short = [words.shortcoming(line.answer, wanted) for line in lines]
            said |= dict.fromkeys(f"error: {reason}" for reason in (*answers.failed, *failed))
            said |= dict.fromkeys([*short, *(words.hint(line.answer.instance) for line in lines)])
            codes |= {line.answer.code for line in lines} | {2 * bool(failed), int(any(short))}
    for line in filter(None, said):
        for part in screen.wrapped(line) if line.startswith("hint: ") else [line]:
            screen.say(part)
    return opt.worst(codes)


def compared(answers: Iterable[Answer]) -> tuple[list[Line], list[str]]:
    """Return answers beside the verdicts on what their files claim, and what could not be compared."""
    from freerand_opt.claims.verify import compared as judged
    from freerand_opt.cli.words import Line
    from freerand_opt.reporting.cell import Cell, cells

    lines, failed = [], []
    for one in answers:
        expect = one.instance.expect
        undecided = None if expect is None else "UNDECIDED"
        as_expected = expect is None or expect.verdict == undecided
        cell = Cell(one.file, one.instance, one.result, undecided, as_expected, one.mark)
        if one.result is not None:
            try:
                (cell,) = cells([judged(one.file, one.instance, one.result)])
            except FreerandError as error:
                failed.append(f"{one.title}: expect: {error}")
        lines.append(Line(one, cell))
    return lines, failed
