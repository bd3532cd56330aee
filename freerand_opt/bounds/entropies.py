"""The method for entropies: nodes of chords bound them from below, explicit strategies from above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

from freerand_opt.bounds.options import Options
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.squares import squares_form
from freerand_opt.checker.chords import Worths, chords
from freerand_opt.checker.failures import Work
from freerand_opt.checker.labels import by_labels
from freerand_opt.checker.numbers import Number, enclose
from freerand_opt.checker.prices import read_prices
from freerand_opt.checker.question import read_question
from freerand_opt.conic.duals import exact_dual
from freerand_opt.conic.solution import Dual, Factor
from freerand_opt.model.certificate_form import question_form
from freerand_opt.model.problem import Problem
from freerand_opt.programs.entropies import adversary_beside, with_node, without_node
from freerand_opt.programs.of_quantum import cone_of
from freerand_opt.solvers.choose import solver_named, solvers_in_floats

#: Nodes of the first chords, and of the finest.
FIRST, MOST = 8, 64
#: A certified bound this near to a solver's value is not sought again.
LOSS = 1e-9
ROOT_BITS = 64


def trivial(pool: Pool, options: Options) -> Iterator[None]:
    """Offer that an entropy of outcomes is not negative."""
    pool.offer_upper({"claim": "bound", "nodes": []}, "no entropy of outcomes is negative")
    yield


def chords_of_moments(pool: Pool, options: Options) -> Iterator[None]:
    """Offer chords whose nodes are relaxations with the adversary as one more party, finer and finer."""
    problem = pool.problem
    if problem.devices != "quantum" or problem.ask.side != "quantum":
        return
    found = Nodes(problem, options)
    count = FIRST
    while count <= MOST:
        nodes = found.at(even_nodes(count, problem.ask.count))
        if found.contradicted:
            pool.contradicted = True
            yield
            return
        gained = pool.height
        pool.offer_upper({"claim": "bound", "nodes": nodes}, f"level {options.level}, {len(nodes)} nodes")
        gained -= pool.height
        yield
        # a finer grid gains a quarter of what the last one did
        if pool.impossible or gained < 2 * float(options.width):
            return
        count *= 2


def even_nodes(count: int, values: int) -> list[Fraction]:
    """Return the nodes k/count; of two values those up to 1/2."""
    last = count // 2 if values == 2 else count - 1
    return [Fraction(k, count) for k in range(1, last + 1)]


class Nodes:
    """The nodes that were solved: their multipliers, for weight 1."""

    def __init__(self, problem: Problem, options: Options) -> None:
        self.problem, self.options = problem, options
        self.q = read_question(question_form(problem), Work(10**12))
        moments = adversary_beside(problem, self.q, options.level)
        self.made = without_node(problem, cone_of(problem), moments)
        self.known: dict[Fraction, Dual | None] = {}
        self.contradicted = False  # a program had no solution

    def at(self, places: Sequence[Fraction]) -> list[dict[str, Any]]:
        """Return the nodes of a certificate; one that no solver bounds is left out."""
        for place in places:
            if place not in self.known and not self.contradicted:
                self.known[place] = self._solved(place)
        kept = [place for place in places if self.known.get(place) is not None]
        weights = chords(kept, self.problem.ask.count)[1]
        return [
            self._form(place, weight, self.known[place]) for place, weight in zip(kept, weights, strict=True)
        ]

    def _form(self, place: Fraction, weight: Fraction, dual: Dual | None) -> dict[str, Any]:
        assert dual is not None
        worth = Worths(self.q, place, weight, Work(10**12))
        form = squares_form(self.made, scaled(dual, weight), {}, "bound", worth)
        return {"at": str(place), "prices": form["prices"], "proof": form["proof"]}

    def _solved(self, place: Fraction) -> Dual | None:
        """Return the multipliers of the solver whose certified bound is the least."""
        held = with_node(self.made, self.q, place)
        best: tuple[Fraction, Dual] | None = None
        named = self.options.solver
        for name in solvers_in_floats(held.program) if named == "auto" else [named]:
            solution = solver_named(name)(held.program, self.options.time_limit)
            if solution.status == "infeasible":
                self.contradicted = True
                return None
            dual = exact_dual(held.program, solution)
            bound = enclose(self._bound(self._form(place, Fraction(1), dual), place), 80)[1]
            if best is None or bound < best[0]:
                best = bound, dual
            if bound < float(held.program.cost @ solution.x) + LOSS:
                break
        # F(t) <= (K - 1) t without any program
        return best[1] if best is not None and best[0] < (self.problem.ask.count - 1) * place else None

    def _bound(self, node: dict[str, Any], place: Fraction) -> Number:
        """Return what a node of weight 1 proves of F."""
        work = Work(10**12)
        rest = read_prices(node["prices"], self.q, work, empty=False)
        worth = Worths(self.q, place, Fraction(1), work)
        return rest.right + by_labels(node["proof"], self.q, rest, 1, worth, work)


def scaled(dual: Dual, weight: Fraction) -> Dual:
    """Return multipliers times a weight; factors of matrices times its root, rounded."""
    root = isqrt((weight.numerator << 2 * ROOT_BITS) // weight.denominator)
    factors = tuple(
        Factor(tuple(tuple(x * root >> ROOT_BITS for x in row) for row in f.rows), f.bits)
        for f in dual.factors
    )
    return Dual({row: value * weight for row, value in dual.values.items()}, factors)
