"""Who is told what happens in a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Watch:
    """Who is told what happens. Seconds are expected ones; `say` is for people.

    `total(jobs, seconds)` before the first job, `begin(words)` and `end(seconds)` for each of them.
    """

    total: Callable[[int, float], None] = lambda jobs, seconds: None
    begin: Callable[[str], None] = lambda words: None
    end: Callable[[float], None] = lambda seconds: None
    say: Callable[[str], None] = lambda words: None
