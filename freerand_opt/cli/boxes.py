"""The verb `freerand boxes`."""

from __future__ import annotations

from collections import Counter
from math import lcm
from pathlib import Path
from typing import Annotated, Any

import typer

from freerand_opt.cli import options as opt
from freerand_opt.errors import InputError


def boxes(
    settings: Annotated[str, typer.Argument(help="Numbers of settings by party, as 3,3.")],
    outcomes: Annotated[str, typer.Argument(help="Numbers of outcomes by party, as 2,2.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", rich_help_panel=opt.PUT, help="All of them: boxes.json.")
    ] = None,
    as_json: opt.AsJson = False,
) -> None:
    """List all extreme no-signalling boxes of a scenario, exactly."""
    import json

    from freerand_opt.cli.screen import facts, put, put_json, say
    from freerand_opt.files import write_whole
    from freerand_opt.model.scenario import Scenario
    from freerand_opt.programs.extremes import extreme_boxes

    if output is not None:
        opt.require_file(output, "-o")
    scenario = Scenario(_sizes(settings, "settings"), _sizes(outcomes, "outcomes"))
    found = extreme_boxes(scenario)
    listed: list[Any] = [box.to_labels() for box in found]
    if output is not None:
        plain = [{label: str(p) for label, p in box.items()} for box in listed]
        write_whole(output, json.dumps(plain, indent=1) + "\n")
        say(f"wrote {output} ({len(plain)} boxes)")
    units = [lcm(*(p.denominator for p in box.values())) for box in listed]
    kinds = Counter(units)
    if as_json:
        put_json(
            {"boxes": len(found), "deterministic": kinds[1], "by_denominator": dict(sorted(kinds.items()))}
        )
        return
    lines = [("boxes", f"{len(found)}, of which {kinds.pop(1, 0)} are deterministic")]
    lines += [("", f"{n} with probabilities in multiples of 1/{d}") for d, n in sorted(kinds.items())]
    shown = listed[max(range(len(units)), key=lambda k: (units[k], len(listed[k])))]
    lines += [("for example", ", ".join(f"{label} = {p}" for label, p in shown.items()))]
    put(facts(lines))


def _sizes(words: str, what: str) -> Any:
    try:
        return tuple(int(word) for word in words.split(","))
    except ValueError:
        raise InputError(what, f"{words[:40]!r}: numbers with commas are needed, as 3,3") from None
