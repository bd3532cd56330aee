r"""Random entropies between two bounds by programs, proofs and attacks of another kind: those of the guess.

.. math:: -\log_2 g \le H \le h(g) + (1 - g) \log_2 (K - 1)

for the largest guess g of an output of K values: an entropy is no less than the min-entropy, and Fano's
inequality holds for the strategy that guesses best. So no upper end of H may lie below -log2 of the certified
guess, and no lower end above the right side at the guess's lower end, or above log2 K.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from math import inf, log2
from multiprocessing import get_context
from random import Random
from typing import Any

import freerand_opt as fr

#: How wide entropies are sought, and the least share of them that are no wider.
WIDTH, LEAST = 0.1, 0.8
#: Errors of logarithms in floats.
SMALL = 1e-9


@dataclass(frozen=True)
class Record:
    """What came of the question of a seed: its devices, how wide its entropy is, and what is wrong."""

    seed: int
    kind: str
    width: float
    fault: str = ""


def question(seed: int) -> dict[str, Any]:
    """Return the question of a seed."""
    random = Random(seed)
    devices = random.choices(("no-signalling", "local", "quantum"), (18, 1, 3))[0]
    linear = devices != "quantum"
    side = "classical" if linear or random.random() < 0.05 else "quantum"
    adversary: dict[str, Any] = {"devices": devices, "side_information": side}
    adversary |= {} if linear else {"level": "1 + A B"}
    size = 3 if devices == "no-signalling" and random.random() < 0.1 else 2
    at: Any = [random.randrange(size), random.randrange(size)]
    of: Any = random.choice(["A", "B", ["A", "B"]] if linear else ["A", "B"])
    if size == 2 and random.random() < 0.3:
        # told settings she may measure a quantum system accordingly; she who guesses holds W alone
        at, adversary["told"] = "average", random.choice(["settings", "nothing"] if linear else ["nothing"])
    visibility = random.randrange(71) if devices == "local" else random.randrange(69, 101)
    even = {"kind": "uniform"}
    # a mixture of qubits that shows a whole behaviour exactly is not sought for long
    kept = {"keep": "behaviour", "tolerance": "1e-6" if linear else "1/100"}
    scored = {"functional": "chained", "relation": "<=", "score": "observed"}
    # what takes seconds is asked rarely
    often = linear or (at != "average" and random.random() < 0.1)
    chosen = source(random) if size == 2 and often else even
    quick = linear or (chosen == even and side == "quantum")
    return {
        "scenario": {"family": "chained", "N": size},
        "source": chosen,
        "observed": {
            "behaviour": "quantum",
            "settings": "uniform",
            "visibility": str(Fraction(visibility, 100)),
        },
        "adversary": adversary,
        "test": [random.choice([kept, scored]) if quick else scored],
        "ask": {"quantity": "entropy", "of": of, "at": at},
    }


def source(random: Random) -> dict[str, Any]:
    """Return a source: uniform, bits, independent settings, or bounds on probabilities given W."""
    kind = random.choice(["uniform", "relative", "santha-vazirani", "product"])
    found: dict[str, Any] = {"kind": kind}
    if kind == "product":
        shared = random.random() < 0.5
        one, other = (Fraction(random.randrange(50, 61), 100) for _ in range(2))
        return found | ({"joint": str(one / 2)} if shared else {"largest": {"A": str(one), "B": str(other)}})
    if kind != "uniform":
        found["epsilon"] = str(Fraction(random.randrange(1, 11), 100))
    if kind == "santha-vazirani":
        found |= {"order": "interleaved", "bits": "most-significant-first"}
    return found


def record(seed: int) -> Record:
    """Return what came of the question of a seed."""
    asked = question(seed)
    kind = f"{asked['adversary']['devices']}, {asked['adversary']['side_information']}"
    found = fr.bound(fr.Question.from_dict(asked), width=WIDTH)
    guess = {**asked["ask"], "quantity": "guessing-probability"}
    least = fr.bound(fr.Question.from_dict({**asked, "ask": guess}))
    width = float(found.bracket.width) if found.bracket.width is not None else inf
    count = 4 if len(asked["ask"]["of"]) == 2 else 2
    return Record(seed, kind, width, fault(found, least, count))


def fault(found: fr.Result, least: fr.Result, count: int) -> str:
    """Return what contradicts: the entropy of `count` values, and the guess."""
    if found.impossible or least.impossible:
        return "" if found.impossible == least.impossible else "impossible for one quantity alone"
    lower, upper = (None if x is None else float(x) for x in (found.lower, found.upper))
    if lower is not None and lower > log2(count):
        return f"{lower} bits of {count} values"
    if upper is not None and least.upper is not None and upper < -log2(least.upper) - SMALL:
        return f"at most {upper} bits, and a guess of at most {float(least.upper)}"
    if lower is not None and least.lower is not None and lower > fano(float(least.lower), count) + SMALL:
        return f"at least {lower} bits, and a guess of {float(least.lower)}"
    return ""


def fano(guess: float, count: int) -> float:
    """Return the most entropy of an output that is guessed with a probability of at least 1 / count."""
    held = max(guess, 1 / count)
    return -held * log2(held) + (1 - held) * (log2((count - 1) / (1 - held)) if held < 1 else 0)


def run(seed: int, count: int) -> tuple[list[str], list[str]]:
    """Return lines of a report on `count` questions from a seed on, and faults."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        found = list(pool.map(record, range(seed, seed + count)))
    lines, faults = [], [f"seed {one.seed}: {one.fault}" for one in found if one.fault]
    for kind in sorted({one.kind for one in found}):
        widths = [one.width for one in found if one.kind == kind]
        near = sum(width <= WIDTH for width in widths)
        lines.append(f"{kind}: {near} of {len(widths)} within {WIDTH}, widest {max(widths):.3f}")
    share = sum(one.width <= WIDTH for one in found) / max(count, 1)
    return lines, faults + ([f"only {share:.0%} within {WIDTH}"] if share < LEAST else [])


def main() -> int:
    """Ask questions by hand."""
    parser = argparse.ArgumentParser(prog="python -m tests.long.entropies", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=20261129, help="of the first question")
    parser.add_argument("--count", type=int, default=1000, help="how many questions")
    given = parser.parse_args()
    lines, faults = run(given.seed, given.count)
    print("\n".join([*lines, *(f"FAULT {one}" for one in faults), f"{len(faults)} faults"]))
    return int(bool(faults))


if __name__ == "__main__":
    raise SystemExit(main())
