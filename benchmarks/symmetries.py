"""What symmetries leave of relaxations and what they gain; prints the table of docs/levels.md.

    python benchmarks/symmetries.py [row ..]

QICS on the blocks, the search for them included, beside QICS on the full program; CPU seconds of one core.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from threadpoolctl import threadpool_limits

from freerand_opt.bounds.methods.routes import blocks_of, symmetries
from freerand_opt.model import Question, Scenario, Uniform, cglmp, ghz, i3322
from freerand_opt.programs.of_quantum import relaxation
from freerand_opt.solvers import qics, symmetric

SIGNS = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
ELEGANT = {"terms": {f"<A{x} B{y}>": SIGNS[y][x] for x in range(3) for y in range(4)}}
#: Words of the row: (scenario, what is scored, level, named symmetries).
ROWS: dict[str, tuple[Any, dict[str, Any], str, tuple[str, ...]]] = {
    **{f"cglmp d = {d}, `1 + A B`": (cglmp(d), {"functional": "cglmp"}, "1 + A B", ()) for d in (3, 5, 6)},
    "i3322, `3`": (i3322(), {"functional": "i3322"}, "3", ()),
    "mermin, four parties, `local 1`": (ghz(4), {"functional": "mermin"}, "local 1", ()),
    "svetlichny, three parties, `3`": (ghz(3), {"functional": "svetlichny"}, "3", ()),
    "Gisin's elegant functional, `2`, `find`": (Scenario((3, 4), (2, 2)), ELEGANT, "2", ("find",)),
}


def line(name: str) -> str:
    """Return one row of the table."""
    scenario, scored, level, named = ROWS[name]
    adversary = {"devices": "quantum", "level": level}
    question = Question(scenario, Uniform(), adversary=adversary, ask={"quantity": "score", **scored})
    made = relaxation(question.problem(), level)
    begun = time.process_time()
    held = symmetries(made, named)
    blocks = None if held is None else blocks_of(made, held)
    assert blocks is not None
    small = symmetric.solve(made, blocks, symmetric.in_floats)
    between = time.process_time()
    whole = qics.solve(made.program)
    ended = time.process_time()
    assert small is not None
    values = [float(made.program.cost @ found.x) for found in (small, whole)]
    assert abs(values[0] - values[1]) < 1e-5, values
    shown = (
        name,
        made.moments.matrix.size,
        made.moments.width - 1,
        blocks.lift.shape[1] - 1,
        max(block.basis.shape[2] for block in blocks.blocks),
        f"{(ended - between) / (between - begun):.2g}",
        f"{between - begun:.2f}",
    )
    return "| " + " | ".join(map(str, shown)) + " |"


def main() -> None:
    """Print the rows whose name has one of the words."""
    with threadpool_limits(1):
        line(next(iter(ROWS)))  # loads what solvers need
        for name in ROWS:
            if len(sys.argv) < 2 or any(word in name for word in sys.argv[1:]):
                print(line(name), flush=True)


if __name__ == "__main__":
    main()
