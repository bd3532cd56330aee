"""Exports, solved by programs that are not ours: glpsol, cbc and SCIP, csdp and sdpa; MOSEK reads them.

What a program finds is compared with the literature. Every question of the catalogue that MPS holds is read
by glpsol, which is particular about names.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from math import pi, sin, sqrt
from pathlib import Path
from typing import Any

import freerand_opt as fr
from freerand_opt.errors import FreerandError
from freerand_opt.reporting.export import exported
from tests.long.bare import limited, spent

#: How far a solver's own tolerance leaves its value.
TOLERANCE = {"glpsol": 1e-6, "cbc": 1e-6, "scip": 1e-6, "csdp": 1e-5, "sdpa": 1e-5}
#: Program: the form it reads, what follows its name, and where its optimum stands.
PROGRAMS = {
    "glpsol": ("mps", ["--freemps", "{file}", "-o", "{file}.out"], r"Objective:\s+\S+ = (\S+)"),
    "cbc": ("mps", ["{file}", "solve"], r"objective (?:value )?(-?[\d.]+)"),
    "csdp": ("sdpa", ["{file}"], r"Dual objective value: (\S+)"),
    "sdpa": ("sdpa", ["{file}", "{file}.out"], r"objValDual\s+= (\S+)"),
}
#: Seconds that a program may work for one export.
EACH = 120
ENDINGS = {"mps": ".mps", "sdpa": ".dat-s"}
_SCIP = """
import sys
from pyscipopt import Model
model = Model(); model.hideOutput(); model.readProblem(sys.argv[1]); model.optimize()
print("optimum", model.getObjVal() if model.getStatus() == "optimal" else model.getStatus())
"""


def _asked(devices: str, source: Any, scenario: Any, ask: Any, tests: Any = (), **more: Any) -> fr.Question:
    adversary = {"devices": devices, **more}
    return fr.Question(scenario, source, adversary=adversary, tests=list(tests), ask=ask)


def questions() -> dict[str, tuple[fr.Question, float]]:
    """Return questions with their answers in the literature."""
    guess, chsh = fr.Ask("guessing-probability", of="A", at=[0, 0]), fr.chsh()
    score = fr.Ask("score", functional="chsh")
    errors = 8 * sin(pi / 16) ** 2
    perfect, tested = fr.Uniform(), fr.Test("chsh", ">=", "27/10")
    level = {"level": "1 + A B"}
    return {
        "guess, 3/2 - S/4": (_asked("no-signalling", perfect, chsh, guess, [tested]), 1.5 - 2.7 / 4),
        "local CHSH, 4 - 8 (1/2 - e)^2": (_asked("local", fr.SanthaVazirani("1/20"), chsh, score), 2.38),
        "chained guess, (1 + I_4)/2": (
            fr.Question(
                fr.chained(4),
                perfect,
                adversary={"devices": "no-signalling"},
                observed={"behaviour": "quantum"},
                tests=[fr.Test("chained", "<=", "observed")],
                ask=guess,
            ),
            (1 + errors) / 2,
        ),
        "local Mermin, 2": (_asked("local", perfect, fr.ghz(3), fr.Ask("score", functional="mermin")), 2.0),
        "quantum CHSH, 2 sqrt 2": (_asked("quantum", perfect, chsh, score, **level), 2 * sqrt(2)),
        "quantum guess, 1/2 + sqrt(2 - S^2/4)/2": (
            _asked("quantum", perfect, chsh, guess, [tested], **level),
            0.5 + sqrt(2 - 2.7**2 / 4) / 2,
        ),
    }


def faults(seconds: float) -> list[str]:
    """Return where another program finds another value, or does not read a file."""
    ends, found = spent() + seconds, []
    with tempfile.TemporaryDirectory(prefix="freerand-exports-") as name:
        folder = Path(name)
        scip = _scip(folder)
        for words, (question, value) in questions().items():
            found += list(_solved(words, question, value, folder, scip))
        found += _mosek(folder)
        count, refused = _names(folder, ends)
    worked = seconds - ends + spent()
    print(f"  {count} questions of the catalogue read by glpsol; {worked:.0f} s worked", flush=True)
    return found + refused


def _solved(words: str, question: fr.Question, value: float, folder: Path, scip: list[str]) -> Iterator[str]:
    quantum = question.adversary.devices == "quantum"
    said = []
    for program, (form, arguments, where) in PROGRAMS.items():
        if shutil.which(program) is None or (quantum and form == "mps"):
            continue
        file = folder / f"program{ENDINGS[form]}"
        file.write_text(exported(question, form), encoding="ascii")
        optimum, text = _value([program, *(part.format(file=file) for part in arguments)], where, folder)
        said.append(program)
        if optimum is None or abs(-optimum - value) > TOLERANCE[program]:
            yield f"{words}: {program} finds {optimum} for -({value}); {text[-300:]}"
    if scip and not quantum:
        optimum, text = _value([*scip, str(folder / "program.mps")], r"optimum (\S+)", folder)
        said.append("scip")
        if optimum is None or abs(-optimum - value) > TOLERANCE["scip"]:
            yield f"{words}: scip finds {optimum} for -({value}); {text[-300:]}"
    print(f"  {words}: {', '.join(said) or 'no program is here'}", flush=True)


def _value(command: list[str], where: str, folder: Path) -> tuple[float | None, str]:
    """Return the optimum that a program prints or writes, and all that it said."""
    run, text = limited(command, folder, EACH)
    text = text if run is None else run.stdout + run.stderr
    for path in folder.glob("*.out"):
        text += path.read_text(errors="replace")
        path.unlink()
    hits = re.findall(where, text)
    return (float(hits[-1]) if hits else None), text


def _scip(folder: Path) -> list[str]:
    """Return how SCIP is run: from PyPI, in an environment of its own; nothing if it cannot be had."""
    venv.create(folder / "scip", with_pip=True)
    python = str(folder / "scip" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pyscipopt"]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        print("  SCIP cannot be installed here", flush=True)
        return []
    (folder / "scip.py").write_text(_SCIP)
    return [python, str(folder / "scip.py")]


def _mosek(folder: Path) -> list[str]:
    """Return what MOSEK, which reads without a licence, reads otherwise than it was written."""
    try:
        import mosek
    except ImportError:
        return []
    found = []
    for words, (question, _) in questions().items():
        sizes = []
        for form, ending in (("cbf", ".cbf"), ("task", ".jtask")):
            file = folder / f"program{ending}"
            file.write_text(exported(question, form), encoding="utf-8")
            with mosek.Env() as env, env.Task() as task:
                task.readdata(str(file))
                sizes.append((task.getnumvar(), task.getnumcon(), task.getnumafe(), task.getnumacc()))
        if sizes[0] != sizes[1] or not sizes[0][0]:
            found.append(f"{words}: MOSEK reads {sizes[0]} from CBF and {sizes[1]} from its task")
    print(f"  MOSEK reads CBF and task of {len(questions())} questions", flush=True)
    return found


def _names(folder: Path, ends: float) -> tuple[int, list[str]]:
    """Return how many questions of the catalogue glpsol read, and those that it refuses."""
    from freerand_opt.model.files.catalogue import claims

    found, count = [], 0
    for path in claims() if shutil.which("glpsol") else ():
        if spent() > ends:
            return count, [*found, f"only {count} questions of the catalogue were written in time"]
        try:
            question = fr.read(path).instances[0].question
            text = exported(question, "mps")
        except FreerandError:  # a computation, quantum devices, worst settings, too large
            continue
        if len(text) > 3 * 10**6:
            continue
        (folder / "named.mps").write_text(text, encoding="ascii")
        run, words = limited(["glpsol", "--freemps", "named.mps", "--check"], folder, EACH)
        count += 1
        said = words if run is None else run.stdout
        if run is None or run.returncode or "error" in said.lower():
            found.append(f"{path.stem}: glpsol: {said[-300:]}")
    return count, found


if __name__ == "__main__":
    sys.exit("\n".join(faults(300)) or 0)
