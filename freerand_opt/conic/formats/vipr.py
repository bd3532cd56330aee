r"""Proofs of linear programs as VIPR certificates (github.com/ambros-gleixner/VIPR, cert_spec_v1_1.md).

All numbers are fractions. An irrational right side is rounded outward, so that the problem stated is a
relaxation of the program and its bound holds for the program too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from freerand_opt.conic.formats.named import Named, irrational_notes
from freerand_opt.numbers.rounding import round_down, round_up

Pairs = Sequence[tuple[int, Fraction]]


@dataclass(frozen=True)
class _Row:
    """`entries` x <= (L), >= (G) or = (E) `right`."""

    name: str
    sense: str
    right: Fraction
    entries: Pairs

    def __str__(self) -> str:
        return f"{self.name} {self.sense} {self.right} {_pairs(self.entries)}"

    def holds(self, point: Sequence[Fraction]) -> bool:
        value = sum((factor * point[j] for j, factor in self.entries if point[j]), Fraction(0))
        return value == self.right or (self.sense != "E" and (value < self.right) == (self.sense == "L"))


def as_vipr(
    held: Named,
    multipliers: Mapping[int, Fraction],
    point: Sequence[Fraction] | None = None,
    *,
    infeasible: bool = False,
) -> str:
    r"""Return problem, point, and the bound :math:`c \cdot x \le \sum z_i b_i` as one combination of rows.

    The multipliers z, by row, add up to the objective, or to 0 <= a negative number where the program has
    no point (`infeasible`). Raise ValueError for a multiplier of the wrong sign, for multipliers
    that add up to something else, and for a point that breaks a row.
    """
    rows, weights = _combined(held, multipliers)
    _adds_up(held, multipliers, infeasible)
    bound = sum((value * rows[place].right for place, value in weights), Fraction(0))
    if infeasible and bound >= 0:
        raise ValueError(f"the multipliers show 0 <= {bound}, which is no contradiction")
    for row in rows if point is not None else ():
        if not row.holds(point or ()):
            raise ValueError(f"the point breaks {row.name}")
    return "\n".join(_lines(held, rows, weights, bound, infeasible, point)) + "\n"


def _lines(
    held: Named,
    rows: list[_Row],
    weights: Pairs,
    bound: Fraction,
    infeasible: bool,
    point: Sequence[Fraction] | None,
) -> Iterator[str]:
    rounded = irrational_notes(held.program, held.rows, "rounded outward")
    notes = ["All numbers are exact fractions.", *held.notes, *rounded]
    if rounded:
        notes.append("This problem is a relaxation; its upper bound holds for the original one too.")
    yield from (f"% {note}" for note in notes)
    yield "VER 1.0"
    yield from (f"VAR {len(held.columns)}", " ".join(held.columns), "INT 0")
    objective = sorted(held.program.objective.items())
    yield from ("OBJ max", _pairs(objective), f"CON {len(rows)} 0")
    yield from map(str, rows)
    reached = "-inf" if point is None else str(sum((c * point[j] for j, c in objective), Fraction(0)))
    yield "RTP infeas" if infeasible else f"RTP range {reached} {bound}"
    yield "SOL 0" if point is None else f"SOL 1\nattack {_pairs(_present(enumerate(point)))}"
    left = "0" if infeasible else "OBJ"
    yield f"DER 1\nbound L {bound} {left} {{ lin {_pairs(weights)} }} -1"


def _pairs(pairs: Pairs) -> str:
    return " ".join([str(len(pairs)), *(f"{index} {value}" for index, value in pairs)])


def _present(pairs: Iterable[tuple[int, Fraction]]) -> list[tuple[int, Fraction]]:
    return [(index, value) for index, value in pairs if value]


def _combined(held: Named, multipliers: Mapping[int, Fraction]) -> tuple[list[_Row], Pairs]:
    """Return the rows as stated, and the multipliers by their places."""
    program = held.program
    entries = program.matrix.by_row()
    rows: list[_Row] = []
    weights: list[tuple[int, Fraction]] = []
    for i, (name, equal, right) in enumerate(zip(held.rows, program.equal, program.right, strict=True)):
        own, z = sorted(entries[i].items()), multipliers.get(i, Fraction(0))
        place = len(rows)
        if z < 0 and not equal:
            raise ValueError(f"multiplier {z} of row {name} is negative")
        if equal and isinstance(right, Fraction):
            rows.append(_Row(name, "E", right, own))
        elif equal:  # no fraction equals the right side, but two enclose it
            rows.append(_Row(f"{name}.above", "L", round_up(right), own))
            rows.append(_Row(f"{name}.below", "G", round_down(right), own))
            place += z < 0
        else:
            rows.append(_Row(name, "L", round_up(right), own))
        if z:
            weights.append((place, z))
    return rows, weights


def _adds_up(held: Named, multipliers: Mapping[int, Fraction], infeasible: bool) -> None:
    left: dict[int, Fraction] = {} if infeasible else dict(held.program.objective)
    for row, column, value in held.program.matrix.entries():
        z = multipliers.get(row)
        if z:
            left[column] = left.get(column, Fraction(0)) - z * value
    for column, value in left.items():
        if value:
            raise ValueError(f"the multipliers leave {value} of column {held.columns[column]}")
