"""The solver that follows a source's tree, against Clarabel, weak duality and the transpose."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from freerand_opt.bounds.methods.ways import rational_scores
from freerand_opt.certificates.pool import Pool
from freerand_opt.certificates.squares import squares_form
from freerand_opt.model.files.asked import question_of
from freerand_opt.model.problem import Bits
from freerand_opt.programs import branches
from freerand_opt.programs.branches import branch_count, branched_cone
from freerand_opt.programs.guesses import few_labels, guesses_of
from freerand_opt.programs.moments import moment_program, moments_of
from freerand_opt.programs.of_quantum import relaxation
from freerand_opt.programs.source_cone import source_cone, vertex_cone
from freerand_opt.programs.symmetry.exchange import half_of
from freerand_opt.solvers import clarabel, on_trees
from freerand_opt.solvers.branches import branches_of
from freerand_opt.solvers.forest import forest_of


@pytest.fixture(autouse=True)
def _one_thread():
    """As in the corridor."""
    with threadpool_limits(1):
        yield


def _made(n, epsilon, cone=source_cone):
    """The guess of A's outcome at 0, 0 from chained correlations with noise, from a source."""
    asked, _ = question_of(
        {
            "scenario": {"family": "chained", "N": n},
            "source": {"kind": "santha-vazirani", "epsilon": epsilon},
            "observed": {"behaviour": "quantum", "visibility": 0.99},
            "adversary": {"devices": "quantum", "level": "1 + A B"},
            "test": [{"functional": "chained", "relation": "<=", "score": "observed"}],
            "ask": {"quantity": "guessing-probability", "of": "A", "at": [0, 0]},
        },
        None,
    )
    problem = asked.shortest()
    outer, rational = rational_scores(problem)
    guesses = guesses_of(outer)
    moments = moments_of(outer, "1 + A B", few_labels(guesses))
    return problem, moment_program(outer, cone(outer), moments, guesses), rational


def _certified(problem, made, rational, dual):
    pool = Pool(problem)
    assert pool.offer_upper(squares_form(made, dual, rational, "bound"), "trees"), pool.failures
    return pool.height


@pytest.mark.parametrize("epsilon", ["1/20", "1/10"])
def test_the_value_is_that_of_clarabel(epsilon):
    problem, made, rational = _made(2, epsilon)
    forest = forest_of(made, made.program)
    assert forest is not None and forest.carriers == 2  # both labels, as they are
    found = on_trees.solve(made, made.program, forest)
    other = clarabel.solve(made.program)
    value = float(made.program.cost @ other.x)
    assert float(made.program.cost @ found.x) == pytest.approx(value, abs=1e-7)
    assert value - 1e-7 < _certified(problem, made, rational, found.multipliers) < value + 1e-7


def test_four_settings_with_biased_choice_are_bounded_to_six_digits():
    """arXiv:1105.3195, Theorem 1, with quantum devices: a point of the program and a proof meet."""
    problem, made, rational = _made(4, "1/20")
    half = half_of(made)
    assert half is not None
    forest = forest_of(made, half.program)
    assert forest is not None and forest.facets == 30
    found = half.lifted(on_trees.solve(made, half.program, forest))
    slack = made.program.sides - made.program.matrix @ found.x
    assert np.abs(slack[: made.program.equalities]).max() < 1e-10
    assert slack[made.program.equalities : made.program.linear].min() > -1e-10
    leaves = found.x.reshape(2, 31, -1)[0, 15:]
    assert min(np.linalg.eigvalsh(held)[:, 0].min() for held in forest.gamma(leaves.ravel())) > -1e-10
    value = float(made.program.cost @ found.x)
    # within 1e-9 where the solver ends by itself; where floats stop it earlier, the proof is as good as that
    assert value - 1e-7 < _certified(problem, made, rational, found.multipliers) < value + 1e-6


def test_labels_at_one_distribution_are_trees_of_one_node():
    """A guess of three outcomes given CGLMP >= 29/10: the proof meets a point of the program."""
    asked, _ = question_of(
        {
            "scenario": {"family": "cglmp", "d": 3},
            "source": {"kind": "uniform"},
            "adversary": {"devices": "quantum", "level": "1 + A B"},
            "test": [{"functional": "cglmp", "relation": ">=", "score": "29/10"}],
            "ask": {"quantity": "guessing-probability", "of": "A", "at": [0, 0]},
        },
        None,
    )
    problem = asked.shortest()
    made = relaxation(problem, "1 + A B")
    forest = forest_of(made, made.program)
    assert (forest.carriers, forest.facets, forest.ranges) == (3, 3, ())
    assert len(forest.rows) == 2  # what is observed says the same at all four settings
    found = on_trees.solve(made, made.program, forest)
    value = float(made.program.cost @ found.x)
    assert (
        np.abs((made.program.sides - made.program.matrix @ found.x)[: made.program.equalities]).max() < 1e-10
    )
    assert all(np.linalg.eigvalsh(held)[:, 0].min() > -1e-10 for held in forest.gamma(found.x))
    assert value - 1e-7 < _certified(problem, made, {}, found.multipliers) < value + 1e-6


def test_vertices_of_a_source_are_tighter_than_its_facets():
    """Two settings each, eight vertices: a tree of one node for each, and the value that Clarabel finds."""
    _, by_facets, _ = _made(2, "1/20")
    problem, made, rational = _made(2, "1/20", vertex_cone)
    forest = forest_of(made, made.program)
    assert forest.facets == 16
    found = on_trees.solve(made, made.program, forest)
    value = float(made.program.cost @ clarabel.solve(made.program).x)
    bound = _certified(problem, made, rational, found.multipliers)
    assert value - 1e-7 < bound < value + 1e-7
    assert bound < float(by_facets.program.cost @ clarabel.solve(by_facets.program).x) - 0.03


@pytest.fixture
def _single_bits(monkeypatch):
    """Branches over one bit after the other, so that two bits are not listed by their vertices at once."""
    monkeypatch.setattr(branches, "GROUP", 1)


@pytest.mark.usefixtures("_single_bits")
def test_branches_lie_between_vertices_and_facets():
    """Two settings each: Clarabel on the same program, and on those by vertices and facets."""
    made = {cone: _made(2, "1/20", cone) for cone in (source_cone, branched_cone, vertex_cone)}
    value = {
        cone: float(own.program.cost @ clarabel.solve(own.program).x) for cone, (_, own, _) in made.items()
    }
    assert value[vertex_cone] + 4e-4 < value[branched_cone] < value[source_cone] - 0.03
    problem, own, rational = made[branched_cone]
    trees = branches_of(own, own.program)
    assert (trees.splits, trees.facets) == (((2, 2), (2, 1)), 16)
    found = on_trees.solve(own, own.program, trees)
    bound = _certified(problem, own, rational, found.multipliers)
    assert value[branched_cone] - 1e-7 < bound < value[branched_cone] + 1e-6
    # a proof this near to a point of the program is the same under every kernel of a linear algebra
    slack = own.program.sides - own.program.matrix @ found.x
    assert np.abs(slack[: own.program.equalities]).max() < 1e-12
    assert bound - float(own.program.cost @ found.x) < 1e-9


def test_branches_of_one_group_are_the_vertices():
    problem, made, rational = _made(2, "1/20", branched_cone)
    _, listed, _ = _made(2, "1/20", vertex_cone)
    assert made.cone.masses.shape == listed.cone.masses.shape
    found = on_trees.solve(made, made.program, branches_of(made, made.program))
    value = float(listed.program.cost @ clarabel.solve(listed.program).x)
    assert value - 1e-7 < _certified(problem, made, rational, found.multipliers) < value + 1e-6


@pytest.mark.parametrize("group", [1, 2])
def test_equations_along_branches_are_solved(monkeypatch, group):
    """Random forms: the solution meets the form's gradient, by products with the transpose."""
    monkeypatch.setattr(branches, "GROUP", group)
    _, made, _ = _made(2, "1/10", branched_cone)
    trees = branches_of(made, made.program)
    random = np.random.default_rng(5)
    half = random.normal(size=(trees.facets, trees.width, trees.width))
    forms = half @ half.transpose(0, 2, 1) + np.eye(trees.width)
    rows = random.normal(size=(3, trees.cost.size))
    found = trees.factored(list(forms)).solve(rows)
    for goal, z in zip(rows, found, strict=True):
        whole = trees.columns(z).reshape(trees.facets, trees.width)
        pulled = trees.pulled(np.einsum("fkl,fl->fk", forms, whole))
        assert np.abs(pulled - goal).max() < 1e-9


@pytest.mark.usefixtures("_single_bits")
def test_a_fixed_bit_is_one_branch():
    asked = Bits(((Fraction(1, 3), Fraction(1, 3)), (Fraction(1, 4), Fraction(3, 4))), (0, 1, 2, 3))
    cone = branched_cone(replace(_made(2, "1/10")[0], source=asked))
    held = np.zeros(cone.masses.shape)
    held[cone.masses.rows, cone.masses.columns] = cone.masses.floats()
    # left and right subtree, each with two vertices; what they share is one equality
    assert held.T.tolist() == pytest.approx(
        np.array([[1, 3, 0, 0], [3, 1, 0, 0], [0, 0, 2, 6], [0, 0, 6, 2]]) / 12
    )
    assert cone.equalities.shape == (1, 4) and branch_count(asked) == 4


def test_back_is_the_transpose_of_gamma():
    for cone, trees_of in ((source_cone, forest_of), (branched_cone, branches_of)):
        _, made, _ = _made(2, "1/10", cone)
        _check_transpose(made, trees_of(made, made.program))


def _check_transpose(made, forest):
    random = np.random.default_rng(3)
    z = random.normal(size=forest.cost.shape)
    held = forest.gamma(z)
    other = [random.normal(size=own.shape) for own in held]
    assert sum((a * b).sum() for a, b in zip(held, other, strict=True)) == pytest.approx(
        z @ forest.back(other), rel=1e-12
    )
    assert np.allclose(made.program.matrix[forest.rows] @ forest.columns(z), forest.matrix @ z)


def test_a_fixed_share_has_no_interior_and_no_trees():
    _, made, _ = _made(2, "0")
    assert forest_of(made, made.program) is None
