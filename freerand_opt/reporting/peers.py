"""Cross-checks with other software, as they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from freerand_opt.crosscheck.compare import ACCURACY, CrossCheck


def record(found: CrossCheck) -> dict[str, Any]:
    """Return one cross-check as a flat dict of floats and words."""
    return {
        "name": found.name,
        "instance": found.instance,
        "verdict": found.verdict,
        "ours": found.ours,
        "accuracy": found.accuracy,
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
            shown = peer.words
            if peer.value is not None:
                apart = "" if found.ours is None else f"   differs by {abs(peer.value - found.ours):.1e}"
                shown = _number(peer.value) + apart + (f" ({peer.words})" if peer.words else "")
            yield f"    {peer.name:16}{shown}"
    words = ("agrees", "DISAGREES", "skipped")
    counts = ", ".join(f"{sum(found.verdict == word for found in results)} {word}" for word in words)
    yield f"{len(results)} instances: {counts}"


def _number(value: float | None) -> str:
    return "infeasible" if value is None else f"{value:.10f}"
