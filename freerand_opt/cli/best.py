"""The verb `freerand best`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from freerand_opt.cli import options as opt

Efficiency = Annotated[
    str, typer.Option(rich_help_panel=opt.QUESTION, help="Of all detectors; no click counts as 0.")
]
Trials = Annotated[
    int | None,
    typer.Option(rich_help_panel=opt.QUESTION, help="Bits that so many would certify, not a guess."),
]
Error = Annotated[
    str, typer.Option(rich_help_panel=opt.QUESTION, help="With --trials: delta, as data.error.")
]


def best(
    visibility: Annotated[
        str | None, typer.Option(rich_help_panel=opt.QUESTION, help="Of white noise; else the smallest.")
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option(rich_help_panel=opt.QUESTION, help="Of the bits; else the largest.")
    ] = None,
    efficiency: Efficiency = "1",
    settings: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=opt.QUESTION,
            help="Of each party: 2, 4 or 8 [4; of quantum adversaries and bits 2].",
        ),
    ] = None,
    devices: Annotated[
        str, typer.Option(rich_help_panel=opt.QUESTION, help="The adversary's: no-signalling or quantum.")
    ] = "no-signalling",
    trials: Trials = None,
    error: Error = "2^-64",
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
    from freerand_opt.cli.screen import progress
    from freerand_opt.errors import InputError
    from freerand_opt.files import require_writable, write_whole

    opt.require_file(output, "-o")
    if certificates is not None:
        require_writable(certificates, "--certificates")
    plain = trials is None and devices == "no-signalling"
    asked: dict[str, Any] = {
        "visibility": visibility,
        "epsilon": epsilon,
        "efficiency": efficiency,
        "settings": (4 if plain else 2) if settings is None else settings,
        "devices": devices,
        "starts": starts,
    }
    if trials is not None and (certificates is not None or seed):
        raise InputError("--trials", "bits of a run to come are a plan, without certificate or seed")
    with progress(quiet) as watch:
        watch.total(1, 0)
        watch.begin("search, then certify" if trials is None else "search")
        answer, numbers = _guess(asked, seed) if trials is None else _bits(asked, trials, error)
    if output is not None:
        write_whole(output, answer.question.to_toml())
    if certificates is not None:
        write_whole(certificates / "best.json", answer.result.certificate + "\n")
    _show(answer, numbers, as_json=as_json)


def _show(answer: Any, numbers: dict[str, Any], *, as_json: bool) -> None:
    from freerand_opt.cli.screen import put, put_json

    observed = answer.question.to_dict()["observed"]
    if as_json:
        put_json({"sought": answer.sought, **numbers, "observed": observed})
        return
    put(str(answer))
    put(f"state      {observed['state'][0]} |00> + ({observed['state'][3]}) |11>, up to its norm")
    for party, own in observed["measurements"].items():
        put(f"{party}          outcome 1 along " + ", ".join(_along(setting[1]) for setting in own))


def _guess(asked: dict[str, Any], seed: int) -> tuple[Any, dict[str, Any]]:
    from freerand_opt.bounds.search.best import best as found

    answer = found(**asked, seed=seed)
    rows = {"found": answer.result, "ladder": answer.ladder, "chained": answer.chained}
    return answer, {name: None if one is None else str(one.bracket) for name, one in rows.items()}


def _bits(asked: dict[str, Any], trials: int, error: str) -> tuple[Any, dict[str, Any]]:
    from freerand_opt.experiments.best import best_bits

    answer = best_bits(**asked, trials=trials, error=error)
    return answer, {name: round(getattr(answer, name).bits, 1) for name in ("found", "ladder", "chained")}


def _along(projector: list[list[str]]) -> str:
    """Return a direction (x, y) of a projector on it, y in proportion to x = 1."""
    from fractions import Fraction

    (a, b), (_, d) = ([Fraction(x) for x in row] for row in projector)
    if not b:
        return "everything" if a and d else "nothing" if not a and not d else "(1, 0)" if a else "(0, 1)"
    return f"(1, {b / a})"
