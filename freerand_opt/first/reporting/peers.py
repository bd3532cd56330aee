"""Cross-checks with other software, as they are run and shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from freerand_opt.first.peers.crosscheck import ACCURACY, CrossCheck, crosscheck, require
from freerand_opt.cli.screen import progress, put, put_json
from freerand_opt.first.spec.file import QuestionFile


def run(files: Sequence[QuestionFile], *, as_json: bool, quiet: bool) -> bool:
    """Cross-check all instances and print them; return whether no peer disagrees.

    Raise SolverUnavailableError if a peer is not installed.
    """
    require()
    jobs = [(file, instance) for file in files for instance in file.instances]
    found = []
    with progress(quiet) as watch:
        watch.total(len(jobs), len(jobs))
        for file, instance in jobs:
            watch.begin(f"{file.name} {instance.name}")
            found.append(crosscheck(file, instance))
            watch.end(1)
    if as_json:
        put_json([record(one) for one in found])
    else:
        put("\n".join(lines(found)))
    return not any(one.disagreeing for one in found)


def record(found: CrossCheck) -> dict[str, Any]:
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


def lines(results: Sequence[CrossCheck]) -> Iterator[str]:
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
