r"""Perfect GHZ relations, in the three forms to which every input and every pattern of signs reduces.

M parties have inputs 0 and 1 and outcomes +1 and -1. At an input with k ones

.. math:: \prod_i x_i = \mathrm{Re}\,(\sigma (-i)^k) \quad\text{where this is } \pm 1,

and nothing is known at the other inputs. Colbeck and Renner's relations (arXiv:1105.3195) have
sigma = -1. Exchanging the inputs of the parties in a set S (and flipping their outcomes at the new
input 1) takes input S to input 0..0 and sigma to sigma (-i)^|S|; flipping a party's outcomes takes
sigma to -sigma; flipping all outcomes at input 1 takes it to its conjugate. So sigma = -1, +1, i
are all there is (docs/proofs/conjecture-1.md, section 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: sigma = i^power by the name of the relations.
POWERS = {"even": 2, "opposite": 0, "odd": 1}
#: Largest number of parties that is taken on: beyond it fractions have thousands of digits.
MOST_PARTIES = {"even": 200, "opposite": 200, "odd": 150}


@dataclass(frozen=True)
class Relations:
    """Perfect relations of M >= 3 parties: `even` (sigma = -1), `opposite` (+1) or `odd` (i)."""

    parties: int
    kind: str

    def __post_init__(self) -> None:
        """Raise ValueError for fewer than 3 parties, more than `MOST_PARTIES`, or another kind."""
        if self.kind not in POWERS:
            raise ValueError(f"{self.kind!r}; relations are {', '.join(POWERS)}")
        if not 3 <= self.parties <= MOST_PARTIES[self.kind]:
            most = MOST_PARTIES[self.kind]
            raise ValueError(
                f"M = {self.parties}; relations are of 3 to {most} parties if they are {self.kind}"
            )

    @property
    def power(self) -> int:
        """Return t with sigma = i^t."""
        return POWERS[self.kind]

    @property
    def real(self) -> bool:
        """Return whether sigma is real, so that correlators at input 0..0 may be taken real."""
        return self.kind != "odd"

    def product(self, ones: int) -> int:
        """Return the product of all outcomes at inputs with this many ones; 0 where nothing is known."""
        return (1, 0, -1, 0)[(self.power - ones) % 4]


@dataclass(frozen=True)
class SumOfBiases:
    """Ask for the largest sum of the biases E(x_i) of all parties at input 0..0."""

    relations: Relations

    @property
    def name(self) -> str:
        """Return the name of the computation."""
        return "sum-of-biases"

    @property
    def parameters(self) -> tuple[tuple[str, int | str], ...]:
        """Return the fields by name."""
        return (("M", self.relations.parties), ("relations", self.relations.kind))


def reduced(inputs: Sequence[int], signs: Sequence[int]) -> Relations:
    """Return the relations under which sum_i E(x_i) at input 0..0 has the same largest value.

    Asked is sum_i signs_i E(x_i) at `inputs` (0 or 1 each) under Colbeck and Renner's relations.
    """
    negative = sum(sign < 0 for sign in signs)
    power = (2 - sum(inputs) + 2 * negative) % 4
    return Relations(len(inputs), {2: "even", 0: "opposite"}.get(power, "odd"))
