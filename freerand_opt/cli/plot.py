"""The verb `freerand plot`."""

from __future__ import annotations


def plot() -> None:
    """Not moved yet."""
