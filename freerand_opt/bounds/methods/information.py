r"""Both ends of questions whose settings share at most so much information with W.

.. math:: \max \langle \text{payoff}, x \rangle \;:\; x_{bs} \ge 0,\; \text{tests},\;
   \sum_{b,s} x_{bs} \ln \frac{x_{bs}}{P(s) \sum_t x_{bt}} \le c \ln 2

over boxes b. The bound is by exponential cones; for the attack the distributions found, and mixtures of
them with P(s), are points whose cost is known, so that a linear program gives exact weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import clarabel
import numpy as np
from scipy.sparse import csc_array, vstack

from freerand_opt.attacks.strategies import attack_form, strategies
from freerand_opt.bounds.methods.ways import upper_form
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.proofs import rounded
from freerand_opt.checker.averages import by_departure, divergence, limit
from freerand_opt.checker.reading import fraction
from freerand_opt.checker.sources import Average as KernelAverage
from freerand_opt.checker.vectors import Vector, vector
from freerand_opt.conic.inner_point import inner_point
from freerand_opt.conic.linear import LinearProgram, solve
from freerand_opt.conic.sparse import Floats
from freerand_opt.model.problem import Average, Problem
from freerand_opt.programs.source_cone import Cone, by_costly
from freerand_opt.programs.strategies import Strategies
from freerand_opt.programs.violations import relaxed_if_asked

#: Mixtures with P(s) have these weights of P(s).
MIXED = (
    Fraction(0),
    Fraction(1, 2**36),
    Fraction(1, 2**30),
    Fraction(1, 2**25),
    Fraction(1, 2**20),
    Fraction(1, 2**14),
    Fraction(1, 2**10),
    Fraction(1, 16),
    Fraction(1),
)

#: Departures that are tried for an attack.
DEPARTURES = 5

#: Masses below these shares are tried as 0, which a solver does not give, and rounded to such grids.
SMALL = ((0.0, 2**40), (1e-5, 2**24))

MadeFor = Callable[[Problem, Cone | None], Strategies]


def by_information(
    pool: Pool, made_for: MadeFor, way: str, words: str, edges: int | list[list[int]] | None
) -> Iterator[None]:
    """Offer the bound, then an attack."""
    problem = pool.problem
    assert isinstance(problem.source, Average)
    made = made_for(problem, None)
    program = relaxed_if_asked(problem, made.program)
    found = _solve(program, made, problem.source.bounds[0])
    if found is None:  # there may be no strategy, which is another question
        pool.contradicted = problem.ask.quantity != "strategy"
        yield
        return
    x, z, price = found
    claim = "none" if problem.ask.quantity == "strategy" else "bound"
    more = {} if edges is None else {"edges": edges}
    form = upper_form(problem, made, rounded(z[: made.program.matrix.shape[0]]), {}, way, claim, **more)
    form["prices"]["averages"] = [str(rounded([max(price, 0.0)])[0])]
    pool.offer_upper(form, f"{words}, exponential cones")
    yield
    cone = _listed(problem, x[: made.program.matrix.shape[1]].reshape(made.space.carriers, -1))
    inside = made_for(problem, cone)
    exact = relaxed_if_asked(problem, inside.program)
    point = inner_point(exact, solve(exact))
    if point is not None:
        own = strategies(inside, point[: inside.program.matrix.shape[1]])
        pool.offer_attack(attack_form(problem, own), f"{words}, distributions found")
    else:
        pool.failures.append(f"{words}: no mixture of the distributions found passes exactly")
    yield


def by_departures(pool: Pool, answered: Callable[[Problem], Pool]) -> Iterator[None]:
    """Offer the bound at the departure that the information implies, and an attack at a smaller one.

    An attack at some departure has an information of its own, which falls in proportion.
    """
    problem = pool.problem
    source, observed = problem.source, problem.observed
    assert isinstance(source, Average)
    if problem.devices == "local" or observed is None:
        return
    if problem.devices == "quantum":
        outer = answered(replace(problem, devices="no-signalling"))
        if outer.upper is not None:
            pool.offer_upper(outer.upper, f"{outer.how.get('upper', '')}, no-signalling devices")
            yield
    share = list(observed)
    whole = KernelAverage(
        Vector(len(share), None, dict(enumerate(share))), "information", source.bounds, (), None
    )
    most = by_departure(whole).bounds[0]
    allowed = limit(whole, source.bounds[0], above=False)
    words = f"at a departure of {float(most):.4g} on average (Pinsker)"
    for _ in range(DEPARTURES):
        found = answered(replace(problem, source=Average("departure", (most,))))
        if found.upper is not None and words:
            pool.offer_upper(found.upper, f"{found.how.get('upper', '')}, {words}")
            pool.contradicted = found.contradicted and not pool.impossible
            words = ""
            yield
        if found.attack is None or pool.impossible:
            pool.failures.extend(found.failures)
            return
        spent = Fraction(0)
        for strategy in found.attack["strategies"]:
            masses = vector(strategy["masses"], "attack: masses", len(share), fraction)
            spent += divergence(masses.values(), share)
        if spent <= allowed:
            pool.offer_attack(
                found.attack, f"{found.how.get('attack', '')}, at a departure of {float(most):.4g}"
            )
            yield
            return
        most = Fraction(round(most * allowed / spent * 2**30) - 1, 2**30)
    pool.failures.append(f"attacks at departures down to {float(most):.4g} share too much information")


def _solve(program: LinearProgram, made: Strategies, bits: Fraction) -> tuple[Floats, Floats, float] | None:
    """Return x, multipliers of the rows, and the price of a nat; None if the solver found none."""
    rows, columns = program.matrix.shape
    boxes, settings = made.space.carriers, made.cone.nodes
    count = boxes * settings
    problem = made.problem
    assert problem.observed is not None
    share = np.array([float(p) for p in problem.observed])
    wide = columns + count  # x, then t with t >= x ln(x / (P(s) sum x))
    body = csc_array(
        (program.matrix.floats(), (program.matrix.rows, program.matrix.columns)), shape=(rows, wide)
    )
    equal = np.array(program.equal, dtype=bool)
    right = np.array([float(value) for value in program.right])
    total = csc_array((np.ones(count), (np.zeros(count, int), columns + np.arange(count))), shape=(1, wide))
    place, at, values = [], [], []
    for k in range(count):  # (-t, x, P(s) * sum of x): y exp(x/y) <= z
        place += [3 * k, 3 * k + 1]
        at += [columns + k, k]
        values += [1.0, -1.0]
        box, s = divmod(k, settings)
        for other in range(settings):
            place.append(3 * k + 2)
            at.append(box * settings + other)
            values.append(-share[s])
    cones = csc_array((values, (place, at)), shape=(3 * count, wide))
    order = [np.flatnonzero(equal), np.flatnonzero(~equal)]
    matrix = vstack([body[order[0]], body[order[1]], total, cones], format="csc")
    bound = np.concatenate([right[order[0]], right[order[1]], [float(bits) * np.log(2)], np.zeros(3 * count)])
    cost = np.zeros(wide)
    for column, value in program.objective.items():
        cost[column] = -float(value)
    kinds = [
        clarabel.ZeroConeT(len(order[0])),
        clarabel.NonnegativeConeT(len(order[1]) + 1),
        *(clarabel.ExponentialConeT() for _ in range(count)),
    ]
    settings_of = clarabel.DefaultSettings()
    settings_of.verbose, settings_of.max_threads = False, 1
    settings_of.tol_gap_abs = settings_of.tol_gap_rel = settings_of.tol_feas = 1e-10
    solver = clarabel.DefaultSolver(csc_array((wide, wide)), cost, matrix, bound, kinds, settings_of)
    answer = solver.solve()
    if "Solved" not in str(answer.status):
        return None
    x, dual = np.array(answer.x), np.array(answer.z)
    z = np.zeros(rows)
    z[order[0]], z[order[1]] = dual[: len(order[0])], dual[len(order[0]) : rows]
    return x[:columns], z, float(dual[rows])


def _listed(problem: Problem, x: Floats) -> Cone:
    """Return the source as the distributions of a solution and mixtures of them with P(s), each with its
    cost.
    """
    source, observed = problem.source, problem.observed
    assert isinstance(source, Average)
    assert observed is not None
    share = list(observed)
    found: dict[tuple[Fraction, ...], None] = {}
    for row in x:
        if row.sum() < 1e-9:
            continue
        for least, grid in SMALL:
            held = [value if value > least * row.sum() else 0.0 for value in row.tolist()]
            masses = [Fraction(round(value / row.sum() * grid), grid) for value in held]
            total = sum(masses, Fraction(0))
            for mix in MIXED:
                point = tuple(mix * p + (1 - mix) * m / total for m, p in zip(masses, share, strict=True))
                found.setdefault(point)
    points = [(list(point), [divergence(list(point), share)]) for point in found]
    nats = limit(KernelAverage(None, "information", (), (), None), source.bounds[0], above=False)  # type: ignore[arg-type]
    return by_costly(points, [nats], problem.shape[0])
