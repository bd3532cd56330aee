"""From a question to the programs that bound its answer; the choice is stated in `method`.

Exact programs bound from above by their multipliers and from below by their solution. Where none
fits, the outer program bounds from above and an attack is sought separately.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from freerand_opt.errors import TooLargeError
from freerand_opt.model.question import Question, Test
from freerand_opt.model.scenario import cycle
from freerand_opt.model.source import PerParty, SanthaVazirani, Uniform
from freerand_opt.numbers.exact import Exact
from freerand_opt.numbers.rounding import round_down, round_up
from freerand_opt.programs.boxes import (
    Box,
    all_deterministic,
    counts_errors,
    no_error_box,
    one_error_boxes,
)
from freerand_opt.programs.cones import any_cone, hull_cone, party_bounds, source_cone
from freerand_opt.programs.guesses import relevant_parties
from freerand_opt.programs.many import OrbitBoxes, by_party_orbits, violation_limit
from freerand_opt.programs.outer import StrategyProgram, outer
from freerand_opt.programs.program import ExactVector
from freerand_opt.programs.quantum import MomentStrategies, by_moments
from freerand_opt.programs.quotient import QuotientStrategies, by_orbits
from freerand_opt.programs.ratios import relaxed, sums_ratios
from freerand_opt.programs.strategies import BoxStrategies, by_boxes, by_source_vertices
from freerand_opt.programs.vertices import source_vertices

#: Scores that multiply columns are rounded to this grid, so that coefficients stay exact integers.
MULTIPLIED_BITS = 40
#: A source with more vertices than this gets a moment matrix for each facet instead.
MAX_MATRICES = 32
#: Programs by boxes on a cycle up to this many columns are written down in full, then reduced;
#: larger ones by orbits, if those are fewer.
REDUCED_COLUMNS = 2**16
#: More columns than this do not fit into memory.
MAX_COLUMNS = 2**22


@dataclass(frozen=True, eq=False)
class Bounds:
    """`above` bounds the answer; `below` (the same program, scores rounded inward) yields attacks.

    `below` is None where `above` is only an outer program.
    """

    above: StrategyProgram | QuotientStrategies | MomentStrategies
    below: StrategyProgram | QuotientStrategies | None
    method: str


@dataclass(frozen=True, eq=False)
class OrbitBounds:
    """As `Bounds`, for GHZ relations of many parties; the program below may have other rows."""

    above: OrbitBoxes
    below: OrbitBoxes
    method: str


def programs(question: Question) -> Bounds | OrbitBounds:
    """Return the programs for any question; raise TooLargeError if none fits."""
    return build(question) if question.relations is None else by_relations(question)


def build(question: Question) -> Bounds:
    """Return the programs for a question; raise TooLargeError if none fits.

    A sum of ratios (free settings) is relaxed, so that there is no program below. Questions with
    relations have `by_relations`.
    """
    if question.relations is not None:
        raise ValueError("questions with relations have programs of their own, by_relations")
    if any(sums_ratios(question, test) for test in question.tests):
        found = build(relaxed(question))
        words = found.method.removeprefix("exact: ").removeprefix("outer: ")
        return Bounds(found.above, None, f"outer: sum of ratios relaxed (docs/proofs/ratios.md), {words}")
    if question.adversary.devices == "quantum":
        return _by_moments(question)
    faults = []
    for maker in (_by_orbits, _by_cycle, _by_deterministic, _by_vertices, _by_outer):
        try:
            made = maker(question)
        except TooLargeError as fault:
            faults.append(str(fault))
            continue
        if made is not None:
            return made
    raise TooLargeError("no program fits this question: " + "; ".join(dict.fromkeys(faults)))


def by_relations(question: Question) -> OrbitBounds:
    """Return programs by orbits of parties: exact, or a bound above and unbiased settings below."""
    if question.relations is None:
        raise ValueError("the question has no relations")
    violated, whole = question.relations.violated, question.relations.whole
    limit = violation_limit(question)
    biased = isinstance(question.source, SanthaVazirani) and question.source.epsilon > 0
    below = by_party_orbits(question, violated, whole=whole)
    size = f"{below.orbits.count} orbits x {below.labels} guesses (docs/proofs/ghz-orbits.md)"
    if limit == violated and not (whole and biased):
        return OrbitBounds(below, below, f"exact: {size}")
    above = by_party_orbits(question, limit, whole=False, seen=whole)
    what = f"relations broken with weight {float(limit):.4g}"
    if whole:
        what = "relations perfect and the behaviour seen at the settings asked for"
    return OrbitBounds(above, below, f"outer: {size}, {what} for every w; attack with unbiased settings")


def _by_moments(question: Question) -> Bounds:
    """One moment matrix for each vertex of the source where they are few, else for each facet."""
    source, scenario = question.source, question.scenario
    cone, what = source_cone(source, scenario), "facet"
    try:
        vertices = () if isinstance(source, Uniform) else source_vertices(source, scenario)
    except TooLargeError:
        vertices = ()
    if 0 < len(vertices) <= MAX_MATRICES and not cone.vertices:
        cone, what = hull_cone(vertices, scenario, (cone.growth, cone.ratio)), "vertex"
    made = by_moments(question, scores=_outward(question), cone=cone)
    where = "" if isinstance(source, Uniform) else f", one for each {what} of the source and guess"
    return Bounds(made, None, f"relaxation: level {made.moments.level}, {_matrices(made)}{where}")


def _matrices(made: MomentStrategies) -> str:
    """Return how many matrices of which size a relaxation has, in words."""
    size, blocks = made.moments.size, [size for _, size in made.program.psd_blocks]
    if made.whole:
        return f"{len(blocks)} moment {'matrix' if len(blocks) == 1 else 'matrices'} {size} x {size}"
    left = "linear" if not blocks else f"{len(blocks)} blocks up to {max(blocks)} x {max(blocks)}"
    return f"moment matrices {size} x {size} on the face of the tests' zeros: {left}"


def _by_orbits(question: Question) -> Bounds | None:
    """Return the quotient of a program by boxes that is too large to be written down and reduced."""
    columns = _cycle_columns(question)
    if columns <= REDUCED_COLUMNS or question.settings == "free" or not counts_on_a_cycle(question):
        return None
    if question.ask.at == "average" and question.adversary.told == "nothing":
        return None
    return _exact(
        question,
        lambda q, scores: by_orbits(q),
        "exact: orbits of boxes x source (docs/proofs/tree-symmetry.md)",
    )


def _cycle_columns(question: Question) -> int:
    """Return the number of columns that boxes on a cycle x a tree of bits would have; else 0."""
    game = cycle(question.scenario)
    if game is None or not isinstance(question.source, SanthaVazirani):
        return 0
    local = question.adversary.devices == "local"
    return (len(game.edges) + (not local)) * (2 * question.scenario.shape[1] - 1)


def _by_cycle(question: Question) -> Bounds | None:
    unbiased = isinstance(question.source, Uniform)
    if not counts_on_a_cycle(question) or (
        unbiased and question.adversary.devices == "no-signalling" and question.ask.at != "average"
    ):
        return None
    if (columns := _cycle_columns(question)) > MAX_COLUMNS:
        raise TooLargeError(f"boxes on the cycle x source make {columns} columns, more than {MAX_COLUMNS}")
    boxes = cycle_boxes(question)
    if boxes is None:
        return None
    return _exact(
        question,
        lambda q, scores: by_boxes(q, boxes, scores=scores),
        f"exact: {len(boxes)} boxes x source (docs/proofs/cycle-boxes.md)",
    )


def _by_deterministic(question: Question) -> Bounds | None:
    if question.adversary.devices != "local":
        return None
    boxes = all_deterministic(question.scenario)
    return _exact(
        question,
        lambda q, scores: by_boxes(q, boxes, scores=scores),
        f"exact: {len(boxes)} deterministic boxes x source",
    )


def _by_vertices(question: Question) -> Bounds | None:
    if question.adversary.devices == "local":
        return None
    return _exact(
        question,
        lambda q, scores: by_source_vertices(q, scores=scores),
        "exact: source vertices x no-signalling boxes",
    )


def _by_outer(question: Question) -> Bounds | None:
    if question.adversary.devices == "local":
        return None
    outcomes, settings = question.scenario.shape
    if outcomes * settings**2 > MAX_COLUMNS:  # a source has a column for each joint setting or more
        raise TooLargeError(f"products of facets make at least {outcomes * settings**2} columns")
    return Bounds(outer(question, scores=_outward(question)), None, "outer: products of facets")


def any_settings(question: Question, above: BoxStrategies) -> BoxStrategies:
    """Return the program of `above` with any distribution of settings beside each box.

    Prices on its rows bound the answer if no product of distributions gains at them
    (docs/proofs/products.md).
    """
    assert isinstance(question.source, PerParty)
    cone = any_cone(question.scenario, party_bounds(question.source, question.scenario))
    boxes = tuple(dict.fromkeys(above.boxes))  # by_boxes repeats them for each guess label itself
    return by_boxes(question, boxes, scores=_outward(question), cone=cone)


def counts_on_a_cycle(question: Question) -> bool:
    """Return whether the question only counts errors on a cycle, so that few boxes suffice.

    Covered: tests (<=, >=) in which fewer errors help, and as the thing asked a guess of one
    party's outcome, a score of the same kind, or existence (docs/proofs/cycle-boxes.md).
    """
    scenario, ask = question.scenario, question.ask
    if cycle(scenario) is None:
        return False
    if not all(counts_errors(scenario, test.functional, wanted=test.relation) for test in question.tests):
        return False
    if ask.output is not None and len(relevant_parties(scenario, ask.output)) > 1:
        return False
    if ask.functional is not None:
        wanted = "<=" if ask.extreme == "smallest" else ">="
        if not counts_errors(scenario, ask.functional, wanted=wanted):
            return False
    return ask.functional is not None or bool(question.tests) or ask.output is not None


def cycle_boxes(question: Question) -> tuple[Box, ...] | None:
    """Return the boxes that suffice if the question only counts errors on a cycle, else None."""
    if not counts_on_a_cycle(question):
        return None
    errors: tuple[Box, ...] = one_error_boxes(question.scenario)
    return errors if question.adversary.devices == "local" else (*errors, no_error_box(question.scenario))


def _exact(
    question: Question,
    maker: Callable[[Question, list[Exact] | None], StrategyProgram | QuotientStrategies],
    method: str,
) -> Bounds:
    """Build once; irrational scores on the right are only rounded inward for `below`.

    A source that is not convex, in a cone that is larger than its hull, bounds only from above.
    """
    above = maker(question, _outward(question))
    if isinstance(above, BoxStrategies) and not above.cone.exact:
        return Bounds(
            above, None, f"outer: {method.removeprefix('exact: ')}, products of the parties' facets"
        )
    if _multiplies(question):
        return Bounds(above, maker(question, _inward(question)), method)
    right = above.program.right
    if all(isinstance(value, Fraction) for value in right.palette):
        return Bounds(above, above, method)
    rounded = ExactVector(tuple(round_down(value) for value in right.palette), right.codes)
    return Bounds(above, replace(above, program=replace(above.program, right=rounded)), method)


def _multiplies(question: Question) -> bool:
    """Whether scores multiply columns (free settings), so that irrational ones must be rounded."""
    return question.settings == "free" and any(
        not isinstance(test.score, Fraction) for test in question.tests
    )


def _outward(question: Question) -> list[Exact] | None:
    if not _multiplies(question):
        return None
    return [_round(t, up=t.relation != ">=") for t in question.tests]


def _inward(question: Question) -> list[Exact]:
    return [_round(t, up=t.relation == ">=") for t in question.tests]


def _round(test: Test, *, up: bool) -> Fraction:
    return (round_up if up else round_down)(test.score, MULTIPLIED_BITS)
