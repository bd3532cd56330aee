r"""Check exactly that the explicit GHZ box of docs/proofs/conjecture-1.md, 6, has no negative probability.

    python benchmarks/positivity.py [smallest M [largest M]]        (3 and 200 if not given: 13 s)

.. math:: F^{(M)}(0)\, 2^M P(a,b,c,e) = \mathrm{Re}\, L\bigl((1+z)^a (1-z)^b (1+iz)^c (1-iz)^e\bigr), \qquad
   L(z^d) = F^{(d)}(0) F^{(M-d)}(0), \qquad F'' = F^3

at every string a + b + c + e = M, by 2 (1 + iz) = (1 + i)(1 + z) + (1 - i)(1 - z): integers alone, and no
program. The conjugate string (c, e exchanged) has the same real part.
"""

from __future__ import annotations

import itertools
import sys
import time
from math import comb


def derivatives(most: int) -> list[int]:
    """Return F^(k)(0) for k = 0 .. most."""
    found, squares = [1, 1], []
    for k in range(most - 1):
        squares.append(sum(comb(k, j) * found[j] * found[k - j] for j in range(k + 1)))
        found.append(sum(comb(k, j) * squares[j] * found[k - j] for j in range(k + 1)))
    return found


def outcomes_alone(parties: int, moments: list[int]) -> list[int]:
    """Return L((1+z)^a (1-z)^b), a = 0 .. M, b = M - a."""
    row, found = moments, []
    for b in range(parties + 1):
        found.append(sum(comb(parties - b, d) * row[d] for d in range(parties - b + 1)))
        row = [x - y for x, y in itertools.pairwise(row)]
    return found[::-1]


def turned(real: list[int], imaginary: list[int], sign: int) -> tuple[list[int], list[int]]:
    """Return twice the values with one factor 1 + z or 1 - z less and one 1 + sign i z more."""
    rows = zip(real[1:], imaginary[1:], real, imaginary, strict=False)
    pairs = [(p - sign * (q - v) + u, q + sign * (p - u) + v) for p, q, u, v in rows]
    return [x for x, _ in pairs], [y for _, y in pairs]


def negative(parties: int, known: list[int]) -> tuple[int, int, int, int] | None:
    """Return a string (a, b, c, e), c >= e, whose probability is negative, None if there is none."""
    start = outcomes_alone(parties, [known[d] * known[parties - d] for d in range(parties + 1)])
    layer = (start, [0] * len(start))
    for e in range(parties // 2 + 1):
        real, imaginary = layer
        for c in range(e, parties - e + 1):
            if min(real) < 0:
                a = real.index(min(real))
                return a, parties - a - c - e, c, e
            real, imaginary = turned(real, imaginary, 1)
        layer = turned(*turned(*layer, 1), -1)
    return None


def main() -> None:
    """Print the first negative probability, or that there is none."""
    least = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    most = int(sys.argv[2]) if len(sys.argv) > 2 else max(least, 200)
    known, begun = derivatives(most), time.process_time()
    for parties in range(least, most + 1):
        found = negative(parties, known)
        if found is not None:
            print(f"M = {parties}: P{found} < 0")
            sys.exit(1)
        if parties % 10 == 0 or parties == most:
            print(f"M <= {parties}: no negative probability, {time.process_time() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()
