"""Reading the box of a strategy, as its devices allow."""

from __future__ import annotations

from typing import Any

from freerand_opt.checker.asked import Question
from freerand_opt.checker.devices import Box, Deterministic, Quantum, Qubits, Table
from freerand_opt.checker.failures import Rejected, Work
from freerand_opt.checker.purified import Purified
from freerand_opt.checker.reading import tag

BOXES = ("deterministic", "table", "quantum", "qubits", "purified")


def read_box(raw: Any, q: Question, work: Work, where: str) -> Box:
    """Return a box of the question's devices."""
    allowed = {
        "local": BOXES[:1],
        "quantum": ("deterministic", "quantum", "qubits", "purified"),
        "no-signalling": BOXES[:4],
    }
    kind = tag(raw, "kind", where, BOXES)
    if kind not in allowed[q.devices]:
        raise Rejected(f"{where}: {q.devices} devices have no {kind} boxes here")
    if kind == "deterministic":
        return Deterministic(raw, q, where)
    if kind == "table":
        return Table(raw, q, work, where)
    if kind == "purified":
        return Purified(raw, q, work, where)
    return Quantum(raw, q, work, where) if kind == "quantum" else Qubits(raw, q, where)
