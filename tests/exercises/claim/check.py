"""A claim: found by its name, verified by the command, refuted when it says something else."""

import subprocess
import sys
from pathlib import Path

from freerand_opt.model.files import catalogue

path = catalogue.find("gyni_scores")
assert path is not None
assert path.parent == Path("lps").resolve()


def verify(file):
    command = [sys.executable, "-m", "freerand_opt", "verify", str(file), "--store", "store"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


run = verify(path)
assert run.returncode == 0, run.stdout + run.stderr
assert run.stdout.count("PROVED") >= 2

wrong = Path("gyni_wrong.toml")
wrong.write_text(path.read_text().replace('"4/3"', '"5/4"'))
run = verify(wrong)
assert run.returncode == 1, run.stdout + run.stderr
assert "REFUTED" in run.stdout
