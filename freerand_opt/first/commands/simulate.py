"""The verb `freerand simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from freerand_opt.errors import InputError


def simulate(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Protocol files, and field=value: source.epsilon=0:1/5:1/20")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Processes; the result is the same.")] = 1,
    csv: Annotated[Path | None, typer.Option(help="Also write the rows, the data of figures, here.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the protocols' JSON schema.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress on stderr.")] = False,
) -> None:
    """Run a protocol many times: confidence intervals beside exact recursions, never brackets."""
    from freerand_opt.files import require_writable, write_whole
    from freerand_opt.first.reporting import simulations
    from freerand_opt.first.reporting.terminal import put, put_json
    from freerand_opt.first.spec.grids import assignments

    if schema:
        from freerand_opt.first.schemas import protocol_schema

        put_json(protocol_schema())
        return
    words = arguments or []
    names = [word for word in words if "=" not in word or Path(word).exists()]
    if not names:
        raise InputError("simulate", "no protocol file; examples are in docs/protocols/ (docs/simulation.md)")
    if csv is not None:
        if csv.is_dir():
            raise InputError("--csv", f"{csv} is a directory; a file is needed")
        require_writable(csv.parent, "--csv")
    from freerand_opt.first.reporting.simulating import run_all

    overrides = assignments([word for word in words if word not in names])
    done, interrupted = run_all(names, overrides, jobs, quiet)
    if as_json:
        put_json([simulations.record(name, found) for name, found in done])
    else:
        put("\n".join(simulations.lines(done)))
    if csv is not None:
        write_whole(csv, simulations.as_csv(done))
    if interrupted:
        raise KeyboardInterrupt
