"""The method for relations of many parties: both ends by programs over moments of symmetric boxes."""

from __future__ import annotations

from collections.abc import Iterator

from freerand_opt.bounds.options import Options
from freerand_opt.certificates.many import orbits_form, strings_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.proofs import rounded
from freerand_opt.conic.basis import exact_multipliers
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import solve
from freerand_opt.programs.many import moments_program


def relations(pool: Pool, options: Options) -> Iterator[None]:
    """Offer the bound by strings, then the attack by symmetric boxes."""
    above = moments_program(pool.question, attack=False)
    hint = solve(above.program, options.time_limit)
    z = exact_multipliers(above.program, hint) or rounded(hint.multipliers)
    words = f"{above.program.matrix.shape[1]} moments of symmetric boxes"
    pool.offer_upper(strings_form(above, z), words)
    yield
    below = above if above.both else moments_program(pool.question, attack=True)
    same = below.program.right == above.program.right and below.program.names == above.program.names
    x = inner_point(below.program, hint if same else solve(below.program, options.time_limit))
    if x is not None:
        pool.offer_attack(orbits_form(below, x), words)
    yield
