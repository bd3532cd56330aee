"""The verb `freerand best`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from freerand_opt.cli import options as opt


def best(
    visibility: Annotated[
        str | None, typer.Option(rich_help_panel=opt.QUESTION, help="Of white noise; else the smallest.")
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option(rich_help_panel=opt.QUESTION, help="Of the bits; else the largest.")
    ] = None,
    efficiency: Annotated[
        str, typer.Option(rich_help_panel=opt.QUESTION, help="Of all detectors; no click counts as 0.")
    ] = "1",
    settings: Annotated[
        int, typer.Option(rich_help_panel=opt.QUESTION, help="Of each party: 2, 4 or 8.")
    ] = 4,
    starts: Annotated[
        int, typer.Option(min=1, rich_help_panel=opt.GOOD, help="Devices that the search begins with.")
    ] = 4,
    seed: Annotated[int, typer.Option(rich_help_panel=opt.GOOD, help="Of the search.")] = 0,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", rich_help_panel=opt.PUT, help="Write the question here.")
    ] = None,
    certificates: opt.Folder = None,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Find the state and measurements that bear noise and biased bits best, and certify what they give."""
    from freerand_opt.bounds.best import best as found
    from freerand_opt.cli.screen import progress, put, put_json
    from freerand_opt.files import require_writable, write_whole

    opt.require_file(output, "-o")
    if certificates is not None:
        require_writable(certificates, "--certificates")
    with progress(quiet) as watch:
        watch.total(1, 0)
        watch.begin("search, then certify")
        answer = found(
            visibility=visibility,
            epsilon=epsilon,
            efficiency=efficiency,
            settings=settings,
            starts=starts,
            seed=seed,
        )
    observed = answer.question.to_dict()["observed"]
    if output is not None:
        write_whole(output, answer.question.to_toml())
    if certificates is not None:
        write_whole(certificates / "best.json", answer.result.certificate + "\n")
    if as_json:
        rows = {"found": answer.result, "ladder": answer.ladder, "chained": answer.chained}
        brackets = {name: None if one is None else str(one.bracket) for name, one in rows.items()}
        put_json({"sought": answer.sought, **brackets, "observed": observed})
        return
    put(str(answer))
    put(f"state      {observed['state'][0]} |00> + ({observed['state'][3]}) |11>, up to its norm")
    for party, own in observed["measurements"].items():
        put(f"{party}          outcome 1 along " + ", ".join(_along(setting[1]) for setting in own))


def _along(projector: list[list[str]]) -> str:
    """Return a direction (x, y) of a projector on it, y in proportion to x = 1."""
    from fractions import Fraction

    (a, b), (_, d) = ([Fraction(x) for x in row] for row in projector)
    if not b:
        return "everything" if a and d else "nothing" if not a and not d else "(1, 0)" if a else "(0, 1)"
    return f"(1, {b / a})"
