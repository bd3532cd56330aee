"""The wheel in an empty environment, without extras, outside the checkout: `freerand verify` ends with 0."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
#: What no bare environment has; if it is there, the environment is not bare.
EXTRAS = ("qics", "cvxpy", "picos", "matplotlib", "polars", "distributed")


def faults(seconds: float) -> list[str]:
    """Return what is wrong with a bare installation, which may take so many seconds."""
    ends = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="freerand-bare-") as name:
        folder = Path(name)
        bin_, words = installed(folder, "", ends)
        if words:
            return [words]
        found = [f"{package} is there" for package in EXTRAS if _has(bin_, package, folder)]
        verify = _fault([str(bin_ / "freerand"), "verify", "--quiet", "--json"], folder, ends)
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
    left = max(ends - time.monotonic(), 0.1)
    try:
        run = subprocess.run(
            command, cwd=folder, env=_outside(), capture_output=True, text=True, timeout=left, check=False
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {left:.0f} s"
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
