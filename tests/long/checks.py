"""More of what `make test` does a little of: mutants, random questions, statements about counts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
#: Mutants of certificates in all, and random questions of each kind of source.
MUTANTS, QUESTIONS = 20_000, 100
#: Curves whose prices are changed.
PRICES = 10_000
_STATEMENTS = """
import sys
sys.path.insert(0, "benchmarks")
from experiments import holds, rows
for statement, player, found, words in rows():
    line = f"{statement}, {player}: {found.passed} of {found.runs}"
    print(line if holds(found, words) else f"FAULT {line}; it must be {words}", flush=True)
"""


def checker(seconds: float) -> list[str]:
    """Return what fails in the tests of the kernel with more mutants and more questions."""
    ends, found = time.monotonic() + seconds, []
    for name, variable, count in (
        ("mutations", "FREERAND_MUTANTS", MUTANTS),
        ("oracle", "FREERAND_ORACLE", QUESTIONS),
        ("curves", "FREERAND_PRICES", PRICES),
    ):
        command = [sys.executable, "-m", "pytest", "-q", "-x", f"tests/kernel/test_{name}.py"]
        code, said = _run(command, {variable: str(count)}, ends)
        print(f"  {name}: {count}, {said.splitlines()[-1] if said else 'nothing was said'}", flush=True)
        found += [f"{name}: {said[-1500:]}"] if code else []
    return found


def statements(seconds: float) -> list[str]:
    """Return which statements about counts are false more often than they say."""
    code, said = _run([sys.executable, "-c", _STATEMENTS], {}, time.monotonic() + seconds)
    lines = said.splitlines()
    print("".join(f"  {line}\n" for line in lines), end="", flush=True)
    faults = [line.removeprefix("FAULT ") for line in lines if line.startswith("FAULT ")]
    return faults + ([said[-1500:] or "nothing was said"] if code or not lines else [])


def _run(command: list[str], more: dict[str, str], ends: float) -> tuple[int, str]:
    """Return the exit code of a command and what it said; 1 if it is not done in time."""
    left = max(ends - time.monotonic(), 0.1)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", **more}
    try:
        run = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=left, check=False
        )
    except subprocess.TimeoutExpired:
        return 1, f"did not end within {left:.0f} s"
    return run.returncode, (run.stdout + run.stderr).strip()
