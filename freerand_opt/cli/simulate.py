"""The verb `freerand simulate`."""

from __future__ import annotations


def simulate() -> None:
    """Not moved yet."""
