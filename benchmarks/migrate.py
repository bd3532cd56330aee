"""Write the committed certificates as version 2, and say what cannot be carried and why.

``python benchmarks/migrate.py [--base COMMIT] [--seconds N] [--log FILE] [FILE.toml ..]`` goes through the
catalogue and the reports (or the files named), answers every question for which a certificate of version 1
stands at COMMIT, and puts the new one in its place. A certificate that is of version 2 already and proves at
least as much is kept, so that a run can be repeated: what fails is tried again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from freerand_opt.bounds.bound import bound
from freerand_opt.bounds.result import Result, result_of
from freerand_opt.claims.conjecture import file as computations
from freerand_opt.claims.conjecture.computed import Computed, compute, computed_of
from freerand_opt.claims.verify import compared
from freerand_opt.files import file_name, write_whole
from freerand_opt.model.catalogue import claims
from freerand_opt.model.file import read
from freerand_opt.model.head import kind_of, load
from freerand_opt.numbers.exact import Exact, compare
from freerand_opt.numbers.parse import parse

ROOT = Path(__file__).resolve().parent.parent
#: How much weaker an end may be than that of version 1 (ends of relaxations are found in floats).
SLACK = Fraction(1, 10**8)


def old_of(base: str, path: Path) -> dict[str, Any] | None:
    """Return the certificate of version 1 at a commit."""
    name = f"{base}:{path.relative_to(ROOT).as_posix()}"
    shown = subprocess.run(["git", "show", name], cwd=ROOT, capture_output=True, check=False)
    return json.loads(shown.stdout) if shown.returncode == 0 else None


def weaker(old: dict[str, Any], lower: Exact | None, upper: Exact | None, slack: Fraction) -> str:
    """Return in which end an answer falls short of the old one, in words, or nothing."""
    found = []
    held = old.get("answer") or {}
    for name, mine, sign in (("lower", lower, 1), ("upper", upper, -1)):
        theirs = held.get(name)
        if theirs is None:
            continue
        if mine is None:
            found.append(f"{name} end is open, was {theirs}")
        elif compare((mine - parse(theirs)) * sign, -slack) < 0:
            found.append(f"{name} end {float_(mine)}, was {float_(parse(theirs))}")
    return "; ".join(found)


def float_(x: Exact) -> str:
    """Return a number in twelve digits."""
    return f"{float(x):.12g}"


def moved(file: Any, instance: Any, path: Path, base: str) -> dict[str, Any]:
    """Answer one question, write its certificate, and return a line of the log."""
    begun = time.process_time()
    old = old_of(base, path)
    row: dict[str, Any] = {"file": file.name, "instance": instance.name, "kind": (old or {}).get("kind")}
    kept = stored(instance, path)
    result = kept
    if result is None:
        is_question = hasattr(instance, "question")
        result = bound(instance) if is_question else compute(instance.computation)
    sought = getattr(instance, "threshold", None)
    slack = SLACK if sought is None else sought.width
    compared_ends = old is not None and not result.impossible and result.quantity != "strategy"
    short = weaker(old, result.bracket.lower, result.bracket.upper, slack) if compared_ends else ""
    said = compared(file, instance, result)
    row |= {
        "answer": str(result),
        "verdict": said.verdict,
        "expected": said.as_expected,
        "weaker": short,
        "bytes": len(result.certificate),
        "old_bytes": 0 if old is None else len(json.dumps(old)),
        "seconds": round(time.process_time() - begun, 2),
    }
    if kept is None and not short and said.as_expected:
        write_whole(path, result.certificate + "\n")
        row["written"] = True
    return row


def apart(seconds: float, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a process of its own says, which ends when its seconds are over, whatever runs in it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
        try:
            row = work()
        except Exception as error:  # whatever stands in the way is what this report is about
            row = {"fault": f"{type(error).__name__}: {str(error)[:300]}"}
        os.write(writing, json.dumps(row).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said) if said else {"fault": f"{seconds} s are over, or the memory"}


def stored(instance: Any, path: Path) -> Result | Computed | None:
    """Return the answer of a certificate of version 2 that is there, None without one."""
    try:
        text = path.read_text(encoding="utf-8").rstrip("\n")
        if json.loads(text).get("version") != 2:
            return None
        if hasattr(instance, "question"):
            return result_of(instance.question, text, threshold=instance.threshold)
        return computed_of(instance.computation, text)
    except (OSError, ValueError):
        return None


def questions(paths: list[Path]) -> Any:
    """Yield (file, instance, path of its certificate)."""
    for path in paths:
        reader = read if kind_of(load(path)) == "question" else computations.read
        file = reader(path)
        folder = path.parent / "certificates" / file_name(file.name)
        for instance in file.instances:
            yield file, instance, folder / f"{file_name(instance.name)}.json"


def main() -> int:
    """Move all certificates and print what was not carried."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="HEAD")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    paths = [path.resolve() for path in given.files]
    paths = paths or [*claims(), *sorted((ROOT / "reports").glob("*.toml"))]
    tally: Counter[str] = Counter()
    for file, instance, path in questions(paths):
        if not path.exists():
            tally["no certificate"] += 1
            continue
        row = {"file": file.name, "instance": instance.name}
        row |= apart(given.seconds, partial(moved, file, instance, path, given.base))
        lost = row.get("fault") or row.get("weaker") or ("" if row.get("expected") else "another verdict")
        tally["not carried" if lost else "carried"] += 1
        if lost:
            print(f"{row['file']} / {row['instance']}: {lost} {row.get('verdict') or ''}", flush=True)
        if given.log:
            with given.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(row) + "\n")
    print(dict(tally))
    return 0


if __name__ == "__main__":
    sys.exit(main())
