"""What nobody can pass: settings that a source cannot show, tests that contradict each other or all devices.

Truths by second formulations: averages of the source's vertices by HiGHS, ranks of the equations that every
behaviour obeys, the quantum maximum.
"""

from __future__ import annotations

import random
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from scipy.optimize import linprog

import freerand_opt as fr
from freerand_opt.bounds.answers.result import result_of

CELLS = list(product((0, 1), repeat=2))
EIGHTH, TENTH = F(1, 8), F(1, 10)


def asked(source, settings="uniform", tests=(), devices="no-signalling", ask="strategy", scenario=None):
    eve = fr.Adversary(devices, level="1 + A B") if devices == "quantum" else fr.Adversary(devices)
    asks = {"strategy": fr.Ask("strategy"), "guess": fr.Ask("guessing-probability", of="A", at=(0, 0))}
    return fr.Question(
        scenario or fr.chsh(),
        source,
        adversary=eve,
        observed={"settings": settings},
        tests=tests,
        ask=asks.get(ask, ask),
    )


def by_label(weights):
    return {f"{x}{y}": p for (x, y), p in zip(CELLS, weights, strict=True)}


# ------------------------------------------------------------------ sources by their vertices, written anew


def tree(epsilon, turned=False):
    """Bits in one time order: the first, then the second given the first."""
    p, q = F(1, 2) + epsilon, F(1, 2) - epsilon
    for first, left, right in product(((p, q), (q, p)), repeat=3):
        point = {(x, y): first[x] * (left, right)[x][y] for x, y in CELLS}
        yield [point[y, x] if turned else point[x, y] for x, y in CELLS]


def products(first, second):
    """Two bits that are independent given W."""
    for a, b in product((-first, first), (-second, second)):
        yield [(F(1, 2) + (-1) ** x * a) * (F(1, 2) + (-1) ** y * b) for x, y in CELLS]


def mutual(epsilon):
    """Each bit free given the other: odds of neighbours are r or 1/r (six points)."""
    r = (F(1, 2) + epsilon) / (F(1, 2) - epsilon)
    for signs in product((1, -1), repeat=4):  # steps around the square 00, 01, 11, 10
        if sum(signs) == 0:
            heights = [0, signs[0], signs[0] + signs[1], sum(signs[:3])]
            weights = dict(zip([(0, 0), (0, 1), (1, 1), (1, 0)], [r**h for h in heights], strict=True))
            yield [weights[cell] / sum(weights.values()) for cell in CELLS]


def limits(low, high):
    """All but one probability at a limit."""
    for rest, others in product(range(4), product((low, high), repeat=3)):
        left = 1 - sum(others)
        if low <= left <= high:
            yield [*others[:rest], left, *others[rest:]]


SOURCES = {
    "uniform": (fr.Uniform(), [[F(1, 4)] * 4]),
    "bits": (fr.SanthaVazirani(EIGHTH), list(tree(EIGHTH))),
    "bits, B first": (fr.SanthaVazirani(F(1, 5), order="B first", bits="gray"), list(tree(F(1, 5), True))),
    "mutual": (fr.Mutual(TENTH), list(mutual(TENTH))),
    "independent": (
        fr.Mixture({"A": fr.SanthaVazirani(EIGHTH), "B": fr.SanthaVazirani(F(1, 4))}),
        list(products(EIGHTH, F(1, 4))),
    ),
    "mixture": (
        fr.Mixture({"A": fr.Uniform(), "B": fr.SanthaVazirani(EIGHTH)}),
        list(products(F(0), EIGHTH)),
    ),
    "limits": (fr.MeasurementDependence(lower=F(1, 5), upper=F(3, 10)), list(limits(F(1, 5), F(3, 10)))),
    "upper limit": (fr.MeasurementDependence(lower=0, upper=F(2, 5)), list(limits(F(0), F(2, 5)))),
}


def in_hull(points, seen):
    """Whether floats find `seen` among the averages of points."""
    columns = np.array([[float(x) for x in point] for point in points]).T
    found = linprog(
        np.zeros(columns.shape[1]),
        A_eq=np.vstack([columns, np.ones(columns.shape[1])]),
        b_eq=[*map(float, seen), 1],
    )
    return found.status == 0


def random_settings(rng, spread):
    weights = [rng.randint(100 - spread, 100 + spread) for _ in range(4)]
    return [F(w, sum(weights)) for w in weights]


# ------------------------------------------------------------------ settings


@pytest.mark.parametrize("name", SOURCES)
def test_settings_are_shown_if_and_only_if_they_are_an_average_of_vertices(name):
    source, points = SOURCES[name]
    rng, found = random.Random(name), {True: 0, False: 0}
    for k in range(24):
        seen = random_settings(rng, (2, 25, 95)[k % 3])
        result = fr.bound(asked(source, by_label(seen)))
        expected = in_hull(points, seen)
        assert result.impossible != expected, seen
        assert str(result) == ("exists" if expected else "none")
        found[expected] += 1
        assert expected or result.reason.startswith("the source cannot show the observed settings: ")
    assert found[False]
    inside = [sum(column) / len(points) for column in zip(*points, strict=True)]
    assert str(fr.bound(asked(source, by_label(inside)))) == "exists"


def test_products_are_separated_where_no_facet_is_broken():
    """The largest P(equal) of products of bits of 3/4 is 10/16; each party alone is within its limits."""
    source = fr.Independent(F(1, 4))
    for equal, expected in ((F(12, 16), "none"), (F(10, 16), "exists"), (F(51, 80), "none")):
        seen = by_label([equal / 2, (1 - equal) / 2, (1 - equal) / 2, equal / 2])
        assert str(fr.bound(asked(source, seen))) == expected


HENSEN = by_label([F(n, 245) for n in (53, 79, 62, 51)])
WORDS = {
    "uniform": "P(settings 01) = 79/245 (32.24 %) is more than 1/4 (25 %)",
    "1 %": "P(settings 01) = 79/245 (32.24 %) is more than 2601/10000 (26.01 %)",
    "limits": "P(settings 01) = 79/245 (32.24 %) is more than 3/10 (30 %)",
}


@pytest.mark.parametrize("devices", ["local", "no-signalling", "quantum"])
@pytest.mark.parametrize("name", WORDS)
def test_settings_are_named_and_not_the_tests(name, devices):
    """The frequencies of Hensen et al. (Nature 526, 682) beside sources that are too narrow for them."""
    narrow = fr.SanthaVazirani(F(1, 100))
    source = narrow if name == "1 %" else SOURCES[name][0]
    tests = [fr.Test("chsh", ">=", F(16036094, 6619647))]
    result = fr.bound(asked(source, HENSEN, tests, devices, "guess"))
    assert result.impossible
    assert result.reason == f"the source cannot show the observed settings: {WORDS[name]}"
    assert result.bracket.lower is result.bracket.upper is None


def test_the_proof_is_of_no_settings_inside():
    source, points = SOURCES["bits"]
    outside = asked(source, by_label([F(1, 2), F(1, 6), F(1, 6), F(1, 6)]))
    inside = asked(source, by_label(points[0]))
    certificate = fr.bound(outside).certificate
    assert result_of(outside, certificate).impossible
    with pytest.raises(fr.InputError, match="about another question"):
        result_of(inside, certificate)


# ------------------------------------------------------------------ tests that contradict no-signalling


def equations(scenario):
    """The equations of no-signalling behaviours in P(o|s): rows {(o, s): factor} and right sides."""
    sets = [list(product(*map(range, sizes))) for sizes in (scenario.outcomes, scenario.settings)]
    yield from (({(o, s): F(1) for o in sets[0]}, F(1)) for s in sets[1])
    for party in range(len(scenario.settings)):
        for s in sets[1]:
            other = (*s[:party], 0, *s[party + 1 :])
            rests = {(*o[:party], *o[party + 1 :]) for o in sets[0]}
            for rest in rests if s != other else ():
                row = {}
                for x in range(scenario.outcomes[party]):
                    o = (*rest[:party], x, *rest[party:])
                    row[o, s], row[o, other] = F(1), F(-1)
                yield row, F(0)


def consistent(scenario, tests):
    """Whether linear algebra leaves any numbers P(o|s), by ranks."""
    cells = [
        (o, s)
        for o in product(*map(range, scenario.outcomes))
        for s in product(*map(range, scenario.settings))
    ]
    rows = [*equations(scenario), *tests]
    matrix = [
        [fmpq(x.numerator, x.denominator) for x in (row.get(c, F(0)) for c in cells)] for row, _ in rows
    ]
    full = [[*line, fmpq(b.numerator, b.denominator)] for line, (_, b) in zip(matrix, rows, strict=True)]
    return fmpq_mat(matrix).rank() == fmpq_mat(full).rank()


def written(terms):
    """Return terms by label."""
    return {f"P({''.join(map(str, o))}|{''.join(map(str, s))})": x for (o, s), x in terms.items()}


@pytest.mark.parametrize(
    "scenario", [fr.chsh(), fr.Scenario((2, 3), (3, 2)), fr.Scenario((2, 2, 1), (2, 2, 2))], ids=str
)
def test_equalities_that_linear_algebra_contradicts_are_passed_by_nobody(scenario):
    """Scores of a local behaviour, one of them moved in most cases: so ranks decide."""
    rng = random.Random(str(scenario))
    found = {True: 0, False: 0}
    outcomes = list(product(*map(range, scenario.outcomes)))
    settings = list(product(*map(range, scenario.settings)))
    for _ in range(25):
        answers = [
            [rng.randrange(d) for _ in range(n)]
            for n, d in zip(scenario.settings, scenario.outcomes, strict=True)
        ]
        table = {s: tuple(own[x] for own, x in zip(answers, s, strict=True)) for s in settings}
        size = len(outcomes) * len(settings)
        tests = []
        for _ in range(rng.randint(size // 2, size // 2 + 6)):
            terms = {
                (rng.choice(outcomes), rng.choice(settings)): F(rng.choice((-3, -2, -1, 1, 2, 3)))
                for _ in range(rng.choice((1, 1, 2, 3)))
            }
            tests.append((terms, sum((x for (o, s), x in terms.items() if table[s] == o), F(0))))
        moved = rng.random() < 0.7
        if moved:
            k = rng.randrange(len(tests))
            tests[k] = tests[k][0], tests[k][1] + F(1, 7)
        possible = consistent(scenario, tests)
        demanded = [fr.Test(written(terms), "=", value) for terms, value in tests]
        result = fr.bound(asked(fr.Uniform(), tests=demanded, scenario=scenario))
        if not possible:
            assert result.impossible
            found[False] += 1
        elif not moved:
            assert str(result) == "exists"
            found[True] += 1
    assert min(found.values()) > 2


NOISE = {
    "00": (263, 235, 245, 257),
    "01": (227, 248, 268, 257),
    "10": (247, 241, 272, 240),
    "11": (243, 247, 266, 244),
}


def kept(table, tolerance=F(0)):
    """Tests that keep P(o|s) of a table of counts among 1000 within a tolerance."""
    for s, column in table.items():
        for (a, b), n in zip(CELLS, column, strict=True):
            cell, p = {f"P({a}{b}|{s})": 1}, F(n, 1000)
            ends = ((">=", p - tolerance), ("<=", p + tolerance)) if tolerance else (("=", p),)
            yield from (fr.Test(cell, relation, end) for relation, end in ends)


SIGNAL = "they signal: P(A=0) at settings A=0 changes by 23/1000 when B measures 0 instead of 1"


@pytest.mark.parametrize("devices", ["local", "no-signalling", "quantum"])
def test_frequencies_that_signal_are_named(devices):
    """P(A=0|00) = 498/1000 and P(A=0|01) = 475/1000; the other three changes are smaller."""
    result = fr.bound(asked(fr.Uniform(), tests=list(kept(NOISE)), devices=devices))
    assert result.impossible
    assert result.reason == f"no devices at all pass these tests: {SIGNAL}"


def test_a_tolerance_makes_room_for_signalling():
    """How far the nearest no-signalling behaviour is, by HiGHS on the 16 probabilities themselves."""
    cells = [(o, s) for o in CELLS for s in CELLS]
    seen = {(o, s): NOISE[f"{s[0]}{s[1]}"][CELLS.index(o)] / 1000 for o, s in cells}
    rows = list(equations(fr.chsh()))
    found = linprog(
        [0.0] * 16 + [1.0],
        A_ub=[[sign * float(c == d) for d in cells] + [-1.0] for c in cells for sign in (1, -1)],
        b_ub=[sign * seen[c] for c in cells for sign in (1, -1)],
        A_eq=[[float(row.get(c, 0)) for c in cells] + [0.0] for row, _ in rows],
        b_eq=[float(b) for _, b in rows],
    )
    least = F(found.fun)
    for tolerance, passed in ((least + F(1, 10**6), "exists"), (least - F(1, 10**6), "none")):
        result = fr.bound(asked(fr.Uniform(), tests=list(kept(NOISE, tolerance))))
        assert str(result) == passed


def test_one_marginal_is_the_sum_of_four_tolerances():
    result = fr.bound(asked(fr.Uniform(), tests=list(kept(NOISE, F(22, 4000)))))
    assert "P(A=0) at settings A=0 changes by at least 1/1000" in result.reason


def test_biased_settings_may_signal_but_not_lose_probability():
    """A source that depends on W carries the change of 23/1000; nothing makes up for a missing 1/20."""
    source = fr.SanthaVazirani(EIGHTH)
    assert str(fr.bound(asked(source, tests=list(kept(NOISE))))) == "exists"
    lost = {**NOISE, "10": (250, 250, 250, 200)}
    result = fr.bound(asked(source, tests=list(kept(lost))))
    said = "no devices at all pass these tests: the outcomes at settings 10 sum to at most 19/20, not to 1"
    assert result.reason == said


def test_a_part_of_the_outcomes_is_completed_by_normalisation():
    """Three of four probabilities at each setting say as much as all of them; two settings say nothing."""
    part = [test for k, test in enumerate(kept(NOISE)) if k % 4 < 3]
    assert SIGNAL in fr.bound(asked(fr.Uniform(), tests=part)).reason
    few = list(kept({s: NOISE[s] for s in ("00", "11")}))
    assert str(fr.bound(asked(fr.Uniform(), tests=few))) == "exists"


def test_two_scores_of_one_probability():
    tests = [fr.Test({"P(00|00)": 1}, "=", value) for value in (F(1, 4), F(1, 3))]
    result = fr.bound(asked(fr.SanthaVazirani(EIGHTH), tests=tests))
    assert result.reason.endswith("P(00|00) is at most 1/4 and at least 1/3")
    tests = [fr.Test({"<A0 B0>": 1}, "=", value) for value in (0, F(1, 2))]
    result = fr.bound(asked(fr.Uniform(), tests=tests))
    assert result.impossible
    assert "test[0]" in result.reason and "test[1]" in result.reason


def test_joint_scores_at_given_settings():
    """P(o, s) at P(s) = 2/5, 1/5, 1/5, 1/5, chosen freely: the marginal of A is P(a, s)/P(s)."""
    seen = by_label([F(2, 5), F(1, 5), F(1, 5), F(1, 5)])

    def answer(last):
        scores = {"P(00|00)": F(1, 5), "P(01|00)": 0, "P(00|01)": F(1, 10), "P(01|01)": last}
        tests = [fr.Test(fr.Functional.from_terms({c: 1}, on="joint"), "=", x) for c, x in scores.items()]
        return str(fr.bound(asked(fr.Free(), seen, tests)))

    assert answer(F(0)) == "exists"  # P(A=0) is 1/2 at both
    assert answer(F(1, 100)) == "none"


# ------------------------------------------------------------------ beyond every strategy


GUESS = {"quantity": "guessing-probability", "of": "A", "at": [0, 0]}
ASKS = {
    "guess": GUESS,
    "min-entropy": {**GUESS, "quantity": "min-entropy"},
    "trace-distance": {**GUESS, "quantity": "trace-distance"},
    "score": {"quantity": "score", "terms": {"<A0>": 1}},
    "strategy": {"quantity": "strategy"},
}


@pytest.mark.parametrize("score", ["2.8285", "2.832"])
@pytest.mark.parametrize("ask", ASKS)
def test_no_quantity_has_an_answer_beyond_the_quantum_maximum(ask, score):
    """2 sqrt 2 = 2.82842.."""
    tests = [fr.Test("chsh", ">=", score)]
    result = fr.bound(asked(fr.Uniform(), tests=tests, devices="quantum", ask=fr.Ask(**ASKS[ask])))
    assert result.impossible
    assert result.bracket.lower is None
    assert result.reason == f"no strategy of this adversary passes test[0] (chsh >= {F(score)})"


# ------------------------------------------------------------------ tables, by the command line

TABLE = """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[observed.table]
{table}
[adversary]
devices = "{devices}"
[[test]]
{test}
[ask]
quantity = "strategy"
"""


def file(path, table, devices="local", test='keep = "behaviour"'):
    lines = "\n".join(f'"{label}" = "{value}"' for label, value in table.items())
    path.write_text(TABLE.format(table=lines, devices=devices, test=test))
    return path


CORRELATED = {"P(00|00)": "1/2", "P(11|00)": "1/2", "P(00|11)": "1/2", "P(11|11)": "1/2"}


@pytest.mark.parametrize("tolerance", ["0", '"1/100"'])
def test_a_table_may_leave_out_joint_settings(freerand, tmp_path, tolerance):
    """Settings 00 and 11 alone, perfectly correlated: a shared bit does it."""
    test = f'keep = "behaviour"\ntolerance = {tolerance}'
    run = freerand("bound", file(tmp_path / "a.toml", CORRELATED, test=test), "--json")
    assert run.code == 0
    assert run.data[0]["lower"] == "1"
    # with the two others a PR box, of which no local model is within 1/100
    more = {"P(00|01)": "1/2", "P(11|01)": "1/2", "P(01|10)": "1/2", "P(10|10)": "1/2"}
    run = freerand("bound", file(tmp_path / "b.toml", CORRELATED | more, test=test))
    assert run.code == 0
    assert "answer      none" in run.out


def test_a_partial_table_does_for_what_it_tells(freerand, tmp_path):
    test = 'functional = "chsh"\nrelation = ">="\nscore = "observed"'
    path = file(tmp_path / "a.toml", CORRELATED, test=test)
    run = freerand("bound", path)
    assert run.code == 2
    assert "01, 10" in run.err
    path.write_text(path.read_text().replace('"P(11|11)" = "1/2"', '"P(11|11)" = "1/3"'))
    assert "the outcomes at settings 11 sum to 5/6, not to 1" in freerand("bound", path).err


SIGNALLING = {
    "P(00|00)": "1/2", "P(11|00)": "1/2", "P(00|01)": "13/25", "P(11|01)": "12/25",
    "P(00|10)": "1/2", "P(11|10)": "1/2", "P(01|11)": "1/2", "P(10|11)": "1/2",
}  # fmt: skip


@pytest.mark.parametrize(("tolerance", "answer"), [("0", ""), ("0.002", "none"), ("0.02", "exists")])
def test_a_table_that_signals_is_kept_with_a_tolerance(freerand, tmp_path, tolerance, answer):
    """P(A=0) is 1/2 or 13/25: four probabilities that give way by 1/500 are not enough, by 1/50 are."""
    test = f'keep = "behaviour"\ntolerance = {tolerance}'
    run = freerand("bound", file(tmp_path / "a.toml", SIGNALLING, "no-signalling", test))
    if not answer:
        assert run.code == 2
        assert "it signals: P(" in run.err and "tolerance" in run.err
        return
    assert run.code == 0
    assert f"answer      {answer}" in run.out
    assert ("they signal: P(" in " ".join(run.out.split())) == (answer == "none")
    assert "inequality" not in run.out


def test_what_no_strategy_passes_is_an_answer_and_not_bad_input(freerand, tmp_path):
    """Exit 0; 1 where `expect` says otherwise."""
    path = tmp_path / "a.toml"
    path.write_text(asked(fr.Uniform(), HENSEN, ask="guess").to_toml())
    run = freerand("bound", path)
    assert run.code == 0
    assert "no strategy passes" in run.out and "79/245" in run.out
    path.write_text(path.read_text() + '\n[expect]\nvalue = "1/2"\n')
    assert freerand("verify", path).code == 1
