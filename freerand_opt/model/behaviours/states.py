r"""States and measurements: complex numbers, density matrices, angles, and the behaviours that they give.

.. math:: P(o|s) = \mathrm{tr}\bigl(\rho\, M^A_{o_A|s_A} \otimes M^B_{o_B|s_B} \otimes \ldots\bigr)

Angles are rational multiples of pi: an observable is n.sigma with n = (sin t cos f, sin t sin f, cos t),
and outcome 0 is its value +1; one angle alone is t.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from freerand_opt.errors import InputError
from freerand_opt.model.tables.kinds import Kind, by_party, either, items, number, word
from freerand_opt.model.tables.number import exact
from freerand_opt.model.tables.table import Table, table
from freerand_opt.model.tables.text import said_at, shown
from freerand_opt.numbers.exact import Exact, UndecidedError, text

if TYPE_CHECKING:
    from freerand_opt.model.behaviours.quantum_state import State

NAMES = ("phi+", "phi-", "psi+", "psi-", "ghz", "w")
MAX_SIZE = 16
#: A matrix of texts, as they are kept.
Texts: TypeAlias = tuple[tuple[str, ...], ...]
Complex: TypeAlias = tuple[Exact, Exact]


def complex_number(value: Any, where: str) -> Complex:
    """Return the number of a real value, a pair [re, im] or a text such as "1/2 - sqrt(3)/2*i"."""
    if isinstance(value, list | tuple):
        if len(value) != 2:
            raise InputError(where, f"{shown(value)} is no number; a complex one is [re, im] or a text a+b*i")
        return exact(value[0], where), exact(value[1], where)
    if not isinstance(value, str):
        if hasattr(value, "imag") and hasattr(value, "real") and not isinstance(value, int | Fraction):
            return exact(value.real, where), exact(value.imag, where) if value.imag else Fraction(0)
        return exact(value, where), Fraction(0)
    plain = value.replace(" ", "")
    if not plain.endswith("i") or plain.endswith("pi"):
        return exact(value, where), Fraction(0)
    # the imaginary part starts at the last sign outside of brackets
    signs = [k for k, letter in enumerate(plain) if letter in "+-" and not _inside(plain, k)]
    start = signs[-1] if signs else 0
    imaginary = plain[start:-1].removesuffix("*").removeprefix("+")
    real = exact(plain[:start], where) if plain[:start] else Fraction(0)
    return real, exact(imaginary + "1" if imaginary in ("", "-") else imaginary, where)


def _inside(plain: str, place: int) -> bool:
    """Whether a sign stands in brackets, in an exponent, or behind another operation."""
    before = plain[:place]
    deep = before.count("(") != before.count(")")
    return deep or before[-1:] in ("*", "/", "^") or re.search(r"\d[eE]$", before) is not None


def _read_complex(value: Any, where: str) -> str:
    """Return the text of a complex number, the form that is kept."""
    real, imaginary = complex_number(value, where)
    if not imaginary:
        return text(real)
    return f"({text(imaginary)})*i" if not real else f"{text(real)} + ({text(imaginary)})*i"


_PAIR = {"type": "array", "items": {"type": ["number", "string"]}, "minItems": 2, "maxItems": 2}
_COMPLEX = Kind(
    read=_read_complex,
    allowed='a complex number such as 1/2, "sqrt(2)/2*i" or [re, im]',
    schema={"anyOf": [{"type": ["number", "string"]}, _PAIR]},
)
MATRIX = items(items(_COMPLEX, least=1), "an array of rows", least=1)
_AMPLITUDES = items(_COMPLEX, "amplitudes", least=1)


def _read_state(value: Any, where: str) -> tuple[str, ...] | Texts:
    """Return amplitudes, or the rows of a density matrix, which are all arrays."""
    rows = len(value) and all(hasattr(entry, "__len__") and not isinstance(entry, str) for entry in value)
    held: tuple[str, ...] | Texts = (MATRIX if rows else _AMPLITUDES).read(value, where)
    return held


class Schmidt(Table):
    """cos(t)|0..0> + sin(t)|1..1>, t = schmidt * pi."""

    schmidt: Annotated[Fraction, number(), "the angle t in multiples of pi"]


STATE = either(
    f"a name ({', '.join(NAMES)}), a .csv or .json file with a density matrix, an array of amplitudes or "
    'of rows, or { schmidt = "1/8" }',
    text=word(*NAMES),
    items=Kind(
        read=_read_state,
        allowed="amplitudes, or a density matrix",
        schema={"anyOf": [_AMPLITUDES.schema, MATRIX.schema]},
    ),
    table=table(Schmidt, allowed="a table with schmidt"),
)
_DIRECTION = "an angle in multiples of pi, or [theta, phi]"
_ANGLE = either(_DIRECTION, number=number(), items=items(number(), _DIRECTION, least=1, most=2))
ANGLES = by_party(items(_ANGLE, least=1))
MEASUREMENTS = by_party(items(items(MATRIX, least=1), "a matrix for each outcome, for each setting", least=1))


def probabilities_of(
    rho: Any, measurements: Any, where: str, *, checked: bool
) -> tuple[list[int], list[int], list[tuple[Exact, ...]]]:
    """Return (settings, outcomes, rows of P(o|s)) of matrices, which must be exact if `checked`."""
    held = MEASUREMENTS.read(
        [[_elements(setting, where) for setting in party] for party in measurements],
        f"{where}, measurements",
    )
    matrix = _read_state(_flat(_array(rho)), f"{where}, rho")
    settings = [len(party) for party in held]
    outcomes = [max(map(len, party)) for party in held]
    if any(len(setting) != d for party, d in zip(held, outcomes, strict=True) for setting in party):
        raise InputError(where, "all settings of a party need the same number of outcomes")
    return (
        settings,
        outcomes,
        list(rows_of(matrix, None, held, tuple(settings), tuple(outcomes), where, checked)),
    )


def _flat(state: Any) -> Any:
    """Return a state whose rows have one entry, a column, as amplitudes."""
    column = all(hasattr(row, "__len__") and not isinstance(row, str) and len(row) == 1 for row in state)
    return [row[0] for row in state] if column else state


def _elements(setting: Any, where: str) -> list[Any]:
    """Return the matrices of a setting's outcomes: (1 + M)/2 and (1 - M)/2 of an observable M."""
    held = _array(setting)
    scalar = not hasattr(held, "__len__") or not len(held) or not hasattr(held[0], "__len__")
    if scalar or any(hasattr(entry, "__len__") and not isinstance(entry, str) for entry in held[0]):
        return [_array(matrix) for matrix in held]
    half = Fraction(1, 2)
    rows = [[complex_number(x, f"{where}, measurements") for x in row] for row in held]
    turned = [[[(re * sign, im * sign) for re, im in row] for row in rows] for sign in (half, -half)]
    for matrix in turned:
        for k, row in enumerate(matrix):
            row[k] = (row[k][0] + half, row[k][1])
    return turned


def _array(matrix: Any) -> Any:
    """Return the array of a QuTiP object, or what was given."""
    return matrix.full() if hasattr(matrix, "full") else matrix


@lru_cache(maxsize=64)
def rows_of(
    state: Any,
    angles: Any,
    measurements: Any,
    settings: tuple[int, ...],
    outcomes: tuple[int, ...],
    where: str,
    checked: bool = True,
) -> tuple[tuple[Exact, ...], ...]:
    """Return P(o|s) by joint setting of a state and directions; raise InputError below `where`."""
    from freerand_opt.model.behaviours import quantum_state as quantum

    key = "measurements" if angles is None else "angles"
    with _said_at(f"{where}.{key}"):
        if angles is not None:
            held = _directions(angles, settings, outcomes)
        else:
            held = _measured(measurements, settings, outcomes, checked)
    with _said_at(f"{where}.state"):
        found = _state(state, len(settings), checked)
        return quantum.behaviour(settings, outcomes, found, held)


@contextmanager
def _said_at(where: str) -> Iterator[None]:
    """Turn errors about values into InputErrors at `where`."""
    try:
        with said_at(where):
            yield
    except UndecidedError as error:
        raise InputError(where, f"{error}; write the numbers in another form, or as fractions") from None


def _numbers(texts: Texts) -> tuple[tuple[Complex, ...], ...]:
    return tuple(tuple(complex_number(x, "") for x in row) for row in texts)


def _state(state: Any, parties: int, checked: bool) -> State:
    from freerand_opt.model.behaviours import quantum_state as quantum

    if isinstance(state, str):
        return quantum.named(state, parties)
    if isinstance(state, Schmidt):
        return quantum.schmidt(state.schmidt, parties)
    if isinstance(state[0], str):
        return quantum.from_amplitudes([complex_number(x, "") for x in state])
    matrix = _numbers(state)
    if checked:
        return quantum.from_matrix(matrix)
    cells = {(i, j): x for i, row in enumerate(matrix) for j, x in enumerate(row) if any(x)}
    return quantum.State(len(matrix), cells)


def _directions(angles: Any, settings: Sequence[int], outcomes: Sequence[int]) -> Any:
    from freerand_opt.model.behaviours import quantum_state as quantum

    if set(outcomes) != {2}:
        raise ValueError("angles are for two outcomes a setting; use measurements")
    _fits([len(own) for own in angles], settings, "angles")
    pairs = [[angle if isinstance(angle, tuple) else (angle,) for angle in own] for own in angles]
    return tuple(tuple(quantum.in_direction(*pair) for pair in own) for own in pairs)


def _measured(measurements: Any, settings: Sequence[int], outcomes: Sequence[int], checked: bool) -> Any:
    from freerand_opt.model.behaviours import quantum_state as quantum

    _fits([len(own) for own in measurements], settings, "measurements")
    found = tuple(
        tuple(tuple(_numbers(element) for element in elements) for elements in own) for own in measurements
    )
    for p, own in enumerate(found):
        for x, elements in enumerate(own):
            name = f"{chr(ord('A') + p)}, setting {x}"
            if len(elements) != outcomes[p]:
                raise ValueError(f"{name}: {len(elements)} elements; {outcomes[p]} outcomes need one each")
            if any(len(element) > MAX_SIZE for element in elements):
                raise ValueError(f"{name}: a matrix of more than {MAX_SIZE} rows")
            wrong = quantum.measurement_fault(elements) if checked else None
            if wrong:
                raise ValueError(f"{name}: no measurement: {wrong}")
    return found


def _fits(sizes: list[int], settings: Sequence[int], what: str) -> None:
    if len(sizes) != len(settings):
        raise ValueError(f"{what} of {len(sizes)} parties; the scenario has {len(settings)}")
    for p, (size, wanted) in enumerate(zip(sizes, settings, strict=True)):
        if size != wanted:
            raise ValueError(
                f"{size} {what} of {chr(ord('A') + p)}; one for each of {wanted} settings is needed"
            )
