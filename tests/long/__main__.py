"""Run the parts one after another; none is begun that would pass the budget. Exit 1 if something is wrong."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.long import bare, checks, entropies, exports, kernels, pages
from tests.oracle.record import fresh_seed, too_few
from tests.oracle.run import Plan, report, run

#: Seconds that all parts have together, and the parts' own.
BUDGET = 36 * 60
BARE, KERNELS, ORACLE = 4 * 60, 8 * 60, 5 * 60
#: CPU seconds that the catalogue may take under one kernel.
KERNEL = 300
CHECKER, STATEMENTS, PAGES, EXPORTS, ENTROPIES = 5 * 60, 60, 8 * 60, 2 * 60, 3 * 60
#: Questions about local or no-signalling, and about quantum devices, and the share of time for the former.
LINEAR, QUANTUM, LINEAR_SHARE = 2900, 100, 0.6
#: The questions of a stated seed: so many, however long they take, so that every machine asks the same.
SEEDED_LINEAR, SEEDED_QUANTUM = 1000, 40
#: Questions about entropies, always so many; more by hand: `python -m tests.long.entropies --count 1000`.
ASKED = 150


@dataclass(frozen=True)
class Part:
    """One part: `seconds` that it may take, and what returns its faults."""

    name: str
    seconds: int
    run: Callable[[], list[str]]


def bare_environment() -> list[str]:
    """Install the wheel without extras and verify."""
    return bare.faults(BARE)


def catalogue() -> list[str]:
    """Verify the semidefinite catalogue under each kernel, as many at a time as there are processors."""
    chosen = [kernel for kernel in kernels.KERNELS if kernels.allowed(kernel)]
    for kernel in sorted({*kernels.KERNELS} - {*chosen}):
        print(f"  {kernel}: not on this processor", flush=True)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        runs = list(pool.map(lambda kernel: kernels.verified(kernel, KERNEL), chosen))
    for run_ in runs:
        print(f"  {run_.kernel}: {run_.words or f'{len(run_.answers)} claims'}", flush=True)
    same, total = kernels.same_digests(runs)
    print(f"  {same} of {total} certificates are the same under {len(runs)} kernels", flush=True)
    return list(kernels.faults(runs, kernels.widths()))


def oracle(stated: int | None) -> list[str]:
    """Ask the random questions of a stated seed, or new ones for as long as there is time."""
    if stated is None:
        seed, of_linear, of_quantum = fresh_seed(), LINEAR, QUANTUM
    else:
        seed, of_linear, of_quantum = stated, SEEDED_LINEAR, SEEDED_QUANTUM
    found = []
    for linear, quantum, share in ((of_linear, 0, LINEAR_SHARE), (0, of_quantum, 1 - LINEAR_SHARE)):
        budget = share * ORACLE if stated is None else None
        plan = Plan(seed, linear, quantum, os.cpu_count() or 1, budget)
        made = run(plan)
        lines = report(plan, made)
        print("  " + "\n  ".join(lines), flush=True)
        if len(made) < linear + quantum:
            print(f"  {len(made)} of {linear + quantum} questions were asked within the budget", flush=True)
        found += [f"{one.fault} ({one.again})" for one in made if one.fault]
        found += too_few(made) if linear else []
    return found


def read_pages() -> list[str]:
    """Run every cell and shell line of the pages from an installed wheel."""
    return pages.faults(PAGES)


def other_programs() -> list[str]:
    """Solve exports with programs that are not ours."""
    return exports.faults(EXPORTS)


def checker() -> list[str]:
    """Change certificates at random, and compare the corridor with a program of the checker's own tests."""
    return checks.checker(CHECKER)


def statements() -> list[str]:
    """Play rounds against the statements about counts."""
    return checks.statements(STATEMENTS)


def beside_guesses(stated: int | None) -> list[str]:
    """Put random entropies beside guesses."""
    lines, found = entropies.run(fresh_seed() if stated is None else stated, ASKED)
    print("  " + "\n  ".join(lines), flush=True)
    return found


def parts(seed: int | None) -> tuple[Part, ...]:
    """Return all parts; random questions are those of a seed, None for new ones."""
    return (
        Part("bare", BARE, bare_environment),
        Part("kernels", KERNELS, catalogue),
        Part("oracle", ORACLE, lambda: oracle(seed)),
        Part("checker", CHECKER, checker),
        Part("statements", STATEMENTS, statements),
        Part("entropies", ENTROPIES, lambda: beside_guesses(seed)),
        Part("exports", EXPORTS, other_programs),
        Part("pages", PAGES, read_pages),
    )


def main() -> int:
    """Run all parts, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.long", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(part.name for part in parts(None))}")
    words = f"of {SEEDED_LINEAR} + {SEEDED_QUANTUM} random questions; without it new ones every time"
    parser.add_argument("--seed", type=int, help=words)
    given = parser.parse_args()
    chosen = [part for part in parts(given.seed) if not given.parts or part.name in given.parts]
    planned = ", ".join(f"{part.name} {part.seconds // 60} min" for part in chosen)
    print(f"budget {BUDGET // 60} min: {planned}", flush=True)
    begun, wrong, left = time.perf_counter(), list[str](), 0
    for part in chosen:
        spent = time.perf_counter() - begun
        if spent + part.seconds > BUDGET:
            print(f"{part.name}: NOT BEGUN, {spent / 60:.1f} min are spent", flush=True)
            left += 1
            continue
        print(f"{part.name}:", flush=True)
        found = part.run()
        taken = time.perf_counter() - begun - spent
        print("".join(f"  FAULT {fault}\n" for fault in found), end="")
        print(f"{part.name}: {len(found)} faults, {taken / 60:.1f} min", flush=True)
        wrong += [f"{part.name}: {fault}" for fault in found]
    # once more: of a long output often only the end is kept
    print("".join(f"FAULT {fault}\n" for fault in wrong), end="")
    print(f"{len(wrong)} faults, {left} parts not begun, {(time.perf_counter() - begun) / 60:.1f} min")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
