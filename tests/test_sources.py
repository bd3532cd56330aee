"""Tests of the kinds of sources: their cones, vertices, membership in the checker, and what they leak."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from random import Random

import pytest
from flint import fmpq, fmpq_mat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freerand_opt import bound, check_certificate, read
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.first.certificates import check
from freerand_opt.first.certificates.certificate import _source_json, question_from_json, question_json
from freerand_opt.first.model.scenario import Scenario, chained
from freerand_opt.first.model.source import (
    BIT_ORDERS,
    Inequalities,
    MeasurementDependence,
    Mutual,
    PerParty,
    SanthaVazirani,
    Uniform,
)
from freerand_opt.first.programs.cones import _product_cone, source_cone
from freerand_opt.first.programs.simplex import best_point
from freerand_opt.first.programs.support import best_distribution, gain, sample
from freerand_opt.first.programs.vertices import source_vertices
from freerand_opt.numbers.exact import compare

F = Fraction
HALF = F(1, 2)
TWO, FOUR = chained(2), chained(4)
MIXED = Scenario((3, 4), (2, 2))
ALONE = Scenario((1, 1), (2, 2))
THREE = Scenario((2, 2, 2), (2, 2, 2))
ORDERS = ("interleaved", "A first", "B first")


def box(epsilon, bits):
    """The bounds on P(s|w) that epsilon-free bits obey."""
    return MeasurementDependence((HALF - epsilon) ** bits, (HALF + epsilon) ** bits)


def independent(epsilon, bits="most-significant-first", parties=2):
    return PerParty((SanthaVazirani(epsilon, "interleaved", bits),) * parties)


ROWS = Inequalities(
    (
        (((0, F(1)), (1, F(1))), F(3, 5)),
        (((3, F(-1)),), F(-1, 10)),
        (((0, F(2)), (3, F(-1))), F(1, 2)),
    )
)
E = F(1, 10)
CASES = {
    "uniform": (Uniform(), TWO),
    **{f"sv {order}": (SanthaVazirani(E, order), TWO) for order in ORDERS},
    **{
        f"sv {order} {bits} N=4": (SanthaVazirani(E, order, bits), FOUR)
        for order, bits in product(ORDERS, BIT_ORDERS)
    },
    "sv perfect": (SanthaVazirani(F(0)), TWO),
    "sv three parties": (SanthaVazirani(E, "C first"), THREE),
    "sv without bits": (SanthaVazirani(E), ALONE),
    "mutual": (Mutual(E), TWO),
    "mutual perfect": (Mutual(F(0)), TWO),
    "mutual without bits": (Mutual(E), ALONE),
    "mutual one party": (Mutual(E, "gray"), Scenario((4, 1), (2, 2))),
    "mutual three parties": (Mutual(E), THREE),
    **{f"mutual {bits} N=4": (Mutual(E, bits), FOUR) for bits in BIT_ORDERS},
    "independent": (independent(E), TWO),
    "independent perfect": (independent(F(0)), TWO),
    "independent without bits": (independent(E), ALONE),
    **{f"independent {bits} N=4": (independent(E, bits), FOUR) for bits in BIT_ORDERS},
    "mixture": (PerParty((Uniform(), SanthaVazirani(E))), TWO),
    "mixture of 3 and 4": (PerParty((Uniform(), SanthaVazirani(E, bits="gray"))), MIXED),
    "mixture of two biases": (PerParty((SanthaVazirani(F(1, 5)), SanthaVazirani(E))), TWO),
    "bounds": (MeasurementDependence(F(1, 5), F(1, 3)), TWO),
    "bounds from above": (MeasurementDependence(F(0), F(2, 5)), TWO),
    "no bounds": (MeasurementDependence(F(0), F(1)), TWO),
    "tight bounds": (MeasurementDependence(F(1, 4), F(1, 4)), TWO),
    "bounds tight below": (MeasurementDependence(F(1, 4), F(1)), TWO),
    "bounds N=4": (box(E, 4), FOUR),
    "min-entropy": (MeasurementDependence(F(0), HALF), TWO),
    "min-entropy N=4": (MeasurementDependence(F(0), F(1, 8)), FOUR),
    "inequalities": (ROWS, TWO),
    "inequalities N=4": (Inequalities((*ROWS.rows, (((5, F(1)), (7, F(-2))), F(-1, 20)))), FOUR),
    "a setting twice": (Inequalities(((((0, F(1)), (0, F(1))), F(1, 2)),)), TWO),
    "no inequalities": (Inequalities(()), TWO),
}


# ------------------------------------------------------------------ membership


def lifted(cone, masses):
    """Return the cone's columns over S P(s|w), solved from its equalities; None if there are none.

    Columns that stay free (weights of too many vertices) are an error.
    """
    columns = len(cone.names)
    fixed = {int(column): mass for column, mass in zip(cone.leaf, masses, strict=True)}
    for column, mass in zip(cone.leaf, masses, strict=True):
        if fixed[int(column)] != mass:
            return None
    mean = sum(masses, F(0)) / len(masses)
    if fixed.setdefault(cone.root, mean) != mean:
        return None
    rows = [[(j, int(row[j])) for j in row.nonzero()[0]] for row in cone.equalities.toarray()]
    moved = True
    while moved:
        moved = False
        for row in rows:
            unknown = [(j, a) for j, a in row if j not in fixed]
            left = -sum((a * fixed[j] for j, a in row if j in fixed), F(0))
            if not unknown and left:
                return None
            if len(unknown) == 1:
                fixed[unknown[0][0]] = left / unknown[0][1]
                moved = True
    free = [j for j in range(columns) if j not in fixed]
    if free:
        matrix = []
        for row in rows:
            left = -sum((a * fixed[j] for j, a in row if j in fixed), F(0))
            known = dict(row)
            matrix.append([*(F(known.get(j, 0)) for j in free), left])
        reduced, rank = fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row] for row in matrix]).rref()
        if any(all(reduced[i, j] == 0 for j in range(len(free))) for i in range(rank)):
            return None
        assert rank == len(free), "weights are not unique"
        for i, j in enumerate(free):
            fixed[j] = F(int(reduced[i, len(free)].p), int(reduced[i, len(free)].q))
    return [fixed[j] for j in range(columns)]


def in_cone(cone, masses):
    point = lifted(cone, masses)
    return point is not None and all(
        sum((int(row[j]) * point[j] for j in row.nonzero()[0]), F(0)) >= 0
        for row in cone.inequalities.toarray()
    )


def in_checker(source, scenario, masses):
    """Whether the stand-alone checker takes P(w) P(s|w), for some P(w)."""
    inside = check._read_source(_source_json(source), list(scenario.settings), "source")
    scaled = [mass * F(3, 7) / len(masses) for mass in masses]
    try:
        inside(scaled, "here")
    except check.CertificateError:
        return False
    return all(mass >= 0 for mass in masses)


def small_cone(source, scenario):
    """Return the source's cone, or one of products, where the weights of vertices are not unique."""
    cone = source_cone(source, scenario)
    return cone if len(cone.vertices) <= 4 else _product_cone(source, scenario)


def member(source, scenario, masses):
    """Whether a distribution is in a source; cone and checker must agree."""
    assert sum(masses, F(0)) == len(masses)
    cone = small_cone(source, scenario)
    found = in_cone(cone, masses), in_checker(source, scenario, masses)
    assert found[0] == found[1]
    return found[0]


def vertices(source, scenario):
    try:
        return source_vertices(source, scenario)
    except TooLargeError:
        # extreme distributions for random gains, all different
        random = Random(1)
        gains = [[F(random.randrange(-999, 999)) for _ in range(scenario.shape[1])] for _ in range(6)]
        return tuple(dict.fromkeys(best_distribution(source, scenario, own) for own in gains))


@pytest.mark.parametrize("case", CASES)
def test_vertices_and_samples_are_members(case):
    source, scenario = CASES[case]
    random = Random(2)
    corners = vertices(source, scenario)
    for masses in (*corners[:40], *(sample(source, scenario, random) for _ in range(4))):
        assert member(source, scenario, masses)


@pytest.mark.parametrize("case", CASES)
def test_just_outside_is_no_member(case):
    source, scenario = CASES[case]
    corners = vertices(source, scenario)
    centre = [sum(column, F(0)) / len(corners) for column in zip(*corners, strict=True)]
    for corner in corners[:40]:
        pushed = [x + (x - c) / 10**9 for x, c in zip(corner, centre, strict=True)]
        if pushed != list(corner):
            assert not in_checker(source, scenario, pushed)
            assert not in_cone(small_cone(source, scenario), pushed)


@pytest.mark.parametrize("case", CASES)
def test_no_cone_has_negative_weight(case):
    source, scenario = CASES[case]
    assert in_cone(small_cone(source, scenario), [F(0)] * scenario.shape[1])
    for corner in vertices(source, scenario)[:5]:
        assert not in_cone(small_cone(source, scenario), [-mass for mass in corner])


@pytest.mark.parametrize("case", CASES)
def test_growth_and_ratio_bound_all_columns(case):
    source, scenario = CASES[case]
    cone = small_cone(source, scenario)
    for corner in vertices(source, scenario)[:40]:
        point = lifted(cone, corner)
        assert max(point) <= cone.growth
        if cone.ratio is not None:
            assert all(max(point) <= cone.ratio * leaf for leaf in corner)


@pytest.mark.parametrize("case", CASES)
def test_product_cone_contains_the_products(case):
    source, scenario = CASES[case]
    if isinstance(source, PerParty):
        cone = _product_cone(source, scenario)
        assert not cone.exact
        assert all(in_cone(cone, corner) for corner in source_vertices(source, scenario))


# ------------------------------------------------------------------ the best distribution

FEW = [case for case, (_, scenario) in CASES.items() if scenario.shape[1] <= 4]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    case=st.sampled_from(FEW),
    gains=st.lists(st.fractions(-5, 5, max_denominator=12), min_size=4, max_size=4),
)
def test_best_distribution_is_the_best_vertex(case, gains):
    source, scenario = CASES[case]
    gains = gains[: scenario.shape[1]]
    found = best_distribution(source, scenario, gains)
    assert member(source, scenario, found)
    best = max(gain(gains, corner) for corner in source_vertices(source, scenario))
    if isinstance(source, PerParty) and not any(isinstance(part, Uniform) for part in source.parts):
        assert gain(gains, found) <= best  # party by party: perhaps not the best
    else:
        assert gain(gains, found) == best


@pytest.mark.parametrize("case", CASES)
def test_best_distribution_is_a_member(case):
    source, scenario = CASES[case]
    random = Random(3)
    for _ in range(3):
        gains = [F(random.randrange(-99, 99), 7) for _ in range(scenario.shape[1])]
        found = best_distribution(source, scenario, gains)
        assert member(source, scenario, found)
        for _ in range(3):
            other = sample(source, scenario, random)
            exact = not isinstance(source, PerParty) and not isinstance(source, Mutual)
            assert gain(gains, other) <= gain(gains, found) or not exact


def test_rows_without_a_distribution():
    rows = [({0: F(1), 1: F(1)}, F(1, 3)), ({2: F(1)}, F(1, 3)), ({3: F(1)}, F(1, 3))]
    assert best_point(rows, F(1), [F(0), F(1), F(0), F(0)]) == (0, F(1, 3), F(1, 3), F(1, 3))
    assert best_point([*rows, ({0: F(-1)}, F(-1, 3))], F(1), [F(0)] * 4) == (F(1, 3), 0, F(1, 3), F(1, 3))
    assert best_point([*rows, ({0: F(-1)}, F(-34, 100))], F(1), [F(0)] * 4) is None
    with pytest.raises(ValueError, match="no distribution"):
        best_distribution(Inequalities((((), F(-1)),)), TWO, [F(0)] * 4)


# ------------------------------------------------------------------ numbers of vertices, inclusions


def test_numbers_of_vertices():
    """Two spacelike bits: the four readings (and the box) have 8, 6, 4 (and 6) vertices."""
    assert [len(source_vertices(SanthaVazirani(E, order), TWO)) for order in ORDERS] == [8, 8, 8]
    assert len(source_vertices(Mutual(E), TWO)) == 6
    assert len(source_vertices(independent(E), TWO)) == 4
    assert len(source_vertices(independent(E), FOUR)) == 64
    assert len(source_vertices(PerParty((Uniform(), SanthaVazirani(E))), TWO)) == 2
    assert len(source_vertices(MeasurementDependence(F(0), F(1)), TWO)) == 4
    assert len(source_vertices(MeasurementDependence(F(0), HALF), TWO)) == 6
    assert set(source_vertices(box(F(0), 2), TWO)) == {(F(1),) * 4}
    for perfect in (Mutual(F(0)), independent(F(0)), SanthaVazirani(F(0))):
        assert source_vertices(perfect, TWO) == ((F(1),) * 4,)


@pytest.mark.parametrize("epsilon", [F(1, 100), F(1, 5), F(2, 5)])
def test_chain_of_inclusions(epsilon):
    """Independent <= mutual <= one time order <= box, all of them strict."""
    chain = [
        [independent(epsilon)],
        [Mutual(epsilon)],
        [SanthaVazirani(epsilon, order) for order in ORDERS],
        [box(epsilon, 2)],
    ]
    for smaller, larger in pairwise(chain):
        for small, large in product(smaller, larger):
            assert all(member(large, TWO, corner) for corner in source_vertices(small, TWO))
            assert not all(member(small, TWO, corner) for corner in source_vertices(large, TWO))


@pytest.mark.parametrize("bits", BIT_ORDERS)
def test_chain_of_inclusions_for_two_bits_a_party(bits):
    random = Random(4)
    own = independent(E, bits)
    corners = [*source_vertices(own, FOUR), *(sample(own, FOUR, random) for _ in range(3))]
    mutual = [sample(Mutual(E, bits), FOUR, random) for _ in range(5)]
    assert all(in_cone(source_cone(Mutual(E, bits), FOUR), corner) for corner in corners)
    for order in ORDERS:
        larger = SanthaVazirani(E, order, bits)
        assert all(member(larger, FOUR, masses) for masses in (*corners, *mutual))
        assert all(member(box(E, 4), FOUR, corner) for corner in vertices(larger, FOUR))


# ------------------------------------------------------------------ what they leak


def asked(folder, scenario, source, rest):
    """Return the question of a file."""
    path = folder / "mine.toml"
    path.write_text(f"[scenario]\n{scenario}\n[source]\n{source}\n{rest}")
    (instance,) = read(path).instances
    return instance.question


def worded(epsilon):
    """The source tables of the chain of inclusions for two bits, the smallest first."""
    low, high = (HALF - epsilon) ** 2, (HALF + epsilon) ** 2
    return {
        "independent": f'kind = "independent"\nepsilon = "{epsilon}"',
        "mutual": f'kind = "mutual"\nepsilon = "{epsilon}"',
        "A first": f'kind = "santha-vazirani"\norder = "A first"\nepsilon = "{epsilon}"',
        "B first": f'kind = "santha-vazirani"\norder = "B first"\nepsilon = "{epsilon}"',
        "box": f'kind = "measurement-dependence"\nlower = "{low}"\nupper = "{high}"',
    }


LEAK = """[observed]
behaviour = "quantum"
[adversary]
devices = "no-signalling"
[[test]]
{test}
[ask]
quantity = "trace-distance"
of = "A"
at = [0, 0]
"""
TESTS = {
    "behaviour": 'keep = "behaviour"\ntolerance = 1e-9',
    "total": 'functional = "chained"\nrelation = "<="\nscore = "observed"',
}


@pytest.mark.parametrize("epsilon", [F(0), F(1, 50), F(1, 20)])
@pytest.mark.parametrize("test", TESTS)
def test_a_larger_source_leaks_more(test, epsilon, tmp_path):
    ends = {}
    for kind, source in worded(epsilon).items():
        question = asked(tmp_path, 'family = "chained"\nN = 2', source, LEAK.format(test=TESTS[test]))
        result = bound(question)
        assert result.bracket.width < 1e-6
        ends[kind] = result.bracket
        assert check_certificate(result.certificate)
    for smaller, larger in (
        ("independent", "mutual"),
        ("mutual", "A first"),
        ("mutual", "B first"),
        ("A first", "box"),
        ("B first", "box"),
    ):
        assert compare(ends[smaller].lower, ends[larger].upper) <= 0
        assert float(ends[smaller].upper) <= float(ends[larger].upper) + 1e-9


SCORE = """[observed]
settings = "{settings}"
[adversary]
devices = "local"
[ask]
quantity = "score"
{score}
"""


@pytest.mark.parametrize("epsilon", [F(0), F(1, 20), F(1, 10), F(1, 4), F(2, 5)])
def test_local_chsh_score_is_that_of_all_four_readings(epsilon, tmp_path):
    """4 - 8 (1/2 - eps)^2 exactly, for independent, mutual, sequential sources and the box."""
    for source in worded(epsilon).values():
        question = asked(
            tmp_path, 'family = "chsh"', source, SCORE.format(settings="uniform", score='functional = "chsh"')
        )
        bracket = bound(question).bracket
        assert bracket.lower == bracket.upper == 4 - 8 * (HALF - epsilon) ** 2


@pytest.mark.parametrize("epsilon", [F(0), F(1, 20), F(1, 5)])
@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("kind", ["mutual", "independent"])
def test_local_models_of_chained_correlations(kind, n, epsilon, tmp_path):
    """Smallest I_N = (1 - 2 eps)^(2r) for two-way and independent sources too, in every encoding."""
    for bits in BIT_ORDERS:
        question = asked(
            tmp_path,
            f'family = "chained"\nN = {n}',
            f'kind = "{kind}"\nepsilon = "{epsilon}"\nbits = "{bits}"',
            SCORE.format(settings="uniform", score='functional = "chained"\nextreme = "smallest"'),
        )
        bracket = bound(question).bracket
        assert bracket.lower == bracket.upper == (1 - 2 * epsilon) ** (2 * (n.bit_length() - 1))


MDL = 'terms = {{ "P(00|00)" = "{l}", "P(01|01)" = "-{h}", "P(10|10)" = "-{h}", "P(00|11)" = "-{h}" }}'


def mdl(folder, low, high, devices="local", terms=MDL):
    return bound(
        asked(
            folder,
            "settings = { A = 2, B = 2 }\noutcomes = { A = 2, B = 2 }",
            f'kind = "measurement-dependence"\nlower = "{low}"\nupper = "{high}"',
            SCORE.format(settings="free", score=f'{terms.format(l=low, h=high)}\non = "joint"').replace(
                "local", devices
            ),
        )
    )


@pytest.mark.parametrize(
    ("low", "high"),
    [("1/4", "1/4"), ("1/5", "1/3"), ("1/10", "7/10"), ("1/100", "97/100"), ("3/13", "4/13"), ("1/8", "1/4")],
)
def test_measurement_dependent_local_inequality(low, high, tmp_path):
    """arXiv:1407.5634, Eq. 3: l P(0000) - h (P(0101) + P(1010) + P(0011)) <= 0 on joint P(abxy)."""
    bracket = mdl(tmp_path, low, high).bracket
    assert bracket.lower == bracket.upper == 0
    # no-signalling boxes, which have P(00|00) = 1/2 without the other three, reach l h / 2
    assert mdl(tmp_path, low, high, "no-signalling").bracket.lower == F(low) * F(high) / 2
    # the other convention, P(xy, ab), is another functional, which local models make positive
    swapped = MDL.replace("01|01", "00|01").replace("10|10", "00|10").replace("00|11", "11|00")
    assert mdl(tmp_path, low, high, terms=swapped).bracket.lower > 0


# ------------------------------------------------------------------ equal sources, certificates

KINDS = {
    "uniform": 'kind = "uniform"',
    "sequential": 'kind = "santha-vazirani"\nepsilon = 0.05\norder = "B first"',
    "mutual": 'kind = "mutual"\nepsilon = 0.05\nbits = "gray"',
    "independent": 'kind = "independent"\nepsilon = 0.05',
    "mixture": 'kind = "mixture"\nA = { kind = "uniform" }\nB = { kind = "santha-vazirani", epsilon = 0.05 }',
    "measurement dependence": 'kind = "measurement-dependence"\nlower = 0.2\nupper = 0.3',
    "min-entropy": 'kind = "min-entropy"\nbits = 1',
    "inequalities": 'kind = "inequalities"\nrows = [{ terms = { "00" = 1, "11" = 1 }, bound = 0.6 }, '
    '{ terms = { "01" = 2 }, relation = ">=", bound = "1/3" }, '
    '{ terms = { "10" = 1 }, relation = ">=", bound = 0.2 }]',
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("devices", ["local", "no-signalling"])
def test_certificates_of_each_kind(kind, devices, tmp_path):
    question = asked(
        tmp_path,
        "settings = { A = 2, B = 2 }\noutcomes = { A = 2, B = 2 }",
        KINDS[kind],
        SCORE.format(settings="uniform", score='functional = "chsh"').replace("local", devices),
    )
    plain = question_json(question)
    again = question_from_json(plain)
    assert question_json(again) == plain
    assert (again.source, again.settings, again.adversary) == (
        question.source,
        question.settings,
        question.adversary,
    )
    result = bound(question)
    assert result.bracket.lower == result.bracket.upper
    assert check_certificate(result.certificate)


@pytest.mark.parametrize("devices", ["local", "no-signalling"])
@pytest.mark.parametrize("biased", [False, True])
def test_mixture_with_free_parties(devices, biased, tmp_path):
    """All parties free is the uniform source; one free party leaves only the other's bias."""
    answers = []
    other = 'B = { kind = "santha-vazirani", epsilon = 0.1 }' if biased else 'B = { kind = "uniform" }'
    # A is free and B has bits from 2/5 to 3/5, as rows on P(s|w)
    rows = [
        '{ terms = { "0%(b)s" = 1 }, bound = "3/10" }',
        '{ terms = { "0%(b)s" = 1, "1%(b)s" = -1 }, bound = 0 }',
    ]
    rows.append(rows[1].replace("bound", 'relation = ">=", bound'))
    twin = ", ".join(row.replace("%(b)s", b) for row in rows for b in "01")
    for source in (
        f'kind = "mixture"\nA = {{ kind = "uniform" }}\n{other}',
        f'kind = "inequalities"\nrows = [{twin}]' if biased else 'kind = "uniform"',
    ):
        question = asked(
            tmp_path,
            'family = "chsh"',
            source,
            SCORE.format(settings="uniform", score='functional = "chsh"').replace("local", devices),
        )
        bracket = bound(question).bracket
        assert bracket.lower == bracket.upper
        answers.append(bracket.lower)
    assert answers[0] == answers[1]


# ------------------------------------------------------------------ bad input

WHOLE = "settings = { A = 2, B = 2 }\noutcomes = { A = 2, B = 2 }"
THREE_SETTINGS = "settings = { A = 3, B = 2 }\noutcomes = { A = 2, B = 2 }"
FAULTS = {
    "uniform with epsilon": ('kind = "uniform"\nepsilon = 0', "source.epsilon", "allowed here: kind"),
    "kind": ('kind = "mutal"', "source.kind", "'mutal'", "santha-vazirani, mutual", "did you mean 'mutual'"),
    "sequential": ('kind = "santha-vazirani"\nepsilon = 0.5', "source.epsilon", "1/2 is not in [0, 1/2)"),
    "order": (
        'kind = "santha-vazirani"\nepsilon = 0\norder = "C first"',
        "source.order",
        "C first",
        "B first",
    ),
    "mutual": ('kind = "mutual"\nepsilon = -0.1', "source.epsilon", "-1/10", "[0, 1/2)"),
    "mutual order": (
        'kind = "mutual"\nepsilon = 0\norder = "A first"',
        "source.order",
        "bits, epsilon, kind",
    ),
    "independent": ('kind = "independent"', "source.epsilon", "is missing"),
    "encoding": ('kind = "independent"\nepsilon = 0\nbits = 2', "source.bits", "2 is an integer", "gray"),
    "party missing": ('kind = "mixture"\nA = { kind = "uniform" }', "source.B", "is missing; a table"),
    "party kind": (
        'kind = "mixture"\nA = { kind = "mutual" }',
        "source.A.kind",
        "'mutual'",
        "uniform, santha",
    ),
    "party epsilon": (
        'kind = "mixture"\nA = { kind = "santha-vazirani", epsilon = 1 }',
        "source.A.epsilon",
        "1 is not in [0, 1/2)",
    ),
    "party unknown": (
        'kind = "mixture"\nA = { kind = "uniform" }\nB = { kind = "uniform" }\nC = { kind = "uniform" }',
        "source.C",
        "A, B, kind",
    ),
    "lower": (
        'kind = "measurement-dependence"\nlower = 0.3',
        "source.lower",
        "3/10",
        "lower <= 1/4 <= upper",
    ),
    "upper": ('kind = "measurement-dependence"\nupper = 0.2', "source.upper", "1/5", "1/4 <= upper <= 1"),
    "lower negative": ('kind = "measurement-dependence"\nlower = -1', "source.lower", "-1", "0 <= lower"),
    "upper beyond 1": ('kind = "measurement-dependence"\nupper = 2', "source.upper", "2", "upper <= 1"),
    "irrational": (
        'kind = "measurement-dependence"\nupper = "sqrt(1/2)"',
        "source.upper",
        "sqrt",
        "rational",
    ),
    "entropy": ('kind = "min-entropy"\nbits = 3', "source.bits", "3 is no integer from 0 to 2"),
    "entropy broken": ('kind = "min-entropy"\nbits = 1.5', "source.bits", "3/2", "0 to 2", "2^-bits"),
    "entropy negative": ('kind = "min-entropy"\nbits = -1', "source.bits", "-1", "0 to 2"),
    "rows": ('kind = "inequalities"', "source.rows", "is missing; an array"),
    "row": (
        'kind = "inequalities"\nrows = [1]',
        "source.rows[0]",
        "1 is an integer",
        "terms, relation and bound",
    ),
    "row label": (
        'kind = "inequalities"\nrows = [{ terms = { "02" = 1 }, bound = 1 }]',
        "source.rows[0].terms.'02'",
        "no joint setting",
        "00",
    ),
    "row factor": (
        'kind = "inequalities"\nrows = [{ terms = { "01" = "pi" }, bound = 1 }]',
        "source.rows[0].terms.'01'",
        "pi is irrational",
    ),
    "row relation": (
        'kind = "inequalities"\nrows = [{ terms = { "01" = 1 }, relation = "=", bound = 1 }]',
        "source.rows[0].relation",
        "allowed: <=, >=",
    ),
    "row bound": (
        'kind = "inequalities"\nrows = [{ terms = { "01" = 1 } }]',
        "source.rows[0].bound",
        "missing",
    ),
    "nothing left": (
        'kind = "inequalities"\nrows = [{ terms = { "01" = 1 }, bound = "-1/9" }]',
        "source.rows",
        "no distribution",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_bad_input_is_named(case, tmp_path):
    source, place, *fragments = FAULTS[case]
    with pytest.raises(InputError) as raised:
        asked(tmp_path, WHOLE, source, SCORE.format(settings="uniform", score='functional = "chsh"'))
    words = str(raised.value)
    assert f": {place}: " in words
    assert "\n" not in words
    for fragment in fragments:
        assert fragment in words


@pytest.mark.parametrize("kind", ["mutual", "independent"])
def test_bits_need_powers_of_two(kind, tmp_path):
    source = f'kind = "{kind}"\nepsilon = 0'
    with pytest.raises(InputError, match="scenario: party A has 3 settings"):
        asked(
            tmp_path, THREE_SETTINGS, source, SCORE.format(settings="uniform", score="terms = { '<A0>' = 1 }")
        )
