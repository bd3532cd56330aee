"""One table: what answers, curves, checks and the store cost, beside the strongest program written by hand.

    make bench        or        python benchmarks/compare.py [--large] [-o FILE]

Ours goes from the question to an answer whose certificate has been checked (lower and upper end, exact). The
programs by hand are linear programs in Collins and Gisin's coordinates or over the bit tree, built with
scipy.sparse and solved by HiGHS: one end, floats, and as much symmetry as stands in the column. CPU seconds
of one core, median of three, after imports and a first small question on both sides; cold starts and checks
of all files are processes of their own, their modules compiled before. `error` is the largest difference
between ours and theirs; goals are those that were set before the work began.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from by_hand import edges, guess, leakage, whole

import freerand_opt as fr
from freerand_opt.model.files.file import read

RUNS = 3
CATALOGUE = Path(__file__).parents[1]
EPSILON = "0.03"
GUESS_GOALS = {64: 0.05, 256: 1.5}


@dataclass(frozen=True)
class Line:
    """One row of the table; `theirs`, `error` and `goal` are None where there is none to compare with."""

    work: str
    ours: float
    theirs: float | None = None
    error: float | None = None
    symmetry: str = ""
    goal: float | None = None

    @property
    def cells(self) -> list[str]:
        """Return the row as text."""
        theirs = "-" if self.theirs is None else f"{self.theirs:.3f}"
        ratio = "-" if self.theirs is None else f"{self.theirs / self.ours:.2f}"
        error = "-" if self.error is None else f"{self.error:.0e}"
        goal = "-" if self.goal is None else f"{self.goal:g}"
        return [self.work, f"{self.ours:.3f}", theirs, ratio, error, self.symmetry or "-", goal]


def question(claim: str, **fields: str) -> Any:
    """Return the question of a claim at some values."""
    path = CATALOGUE / "lps" / f"{claim}.toml"
    return read(path, {key.replace("__", "."): value for key, value in fields.items()}).instances[0].question


def leaves(asked: Any) -> Any:
    """Return the joint setting of each string of bits."""
    return asked.problem().source.leaves


def median(run: Callable[[], Any], runs: int = RUNS) -> tuple[float, Any]:
    """Return median CPU seconds of some calls, and the last value."""
    spent, value = [], None
    for _ in range(runs):
        begun = time.process_time()
        value = run()
        spent.append(time.process_time() - begun)
    return statistics.median(spent), value


def process(*words: str, runs: int = RUNS) -> float:
    """Return median CPU seconds of a process of its own, its modules compiled before (as when installed)."""
    spent = []
    command = [sys.executable, "-m", "freerand_opt", *words]
    with tempfile.TemporaryDirectory() as folder:
        own = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        own["PYTHONPYCACHEPREFIX"] = folder
        if runs > 1:
            subprocess.run(command, check=True, capture_output=True, env=own)
        for _ in range(runs):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, capture_output=True, env=own)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(spent)


def weighted(n: int) -> Any:
    """Return the guess with unequal weights of the chain's errors, at most their quantum sum."""
    weights = unequal(n)
    terms = {
        f"P({x}{x ^ parity ^ 1}|{a},{b})": str(weight)
        for weight, (a, b, parity) in zip(weights, edges(n), strict=True)
        for x in (0, 1)
    }
    return fr.Question(
        fr.chained(n),
        fr.Uniform(),
        adversary={"devices": "no-signalling"},
        tests=[fr.Test(fr.Functional.from_terms(terms), "<=", f"{sum(weights)}*sin(pi/{4 * n})^2")],
        ask=fr.Ask("guessing-probability", of="A", at=[0, 0]),
    )


def unequal(n: int) -> list[int]:
    """Return weights without a symmetry of the chain."""
    return [7 + 3 * k * k % 11 for k in range(2 * n)]


def upper(result: Any) -> float:
    """Return the upper end as a float."""
    return float(result.bracket.upper)


def answers(_: bool) -> list[Line]:
    """Measure single questions."""
    lines = []
    for n in (16, 64, 256):
        asked = question("chained_guess", scenario__N=str(n))
        ours, result = median(lambda asked=asked: fr.bound(asked))
        theirs, floats = median(lambda n=n: guess(n, np.ones(2 * n)))
        name = f"no-signalling guess, N = {n}"
        lines.append(
            Line(name, ours, theirs, abs(upper(result) - floats), "outcome flip", GUESS_GOALS.get(n))
        )
    asked = weighted(16)
    ours, result = median(lambda: fr.bound(asked))
    theirs, floats = median(lambda: guess(16, np.array(unequal(16), dtype=float)))
    name, error = "the same, N = 16, unequal weights", abs(upper(result) - floats)
    lines.append(Line(name, ours, theirs, error, "outcome flip"))
    for n in (4, 8, 32):
        asked = question("chained_leakage_fixed_sv", scenario__N=str(n), source__epsilon=EPSILON)
        ours, result = median(lambda asked=asked: fr.bound(asked))
        name = f"leakage, epsilon = {EPSILON}, N = {n}"
        if n > 8:
            lines.append(Line(name, ours))
            continue
        theirs, floats = median(lambda n=n, asked=asked: leakage(n, float(EPSILON), leaves(asked)))
        lines.append(Line(name, ours, theirs, abs(upper(result) - floats), "cycle boxes"))
    for n in (4, 8):
        asked = question("chained_leakage_whole_sv", scenario__N=str(n))
        ours, result = median(lambda asked=asked: fr.bound(asked), 1)
        theirs, floats = median(lambda n=n, asked=asked: whole(n, 0.05, leaves(asked), 1e-9), 1)
        name, error = f"whole behaviour, N = {n}, both ends", abs(upper(result) - floats)
        lines.append(Line(name, ours, theirs, error, "outcome flip", 8 if n == 8 else None))
    return lines


def of_curves(_: bool) -> list[Line]:
    """Measure curves, their checks and their tables."""
    lines, cells = [], [k * 0.12 / 20 for k in range(21)]
    for n in (4, 8, 32):
        asked = question("chained_leakage_fixed_sv", scenario__N=str(n), source__epsilon="0")
        ours, curve = median(lambda asked=asked: fr.curve(asked, "source.epsilon", ("0", "3/25")), 1)
        theirs = None
        if n <= 8:
            strings = leaves(asked)
            theirs, _ = median(lambda n=n, strings=strings: [leakage(n, e, strings) for e in cells], 1)
        work = f"leakage, N = {n}: every epsilon in [0, 3/25]{' (by hand: 21 cells)' * (n <= 8)}"
        far = n == 32
        symmetry = "cycle boxes" if n <= 8 else ""
        lines.append(Line(work, ours, theirs, symmetry=symmetry, goal=4 if far else None))
        size = f"{len(curve.certificate) // 1000} kB"
        lines.append(Line(f"check of that curve, {size}", median(curve.check)[0], goal=0.3 if far else None))
    places = [Fraction(3 * k, 25 * 10**6) for k in range(10**6)]
    lines.append(Line("10^6 cells of that curve", median(lambda: curve.floats(places), 1)[0], goal=20))
    return lines


def of_store(large: bool) -> list[Line]:
    """Measure a store of synthetic entries: inserted, listed, shards merged."""
    from freerand_opt.cli.store import better
    from freerand_opt.runner.shard import Shard
    from freerand_opt.runner.store import Store

    count, lines = (10**6 if large else 10**5), []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("one", "parts", "whole"):
            (Path(folder) / name).mkdir()
        store = Store(Path(folder) / "one")
        spent, share = 0.0, count / 10**6
        for k in range(count):
            held = entry(k)
            begun = time.process_time()
            store.write(held)
            spent += time.process_time() - begun
        begun = time.process_time()
        store.flush()
        spent += time.process_time() - begun
        lines.append(Line(f"store, {count} entries of 900 bytes: inserted", spent, goal=40 * share))
        begun = time.process_time()
        listed = sum(1 for _ in store.rows("address"))
        lines.append(Line("the same, addresses listed", time.process_time() - begun, goal=0.5 * share))
        store.close()
        assert listed == count
        shards = []
        for number in range(8):
            part = Store(Path(folder) / "parts", Shard(number + 1, 8))
            for k in range(number, 10**5, 8):
                part.write(entry(k))
            part.close()
            shards.append(part.path)
        begun = time.process_time()
        whole = Store(Path(folder) / "whole")
        assert whole.merge(shards, better) == 10**5
        whole.close()
        lines.append(Line("10^5 entries in 8 shards, merged", time.process_time() - begun, goal=3))
    return lines


def entry(k: int) -> Any:
    """Return a synthetic entry whose certificate does not compress."""
    from freerand_opt.runner.address import checker_version
    from freerand_opt.runner.job import Kept
    from freerand_opt.runner.store import Entry

    address = hashlib.sha256(str(k).encode()).hexdigest()
    body = "".join(hashlib.sha512(f"{k} {part}".encode()).hexdigest() for part in range(14))
    return Entry(address, checker_version(), f"entry {k}", "score", "0", "1", Kept(body))


def starts(_: bool) -> list[Line]:
    """Measure processes of their own, cold."""
    folder = tempfile.mkdtemp()
    bound = ("bound", "chsh_local_score_sv", "source.epsilon=1/20", "--store", folder, "--fresh", "-q")
    return [
        Line("cold start: freerand --version", process("--version")),
        Line("cold start: a small question", process(*bound), goal=0.3),
        Line("cold start: freerand list", process("list"), goal=0.4),
    ]


def of_catalogue(_: bool) -> list[Line]:
    """Measure the check of what is committed, and the claims derived anew."""
    alone = ("--jobs", "1", "-q")
    return [
        Line("check of all committed certificates", process("check", "--all", *alone, runs=1), goal=5),
        Line("freerand verify, core tier, derived anew", process("verify", *alone, runs=1), goal=12),
    ]


NOT_MET = """What keeps goals from being met. *Derived anew*: 670 different questions, most of their time
those of quantum devices (interior points in integers, the same on every machine, some thirty steps of 10 to
100 ms; strategies from many starts; chords of entropies), which were fewer when 12 s were set. *Check*:
1,013 files where 628 were meant; the fifty largest are half of it, and sums and products of Python's
fractions about a sixth. *Store*: a third is zlib, half SQLite with a rollback journal, which unlike WAL is
safe on network folders. *Whole behaviours on average*: with settings told there are 2^N guess labels; N = 4
takes 9 s (16 labels, ends 9e-8 apart), N = 8 is not solved. The cycle's turns would leave 2 and 16 labels:
with 775 and 10,287 columns each that helps N = 4 and is still too large at N = 8, so it was not built.
"""


def table(lines: list[Line]) -> str:
    """Return the table in Markdown."""
    head = ["work", "ours, s", "by hand, s", "by hand / ours", "error", "symmetry by hand", "goal, s"]
    rows = [head, ["---"] * len(head), *(line.cells for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def main() -> None:
    """Measure and print, and write where a file is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    fr.bound(question("chained_guess", scenario__N="2"))
    guess(2, np.ones(4))
    lines = []
    for part in (answers, of_curves, of_store, starts, of_catalogue):
        lines += part(given.large)
        print(table(lines), flush=True)
    words = (__doc__ or "").split("\n\n")[2].replace("\n", " ")
    command = f"python benchmarks/compare.py{' --large' * given.large}"
    why = NOT_MET.replace("\n", " ")
    text = f"# What answers cost\n\n`{command}`. {words}\n\n{table(lines)}\n{why}\n"
    if given.output is not None:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
