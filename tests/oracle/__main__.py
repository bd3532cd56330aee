"""`python -m tests.oracle --seed S --count N --quantum M`: exit 1 if an answer is wrong."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.oracle.record import fresh_seed
from tests.oracle.run import Plan, report, run


def main() -> int:
    """Run the plan of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument(
        "--seed", type=int, help="the first question's seed; the k-th has seed + k (new each time)"
    )
    parser.add_argument(
        "--count", type=int, default=200, help="questions about local and no-signalling devices"
    )
    parser.add_argument("--quantum", type=int, default=0, help="questions about quantum devices")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--budget", type=float, help="seconds after which no question is begun")
    parser.add_argument("--write", type=Path, help="folder for the questions of faults (a temporary one)")
    given = parser.parse_args()
    seed = fresh_seed() if given.seed is None else given.seed
    plan = Plan(seed, given.count, given.quantum, given.processes, given.budget)
    print(f"seed {seed}", flush=True)
    found = run(plan)
    print("\n".join(report(plan, found, given.write)))
    return int(any(made.fault for made in found))


if __name__ == "__main__":
    raise SystemExit(main())
