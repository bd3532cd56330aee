"""The verb `freerand report`."""

from __future__ import annotations


def report() -> None:
    """Not moved yet."""
