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

from fractions import Fraction
from typing import Annotated, Any

from freerand_opt.claims.conjecture import biases
from freerand_opt.claims.conjecture.checker.local_errors import errors_of
from freerand_opt.claims.conjecture.computation import Computation, Ends, whole
from freerand_opt.model.tables.kinds import number, word

#: sigma = i^power by the name of the relations.
POWERS = {"even": 2, "opposite": 0, "odd": 1}
#: Largest number of parties that is taken on: beyond it fractions have thousands of digits.
MOST_PARTIES = {"even": 200, "opposite": 200, "odd": 150}


class Relations(Computation, tag="sum-of-biases"):
    """The largest sum of biases E(x_i) of all M parties at input 0..0 under perfect relations.

    They are `even` (sigma = -1), `opposite` (+1) or `odd` (i).
    """

    M: Annotated[int, whole(3, 200), "number of parties"]
    relations: Annotated[str, word(*POWERS), "which relations"]

    def check(self) -> None:
        """Raise InputError for more parties than these relations are taken on with."""
        most = MOST_PARTIES[self.relations]
        if most < self.M:
            raise self.fault("M", f"{self.M}; {self.relations} relations are of 3 to {most} parties")

    def ends(self) -> Ends:
        """Return the value with the box that reaches it and the multipliers that bound it."""
        return biases.ends(self)

    @property
    def how(self) -> str:
        """Return in words how the answer is found."""
        return "polynomial form (docs/proofs/conjecture-1.md)"

    @property
    def power(self) -> int:
        """Return t with sigma = i^t."""
        return POWERS[self.relations]

    @property
    def real(self) -> bool:
        """Return whether sigma is real, so that correlators at input 0..0 may be taken real."""
        return self.relations != "odd"

    def product(self, ones: int) -> int:
        """Return the product of all outcomes at inputs with this many ones; 0 where nothing is known."""
        return (1, 0, -1, 0)[(self.power - ones) % 4]


class LocalErrors(Computation, tag="local-errors"):
    """The least joint probability of a broken relation over local models, settings eps-free."""

    M: Annotated[int, whole(3, 11), "number of parties"]
    epsilon: Annotated[Fraction, number(0, Fraction(1, 2)), "0 is perfect, 1/2 is useless"]

    def proof(self) -> dict[str, Any]:
        """Return a model with the least weight: whose outcomes change with the input, and the sign."""
        errors = errors_of(self.M, self.epsilon)
        flips = min(errors, key=lambda flips: min(errors[flips]))
        return {"flips": list(flips), "sign": 1 if errors[flips][0] <= errors[flips][1] else -1}

    @property
    def how(self) -> str:
        """Return in words how the answer is found."""
        return "all deterministic models, each with its worst settings"
