"""What committed certificates say of a claim, after the kernel has checked them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from freerand_opt.claims.verify import compared, read
from freerand_opt.errors import FreerandError
from freerand_opt.runner.job import recalled
from freerand_opt.runner.shelf import Shelf


def verdicts(path: Path) -> Counter[str]:
    """Return how often each verdict is reached by the instances of a file; NOT STORED: what is not there."""
    file = read(path)
    shelf = Shelf(path.parent / "certificates")
    found: Counter[str] = Counter()
    for instance in file.instances:
        kept = shelf.found(file, instance)
        try:
            verdict = "NOT STORED" if kept is None else None
            if kept is not None:
                verdict = compared(file, instance, recalled(kept, instance)).verdict
        except FreerandError:
            verdict = "REJECTED"
        found[verdict or "WITHOUT A CLAIM"] += 1
    return found
