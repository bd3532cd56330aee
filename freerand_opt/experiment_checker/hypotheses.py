"""What a statement about counts assumes, in words, and what is known of the theorem behind it."""

from __future__ import annotations

from freerand_opt.checker.failures import Unreadable
from freerand_opt.checker.sources import Bits, Limits, Point, Source

#: Where the theorems are; a certificate proves the arithmetic that they ask for.
PAGE = "docs/proofs/experiments.md"
READ = "derived there, its proof read by a second reader"
WRITTEN = "written out there, that proof read by a second reader"
SHOWN = 16


def source_line(source: Source) -> str:
    """Return assumption (A1) on the settings, with the source's numbers; raise Unreadable for others."""
    head = "(A1) in every round, given all that was before and what the adversary holds, "
    if isinstance(source, Bits):
        if len(set(source.ranges)) == 1:
            ((low, high),) = set(source.ranges)
            return (
                f"{head}each of the {len(source.ranges)} bits that choose the settings is 0 with probability "
                f"in [{low}, {high}] ([{float(low):.6g}, {float(high):.6g}])"
            )
        listed = ", ".join(f"[{low}, {high}]" for low, high in source.ranges)
        return f"{head}the bits that choose the settings are, in time, 0 with probability in {listed}"
    if isinstance(source, Limits):
        ends = list(zip(source.lower.values(), source.upper.values(), strict=True))
        if len(set(ends)) == 1:
            return f"{head}each joint setting has a probability in [{ends[0][0]}, {ends[0][1]}]"
        listed = ", ".join(f"[{low}, {high}]" for low, high in ends)
        return f"{head}the joint settings have, in their order, a probability in {listed}"
    if not isinstance(source, Point):
        raise Unreadable("source: statements about counts are of uniform, free, bits or limits")
    values = tuple(source.values.values())
    if len(set(values)) == 1:
        return f"{head}joint settings are uniform"
    return f"{head}joint settings are distributed as stated: {', '.join(map(str, values[:SHOWN]))}"


def memory_line(devices: str, vertices: int | None = None) -> str:
    """Return what the devices may do."""
    polytope = f" (a polytope of {vertices} vertices that holds them)" if vertices is not None else ""
    return f"{devices} devices with any memory{polytope}; they may share causes with the settings within (A1)"


def later_line(free: bool) -> str:
    """Return what is assumed of later settings: nothing (E), or (A2) with (E')."""
    if free:
        return "condition (E): later settings may depend on earlier outcomes in any way"
    return (
        "condition (E'), which needs (A2), assumed: later settings do not depend on earlier outcomes, given "
        "earlier settings and W"
    )


def theorem_line(
    quantity: str, *, method: str = "", free: bool = True, part: bool = False, guess: bool = False
) -> str:
    """Return where the theorem is that turns the arithmetic into the statement, and who knows it."""
    if quantity == "p-value":
        known = (
            "Ville's inequality" if method == "factor" else "Elkouss and Wehner, arXiv:1510.07233, for CHSH"
        )
        return f"{PAGE}, section 2: in the literature ({known}); {WRITTEN}"
    also = f"; section 9 (factors from guesses): {READ}" if guess else ""
    if part:
        return f"{PAGE}, section 4 (some of the parties): {READ}{also}"
    if free:
        return f"{PAGE}, section 3 (condition E): {READ}{also}"
    return (
        f"{PAGE}, section 3 (condition E'): in the literature (Knill, Zhang and Bierhorst, "
        f"arXiv:1709.06159); {WRITTEN}"
    )
