"""The quotient by the symmetries of the bit tree: orbits, programs, and proofs by prices and orbits."""

from __future__ import annotations

import copy
import importlib.util
import itertools
import json
import math
import sys
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path
from random import Random

import numpy as np
import pytest

from freerand_opt.errors import TooLargeError
from freerand_opt.first.answers.answering import InfeasibleError
from freerand_opt.first.answers.bounding import bound, proofs
from freerand_opt.first.answers.verification import check_certificate
from freerand_opt.first.certificates import certify
from freerand_opt.first.certificates import check as checker
from freerand_opt.first.certificates.attack import from_json
from freerand_opt.first.certificates.certificate import question_json
from freerand_opt.first.formulas.questions import chained_leakage, chained_local_score
from freerand_opt.first.model import behaviour as bh
from freerand_opt.first.model import functional as fn
from freerand_opt.first.model import scenario as sc
from freerand_opt.first.model.question import Adversary, Ask, Output, Question
from freerand_opt.first.model.question import Test as Check
from freerand_opt.first.model.source import BIT_ORDERS, SanthaVazirani, leaf_settings
from freerand_opt.first.programs import build as builder
from freerand_opt.first.programs import export, quotient
from freerand_opt.first.programs.bit_tree import bit_tree, leaf_order, orbits
from freerand_opt.first.programs.quotient import by_orbits
from freerand_opt.first.programs.refinement import reduce
from freerand_opt.first.programs.strategies import by_boxes
from freerand_opt.first.reporting import words
from freerand_opt.first.solvers.highs import solve
from freerand_opt.numbers.exact import compare

X = Output((0, 0, 1, 1), 2, "A")
ORDERS = ("interleaved", "A first", "B first")
ENCODINGS = list(itertools.product(ORDERS, BIT_ORDERS))
EPSILON = F(3, 50)


def question(n, order="interleaved", bits="least-significant-first", *, ask=None, score=None, **changes):
    scenario = sc.chained(n)
    errors = fn.chained(scenario)
    limit = bh.score(errors, bh.quantum(scenario)) if score is None else score
    asked = Question(
        scenario,
        SanthaVazirani(changes.pop("epsilon", EPSILON), order, bits),
        "uniform",
        Adversary(changes.pop("devices", "no-signalling")),
        (Check(errors, "<=", limit, "I_N"),),
        ask or Ask("trace-distance", X, (0, 0)),
    )
    return replace(asked, **changes)


def local_score(n, order="interleaved", bits="least-significant-first", **changes):
    ask = Ask("score", functional=fn.chained(sc.chained(n)), extreme="smallest")
    return question(n, order, bits, ask=ask, tests=(), devices="local", **changes)


# ------------------------------------------------------------------ orbits


def automorphisms(bits, colours):
    """All permutations of leaves that swaps of halves make and that keep the colours, by trying all."""
    nodes = [(d, i) for d in range(bits) for i in range(2**d)]
    for flips in itertools.product((0, 1), repeat=len(nodes)):
        flipped = dict(zip(nodes, flips, strict=True))
        image = []
        for leaf in range(2**bits):
            target = 0
            for d in range(bits):
                bit = leaf >> (bits - 1 - d) & 1
                target = 2 * target + (bit ^ flipped[d, leaf >> (bits - d)])
            image.append(target)
        if all(colours[leaf] == colours[image[leaf]] for leaf in range(2**bits)):
            yield image


@pytest.mark.parametrize("seed", range(12))
def test_classes_are_the_orbits_of_all_automorphisms(seed):
    random = Random(seed)
    bits = 3
    scenario = sc.Scenario((8,), (2,))
    source = SanthaVazirani(F(0), "interleaved", "most-significant-first")
    colours = [random.randrange(2) for _ in range(8)]
    tree = bit_tree(scenario, source, np.array(colours))
    group = list(automorphisms(bits, colours))
    for mark in (None, *range(8)):
        keep = [g for g in group if mark is None or g[mark] == mark]
        expected = set()
        for d in range(bits + 1):
            for i in range(2**d):
                shift = bits - d
                expected.add((d, frozenset(g[i << shift] >> shift for g in keep)))
        found = []
        for place, node in enumerate(listed := orbits(tree, mark)):
            depth = 0 if node.parent < 0 else found[node.parent][0] + 1
            found.append((depth, node.count))
            assert node.parent < place
            assert (node.leaf is None) == (depth < bits)
            assert node.twin == (node.parent >= 0 and node.count > listed[node.parent].count)
        assert sorted(found) == sorted((d, len(nodes)) for d, nodes in expected)
        leaves = {frozenset(nodes) for d, nodes in expected if d == bits}
        assert {next(o for o in leaves if n.leaf in o) for n in listed if n.leaf is not None} == leaves
    for level, classes in enumerate(tree.levels):
        images = {(i, g[i << (bits - level)] >> (bits - level)) for g in group for i in range(2**level)}
        for i, j in itertools.combinations(range(2**level), 2):
            assert (classes[i] == classes[j]) == ((i, j) in images)


@pytest.mark.parametrize(("order", "bits"), ENCODINGS)
def test_leaf_order_is_that_of_the_model(order, bits):
    for sizes in ((8, 8), (2, 8), (4, 2, 2)):
        scenario, source = sc.Scenario(sizes, (2,) * len(sizes)), SanthaVazirani(F(1, 9), order, bits)
        assert tuple(leaf_order(scenario, source).tolist()) == leaf_settings(scenario, source)


# ------------------------------------------------------------------ the program


def weighted(n):
    """Observed settings with two weights, the heavier where A's setting is 0; in the source's hull."""
    total = 10 * n * n + n
    return tuple(F(11 if s < n else 10, total) for s in range(n * n))


QUESTIONS = {
    "fixed": lambda n, *e: question(n, *e),
    "elsewhere": lambda n, *e: question(n, *e, ask=Ask("guessing-probability", X, (1, 0))),
    "average": lambda n, *e: question(n, *e, ask=Ask("trace-distance", X, "average")),
    "weighted": lambda n, *e: question(n, *e, settings=weighted(n), score=F(1, 3)),
    "score": lambda n, *e: local_score(n, *e),
    "perfect": lambda n, *e: question(n, *e, epsilon=F(0)),
}


def same_program(q):
    """Compare the quotient with the reduced full program: same columns, and the same rows by content."""
    made, full = by_orbits(q), by_boxes(q, builder.cycle_boxes(q))
    reduced = reduce(full.program)
    edges = [q.scenario.setting_index((a, b)) for a, b, _ in sc.cycle(q.scenario).edges]
    depth, nodes = made.tree.depth, len(full.cone.names)
    classes = []
    for part in made.copies:
        box = len(edges) if part.mark is None else edges.index(int(made.tree.setting[part.mark]))
        depths, leaf = [], {}
        for node in part.nodes:
            depths.append(0 if node.parent < 0 else depths[node.parent] + 1)
        for place in reversed(range(len(part.nodes))):
            node = part.nodes[place]
            leaf.setdefault(place, node.leaf)
            if node.parent >= 0:
                leaf.setdefault(node.parent, leaf[place])
        for place, d in enumerate(depths):
            # a path to the mark goes through its first nodes
            below = part.mark if part.mark is not None and place <= depth else leaf[place]
            classes.append(int(reduced.column_class[box * nodes + 2**d - 1 + (below >> (depth - d))]))
    assert sorted(classes) == list(range(reduced.program.shape[1]))
    for name in ("objective", "lower", "upper"):
        mine, theirs = getattr(made.program, name), getattr(reduced.program, name)
        assert [mine[j] for j in range(len(classes))] == [theirs[c] for c in classes]

    def row(program, i, names):
        """Cone, right-hand side and entries, in lowest terms: a row may be multiplied by any number."""
        span = range(program.matrix.indptr[i], program.matrix.indptr[i + 1])
        divisor = math.gcd(*(int(program.matrix.entries[k]) for k in span))
        entries = sorted(
            (names[program.matrix.indices[k]], int(program.matrix.entries[k]) // divisor) for k in span
        )
        return bool(program.zero_rows[i]), str(program.right[i] / divisor), tuple(entries)

    def rows(program, names):
        return sorted(row(program, i, names) for i in range(program.shape[0]))

    assert rows(made.program, classes) == rows(reduced.program, range(len(classes)))
    return made.program


@pytest.mark.parametrize(("order", "bits"), ENCODINGS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_quotient_is_the_reduced_full_program(name, order, bits):
    for n in (2, 4, 8) if name in ("fixed", "score") else (4,):
        same_program(QUESTIONS[name](n, order, bits))


@pytest.mark.parametrize(
    ("n", "shape"), [(4, (158, 100)), (8, (470, 280)), (16, (1081, 621)), (32, (2119, 1189))]
)
def test_sizes_are_those_of_colour_refinement(n, shape):
    q = question(n)
    assert by_orbits(q).program.shape == shape
    if n == 32:
        program = same_program(q)
        q_bound = certify.multipliers(program, solve(program)).bound
        assert compare(q_bound, chained_leakage(q)) == 0


def test_sizes_for_the_most_significant_bit_first():
    assert same_program(question(16, bits="most-significant-first")).shape == (8450, 5033)


def test_too_many_orbits_are_refused():
    with pytest.raises(TooLargeError, match="orbits"):
        by_orbits(question(256, bits="most-significant-first"))
    with pytest.raises(TooLargeError, match=r"orbits.*boxes on the cycle.*facets"):
        builder.build(question(256, bits="most-significant-first"))


# ------------------------------------------------------------------ answers and their certificates


@pytest.fixture
def orbits_always(monkeypatch):
    monkeypatch.setattr(builder, "REDUCED_COLUMNS", 0)


def chsh_question(**changes):
    scenario = sc.chsh()
    functional = fn.chsh(scenario)
    asked = Question(
        scenario,
        SanthaVazirani(F(1, 20), "interleaved", "most-significant-first"),
        "uniform",
        Adversary("no-signalling"),
        (Check(functional, ">=", bh.score(functional, bh.quantum(scenario)), "CHSH"),),
        Ask("min-entropy", Output((0, 1, 0, 1), 2, "B"), (1, 0)),
    )
    return replace(asked, **changes)


SMALL = {
    **{name: make(4) for name, make in QUESTIONS.items()},
    "chsh": chsh_question(),
    "chsh local": chsh_question(
        tests=(),
        adversary=Adversary("local"),
        ask=Ask("score", functional=fn.chsh(sc.chsh()), extreme="largest"),
    ),
    "joint": question(
        4,
        "A first",
        "gray",
        tests=(Check(replace(fn.chained(sc.chained(4)), on="joint"), "<=", F(1, 50), "joint"),),
    ),
    "exists": question(4, ask=Ask("strategy"), devices="local", epsilon=F(1, 5)),
    "none": question(4, ask=Ask("strategy"), devices="local", epsilon=F(1, 10)),
    "constant output": question(4, ask=Ask("guessing-probability", Output((0, 0, 0, 0), 1, "0"), (0, 0))),
}


@pytest.mark.parametrize("name", SMALL)
def test_answers_agree_with_the_full_program(name, monkeypatch):
    full = bound(SMALL[name])
    assert "boxes x source (docs/proofs/cycle-boxes.md)" in full.method
    monkeypatch.setattr(builder, "REDUCED_COLUMNS", 0)
    found = bound(SMALL[name])
    assert "orbits" in found.method
    assert found.certificate["multipliers"] is None
    for end in ("lower", "upper"):
        mine, theirs = getattr(found.bracket, end), getattr(full.bracket, end)
        assert (mine is None) == (theirs is None)
        # both round scores to the same grid for the attack, and prove the same bound
        assert mine is None or compare(mine, theirs) == 0
    check_certificate(json.loads(json.dumps(found.certificate)))


def test_without_a_strategy_nothing_can_be_asked(monkeypatch):
    """Fewer errors than local devices make: (1 - 2 eps)^4 of them at least, with epsilon 1/20 or so."""
    for columns in (0, builder.REDUCED_COLUMNS):
        monkeypatch.setattr(builder, "REDUCED_COLUMNS", columns)
        with pytest.raises(InfeasibleError) as caught:
            bound(question(4, devices="local", score=F(1, 2)))
        assert ("prices" in caught.value.result.certificate) == (columns == 0)


@pytest.mark.parametrize("n", [64, 128])
def test_leakage_at_large_n_is_the_closed_form(n):
    q = question(n)
    found = bound(q)
    assert "orbits" in found.method
    assert compare(found.bracket.upper, chained_leakage(q)) == 0
    assert found.bracket.width < F(1, 10**12)
    score = bound(local_score(n))
    assert score.bracket.exact == chained_local_score(local_score(n))


def expanded(asked, attack):
    """Write an attack by orbits as one by strategies, all edges and all settings, without the library."""
    scenario = asked.scenario
    n = scenario.settings[0]
    setting = leaf_settings(scenario, asked.source)
    leaf = {s: place for place, s in enumerate(setting)}
    depth = (len(setting) - 1).bit_length()
    edges = {a * n + b: bit for a, b, bit in sc.cycle(scenario).edges}
    here = {asked.ask.at[0] * n + asked.ask.at[1]} if isinstance(asked.ask.at, tuple) else set()

    def look(node, d):
        """What the subtree below a node looks like, and with it nodes that can be exchanged."""
        if d == depth:
            return (setting[node] in edges, setting[node] in here)
        return tuple(sorted((look(2 * node, d + 1), look(2 * node + 1, d + 1)), key=repr))

    def way(s):
        return tuple(look(leaf[s] >> (depth - d), d) for d in range(depth + 1))

    ways = {s: way(s) for s in leaf}

    def kind(s, edge):
        """Depth at which s leaves the path to the edge, and how it looks from there on."""
        if edge is None:
            return ways[s]
        split = next(
            (d for d in range(depth + 1) if leaf[s] >> (depth - d) != leaf[edge] >> (depth - d)), None
        )
        return split, ways[s]

    strategies = []
    for part in attack["orbits"]:
        values = [part["masses"]["palette"][code] for code in part["masses"]["codes"]]
        first = part["error"]
        given = {kind(s, first): value for s, value in zip(part["settings"], values, strict=True)}
        for edge in [None] if first is None else [e for e in edges if ways[e] == ways[first]]:
            masses = [given[kind(s, edge)] for s in range(n * n)]
            box = {"kind": "xor", "parity": [edges.get(s, 0) for s in range(n * n)]}
            if edge is not None:
                box = {"kind": "deterministic", "outcomes": erring_at(edge, edges, n)}
            vector = {"palette": masses, "codes": list(range(n * n))}
            strategies.append({"masses": vector, "box": box, "label": ""})
    return {"value": attack["value"], "strategies": strategies}


def erring_at(edge, edges, n):
    """Outcomes that satisfy all edges but one."""
    outcomes = {("A", 0): 0}
    for _ in range(2 * n):
        for s, bit in edges.items():
            a, b = ("A", s // n), ("B", s % n)
            if s != edge and a in outcomes:
                outcomes[b] = outcomes[a] ^ bit
            elif s != edge and b in outcomes:
                outcomes[a] = outcomes[b] ^ bit
    return [[outcomes[p, k] for k in range(n)] for p in "AB"]


@pytest.mark.usefixtures("orbits_always")
@pytest.mark.parametrize(("order", "bits"), [("interleaved", "least-significant-first"), ("A first", "gray")])
@pytest.mark.parametrize("name", ["fixed", "elsewhere", "average", "score"])
def test_an_attack_by_orbits_is_an_attack(name, order, bits):
    for n in (4, 8):
        asked = QUESTIONS[name](n, order, bits)
        body = json.loads(json.dumps(bound(asked).certificate))
        plain = {**body, "attack": expanded(asked, body["attack"]), "prices": body["prices"]}
        assert len(plain["attack"]["strategies"]) == sum(part["count"] for part in body["attack"]["orbits"])
        report = checker.check(plain)
        assert report.lower == body["answer"]["lower"]


@pytest.mark.usefixtures("orbits_always")
def test_orbits_are_no_attack_of_quantum_devices():
    """The unbiased box without errors is no quantum box: two parties cannot have I_N = 0."""
    body = json.loads(json.dumps(bound(QUESTIONS["fixed"](4)).certificate))
    assert any(part["error"] is None for part in body["attack"]["orbits"])
    forged = copy.deepcopy(body)
    forged["question"]["adversary"] |= {"devices": "quantum", "level": "1"}
    forged |= {"answer": {"lower": body["answer"]["lower"], "upper": None}, "multipliers": None}
    forged.pop("prices")
    with pytest.raises(checker.CertificateError, match="quantum devices do not hold every box"):
        checker.check(forged)


# ------------------------------------------------------------------ tampering


@pytest.fixture(scope="module")
def body():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "REDUCED_COLUMNS", 0)
        return json.loads(json.dumps(bound(question(8)).certificate))


@pytest.fixture(scope="module")
def none_body():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "REDUCED_COLUMNS", 0)
        return json.loads(json.dumps(bound(SMALL["none"]).certificate))


def rejected(body, words):
    with pytest.raises(checker.CertificateError, match=words):
        checker.check(body)


def test_the_certificates_check_as_they_are(body, none_body):
    checker.check(body)
    report = checker.check(none_body)
    assert report.upper == "0"
    assert "infeasible" in " ".join(report.lines)


@pytest.mark.parametrize("change", [F(-1, 10**6), F(1, 10**6)])
def test_a_wrong_price_is_rejected(body, change):
    """Prices are optimal, so any other price of a class proves less than is claimed."""
    for code in range(len(body["prices"]["palette"])):
        bad = copy.deepcopy(body)
        bad["prices"]["palette"][code] = str(F(bad["prices"]["palette"][code]) + change)
        try:
            checker.check(bad)
        except checker.CertificateError as error:
            assert "prices: claimed bound" in str(error)  # noqa: PT017
        else:  # another optimum: then not all can be so
            continue
        break
    else:
        pytest.fail("no change of a price is noticed")
    bad = copy.deepcopy(body)
    bad["prices"]["tests"] = [str(F(bad["prices"]["tests"][0]) + change)]
    rejected(bad, "prices: claimed bound")


def test_damaged_prices_are_rejected(body, none_body):
    for key, value, told in (
        ("tests", ["-1"], "price of at least 0"),
        ("tests", [], "1 tests needs a price"),
        ("tests", ["sqrt(2)"], "no fraction"),
        ("settings", body["prices"]["settings"][:-1] + body["prices"]["settings"][:1], "classes of settings"),
        ("settings", [*body["prices"]["settings"][:-1], 64], "expected integers"),
        ("codes", body["prices"]["codes"][:-1], "length"),
        ("bound", "1/10", "claimed bound 1/10"),
    ):
        bad = copy.deepcopy(body)
        bad["prices"][key] = value
        rejected(bad, told)
    shorter = copy.deepcopy(body)
    shorter["prices"]["settings"].pop()
    shorter["prices"]["codes"].pop()
    rejected(shorter, "classes of settings")
    bad = copy.deepcopy(none_body)
    bad["prices"]["bound"] = "0"
    rejected(bad, "not negative")
    both = {**copy.deepcopy(body), "multipliers": {"bound": "1"}}
    rejected(both, "multipliers")


def test_damaged_orbits_are_rejected(body):
    def changed(w, key, value):
        bad = copy.deepcopy(body)
        bad["attack"]["orbits"][w][key] = value
        return bad

    parts = body["attack"]["orbits"]
    (erring,) = [w for w, part in enumerate(parts) if part["error"] is not None]
    (unbiased,) = [w for w, part in enumerate(parts) if part["error"] is None]
    part = parts[erring]
    rejected(changed(erring, "count", part["count"] + 1), "boxes, derived")
    rejected(changed(erring, "error", 3), "no box of these devices")
    rejected(changed(erring, "error", True), "type")
    rejected(changed(erring, "sizes", [*part["sizes"][:-1], part["sizes"][-1] + 1]), "settings like")
    rejected(changed(erring, "settings", [*part["settings"][:-1], part["settings"][0]]), "settings like|once")
    fewer = copy.deepcopy(body)
    for key in ("settings", "sizes"):
        fewer["attack"]["orbits"][erring][key].pop()
    fewer["attack"]["orbits"][erring]["masses"]["codes"].pop()
    rejected(fewer, "masses of")
    twice = copy.deepcopy(body)
    twice["attack"]["orbits"].append(copy.deepcopy(part))
    rejected(twice, "each orbit once")
    missing = copy.deepcopy(body)
    missing["attack"]["orbits"].pop(unbiased)
    rejected(missing, "probability of setting")
    rejected({**body, "attack": {**body["attack"], "value": "1/2"}}, "attack: claimed value")


def test_a_wrong_weight_is_rejected(body):
    """All masses of an orbit a little larger: the settings are no longer uniform."""
    for w in range(len(body["attack"]["orbits"])):
        bad = copy.deepcopy(body)
        masses = bad["attack"]["orbits"][w]["masses"]
        masses["palette"] = [str(F(mass) * F(101, 100)) for mass in masses["palette"]]
        rejected(bad, "probability of setting")
        masses["palette"] = [str(-F(mass)) for mass in masses["palette"]]
        rejected(bad, "negative")


def test_a_wrong_flow_is_rejected(body):
    """Mass moved between two classes of settings leaves the source, or the observed settings."""
    for w, part in enumerate(body["attack"]["orbits"]):
        masses = [F(part["masses"]["palette"][code]) for code in part["masses"]["codes"]]
        place = max(range(len(masses)), key=lambda k: masses[k])
        bad = copy.deepcopy(body)
        masses[place] *= 2
        bad["attack"]["orbits"][w]["masses"] = {
            "palette": [str(mass) for mass in masses],
            "codes": list(range(len(masses))),
        }
        rejected(bad, "outside the source")


def test_moving_mass_between_boxes_is_seen_by_the_test(body):
    """The same masses for a box that errs and one that does not: more errors than allowed."""
    asked = question(8, score=F(1, 10**6))
    stricter = {**copy.deepcopy(body), "question": question_json(asked)}
    del stricter["prices"]
    stricter["answer"]["upper"] = None
    rejected(stricter, "attack: test 0")


def test_questions_outside_the_proof_are_refused(body):
    def asked(**changes):
        plain = copy.deepcopy(body)
        for path, value in changes.items():
            holder = plain["question"]
            *keys, last = path.split("__")
            for key in keys:
                holder = holder[int(key)] if isinstance(holder, list) else holder[key]
            holder[last] = value
        return plain

    rejected(asked(scenario__family=None), "no known cycle")
    rejected(asked(ask__values=[0, 1, 1, 0]), "both parties")
    rejected(asked(ask__at="average", adversary__told="nothing"), "one guess for all settings")
    rejected(asked(tests__0__relation=">="), "errors help")
    rejected(asked(tests__0__relation="="), "equality")
    rejected(asked(tests__0__terms=[[0, 0, "1"]]), "more than errors")
    rejected(asked(observed__settings="free"), "one setting|observed settings are needed")
    rejected(asked(source={"kind": "uniform"}), "bits in one order")
    rejected(asked(adversary__devices="local"), "no box of these devices|claimed bound")


def test_a_price_proof_does_not_fit_another_source(body):
    for epsilon in ("7/100", "1/4"):
        bad = copy.deepcopy(body)
        bad["question"]["source"]["epsilon"] = epsilon
        bad["attack"] = None
        bad["answer"]["lower"] = None
        rejected(bad, "prices: claimed bound")


def test_limits_stand_where_they_are_said_to():
    assert quotient.MAX_COLUMNS < builder.MAX_COLUMNS
    assert "orbits" not in builder.build(question(16)).method
    assert "orbits" in builder.build(question(32)).method


@pytest.mark.usefixtures("orbits_always")
def test_orbits_are_told_and_read_back():
    """The words of a result and of its certificate are the same, and weights sum to 1."""
    asked = question(8)
    result = bound(asked)
    plain = json.loads(json.dumps(result.certificate["attack"]))
    again = from_json(plain)
    assert [part.as_json() for part in again] == plain["orbits"]
    assert sum(part.weight for part in again) == 1
    lines = list(words.attack(result.attack, asked))
    assert (
        lines[0]
        == f"attack      {sum(p.count for p in again)} values of W in {len(again)} orbits; heaviest first"
    )
    assert any("errs nowhere, unbiased" in line for line in lines)
    assert any("alone, and" in line and "like it" in line for line in lines)


@pytest.mark.usefixtures("orbits_always")
def test_the_reduced_program_can_be_exported():
    asked = question(4, score=F(3, 10))
    spec = importlib.util.spec_from_file_location("vipr_reader", Path(__file__).with_name("vipr_reader.py"))
    reader = sys.modules["vipr_reader"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reader)
    found = reader.check(export.as_vipr(*proofs(asked)))
    assert F(found.relation[1]) == chained_leakage(asked)
