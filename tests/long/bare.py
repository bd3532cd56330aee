"""The wheel in an empty environment, without extras, outside the checkout: `freerand verify` ends with 0.

Limits are seconds that a processor worked, so that a busy machine is no fault.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
#: What no bare environment has; if it is there, the environment is not bare.
EXTRAS = ("qics", "cvxpy", "picos", "matplotlib", "polars", "distributed")
#: Seconds on the clock for each that a processor works; who takes longer hangs.
PATIENCE = 10


def spent() -> float:
    """Return the seconds that a processor worked for this process and its children that ended."""
    return sum(os.times()[:4])


def limited(
    command: list[str], folder: Path, seconds: float, environment: dict[str, str] | None = None
) -> tuple[subprocess.CompletedProcess[str] | None, str]:
    """Run a command that may work so many seconds; return it, or nothing and why it did not end.

    The limit holds for each of its processes, and for all together once it ended.
    """
    most, before = max(math.ceil(seconds), 1), spent()
    whole = ["bash", "-c", f'ulimit -t {most}; exec "$@"', "--", *command]
    environment = _outside() if environment is None else environment
    try:
        run = subprocess.run(
            whole,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE * (most + 30),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"did not end in {PATIENCE * (most + 30)} s on the clock"
    worked = spent() - before
    return (run, "") if worked <= most else (None, f"worked {worked:.0f} s of at most {most}")


def faults(seconds: float) -> list[str]:
    """Return what is wrong with a bare installation, for which a processor may work so many seconds."""
    ends = spent() + seconds
    with tempfile.TemporaryDirectory(prefix="freerand-bare-") as name:
        folder = Path(name)
        bin_, words = installed(folder, "", ends)
        if words:
            return [words]
        found = [f"{package} is there" for package in EXTRAS if _has(bin_, package, folder)]
        verify = _fault([str(bin_ / "freerand"), "verify", "--quiet", "--json"], folder, ends)
        print(f"  {seconds - ends + spent():.0f} s worked of at most {seconds:.0f}", flush=True)
        return [*found, f"freerand verify: {verify}"] if verify else found


def installed(folder: Path, extras: str, ends: float) -> tuple[Path, str]:
    """Build the wheel and install it in an environment below a folder; return its programs, and a fault."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    bin_ = folder / "venv" / "bin"
    fault = _fault(build, folder, ends)
    if fault:
        return bin_, f"build: {fault}"
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    pip = [str(bin_ / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    named = f"{wheel}[{extras}]" if extras else str(wheel)
    fault = _fault([*pip, "-c", str(ROOT / "constraints.txt"), named], folder, ends)
    return bin_, f"pip install {extras}: {fault}" if fault else ""


def _has(bin_: Path, package: str, folder: Path) -> bool:
    command = [str(bin_ / "python"), "-c", f"import {package}"]
    environment = _outside()
    return (
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode == 0
    )


def _outside() -> dict[str, str]:
    """Return the environment without paths to other packages."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}


def _fault(command: list[str], folder: Path, ends: float) -> str:
    """Return how a command failed, an empty text if it ended with 0."""
    run, words = limited(command, folder, ends - spent())
    if run is None:
        return words
    if run.returncode == 0:
        return ""
    return "\n    ".join([f"exit {run.returncode}", *_unexpected(run.stdout), run.stderr.strip()[-1500:]])


def _unexpected(said: str) -> list[str]:
    """Return the claims that are not as the catalogue expects, from the JSON that `verify` prints."""
    try:
        rows = json.loads(said)
    except ValueError:
        return [said.strip()[-1500:]]
    ends = ("lower_float", "upper_float")
    return [
        f"{row['name']} {row['instance']}: {row['verdict']}, {[row[end] for end in ends]}"
        for row in rows
        if not row["as_expected"]
    ]
