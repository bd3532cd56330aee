"""Simulations as flat rows for figures and tables, as CSV, and as JSON data."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from freerand_opt.protocols.simulate import Simulation
from freerand_opt.protocols.sources import HeldBits
from freerand_opt.protocols.words import first_order

#: A simulation with the name of its case.
Named = tuple[str, Simulation]


def rows(done: Sequence[Named]) -> list[dict[str, Any]]:
    """Return one flat row for each quantity of each (case name, simulation): the data of figures.

    `simulated` with `lower` and `upper` is the estimate with its binomial interval, `computed_*` the
    enclosure by recursion, `bound` the analysis; None where there is none.
    """
    return [
        {
            **_parameters(name, found),
            "quantity": line.quantity,
            "count": None if line.simulated is None else line.simulated.count,
            "of": None if line.simulated is None else line.simulated.of,
            "simulated": None if line.simulated is None else line.simulated.value,
            "lower": None if line.simulated is None else line.simulated.lower,
            "upper": None if line.simulated is None else line.simulated.upper,
            "computed_lower": None if line.computed is None else line.computed[0],
            "computed_upper": None if line.computed is None else line.computed[1],
            "bound": line.bound,
            "agrees": line.agrees,
        }
        for name, found in done
        for line in found.lines
    ]


def record(name: str, found: Simulation) -> dict[str, Any]:
    """Return one simulation as JSON data: its parameters once, then its quantities."""
    head = _parameters(name, found)
    law, analysis = found.law, found.analysis
    return {
        **head,
        "interrupted": found.interrupted,
        "test_probability": None if law is None else str(law.test),
        "deterministic_error": None if law is None else str(law.error),
        "window": None if found.protocol.tests is not None else list(found.protocol.window),
        "analysis": None
        if analysis is None
        else {"paper": analysis.paper, "sharp": analysis.sharp, "half_limit": analysis.limit},
        "first_order_bias": first_order(found.protocol),
        "quantities": [
            {key: value for key, value in row.items() if key not in head} for row in rows([(name, found)])
        ],
        "seconds": round(found.seconds, 3),
    }


def as_csv(done: Sequence[Named]) -> str:
    """Return the rows as CSV with a header line."""
    table = rows(done)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def _parameters(name: str, found: Simulation) -> dict[str, Any]:
    protocol, sampling, source = found.protocol, found.protocol.sampling, found.protocol.source
    return {
        "case": name,
        "variant": protocol.protocol.variant,
        "N": protocol.size,
        "M": protocol.rounds,
        "L": protocol.tests,
        "exponent": None if protocol.exponent is None else str(protocol.exponent),
        "source": source.tag()["kind"],
        "epsilon": None if protocol.epsilon is None else str(protocol.epsilon),
        "hold": source.hold if isinstance(source, HeldBits) else None,
        "honest": protocol.devices.honest,
        "fraction": str(protocol.devices.fraction),
        "first": protocol.devices.first,
        "selection": protocol.selection.model,
        "route": protocol.route,
        "seed": sampling.seed,
        "runs": found.tally.runs,
        "confidence": str(sampling.confidence),
    }
