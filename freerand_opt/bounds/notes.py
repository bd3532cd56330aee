"""Why an answer is not as good as asked, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.model.problem import Problem


def notes_of(pools: Sequence[Pool], options: Options) -> tuple[str, ...]:
    """Return what failed on the last pool that is wider than asked, and a hint; () if none is."""
    open_pools = [pool for pool in pools[-2:] if not pool.settled(options.width, relative=options.relative)]
    if not open_pools:
        return ()
    pool = open_pools[-1]
    quantum = isinstance(pool.subject, Problem) and pool.subject.devices == "quantum"
    missing = [end for end, found in (("upper", pool.upper), ("lower", pool.attack)) if found is None]
    said = f"no {' and no '.join(missing)} end was found" if missing else "the ends do not meet as asked"
    hints = ["a higher level (adversary.level)"] if quantum and missing != ["lower"] else []
    hints += ["a larger --time-limit"] if options.time_limit is not None else []
    hints += ["a wider --width"] if not missing else []
    advice = f"; try {', or '.join(hints)}" if hints else ""
    failed = tuple(dict.fromkeys(failure[:200] for failure in pool.failures[-3:]))
    return (f"{said}{advice}", *failed)
