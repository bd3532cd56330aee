"""Cross-checks with other software, as `freerand verify --cross-check` runs and shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from freerand_opt.claims.verify import File
from freerand_opt.cli.screen import progress, put, put_json
from freerand_opt.crosscheck.compare import ACCURACY, CrossCheck, crosscheck, require
from freerand_opt.model.file import QuestionFile
from freerand_opt.runner.sweep import reader


def cross_checked(names: Sequence[str | File], *, as_json: bool, quiet: bool) -> int:
    """Cross-check all questions of some files and print them; return 1 if a peer disagrees, else 0.

    Raise SolverUnavailableError if a peer is not installed.
    """
    require()
    files = [file for file in (reader(name)({}, None) for name in names) if isinstance(file, QuestionFile)]
    jobs = [(file, instance) for file in files for instance in file.instances]
    found = []
    with progress(quiet) as watch:
        watch.total(len(jobs), len(jobs))
        for file, instance in jobs:
            watch.begin(f"{file.name} {instance.name}")
            found.append(crosscheck(file, instance))
            watch.end(1)
    if as_json:
        put_json([_record(one) for one in found])
    else:
        put("\n".join(_lines(found)))
    return int(any(one.disagreeing for one in found))


def _record(found: CrossCheck) -> dict[str, Any]:
    """Return one cross-check as a flat dict of floats and words."""
    return {
        "name": found.name,
        "instance": found.instance,
        "verdict": found.verdict,
        "ours": found.ours,
        "accuracy": ACCURACY,
        "peers": {peer.name: peer.words if peer.value is None else peer.value for peer in found.peers},
        "skipped": found.words or None,
    }


def _lines(results: Sequence[CrossCheck]) -> Iterator[str]:
    """Yield our certified bound, each peer's value and how far they are apart, for each instance."""
    yield f"Optima of the programs, each a maximum. Ours are certified; peers are trusted to {ACCURACY:g}."
    for found in results:
        head = f"{found.name} {found.instance}".strip()
        yield f"{head}: {found.verdict}" + (f": {found.words}" if found.words else "")
        if not found.words:
            yield f"    {'ours':16}{_number(found.ours)}"
        for peer in found.peers:
            apart = "" if peer.value is None or found.ours is None else f"{abs(peer.value - found.ours):.1e}"
            what = peer.words if peer.value is None else _number(peer.value)
            yield f"    {peer.name:16}{what}" + (f"   differs by {apart}" if apart else "")
    words = ("agrees", "DISAGREES", "skipped")
    counts = ", ".join(f"{sum(found.verdict == word for found in results)} {word}" for word in words)
    yield f"{len(results)} instances: {counts}"


def _number(value: float | None) -> str:
    return "infeasible" if value is None else f"{value:.10f}"
