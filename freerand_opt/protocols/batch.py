"""All cases of protocol files, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from freerand_opt.model.tables.text import within
from freerand_opt.protocols.file import Case, read_protocol
from freerand_opt.protocols.simulate import Simulation, simulate


def all_cases(names: Sequence[str], overrides: Mapping[str, Any]) -> list[tuple[str, Case]]:
    """Return (where it stands, case) of each case of files; with several files the file is in its name."""
    files = [read_protocol(name, overrides) for name in names]
    found = []
    for file in files:
        for case in file.cases:
            title = " ".join(word for word in (file.path.stem if len(files) > 1 else "", case.name) if word)
            place = f"{file.path} ({case.name})" if case.name else str(file.path)
            found.append((place, Case(title, case.protocol)))
    return found


def simulate_all(
    cases: Sequence[tuple[str, Case]],
    *,
    executor: Executor | None = None,
    advance: Callable[[str, int], None] = lambda name, runs: None,
) -> tuple[list[tuple[str, Simulation]], bool]:
    """Return (name, simulation) of each case, and whether an interrupt left some out.

    `advance` is told the case's name and how many runs are finished, of all cases together.
    """
    done: list[tuple[str, Simulation]] = []
    for place, case in cases:
        before = sum(found.tally.runs for _, found in done)

        def told(runs: int, name: str = case.name, before: int = before) -> None:
            advance(name, before + runs)

        try:
            with within(place):
                found = simulate(case.protocol, executor=executor, advance=told)
        except KeyboardInterrupt:
            if not done:
                raise
            return done, True
        done.append((case.name, found))
        if found.interrupted:
            return done, True
    return done, False
