r"""Boxes q(o|s) that an adversary may hold: deterministic, unbiased XOR, or a table.

For a game on a cycle of 2N edges with odd total parity, and tests that only count errors on the
edges, 2N + 1 boxes suffice: for each edge e the deterministic box that errs on e alone, and the
unbiased box without errors (proof: docs/proofs/cycle-boxes.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np

from freerand_opt.errors import TooLargeError
from freerand_opt.model.functional import Functional
from freerand_opt.model.scenario import Cycle, Scenario, cycle
from freerand_opt.programs.arrays import FloatArray, IntArray, Integers, quotients, whole
from freerand_opt.programs.quantum_box import Quantum

#: More deterministic boxes than this are not enumerated.
MAX_BOXES = 4096


@dataclass(frozen=True)
class Deterministic:
    """Each party's outcome is a function of its setting: `outcomes[party][setting]`."""

    outcomes: tuple[tuple[int, ...], ...]
    label: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the box in the certificate's form."""
        return {"kind": "deterministic", "outcomes": [list(party) for party in self.outcomes]}


@dataclass(frozen=True)
class Xor:
    """Two parties with unbiased bits: P(xy|s) = 1/2 if x xor y = parity[s]."""

    parity: tuple[int, ...]
    label: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the box in the certificate's form."""
        return {"kind": "xor", "parity": list(self.parity)}


@dataclass(frozen=True)
class Table:
    """Any box: P(o|s) = numerators[o * joint settings + s] / denominator."""

    numerators: tuple[int, ...]
    denominator: int
    label: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the box in the certificate's form."""
        return {"kind": "table", "denominator": self.denominator, "numerators": list(self.numerators)}


@dataclass(frozen=True)
class Angles:
    r"""Qubits in :math:`|00\rangle + |11\rangle`, observables :math:`\cos\alpha\,Z + \sin\alpha\,X`.

    `angles[party][setting]` are fractions of pi. Outcomes are unbiased, with the correlator

    .. math:: \langle A_a B_b \rangle = \cos(\pi\alpha_a - \pi\beta_b).
    """

    angles: tuple[tuple[Fraction, ...], ...]
    label: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the box in the certificate's form."""
        return {"kind": "angles", "angles": [[str(angle) for angle in party] for party in self.angles]}


Box: TypeAlias = Deterministic | Xor | Table | Quantum | Angles


def table(scenario: Scenario, box: Box) -> tuple[Integers, int]:
    """Return (numerators[o, s], denominator) of a box; raise TypeError for one with irrational chances."""
    outcomes, settings = scenario.shape
    if isinstance(box, Quantum | Angles):
        raise TypeError("a quantum box has probabilities of its own; use chances")
    if isinstance(box, Table):
        return whole(box.numerators).reshape(outcomes, settings), box.denominator
    numerators = np.zeros((outcomes, settings), dtype=np.int64)  # zeros and ones
    if isinstance(box, Deterministic):
        for s, joint in enumerate(scenario.joint_settings):
            values = [party[setting] for party, setting in zip(box.outcomes, joint, strict=True)]
            numerators[scenario.outcome_index(values), s] = 1
        return numerators, 1
    for s, parity in enumerate(box.parity):
        for x in (0, 1):
            numerators[scenario.outcome_index((x, x ^ parity)), s] = 1
    return numerators, 2


def float_table(scenario: Scenario, box: Box) -> FloatArray:
    """Return the table of a box in floats."""
    return quotients(*table(scenario, box))


def all_deterministic(scenario: Scenario) -> tuple[Deterministic, ...]:
    """Return every deterministic box; raise TooLargeError beyond `MAX_BOXES`."""
    count = prod(d**n for d, n in zip(scenario.outcomes, scenario.settings, strict=True))
    if count > MAX_BOXES:
        raise TooLargeError(f"{count} deterministic boxes are more than {MAX_BOXES}")
    parties = [
        list(product(range(d), repeat=n)) for d, n in zip(scenario.outcomes, scenario.settings, strict=True)
    ]
    return tuple(
        Deterministic(joint, "outcomes " + " ".join("".join(map(str, party)) for party in joint))
        for joint in product(*parties)
    )


def one_error_boxes(scenario: Scenario) -> tuple[Deterministic, ...]:
    """Return for each edge of the scenario's cycle the deterministic box that errs there alone."""
    game = _cycle(scenario)
    return tuple(
        Deterministic(_assignment(game, skipped, scenario), f"errs on ({edge[0]}, {edge[1]}) alone")
        for skipped, edge in enumerate(game.edges)
    )


def _assignment(game: Cycle, skipped: int, scenario: Scenario) -> tuple[tuple[int, ...], ...]:
    """Satisfy all edges but one, walking along the path that is left from A's setting 0."""
    outcomes: dict[tuple[int, int], int] = {(0, 0): 0}
    left = [edge for place, edge in enumerate(game.edges) if place != skipped]
    while left:
        for edge in list(left):
            a, b, parity = edge
            if (0, a) in outcomes:
                outcomes[1, b] = outcomes[0, a] ^ parity
            elif (1, b) in outcomes:
                outcomes[0, a] = outcomes[1, b] ^ parity
            else:
                continue
            left.remove(edge)
    return tuple(tuple(outcomes[p, n] for n in range(scenario.settings[p])) for p in (0, 1))


def no_error_box(scenario: Scenario) -> Xor:
    """Return the unbiased no-signalling box without errors on the scenario's cycle."""
    parity = {(a, b): bit for a, b, bit in _cycle(scenario).edges}
    return Xor(tuple(parity.get((a, b), 0) for a, b in scenario.joint_settings), "errs nowhere, unbiased")


def _cycle(scenario: Scenario) -> Cycle:
    game = cycle(scenario)
    if game is None:
        raise ValueError("the scenario has no cycle of edges")
    return game


def edge_errors(scenario: Scenario, functional: Functional) -> dict[int, Fraction] | None:
    """Return {joint setting: factor} if the functional is a constant plus factors times edge errors.

    None if the scenario has no cycle, or the functional tells more than errors on edges. (The
    constant is one at each joint setting, so with observed settings it is a constant.)
    """
    values = edge_values(scenario, functional)
    return None if values is None else {s: more for s, (_, more) in values.items() if more is not None}


def edge_values(
    scenario: Scenario, functional: Functional
) -> dict[int, tuple[Fraction, Fraction | None]] | None:
    """Return {joint setting: (value without error, what an error adds, None off the edges)}, or None.

    None as for `edge_errors`; joint settings that do not occur have the value 0.
    """
    game = cycle(scenario)
    if game is None:
        return None
    parity = {scenario.setting_index((a, b)): bit for a, b, bit in game.edges}
    by_setting: dict[int, dict[int, Fraction]] = {}
    for o, s, factor in functional.terms:
        by_setting.setdefault(s, {})[o] = factor
    found: dict[int, tuple[Fraction, Fraction | None]] = {}
    for s, values in by_setting.items():
        same = {values.get(scenario.outcome_index(o), Fraction(0)) for o in ((0, 0), (1, 1))}
        different = {values.get(scenario.outcome_index(o), Fraction(0)) for o in ((0, 1), (1, 0))}
        if len(same) != 1 or len(different) != 1:
            return None
        agree, differ = same.pop(), different.pop()
        if s not in parity:
            if agree != differ:
                return None
            found[s] = agree, None
            continue
        found[s] = (differ, agree - differ) if parity[s] else (agree, differ - agree)
    return found


def counts_errors(scenario: Scenario, functional: Functional, *, wanted: str) -> bool:
    """Return whether fewer errors on the cycle's edges only help a relation (or an extreme).

    `wanted` is ``<=`` (or smallest) if a small score helps, ``>=`` if a large one does.
    """
    factors = edge_errors(scenario, functional)
    if factors is None or wanted not in ("<=", ">="):
        return False
    return all(factor >= 0 if wanted == "<=" else factor <= 0 for factor in factors.values())


def deterministic_count(scenario: Scenario) -> int:
    """Return the number of deterministic boxes."""
    return prod(d**n for d, n in zip(scenario.outcomes, scenario.settings, strict=True))


def rounded(scenario: Scenario, box: Table, bits: int = 36) -> Table | None:
    """Return a no-signalling box close to `box` with denominator 2^bits, or None if none is positive.

    Rounds the coordinates in which normalisation and no-signalling hold identically (the
    marginals of all subsets of parties, without their last outcomes) and rebuilds the table.
    """
    if box.denominator < 2**bits:
        return box
    shape = (*scenario.outcomes, *scenario.settings)
    parties = len(scenario.settings)
    tensor = np.array(box.numerators, dtype=object).reshape(shape)
    # bring each party's (outcome, setting) axes together, then change coordinates party by party
    tensor = tensor.transpose([axis for p in range(parties) for axis in (p, parties + p)])
    tensor = tensor.reshape([d * n for d, n in zip(scenario.outcomes, scenario.settings, strict=True)])
    for party, (d, n) in enumerate(zip(scenario.outcomes, scenario.settings, strict=True)):
        tensor = _along(_marginals(d, n), tensor, party)
    scale, half = 2**bits, box.denominator // 2
    tensor = np.vectorize(lambda value: (value * scale + half) // box.denominator, otypes=[object])(tensor)
    for party, (d, n) in enumerate(zip(scenario.outcomes, scenario.settings, strict=True)):
        tensor = _along(_from_marginals(d, n), tensor, party)
    tensor = tensor.reshape(
        [size for p in range(parties) for size in (scenario.outcomes[p], scenario.settings[p])]
    )
    order = [2 * p for p in range(parties)] + [2 * p + 1 for p in range(parties)]
    numerators = tuple(int(value) for value in tensor.transpose(order).ravel())
    return None if min(numerators) < 0 else Table(numerators, scale, box.label)


def _along(matrix: IntArray, tensor: Integers, axis: int) -> Integers:
    moved = np.tensordot(matrix.astype(object), tensor, axes=([1], [axis]))
    return np.moveaxis(moved, 0, axis)


def _marginals(d: int, n: int) -> IntArray:
    """Map a party's (outcome, setting) table to (total at setting 0; outcomes < d - 1 at each setting).

    Entries are 0 and 1 here, and 0, 1 and -1 in the inverse; tables stay Python integers.
    """
    matrix = np.zeros((1 + n * (d - 1), d * n), dtype=np.int64)
    matrix[0, [o * n for o in range(d)]] = 1
    for o in range(d - 1):
        for x in range(n):
            matrix[1 + o * n + x, o * n + x] = 1
    return matrix


def _from_marginals(d: int, n: int) -> IntArray:
    """Invert `_marginals` on no-signalling tables: the last outcome is the total minus the others."""
    matrix = np.zeros((d * n, 1 + n * (d - 1)), dtype=np.int64)
    for x in range(n):
        matrix[(d - 1) * n + x, 0] = 1
        for o in range(d - 1):
            matrix[o * n + x, 1 + o * n + x] = 1
            matrix[(d - 1) * n + x, 1 + o * n + x] = -1
    return matrix
