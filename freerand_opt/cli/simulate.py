"""The verb `freerand simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from freerand_opt.cli import options as opt
from freerand_opt.errors import InputError


def simulate(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Protocol files, and field=value: source.epsilon=0:1/5:1/20")
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, max=256, rich_help_panel=opt.RUNS, help="Processes; the result is the same.")
    ] = 1,
    csv: Annotated[
        Path | None,
        typer.Option(rich_help_panel=opt.PUT, help="Also write the rows, the data of figures, here."),
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the protocols' JSON schema.")] = False,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Run a protocol many times: confidence intervals beside exact recursions, never brackets."""
    from freerand_opt.cli import screen

    if schema:
        from freerand_opt.protocols.file import protocol_schema

        screen.put_json(protocol_schema())
        return
    names, values = opt.split(arguments or [])
    if not names:
        raise InputError("simulate", "no protocol file; examples are in docs/protocols/ (docs/simulation.md)")
    opt.require_file(csv, "--csv")
    from freerand_opt.files import write_whole
    from freerand_opt.protocols import rows, words
    from freerand_opt.protocols.batch import all_cases, simulate_all
    from freerand_opt.runner.executor import local

    cases = all_cases(names, values)
    with (
        screen.counting(quiet, sum(case.protocol.sampling.runs for _, case in cases)) as advance,
        local(jobs) as found,
    ):
        executor = None if jobs == 1 else found
        done, interrupted = simulate_all(cases, executor=executor, advance=advance)
    if as_json:
        screen.put_json([rows.record(name, one) for name, one in done])
    else:
        shown = (screen.wrapped(line, 11) or [""] for line in words.lines(done))
        screen.put("\n".join(part for parts in shown for part in parts))
    if csv is not None:
        write_whole(csv, rows.as_csv(done))
        screen.say(f"wrote {csv}")
    if interrupted:
        raise KeyboardInterrupt
