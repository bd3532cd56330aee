"""Write reports/cost.csv: seconds against size, the data of `freerand plot cost --data reports/cost.csv`.

    python benchmarks/cost.py

CPU seconds of one process after all libraries are imported and a small question was answered: from
the question to a bracket whose certificate has been checked; ncpol2sdpa with Clarabel to its float.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

from moments import answered_by_ncpol2sdpa, chained_question

import freerand_opt as fr
from freerand_opt.claims.conjecture import file as computations
from freerand_opt.claims.conjecture.computed import compute
from freerand_opt.model.files.catalogue import find
from freerand_opt.model.files.file import read
from freerand_opt.reporting.figures.row import Row, as_csv

OUTPUT = Path(__file__).parents[1] / "reports" / "cost.csv"
NO_SIGNALLING = "no-signalling, biased settings"
POWERS = tuple(2**k for k in range(1, 11))
PARTIES = (3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100)


def leakage(size: int) -> None:
    """Answer the leakage question at fixed settings, N = size, epsilon = 1/20."""
    path = find("chained_leakage_fixed_sv")
    assert path is not None
    file = read(path, {"scenario.N": str(size), "source.epsilon": "1/20"})
    assert file.instances[0].question is not None
    fr.bound(file.instances[0].question)


def local(size: int) -> None:
    """Answer the least score of local devices, N = size, epsilon = 1/20."""
    ask = fr.Ask("score", functional="chained", extreme="smallest")
    fr.bound(
        fr.Question(fr.chained(size), fr.SanthaVazirani("1/20"), adversary={"devices": "local"}, ask=ask)
    )


def quantum(level: str) -> Callable[[int], None]:
    """Return what bounds the chained score of quantum devices."""
    return lambda size: fr.bound(chained_question(size, level)) and None


def peer(size: int) -> None:
    """Let ncpol2sdpa bound the chained score at level 1 + A B."""
    answered_by_ncpol2sdpa(chained_question(size, "1 + A B"))


def biases(relations: str) -> Callable[[int], None]:
    """Return what bounds the sum of all biases under perfect GHZ relations of so many parties."""
    path = find(f"ghz_biases_{relations}")
    assert path is not None

    def answered(size: int) -> None:
        compute(computations.read(path, {"computation.M": str(size)}).instances[0].computation)

    return answered


SERIES: tuple[tuple[str, str, Callable[[int], None], Sequence[int]], ...] = (
    ("a", NO_SIGNALLING, leakage, POWERS),
    ("a", "local, biased settings", local, POWERS),
    ("a", "quantum, level 1", quantum("1"), POWERS),
    ("a", "quantum, level $1+AB$", quantum("1 + A B"), POWERS[:5]),
    ("a", "ncpol2sdpa, level $1+AB$", peer, POWERS[:3]),
    ("b", "even", biases("even"), PARTIES),
    ("b", "odd", biases("odd"), PARTIES),
)


def main() -> None:
    """Measure each series after a first, small question, and write."""
    rows = []
    for panel, name, run, sizes in SERIES:
        run(sizes[0])
        for size in sizes:
            begun = time.process_time()
            run(size)
            seconds = Fraction(round((time.process_time() - begun) * 10**6), 10**6)
            rows.append(Row("measured", name, Fraction(size), seconds, seconds, panel=panel))
            print(f"{name:40} {size:5} {float(seconds):9.4f} s", flush=True)
    OUTPUT.write_text(as_csv(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
