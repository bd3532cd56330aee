"""Proofs by squares made shorter: words that are used alone, and integers over less."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

#: Squares are over 2^SHORT where that is near enough.
SHORT = 48


def trimmed(proof: dict[str, Any]) -> dict[str, Any]:
    """Return a proof that lists the words it uses."""
    used: dict[int, int] = {}

    def flat(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(used.setdefault(k, len(used)), whole) for k, whole in pairs]

    def block(words: list[int], rows: list[list[int]]) -> list[Any]:
        return [[used.setdefault(k, len(used)) for k in words], rows]

    labels = _changed(proof["labels"], flat, block, lambda zeros: zeros)
    words = [proof["words"][k] for k in used]
    return {**proof, "words": words, "labels": labels}


def shortened(upper: dict[str, Any]) -> dict[str, Any] | None:
    """Return an upper end with its squares rounded to 2^SHORT, None if it has none that are longer.

    Lists of words and terms of zeros are over the square of the unit.
    """
    proof = upper.get("proof", {})
    turn, rest = divmod(proof["unit"], 2**SHORT) if proof.get("way") == "squares" else (0, 0)
    if rest or turn < 2 or turn & (turn - 1):
        return None

    def flat(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(k, x) for k, whole in pairs if (x := _over(whole, turn * turn))]

    def block(words: list[int], rows: list[list[int]]) -> list[Any]:
        short = [without_zeros([_over(x, turn) for x in row]) for row in rows]
        kept = [(word, row) for word, row in zip(words, short, strict=True) if row]
        return [[word for word, _ in kept], [row for _, row in kept]]

    def zeros(terms: list[list[Any]]) -> list[list[Any]]:
        return [[*term, x] for *term, whole in terms if (x := _over(whole, turn * turn))]

    labels = _changed(proof["labels"], flat, block, zeros)
    return {**upper, "proof": {**proof, "unit": 2**SHORT, "labels": labels}}


def _over(x: int, turn: int) -> int:
    return (x + turn // 2) // turn


def _changed(
    value: Any,
    flat: Callable[[Iterable[tuple[int, int]]], list[tuple[int, int]]],
    block: Callable[[list[int], list[list[int]]], list[Any]],
    zeros: Callable[[list[list[Any]]], list[list[Any]]],
) -> Any:
    """Return labels with lists [place, integer, ..], blocks [words, rows] and terms of zeros changed."""
    if isinstance(value, list) and value and all(isinstance(x, int) for x in value):
        return [x for pair in sorted(flat(zip(value[::2], value[1::2], strict=True))) for x in pair]
    if isinstance(value, dict):
        kept = {key: x for key, x in value.items() if key in ("symmetry", "zeros")}
        kept |= {"zeros": zeros(value["zeros"])} if "zeros" in value else {}
        return {
            key: kept[key] if key in kept else _changed(x, flat, block, zeros) for key, x in value.items()
        }
    if isinstance(value, list) and len(value) == 2 and _is_block(value):
        return block(*value)
    return [_changed(x, flat, block, zeros) for x in value] if isinstance(value, list) else value


def _is_block(value: list[Any]) -> bool:
    first, second = value
    return (
        isinstance(first, list)
        and bool(first)
        and all(isinstance(x, int) for x in first)
        and isinstance(second, list)
        and len(second) == len(first)
        and all(isinstance(x, list) for x in second)
    )


def without_zeros(row: list[int]) -> list[int]:
    """Return a row without the zeros at its end."""
    while row and not row[-1]:
        row.pop()
    return row
