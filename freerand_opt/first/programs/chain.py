r"""The sum of squares that proves the chained inequality for every N (Wehner, quant-ph/0510076).

With the observables :math:`C_0, .., C_{2N-1} = A_0, B_0, A_1, ..`, :math:`C_{2N} = -C_0` and
:math:`s_j = \sin(j\pi/2N)`

.. math:: \frac12 \sum_k C_k C_{k+1} = N \cos\frac{\pi}{2N} - \frac14 \sum_{k=0}^{2N-3}
   \frac{s_{k+2}}{s_{k+1}}
   \Bigl( C_k - \frac{s_{k+1}}{s_{k+2}} C_{k+1} + \frac{s_1}{s_{k+2}} C_{2N-1} \Bigr)^2 :

the Cholesky factor of the matrix with 2 cos(pi/2N) on the diagonal and -1 along the chain is
bidiagonal with one more row.
"""

from __future__ import annotations

from math import pi, sin, sqrt

#: Places of three observables along the chain, and their factors.
Square = tuple[tuple[int, int, int], tuple[float, float, float]]


def chain(n: int) -> list[tuple[int, int]]:
    """Return (party, setting) along the chain A0, B0, A1, .., B(N-1)."""
    return [(k % 2, k // 2) for k in range(2 * n)]


def chain_squares(n: int) -> list[Square]:
    """Return the 2N - 2 polynomials, N >= 2, in floats, roots and the factor 1/4 included."""
    s = [sin(min(j, 2 * n - j) * pi / (2 * n)) for j in range(2 * n)]
    found: list[Square] = []
    for k in range(2 * n - 2):
        root = sqrt(s[k + 2] / s[k + 1]) / 2
        factors = (root, -root * s[k + 1] / s[k + 2], root * s[1] / s[k + 2])
        found.append(((k, k + 1, 2 * n - 1), factors))
    return found
