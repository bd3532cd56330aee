"""Programs by orbits of parties against the unreduced ones, and what their certificates say."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import combinations, permutations, product
from math import comb
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import freerand_opt as fr
from freerand_opt.errors import InputError, TooLargeError
from freerand_opt.first.answers.threshold import NoChangeError
from freerand_opt.first.answers.verification import check_certificate
from freerand_opt.first.certificates import check
from freerand_opt.first.certificates.certify import feasible, multipliers, objective_value, point
from freerand_opt.first.formulas.questions import ghz_local_errors
from freerand_opt.first.model.question import SELECTIONS, Adversary, Ask, GhzTest, Output, Picked, Question
from freerand_opt.first.model.scenario import ghz
from freerand_opt.first.model.source import SanthaVazirani, Uniform
from freerand_opt.first.programs.build import build, by_relations
from freerand_opt.first.programs.integer_matrix import identity, kron
from freerand_opt.first.programs.many import by_party_orbits, exchangeable
from freerand_opt.first.programs.no_signalling import no_signalling_rows
from freerand_opt.first.programs.program import Labels, Rows, conic_program, constant, integer_rows, vector
from freerand_opt.first.programs.refinement import reduce
from freerand_opt.first.programs.worths import heavy_first, mean_of_tree, party_worths, tree_shares
from freerand_opt.first.reporting import exhibits
from freerand_opt.first.solvers.highs import solve


def majority(k):
    return tuple(int(2 * sum(x) > k) for x in product((0, 1), repeat=k))


def counted(k, values):
    return tuple(values[sum(x) % len(values)] for x in product((0, 1), repeat=k))


def counts(k):
    return tuple(map(sum, product((0, 1), repeat=k)))


def question(
    at, parties, values=(), *, v=0, whole=False, picked=None, quantity="guessing-probability", source=None
):
    count = 2 if picked else max(values) + 1
    output = Output(tuple(values), count, "f", tuple(parties), picked)
    return Question(
        ghz(len(at)),
        source or Uniform(),
        "uniform",
        Adversary("no-signalling"),
        (),
        Ask(quantity, output=output, at=tuple(at)),
        GhzTest(F(v), whole),
    )


def relation(weight):
    """The product of outcomes +1, -1 that GHZ demands: cos((weight + 2) pi/2), 0 if nothing."""
    return (-1, 0, 1, 0)[weight % 4]


def unreduced(asked, relation=relation, seen=False):
    """Every probability P(g, outcomes | settings), relations and worths by their definitions.

    `seen` adds that the output's parties have the outcomes of the GHZ state at the settings asked for.
    """
    scenario, tested = asked.scenario, asked.relations
    outcomes, count = scenario.shape
    worths, inside = party_worths(asked.ask), asked.ask.output.parties
    labels, width = len(worths), outcomes * count
    local, _ = no_signalling_rows(scenario)
    spread = kron(identity(labels), local)
    names = Labels("row {0}", (tuple(map(str, range(spread.shape[0]))),))
    rows = [Rows("zero", spread, constant(0, spread.shape[0]), names)]
    one = [(0, g * width + o * count, F(1)) for g in range(labels) for o in range(outcomes)]
    rows.append(Rows("zero", *integer_rows(one, [F(1)], labels * width), Labels("sum", ())))
    wrong, behaviour = [], []
    for o, xs in enumerate(scenario.joint_outcomes):
        for s, settings_ in enumerate(scenario.joint_settings):
            demand = relation(sum(settings_))
            if demand and (-1) ** sum(xs) != demand:
                wrong.append(o * count + s)
            behaviour.append(F(1 + demand * (-1) ** sum(xs), outcomes))
    if tested.whole:
        entries = [(c, g * width + c, F(1)) for c in range(width) for g in range(labels)]
        names = Labels("seen {0}", (tuple(map(str, range(width))),))
        rows.append(Rows("zero", *integer_rows(entries, behaviour, labels * width), names))
    else:
        entries = [(0, g * width + c, F(1)) for g in range(labels) for c in wrong]
        rows.append(
            Rows(
                "nonnegative", *integer_rows(entries, [tested.violated], labels * width), Labels("wrong", ())
            )
        )
    goal = [F(0)] * (labels * width)
    here = scenario.setting_index(asked.ask.at)
    if seen:
        strings = list(product((0, 1), repeat=len(inside)))
        entries, right = [], [F(0)] * len(strings)
        for o, xs in enumerate(scenario.joint_outcomes):
            row = strings.index(tuple(xs[p] for p in inside))
            right[row] += behaviour[o * count + here]
            entries += [(row, g * width + o * count + here, F(1)) for g in range(labels)]
        names = Labels("seen {0}", (tuple(map(str, range(len(strings)))),))
        rows.append(Rows("zero", *integer_rows(entries, right, labels * width), names))
    for g, row in enumerate(worths):
        for o, xs in enumerate(scenario.joint_outcomes):
            goal[g * width + o * count + here] = row[int("".join(str(xs[p]) for p in inside), 2)]
    return conic_program(
        rows,
        objective=vector(goal),
        lower=constant(0, labels * width),
        upper=constant(1, labels * width),
        column_labels=(Labels("{0}", (tuple(map(str, range(labels * width))),)),),
    )


def optimum(program):
    """Both ends, exactly; they have to meet."""
    solution = solve(program)
    bound = multipliers(program, solution).bound
    x = point(program, solution)
    assert x is not None
    assert objective_value(program, x) == bound
    return bound


def by_orbits(asked):
    return optimum(by_party_orbits(asked, asked.relations.violated, whole=asked.relations.whole).program)


CASES = {
    "one party": question([0, 0, 0], [1], (0, 1)),
    "majority, M = 3": question([1, 0, 0], [0, 1, 2], majority(3)),
    "majority, M = 4": question([1, 1, 0, 0], [0, 1, 3], majority(3)),
    "majority, untested": question([1, 0, 0, 0], [0, 1, 2], majority(3), v=F(1, 7)),
    "two outcomes": question([0, 1, 1, 0], [1, 3], (0, 1, 2, 3), v=F(1, 3)),
    "count of all": question([0, 0, 0, 0], [0, 1, 2, 3], counted(4, (0, 1, 1, 0))),
    "count of all, v": question([1, 1, 1, 0], [0, 1, 2, 3], counted(4, (0, 0, 1)), v=F(1, 9)),
    "whole": question([1, 0, 1, 0], [0, 2], (0, 1, 1, 1), whole=True),
    "whole, all": question([1, 1, 0, 0], [0, 1, 2, 3], counted(4, (0, 0, 1, 1)), whole=True),
    "trace distance": question([1, 1, 0, 0], [0, 1], (0, 1, 0, 0), v=F(1, 5), quantity="trace-distance"),
    "biases, M = 4": question([1, 1, 0, 0], range(4), counts(4), quantity="sum-of-biases"),
    "biases of three, v": question([0, 1, 0, 1], [0, 1, 2], counts(3), v=F(1, 6), quantity="sum-of-biases"),
    "picked, outcomes": question([0] * 4, range(4), picked=Picked(2, SELECTIONS[1], F(1, 10)), v=F(1, 8)),
    "picked, one bit": question([0, 1, 0], [0, 1], picked=Picked(1, SELECTIONS[0], F(1, 5))),
    "picked, mixed settings": question(
        [0, 1, 1], [0, 2], picked=Picked(1, SELECTIONS[1], F(1, 5)), v=F(1, 8)
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_orbits_agree_with_the_unreduced_program(case):
    assert by_orbits(CASES[case]) == optimum(unreduced(CASES[case]))


@pytest.mark.parametrize(
    "asked",
    [
        question([0, 0, 0], range(3), counted(3, (0, 1, 1, 0)), source=SanthaVazirani(F(2, 5))),
        question([1, 0, 0], range(3), counted(3, (0, 0, 1, 1)), source=SanthaVazirani(F(2, 5))),
        question([1, 0, 0, 1], range(4), counted(4, (0, 0, 0, 1)), source=SanthaVazirani(F(1, 5))),
        question([1, 0, 1, 0], [0, 1, 2], majority(3), source=SanthaVazirani(F(1, 5))),
    ],
)
def test_what_is_seen_at_one_setting_agrees_with_the_unreduced_program(asked):
    made = by_party_orbits(asked, F(0), whole=False, seen=True).program
    best = optimum(made)
    assert best == optimum(unreduced(asked, seen=True))
    whole = replace(asked, relations=GhzTest(F(0), True))
    bounds = by_relations(whole)
    assert bounds.above.program.plain == made.plain
    read = check._read_many(json.loads(json.dumps(fr.bound(whole).certificate["question"])))
    assert check._many_program(read, F(0), False, True) == made.plain
    assert optimum(bounds.below.program) <= best


@pytest.mark.parametrize("parties", [3, 5, 7])
def test_the_observed_randomness_is_fully_intrinsic(parties):
    """arXiv:1305.5384: the best guess is the observed probability, whatever the settings."""
    observed = F(sum(comb(parties, n) for n in range(parties + 1) if n % 4 == 1), 2 ** (parties - 1))
    source = SanthaVazirani(F(49, 100))
    for values in ((0, 1, 1, 0), (0, 0, 1, 1)):
        asked = question([0] * parties, range(parties), counted(parties, values), whole=True, source=source)
        assert fr.bound(asked).bracket.exact == max(observed, 1 - observed)


def test_one_vertex_stands_for_all_where_parties_can_be_exchanged():
    """Common cause at equal settings: all 8 vertices of two bits, unreduced, against one."""
    full = unreduced(question([0] * 4, range(4), counted(4, (0, 1))))
    asked = question([0] * 4, range(4), picked=Picked(2, SELECTIONS[0], F(1, 10)))
    full, best = unreduced(question([0] * 4, range(4), counted(4, (0, 1)))), F(0)
    for share in tree_shares(2, F(3, 5)):
        goal = [F(0)] * full.shape[1]
        for o, xs in enumerate(product((0, 1), repeat=4)):  # guess 0, at settings 0000
            goal[o * 16] = sum((s for s, x in zip(share, xs, strict=True) if x == 0), F(0))
        best = max(best, optimum(replace(full, objective=vector(goal))))
    assert by_orbits(asked) == best


@pytest.mark.parametrize(
    "asked",
    [
        question([1] * 5, [0, 1, 2], majority(3)),
        question([1, 0, 0, 1, 1], [0, 1, 2], majority(3), whole=True),
        question([1] * 5, [0, 1, 2], majority(3), v=F(1, 100)),
    ],
)
def test_five_parties_agree_with_the_unreduced_program_and_its_colour_refinement(asked):
    full = unreduced(asked)
    assert by_orbits(asked) == optimum(reduce(full).program)
    assert by_orbits(asked) == multipliers(full, solve(full)).bound


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_function_of_three_parties_agrees(data):
    inside = data.draw(st.sampled_from([p for k in (1, 2, 3) for p in combinations(range(3), k)]))
    values = data.draw(st.lists(st.integers(0, 1), min_size=2 ** len(inside), max_size=2 ** len(inside)))
    at = data.draw(st.lists(st.integers(0, 1), min_size=3, max_size=3))
    v = data.draw(st.sampled_from([F(0), F(1, 6), F(3, 4)]))
    asked = question(at, inside, values, v=v)
    assert by_orbits(asked) == optimum(unreduced(asked))


def test_agrees_with_the_question_language_written_out(tmp_path):
    """The same file, written out and kept short; and Gallego et al., arXiv:1210.6514: 3/4."""
    for v in ("0", "1/100"):
        path = written(tmp_path, "M = 5", f'violated = "{v}"', "at = [1, 1, 1, 1, 1]")
        [instance] = fr.read(path).instances
        assert instance.question.relations is None
        assert fr.bound(instance.question).bracket.exact == by_orbits(
            question([1] * 5, [0, 1, 2], majority(3), v=F(v))
        )


def written(folder, scenario, tested, at, **more):
    path = folder / "mine.toml"
    test = more.get("test", 'relations = "mermin"')
    devices = more.get("devices", "no-signalling")
    source, of = more.get("source", 'kind = "uniform"'), more.get("of", '{ majority = ["A", "B", "C"] }')
    path.write_text(
        f'[scenario]\nfamily = "ghz"\n{scenario}\n[source]\n{source}\n'
        f'[adversary]\ndevices = "{devices}"\n'
        f"[[test]]\n{test}\n{tested}\n"
        f'[ask]\nquantity = "guessing-probability"\nof = {of}\n{at}\n'
    )
    return path


# ------------------------------------------------------------------ points in the original probabilities


@pytest.mark.parametrize("asked", [CASES["majority, untested"], CASES["whole"], CASES["count of all, v"]])
def test_points_expand_to_boxes(asked):
    made = by_party_orbits(asked, asked.relations.violated, whole=asked.relations.whole)
    x = point(made.program, solve(made.program))
    full = unreduced(asked)
    lifted = expanded(asked, made, x)
    assert feasible(full, lifted)
    assert objective_value(full, lifted) == objective_value(made.program, x)


def expanded(asked, made, x):
    """Each probability is its orbit's, divided by the number of outcome strings in the orbit at a setting."""
    scenario, inside = asked.scenario, asked.ask.output.parties
    classes = exchangeable(party_worths(asked.ask), [asked.ask.at[p] for p in inside])
    outside = [p for p in range(len(scenario.settings)) if p not in inside]
    place, members = {}, {}
    for o, xs in enumerate(scenario.joint_outcomes):
        for s, ss in enumerate(scenario.joint_settings):
            own = []
            for group in classes:
                pairs = [(ss[inside[i]], xs[inside[i]]) for i in group]
                own.append(tuple(pairs.count(pair) for pair in product((0, 1), repeat=2)))
            w, r = sum(ss[p] for p in outside), sum(xs[p] for p in outside) % 2
            place[o, s] = made.orbits.column(own, w, r)
            members[place[o, s], s] = members.get((place[o, s], s), 0) + 1
    return [
        x[g * made.orbits.count + place[o, s]] / members[place[o, s], s]
        for g in range(made.labels)
        for o in range(scenario.shape[0])
        for s in range(scenario.shape[1])
    ]


# ------------------------------------------------------------------ values of others, and closed forms


def test_majorities():
    """Gallego et al.: 3/4; five outcomes 12/17 (the k-variable program of the notes on conjecture 1)."""
    for parties in (5, 6, 9, 21):
        assert by_orbits(question([1] * parties, [0, 1, 2], majority(3))) == F(3, 4)
    assert by_orbits(question([0] * 6, range(5), majority(5))) == F(12, 17)


def test_every_function_of_three_outcomes_of_three_parties_is_predictable():
    """So at every kind of setting, up to permutations; arXiv:1210.6514 therefore takes five parties."""
    strings = list(product((0, 1), repeat=3))
    for at in ((0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1)):
        kept = [p for p in permutations(range(3)) if tuple(at[i] for i in p) == at]
        seen = set()
        for values in product((0, 1), repeat=8):
            images = [tuple(values[strings.index(tuple(x[i] for i in p))] for x in strings) for p in kept]
            images += [tuple(1 - v for v in image) for image in images]
            if min(images) in seen or len(set(values)) == 1:
                continue
            seen.add(min(images))
            made = by_party_orbits(question(at, range(3), values), F(0), whole=False).program
            assert multipliers(made, solve(made)).bound == 1


def test_parity_of_fewer_than_all_is_predictable_and_mod_4_functions_are_not():
    for k, best in ((3, F(1, 2)), (5, F(1, 3))):
        parity = question([0] * (k + 1), range(k), counted(k, (0, 1)))
        assert by_orbits(parity) == 1
        shifts = [(0, 0, 1, 1), (0, 1, 1, 0)]
        found = [2 * by_orbits(question([0] * (k + 1), range(k), counted(k, shift))) - 1 for shift in shifts]
        assert min(found) == best


def test_four_parties_with_odd_relations():
    """The unreduced program behind lps/four_parties_odd.toml: weights 1 and 3 are tested, signs +1 and -1."""

    def odd(weight):
        return (0, 1, 0, -1)[weight % 4]

    every = tuple(range(16))
    for d, best in ((F(0), F(1, 3)), (F(1, 100), F(101, 300)), (F(1, 10), F(11, 30))):
        assert optimum(unreduced(question([0, 0, 0, 1], range(4), every, v=d), odd)) == best
    for inside, values, best in (
        ([0], (0, 1), 1),
        ([0, 1], every[:4], F(1, 2)),
        ([0, 1, 2], every[:8], F(1, 3)),
        ([0, 1, 2], majority(3), F(3, 4)),
        ([0, 1, 2], counted(3, (0, 1)), 1),
    ):
        assert optimum(unreduced(question([0, 0, 0, 1], inside, values), odd)) == best


def test_selection_that_sees_the_outcomes_biases_fair_ones():
    """Mean bias on fair outcomes: eps/2, .875 eps, 1.148 eps, to first order; 1.82 eps in the limit."""
    eps = F(1, 10**6)
    for bits, slope in ((1, F(1, 2)), (2, F(7, 8)), (3, F(1148, 1000))):
        strings = list(product((0, 1), repeat=2**bits))
        mean = sum(mean_of_tree([F(1 - x) for x in xs], F(1, 2) + eps) for xs in strings) / len(strings)
        assert abs((mean - F(1, 2)) / eps - slope) < F(1, 1000)


def test_picked_party_obeys_the_bound_by_the_sum_of_biases():
    """D <= p^n B/2 with B = 4/3 for four parties at even inputs (four exact programs in conjecture 1)."""
    for eps in (F(0), F(1, 10), F(1, 3)):
        asked = question([0] * 4, range(4), picked=Picked(2, SELECTIONS[0], eps), quantity="trace-distance")
        seeing = question([0] * 4, range(4), picked=Picked(2, SELECTIONS[1], eps), quantity="trace-distance")
        assert by_orbits(asked) <= (F(1, 2) + eps) ** 2 * F(4, 3) / 2
        assert by_orbits(seeing) >= by_orbits(asked)
        assert heavy_first(2, F(1, 2) + eps) in tree_shares(2, F(1, 2) + eps)


def test_local_models_err_at_the_least_number_of_settings():
    """At eps = 0: (2^(M-1) - 2^floor(M/2))/2 wrong settings of 2^M (Mermin, PRL 65, 1838); 6 for M = 5."""
    for parties in range(3, 10):
        scenario = ghz(parties)
        asked = Question(scenario, SanthaVazirani(F(0)), "free", Adversary("local"), (), Ask("strategy"))
        least = (2 ** (parties - 1) - 2 ** (parties // 2)) // 2
        assert ghz_local_errors(asked) == F(least, 2**parties)
        for eps in (F(1, 4), F(49, 100)):
            asked = Question(scenario, SanthaVazirani(eps), "free", Adversary("local"), (), Ask("strategy"))
            found = ghz_local_errors(asked)
            assert found >= least * (F(1, 2) - eps) ** parties
            assert parties != 3 or found == (F(1, 2) - eps) ** 3


# ------------------------------------------------------------------ biased settings


def test_biased_settings_bracket_the_answer():
    """Perfect relations do not depend on eps; violated ones are bracketed, exactly at eps = 0."""
    for eps in (F(0), F(1, 20), F(2, 5)):
        source = SanthaVazirani(eps)
        perfect = fr.bound(question([1] * 5, [0, 1, 2], majority(3), source=source))
        assert perfect.bracket.exact == F(3, 4)
        found = fr.bound(question([1] * 5, [0, 1, 2], majority(3), v=F(1, 100), source=source)).bracket
        assert found.lower == by_orbits(question([1] * 5, [0, 1, 2], majority(3), v=F(1, 100)))
        ratio = ((1 + 2 * eps) / (1 - 2 * eps)) ** 5
        assert found.upper == by_orbits(question([1] * 5, [0, 1, 2], majority(3), v=F(1, 100) * ratio))
        assert (found.exact is None) == (eps > 0)
        whole = fr.bound(question([1] * 5, [0, 1, 2], majority(3), whole=True, source=source)).bracket
        assert whole.exact == F(3, 4)


def test_joint_program_of_four_parties_lies_in_the_bracket(tmp_path):
    """Source and boxes together, written out: 16 settings, exact at eps = 1/20."""
    source = 'kind = "santha-vazirani"\nepsilon = "1/20"'
    path = written(tmp_path, "M = 4", 'violated = "1/50"', "at = [1, 1, 0, 0]", source=source)
    [instance] = fr.read(path).instances
    joint = fr.bound(instance.question).bracket
    asked = question([1, 1, 0, 0], [0, 1, 2], majority(3), v=F(1, 50), source=SanthaVazirani(F(1, 20)))
    reduced = fr.bound(asked).bracket
    assert reduced.lower <= joint.lower <= joint.upper <= reduced.upper
    assert reduced.lower < joint.lower  # biased settings do help


# ------------------------------------------------------------------ certificates


@pytest.fixture(scope="module")
def certificate():
    return fr.bound(
        question([1] * 5, [0, 1, 2], majority(3), v=F(1, 100)), name="m", instance="i"
    ).certificate


def test_the_checker_builds_the_same_program(certificate):
    report = check.check(certificate)
    assert report.carried
    assert (report.lower, report.upper) == ("241/320", "241/320")
    assert any("ghz-orbits" in line for line in report.lines)
    for asked in CASES.values():
        made = by_relations(asked)
        raw = fr.bound(asked).certificate["question"]
        read = check._read_many(json.loads(json.dumps(raw)))
        plain = check._many_program(read, read.violated, read.whole)
        assert check.digest(plain) == made.below.program.digest
        assert plain == made.below.program.plain


TAMPERED = {
    "another bound": (("answer", "upper"), "240/320", "answer"),
    "another value": (("attack", "value"), "242/320", "value"),
    "a smaller violation": (("question", "relations", "violated"), "1/200", "digest"),
    "another output": (("question", "ask", "values"), [0, 0, 0, 1, 0, 1, 1, 0], "digest"),
    "another setting": (("question", "ask", "at"), [1, 1, 1, 1, 2], "at"),
    "more parties": (("question", "scenario", "settings"), [2] * 6, "relations need"),
    "another family": (("question", "scenario", "family"), "chsh", "family ghz"),
    "local devices": (("question", "adversary", "devices"), "local", "devices"),
    "biased settings": (
        ("question", "source"),
        {"kind": "santha-vazirani", "epsilon": "1/10"},
        "digest",
    ),
    "epsilon of a half": (("question", "source"), {"kind": "santha-vazirani", "epsilon": "1/2"}, "epsilon"),
    "another source": (("question", "source"), {"kind": "mutual", "epsilon": "0"}, "kind"),
    "whole and violated": (("question", "relations", "whole"), True, "whole"),
    "a test beside": (("question", "tests"), [{"on": "joint"}], "without other tests"),
    "free settings": (("question", "observed", "settings"), "free", "uniform"),
    "parties twice": (("question", "ask", "parties"), [0, 0, 1], "different"),
    "a short table": (("question", "ask", "values"), [0, 1], "length"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_tampered_certificates_are_rejected(case, certificate):
    path, value, words = TAMPERED[case]
    body = copy.deepcopy(certificate)
    holder = body
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(check.CertificateError, match=words):
        check.check(body)


def test_any_other_leaf_is_rejected_or_true(certificate):
    """Nothing but CertificateError is raised, and what is accepted claims no more than was proved."""
    others = (None, True, -1, 0, 2, "0", "1/2", "3-4", "x", [], {}, [0], "average", 10**30)
    found = [path for path in leaves(certificate) if type(path[-1]) is str or path[-1] < 4]
    places = {path[:end] for path in found for end in (len(path), len(path) - 1) if end}
    for *path, last in sorted(places, key=str):
        for value in others:
            body = copy.deepcopy(certificate)
            holder = body
            for key in path:
                holder = holder[key]
            holder[last] = value
            try:
                check_certificate(body)
            except check.CertificateError:
                continue
            lower, upper = body["answer"]["lower"], body["answer"]["upper"]
            assert lower is None or check.number(lower) <= F(241, 320)
            assert upper is None or check.number(upper) >= F(241, 320)


def leaves(value, path=()):
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def test_tampered_points_are_rejected(certificate):
    """Every column that is moved breaks a row, a bound or the value."""
    generator = random.Random(1)
    for column in generator.sample(range(240), 30):
        body = copy.deepcopy(certificate)
        held = body["attack"]["point"]
        held["palette"].append("1/3")
        held["codes"][column] = len(held["palette"]) - 1
        with pytest.raises(check.CertificateError, match=r"point|value"):
            check.check(body)


def test_the_bound_grows_with_epsilon(tmp_path):
    source = 'kind = "santha-vazirani"\nepsilon = 0'
    path = written(tmp_path, "M = 7", 'violated = "1/50"', "at = 1", source=source)
    [fair] = fr.read(path).instances
    [biased] = fr.read(path, {"source.epsilon": "1/20"}).instances
    assert fr.bound(fair.question).bracket.exact < fr.bound(biased.question).bracket.upper


# ------------------------------------------------------------------ the language


def test_outputs_by_name(tmp_path):
    """Functions in the order in which parties are named, written out (M = 3) and kept short (M = 9)."""
    for scenario, at in (("M = 3", "at = [1, 0, 0]"), ("M = 9", "at = 1")):

        def read(of, scenario=scenario, at=at):
            [instance] = fr.read(written(tmp_path, scenario, "", at, of=of)).instances
            return instance.question.ask.output.values

        assert read('{ count = ["A", "B", "C"], values = [0, 0, 1, 1] }') == read(
            '{ majority = ["A", "B", "C"] }'
        )
        assert read('{ count = ["C", "A"], values = [0, 1] }') == read('{ parity = ["A", "C"] }')
        assert read('{ table = [0, 0, 1, 0], parties = ["C", "A"] }') == read(
            '{ table = [0, 1, 0, 0], parties = ["A", "C"] }'
        )
        if scenario == "M = 3":
            assert read('{ parity = "all" }') == counted(3, (0, 1))
            assert read('{ table = [0, 0, 1, 1], parties = ["A", "B"] }') == read('"A"')


def test_an_instance_replaces_the_output(tmp_path):
    path = written(tmp_path, "M = 9", "", "at = 1", of='{ count = ["A", "B"], values = [0, 1] }')
    path.write_text(path.read_text() + '[[instances]]\nname = "i"\nask = { of = { parity = ["A"] } }\n')
    assert fr.read(path).instances[1].question.ask.output.values == (0, 1)


def test_boxes_are_shown():
    """The box of CR: a deterministic party beside a PR box; and orbits for many parties."""
    asked = fr.read(Path(__file__).parents[1] / "lps" / "ghz_one_party.toml").instances[0].question
    shown = list(exhibits.certificate(fr.bound(asked).certificate))
    table = {line[2:5]: line[7:].split(", ") for line in shown if line.startswith("  ") and line[5:6] == ":"}
    assert len(table) == 8
    for at, cells in table.items():
        outcomes = {cell.split()[0]: F(cell.split()[1]) for cell in cells}
        assert sum(outcomes.values()) == 1
        assert len({outcome[0] for cells in table.values() for outcome in (c.split()[0] for c in cells)}) == 1
        demand = relation(sum(map(int, at)))
        assert not demand or all((-1) ** sum(map(int, outcome)) == demand for outcome in outcomes)
    many = fr.bound(question([1] * 9, [0, 1, 2], majority(3)))
    lines = list(exhibits.certificate(many.certificate))
    shares = [F(line.split(": ")[-1]) for line in lines if line.startswith("  g")]
    assert sum(shares) == F(3, 4)


# ------------------------------------------------------------------ faults


def test_no_threshold_in_epsilon_is_claimed(tmp_path):
    """The attack has unbiased settings, so nothing shows from which epsilon on the guess passes a number."""
    source = 'kind = "santha-vazirani"\nepsilon = 0'
    path = written(tmp_path, "M = 6", 'violated = "1/50"', "at = 1", source=source)
    seeks = '[threshold]\nof = "source.epsilon"\nbetween = [0, "1/4"]\ncrosses = "4/5"\n'
    path.write_text(path.read_text() + seeks)
    file = fr.read(path)
    with pytest.raises(NoChangeError):
        fr.answer(file, file.instances[0])


def test_faults():
    picked = question([0, 1, 0, 1, 0, 1, 0, 1], range(8), picked=Picked(3, SELECTIONS[0], F(1, 10)))
    with pytest.raises(TooLargeError, match="equal settings"):
        by_party_orbits(picked, F(0), whole=False)
    values = random.Random(2).choices((0, 1), k=512)
    with pytest.raises(TooLargeError, match="columns"):
        by_party_orbits(question([0] * 9, range(9), values), F(0), whole=False)
    with pytest.raises(TooLargeError, match="two values"):
        party_worths(question([0] * 6, [0, 1], (0, 1, 2, 3), quantity="trace-distance").ask)
    with pytest.raises(ValueError, match="by_relations"):
        build(CASES["whole"])


FAULTS = {
    "average": (("M = 9", "violated = 0", 'at = "average"'), {}, "ask.at", "9 settings"),
    "a setting": (("M = 9", "violated = 0", "at = 2"), {}, "ask.at", "0 and 1"),
    "negative": (("M = 9", "violated = -1", "at = 1"), {}, "test[0].violated", "negative"),
    "source": (
        ("M = 9", "", "at = 1"),
        {"source": 'kind = "mutual"\nepsilon = 0.1'},
        "source.kind",
        "uniform",
    ),
    "epsilon": (
        ("M = 9", "", "at = 1"),
        {"source": 'kind = "santha-vazirani"\nepsilon = 0.5'},
        "source.epsilon",
        "[0, 1/2)",
    ),
    "a party": (
        ("M = 9", "", "at = 1"),
        {"of": '{ majority = ["A", "B", "Z"] }'},
        "ask.of.majority",
        "no party",
    ),
    "bits": (
        ("M = 9", "", "at = 1"),
        {"of": '{ picked = { from = ["A", "B"], bits = 2, selection = "common-cause", epsilon = 0 } }'},
        "ask.of.picked.bits",
        "2^bits",
    ),
    "devices": (
        ("M = 9", "violated = 0", "at = 1"),
        {"devices": "local"},
        "adversary.devices",
        "no-signalling",
    ),
    "test": (("M = 9", "", "at = 1"), {"test": 'functional = "mermin"'}, "test", "relations"),
    "too many": (("M = 40", "", "at = 1"), {"of": '{ parity = "all" }'}, "ask.of.parity", "20"),
    "values": (
        ("M = 9", "", "at = 1"),
        {"of": '{ count = ["A"], values = [-1] }'},
        "ask.of.values",
        "integers",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_are_named(case, tmp_path):
    parts, more, where, words = FAULTS[case]
    with pytest.raises(InputError) as error:
        fr.read(written(tmp_path, *parts, **more))
    assert where in str(error.value)
    assert words in str(error.value)
