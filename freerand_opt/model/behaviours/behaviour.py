"""Behaviours P(o|s): exact tables, given by arrays, correlators, Collins-Gisin tables, states, data frames.

Numbers are exact. One rule for floating-point numbers: each is read as its shortest decimal. A table of
such numbers rarely sums to 1; with ``nearest=True`` the no-signalling behaviour that is nearest to it
(least squares, computed exactly) is taken, and `distance` says by how much an entry was moved at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Annotated, Any

from freerand_opt.errors import InputError
from freerand_opt.model.behaviours.arrays import collins_gisin, entries, flat, shape
from freerand_opt.model.behaviours.rows import total
from freerand_opt.model.families import FAMILIES
from freerand_opt.model.scenario import AnyScenario, Scenario
from freerand_opt.model.tables.kinds import Kind, number
from freerand_opt.model.tables.table import Table, table
from freerand_opt.model.tables.text import kind, shortened, shown
from freerand_opt.numbers.exact import Exact, Real, sign, text

#: A scenario of any class.
_FAMILY = "a table with family, or with settings and outcomes"
SCENARIO = table(Scenario, *FAMILIES, allowed=_FAMILY, tag="family", base=AnyScenario)
_P = number(rational=False)
_ROWS = "a row of P(o|s) for each joint setting s, or None"
#: The way in for numbers that are exact nowhere.
HINT = "; nearest=True takes the nearest no-signalling behaviour and says how far it is"


def _read_rows(value: Any, where: str) -> tuple[tuple[Exact, ...] | None, ...]:
    """Return rows of exact numbers, None where nothing is known."""
    if not isinstance(value, list | tuple):
        raise InputError(where, f"{shown(value)} is {kind(value)}; {_ROWS} is needed")
    return tuple(
        None
        if row is None
        else tuple(x if isinstance(x, Fraction | Real) else _P.read(x, f"{where}[{s}]") for x in row)
        for s, row in enumerate(value)
    )


class Behaviour(Table):
    """Probabilities `rows[s][o]` of joint outcomes o at joint settings s; None for rows that are unknown.

    >>> Behaviour.from_array([[[[0.5, 0.5]], [[0, 0]]], [[[0, 0]], [[0.5, 0.5]]]], axes="abxy").rows[1]
    (Fraction(1, 2), Fraction(0, 1), Fraction(0, 1), Fraction(1, 2))
    """

    scenario: Annotated[AnyScenario, SCENARIO, "who measures what"]
    rows: Annotated[
        tuple[tuple[Exact, ...] | None, ...],
        Kind(read=_read_rows, allowed=_ROWS, schema={"type": "array"}),
        "P(o|s) by s and o",
    ]
    distance: Annotated[
        Fraction, number(0), "how far an entry was moved at most from what was given, by nearest=True"
    ] = Fraction(0)

    def check(self) -> None:
        """Raise InputError for a table of another size, and for what is no probability."""
        count, width = self.scenario.shape
        if len(self.rows) != count or any(row is not None and len(row) != width for row in self.rows):
            raise self.fault("rows", f"{count} rows of {width} probabilities are needed, or None for a row")
        wrong = self.improper
        if wrong:
            raise self.fault("rows", wrong)

    @property
    def improper(self) -> str | None:
        """Return in words where entries are no probabilities, or None."""
        label = self.scenario
        if all(row is None for row in self.rows):
            return "no probability is given"
        for s, row in enumerate(self.rows):
            for o, p in enumerate(row or ()):
                if sign(p) < 0:
                    return f"{label.label(s, o)} = {shortened(text(p))} is negative"
            whole = total(row or (Fraction(1),))
            if sign(whole - 1) != 0:
                found = shortened(text(whole))
                return f"the outcomes at settings {label.setting_label(s)} sum to {found}, not to 1"
        return None

    @property
    def signalling(self) -> str | None:
        """Return in words the largest change of the others' marginal with one party's setting, or None."""
        scenario, worst = self.scenario, (-1.0, "")
        for party, letter in enumerate(scenario.parties):
            marginals: dict[tuple[tuple[int, ...], tuple[int, ...], int], Exact] = {}
            first: dict[tuple[int, ...], int] = {}  # the first setting that is known, given the others'
            for s, settings in enumerate(scenario.joint_settings):
                row, others = self.rows[s], settings[:party] + settings[party + 1 :]
                if row is not None:
                    first.setdefault(others, settings[party])
                for o, outcomes in enumerate(scenario.joint_outcomes if row is not None else ()):
                    key = (outcomes[:party] + outcomes[party + 1 :], others, settings[party])
                    marginals[key] = marginals.get(key, Fraction(0)) + row[o]  # type: ignore[index]
            for (rest, others, setting), value in marginals.items():
                difference = value - marginals[rest, others, first[others]]
                if difference != 0 and abs(float(difference)) > worst[0] and sign(difference):
                    names = scenario.parties.replace(letter, "")
                    said = (
                        f"it signals: P({assigned(names, rest)}) at settings {assigned(names, others)} "
                        f"changes by {shortened(text(difference))} when {letter} measures {setting} "
                        f"instead of {first[others]}"
                    )
                    worst = abs(float(difference)), said
        return worst[1] or None

    @classmethod
    def from_array(cls, p: Any, axes: str = "abxy", *, nearest: bool = False) -> Behaviour:
        """Return the behaviour of an array of P(ab..|xy..), as NumPy or nested lists hold it.

        `axes` names each axis: letters before n are outcomes, the others settings, of A, B, .. in their
        order. Raise InputError for what is no behaviour, unless ``nearest``.
        """
        settings, outcomes, found = entries(p, axes, "Behaviour.from_array")
        rows = [[found[s, o] for o in range(prod(outcomes))] for s in range(prod(settings))]
        return _made(Scenario(settings, outcomes), rows, "Behaviour.from_array", nearest)

    @classmethod
    def from_correlators(
        cls, correlators: Any, a: Any = None, b: Any = None, *, nearest: bool = False
    ) -> Behaviour:
        """Return the behaviour of two parties with correlators[x][y] = <A_x B_y>, a[x] = <A_x>, b[y] = <B_y>.

        Outcomes 0 and 1 count as +1 and -1; without `a` or `b` these means are 0.
        """
        where = "Behaviour.from_correlators"
        sizes = shape(correlators, where)
        if len(sizes) != 2:
            raise InputError(where, f"{shown(correlators)}: an array of two axes, x and y, is needed")
        both = dict(flat(correlators, where))
        means = []
        for name, given, size in (("a", a, sizes[0]), ("b", b, sizes[1])):
            own = [0] * size if given is None else given
            if shape(own, where) != (size,):
                raise InputError(
                    where, f"{name} = {shown(own)}: {size} means are needed, one for each setting"
                )
            means.append([x for _, x in flat(own, f"{where}, {name}")])
        rows = [
            [
                (1 + (-1) ** o * means[0][x] + (-1) ** q * means[1][y] + (-1) ** (o + q) * both[x, y]) / 4
                for o, q in product(range(2), repeat=2)
            ]
            for x, y in product(*map(range, sizes))
        ]
        return _made(Scenario(sizes, (2, 2)), rows, where, nearest)

    @classmethod
    def from_collins_gisin(
        cls, table: Any, outcomes: Sequence[int] = (2, 2), *, nearest: bool = False
    ) -> Behaviour:
        """Return the behaviour of two parties of a Collins-Gisin table (arXiv:quant-ph/0306129).

        Row and column 0 belong to nobody: table[0][0] = 1, table[i][0] = P_A(a|x), table[0][j] = P_B(b|y),
        table[i][j] = P(ab|xy), with i = 1 + x (d_A - 1) + a for outcomes a < d_A - 1, and so for j.
        """
        where = "Behaviour.from_collins_gisin"
        settings, (d, e) = collins_gisin(table, outcomes, where), outcomes
        held = dict(flat(table, where))

        def parts(x: int, a: int, count: int) -> list[tuple[int, int]]:
            first = 1 + x * (count - 1)
            return (
                [(first + a, 1)] if a < count - 1 else [(0, 1), *((first + k, -1) for k in range(count - 1))]
            )

        rows = [
            [
                total([held[i, j] * (u * v) for i, u in parts(x, a, d) for j, v in parts(y, b, e)])
                for a, b in product(range(d), range(e))
            ]
            for x, y in product(*map(range, settings))
        ]
        return _made(Scenario(settings, (d, e)), rows, where, nearest)

    @classmethod
    def from_state(cls, rho: Any, measurements: Any, *, nearest: bool = False) -> Behaviour:
        """Return the behaviour of a density matrix and measurements[party][setting][outcome], matrices.

        Amplitudes, or a column, may stand for a pure state, an observable with values 1 and -1 for its two
        projectors. NumPy arrays, nested lists of exact texts such as ``"sqrt(2)/2"``, or QuTiP objects.
        Matrices of floating-point numbers are rarely exact states and measurements: they need ``nearest``.
        """
        from freerand_opt.model.behaviours.states import probabilities_of

        where = "Behaviour.from_state"
        try:
            settings, outcomes, rows = probabilities_of(rho, measurements, where, checked=not nearest)
        except InputError as error:
            raise InputError(error.where, error.message + ("" if nearest else HINT)) from None
        return _made(Scenario(tuple(settings), tuple(outcomes)), rows, where, nearest)

    @classmethod
    def from_dataframe(cls, frame: Any, *, nearest: bool = False) -> Behaviour:
        """Return the behaviour of a table with columns x, y, .., a, b, .., p; cells that are missing are 0.

        Joint settings without any row are unknown.
        """
        where = "Behaviour.from_dataframe"
        if not hasattr(frame, "columns"):
            raise InputError(where, f"{shown(frame)} is {kind(frame)}; a data frame is needed")
        names = [str(name) for name in frame.columns]
        count = (len(names) - 1) // 2
        wanted = [*"xyz"[:count], *"abc"[:count], "p"]
        if not 1 <= count <= 3 or sorted(names) != sorted(wanted):
            raise InputError(
                where, f"columns {shown(', '.join(names))}; x, y, a, b, p are needed, or z and c too"
            )
        columns = [list(frame[name]) for name in wanted]
        cells = {tuple(map(int, row[:-1])): row[-1] for row in zip(*columns, strict=True)}
        sizes = [1 + max(column) for column in zip(*cells, strict=True)]
        scenario = Scenario(sizes[:count], sizes[count:])  # type: ignore[arg-type]
        rows: list[list[Exact] | None] = [None] * scenario.shape[0]
        for key, value in cells.items():
            s, o = scenario.setting_index(key[:count]), scenario.outcome_index(key[count:])
            row = rows[s] or [Fraction(0)] * scenario.shape[1]
            row[o] = _P.read(value, f"{where}, row {key}")
            rows[s] = row
        return _made(scenario, rows, where, nearest)

    def to_labels(self) -> dict[str, Exact]:
        """Return the probabilities that are known and not 0, by label."""
        return {
            self.scenario.label(s, o): p
            for s, row in enumerate(self.rows)
            for o, p in enumerate(row or ())
            if p != 0
        }

    def __repr__(self) -> str:
        known = sum(row is not None for row in self.rows)
        moved = f", distance={str(self.distance)!r}" if self.distance else ""
        return f"Behaviour({self.scenario!r}, {known} of {len(self.rows)} joint settings{moved})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: P(outcomes|settings), a row for each joint outcome."""
        from freerand_opt.numbers import markup

        shown_settings = range(min(len(self.rows), markup.MOST + 1))
        head = ["P(outcomes|settings)", *(self.scenario.setting_label(s) for s in shown_settings)]
        rows = [self.rows[s] for s in shown_settings]
        body = (
            ["".join(map(str, joint)), *("?" if row is None else text(row[o]) for row in rows)]
            for o, joint in enumerate(self.scenario.joint_outcomes)
        )
        return markup.table(head, body)


def assigned(names: str, values: tuple[int, ...]) -> str:
    """Return ``A=0, B=1`` for the parties AB and values 0, 1."""
    return ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))


def _made(
    scenario: Scenario, rows: Sequence[Sequence[Exact] | None], where: str, is_nearest: bool
) -> Behaviour:
    """Return the behaviour of rows, or the nearest one; InputError at `where` for what is none."""
    if is_nearest:
        return _projected(scenario, rows, where)
    try:
        return Behaviour(scenario, tuple(None if row is None else tuple(row) for row in rows))
    except InputError as error:
        raise InputError(where, error.message + HINT) from None


def _projected(scenario: Scenario, rows: Sequence[Sequence[Exact] | None], where: str) -> Behaviour:
    from freerand_opt.model.behaviours.nearest import nearest

    given = [p for row in rows if row is not None for p in row]
    rational = [p for p in given if isinstance(p, Fraction)]
    if len(rational) != len(given) or any(row is None for row in rows):
        raise InputError(where, "nearest=True needs rational numbers at all joint settings")
    found = nearest(*scenario.sizes, rational)
    width = scenario.shape[1]
    moved = max(abs(x - y) for x, y in zip(found, rational, strict=True))
    table = tuple(tuple(found[k : k + width]) for k in range(0, len(found), width))
    return Behaviour(scenario, table, distance=moved)
