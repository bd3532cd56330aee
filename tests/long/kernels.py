"""The semidefinite catalogue under the kernels of OpenBLAS: no verdict moves, ends agree.

OPENBLAS_CORETYPE chooses the code that multiplies matrices, as another processor would; the floats that a
solver ends with differ in their last digits.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
#: Kernel: the flag that a processor needs for it, by its name in /proc/cpuinfo.
KERNELS = {
    "Haswell": "avx2",
    "SkylakeX": "avx512f",
    "Sandybridge": "avx",
    "Nehalem": "sse4_2",
    "Prescott": "pni",
}
#: OpenBLAS names code by the oldest processor that runs it.
SAME_CODE = {"Prescott": "Katmai"}
#: Where one of these words is in how an answer was proved, its ends are exact to EXACT on every machine.
SURE_ROUTES = ("face", "integers", "high precision")
EXACT = 1e-9
#: A claim without a width of its own is as wide as relaxations usually are.
USUAL = 1e-6
_ARCHITECTURE = (
    "import numpy, threadpoolctl as t; "
    "print(*{i.get('architecture') for i in t.threadpool_info() if i['internal_api'] == 'openblas'})"
)

Claim = tuple[str, str]
Answers = dict[Claim, dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """The answers under one kernel; `words` says why there are none."""

    kernel: str
    answers: Answers
    words: str = ""


def allowed(kernel: str) -> bool:
    """Return whether this processor can run a kernel."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    flags = Path("/proc/cpuinfo")
    return not flags.exists() or KERNELS[kernel] in flags.read_text(encoding="utf-8").split()


def core() -> list[Path]:
    """Return the semidefinite claims of the core tier; the long ones take minutes each."""
    import freerand_opt as fr

    return [path for path in sorted((ROOT / "sdps").glob("*.toml")) if fr.read(path).tier == "core"]


def verified(kernel: str, seconds: int) -> Run:
    """Verify the catalogue anew under a kernel, within so many seconds of its own processor time."""
    with tempfile.TemporaryDirectory(prefix="freerand-kernel-") as cache:
        return _verified(
            kernel, seconds, {**os.environ, "OPENBLAS_CORETYPE": kernel, "XDG_CACHE_HOME": cache}
        )


def _verified(kernel: str, seconds: int, environment: dict[str, str]) -> Run:
    chosen = subprocess.run(
        [sys.executable, "-c", _ARCHITECTURE], env=environment, capture_output=True, text=True, check=False
    )
    if chosen.stdout.split() not in ([kernel], [SAME_CODE.get(kernel)]):
        return Run(kernel, {}, f"OpenBLAS took {chosen.stdout.strip() or 'nothing'} instead")
    command = [sys.executable, "-m", "freerand_opt", "verify", *map(str, core()), "--json", "--quiet"]
    # what others take on the same processor does not count
    limited = ["sh", "-c", f'ulimit -t {seconds}; exec "$@"', "verify", *command]
    run = subprocess.run(limited, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if run.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Run(kernel, {}, f"did not end within {seconds} CPU seconds")
    try:
        rows = json.loads(run.stdout)
    except ValueError:
        return Run(kernel, {}, f"exit {run.returncode}, {run.stderr.strip()[-500:]}")
    return Run(kernel, {(row["name"], row["instance"]): row for row in rows})


def widths() -> dict[Claim, float]:
    """Return how far a claim allows its answer to be from its value."""
    import freerand_opt as fr

    found = {}
    for path in core():
        file = fr.read(path)
        for one in file.instances:
            within = one.expect.within if one.expect else None
            found[file.name, one.name] = float(within or 0)
    return found


def faults(runs: list[Run], within: Mapping[Claim, float]) -> Iterator[str]:
    """Yield what moves from one kernel to another, and what is not as the catalogue expects."""
    for run in runs:
        if run.words:
            yield f"{run.kernel}: {run.words}"
        for claim, row in run.answers.items():
            if not row["as_expected"]:
                yield f"{run.kernel}: {_title(claim)} is {row['verdict']}, {_ends(row)}"
    held = [run for run in runs if run.answers]
    for claim in sorted({claim for run in held for claim in run.answers}):
        rows = {run.kernel: run.answers[claim] for run in held if claim in run.answers}
        if len(rows) < len(held):
            yield f"{_title(claim)}: answered under {', '.join(rows)} alone"
        yield from _moved(claim, rows, within.get(claim, 0.0))


def _moved(claim: Claim, rows: Mapping[str, dict[str, Any]], within: float) -> Iterator[str]:
    """Yield where the answers to one claim differ."""
    for key in ("verdict", "infeasible"):
        if len({row[key] for row in rows.values()}) > 1:
            words = ", ".join(f"{row[key]} ({kernel})" for kernel, row in rows.items())
            yield f"{_title(claim)}: {key} moves: {words}"
    sure = all(_sure(row) for row in rows.values())
    most = EXACT if sure else max(within, USUAL)
    for end in ("lower_float", "upper_float"):
        values = {kernel: row[end] for kernel, row in rows.items()}
        known = [value for value in values.values() if value is not None]
        if 0 < len(known) < len(values) or (known and max(known) - min(known) > most):
            words = ", ".join(f"{value} ({kernel})" for kernel, value in values.items())
            yield f"{_title(claim)}: {end.partition('_')[0]} end moves by more than {most:g}: {words}"


def _sure(row: Mapping[str, Any]) -> bool:
    return any(word in " ".join(row["proofs"].values()) for word in SURE_ROUTES)


def same_digests(runs: list[Run]) -> tuple[int, int]:
    """Return how many certificates are the same under all kernels, of how many."""
    held = [run.answers for run in runs if run.answers]
    claims = {claim for answers in held for claim in answers}
    same = sum(len({answers.get(claim, {}).get("certificate") for answers in held}) == 1 for claim in claims)
    return same, len(claims)


def _title(claim: Claim) -> str:
    return " ".join(part for part in claim if part)


def _ends(row: Mapping[str, Any]) -> str:
    return f"[{row['lower_float']}, {row['upper_float']}]"
