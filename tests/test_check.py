"""Tests of certificates/check.py on certificates made by hand, never by the library."""

from __future__ import annotations

import ast
import copy
import hashlib
import itertools
import json
import math
import subprocess
import sys
from fractions import Fraction as F
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freerand_opt.first.certificates import check as checker
from freerand_opt.first.certificates.check import (
    CertificateError,
    check,
    check_multipliers,
    digest,
    enclosure,
    number,
)

FILE = Path(checker.__file__)
CODES = ("most-significant-first", "least-significant-first", "gray")


# ------------------------------------------------------------------ building certificates


def vector(xs):
    texts = [str(x) for x in xs]
    palette = sorted(set(texts))
    return {"palette": palette, "codes": [palette.index(t) for t in texts]}


def program_of(rows, zero, right, objective, lower=0, upper=1):
    n = len(objective)
    indptr, indices, values = [0], [], []
    for row in rows:
        for column, value in sorted(row.items()):
            indices.append(column)
            values.append(value)
        indptr.append(len(indices))
    return {
        "columns": n,
        "blocks": [["zero", zero], ["nonnegative", len(rows) - zero]],
        "indptr": indptr,
        "indices": indices,
        "values": values,
        "right": vector(right),
        "objective": vector(objective),
        "lower": vector([lower] * n),
        "upper": vector([upper] * n),
    }


def carry(program, multipliers, bound):
    z = {i: x for i, x in enumerate(multipliers) if x != 0}
    v = vector(z.values())
    return {
        "bound": str(bound),
        "digest": digest(program),
        "program": program,
        "lift": None,
        "palette": v["palette"],
        "rows": list(z),
        "codes": v["codes"],
    }


def chsh_sign(o, s):
    return (-1) ** ((o >> 1) ^ (o & 1) ^ ((s >> 1) & s & 1))


CHSH = [[o, s, str(chsh_sign(o, s))] for o in range(4) for s in range(4)]


def chsh_program(score):
    """Two labels g, sixteen columns P(g, xy|ab) each, no-signalling, CHSH score at least `score`."""

    def column(g, x, y, a, b):
        return 16 * g + 4 * (2 * x + y) + 2 * a + b

    bits, rows = (0, 1), []
    for g in bits:
        for a, x in itertools.product(bits, bits):
            rows.append({column(g, x, y, a, b): 1 - 2 * b for y in bits for b in bits})
        for b, y in itertools.product(bits, bits):
            rows.append({column(g, x, y, a, b): 1 - 2 * a for x in bits for a in bits})
    rows.append({column(g, x, y, 0, 0): 1 for g in bits for x in bits for y in bits})
    rows.append({16 * g + 4 * o + s: -chsh_sign(o, s) for g in bits for o, s, _ in CHSH})
    objective = [0] * 32
    for g, y in itertools.product(bits, bits):
        objective[column(g, g, y, 0, 0)] = 1
    return program_of(rows, 17, [0] * 16 + [1, f"-{score}"], objective)


# A basic solution of the dual; its value is 3/2 - score/4 (Pironio et al., arXiv:0911.3427).
CHSH_DUAL = [F(k, 4) for k in (1, -1, -1, -3, -2, -4, 2, 0, -3, -1, -1, 1, -2, 0, -2, 0, 6, 1)]


def deterministic(x, y):
    return {"kind": "deterministic", "outcomes": [list(x), list(y)]}


def strategy(masses, box):
    return {"masses": vector(masses), "box": box, "label": "by hand"}


def question(ask, tests=(), *, source=None, devices="no-signalling", told="settings", size=(2, 2)):
    return {
        "scenario": {"settings": list(size), "outcomes": [2, 2]},
        "source": source or {"kind": "uniform"},
        "observed": {"settings": "uniform"},
        "adversary": {"devices": devices, "told": told},
        "tests": list(tests),
        "ask": ask,
    }


def bracket(asked, lower, upper, multipliers=None, attack=None):
    return {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "bracket",
        "name": "by-hand",
        "instance": "",
        "question": copy.deepcopy(asked),
        "answer": {"lower": lower, "upper": upper},
        "multipliers": multipliers,
        "attack": attack,
    }


def score_test(score, relation=">="):
    return {"on": "conditional", "terms": CHSH, "relation": relation, "score": score}


def leak(quantity="guessing-probability", at=(0, 0)):
    at = at if isinstance(at, str) else list(at)
    return {"quantity": quantity, "values": [0, 0, 1, 1], "count": 2, "at": at}


def chsh_guess(s=F(3), quantity="guessing-probability"):
    """The guess of A's outcome given the CHSH score s: PR box mixed with two constant boxes."""
    value, pr = F(3, 2) - s / 4, s / 2 - 1
    attack = [
        strategy([pr / 4] * 4, {"kind": "xor", "parity": [0, 0, 0, 1]}),
        strategy([(1 - pr) / 8] * 4, deterministic((0, 0), (0, 0))),
        strategy([(1 - pr) / 8] * 4, deterministic((1, 1), (1, 1))),
    ]
    ends = (f"-log2({value})",) * 2 if quantity == "min-entropy" else (str(value),) * 2
    return bracket(
        question(leak(quantity), [score_test(str(s))]),
        *ends,
        carry(chsh_program(s), CHSH_DUAL, value),
        {"value": str(value), "strategies": attack},
    )


def santha_vazirani(epsilon, order="interleaved", bits=CODES[0]):
    return {"kind": "santha-vazirani", "epsilon": str(epsilon), "order": order, "bits": bits}


def local_chsh(epsilon=F(1, 5), ask=None, tests=()):
    """CHSH score 4 - 8 (1/2 - eps)^2 by local models: each errs where the source hardly goes."""
    q, p, strategies = F(1, 2) - epsilon, F(1, 2) + epsilon, []
    for k in range(4):
        for x, y in itertools.product(itertools.product((0, 1), repeat=2), repeat=2):
            errors = [s for s in range(4) if x[s >> 1] ^ y[s & 1] != ((s >> 1) & s & 1)]
            if errors == [k] and x[0] == 0:
                masses = [(p, q)[not (s ^ k) & 2] * (p, q)[not (s ^ k) & 1] / 4 for s in range(4)]
                strategies.append(strategy(masses, deterministic(x, y)))
    assert len(strategies) == 4
    value = str(4 - 8 * q**2)
    ask = ask or {"quantity": "score", "on": "conditional", "terms": CHSH, "extreme": "largest"}
    asked = question(ask, tests, source=santha_vazirani(epsilon), devices="local")
    return bracket(asked, value, None, None, {"value": value, "strategies": strategies})


def impossible(score, best, epsilon):
    """A score of local models above their best one: infeasible, in one variable."""
    program = program_of([{0: -1}, {0: 1}], 0, [-score, best], [0], 0, 4)
    asked = question({"quantity": "strategy"}, [score_test(str(score))], devices="local")
    asked["source"] = santha_vazirani(epsilon)
    return bracket(asked, None, "0", carry(program, [F(1), F(1)], best - score))


def rejected(certificate, *words, **supplied):
    with pytest.raises(CertificateError) as error:
        check(certificate, **supplied)
    for word in words:
        assert word in str(error.value)


def changed(certificate, path, value):
    certificate = copy.deepcopy(certificate)
    inner = certificate
    for key in path[:-1]:
        inner = inner[key]
    if value is KeyError:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return certificate


# ------------------------------------------------------------------ an oracle, by brute force


def evaluate(certificate):
    """Return the value of the attack of a valid rational two-party certificate, else None."""
    asked, attack = certificate["question"], certificate["attack"]
    sizes, outcomes = asked["scenario"]["settings"], asked["scenario"]["outcomes"]
    count, width, joint, parts = math.prod(sizes), math.prod(outcomes), {}, []
    for raw in attack["strategies"]:
        masses = [F(raw["masses"]["palette"][c]) for c in raw["masses"]["codes"]]
        if min(masses) < 0 or not in_source(masses, asked["source"], sizes):
            return None
        box, table = raw["box"], {}
        if asked["adversary"]["devices"] == "local" and box["kind"] != "deterministic":
            return None
        for s, o in itertools.product(range(count), range(width)):
            (a, b), (x, y) = divmod(s, sizes[1]), divmod(o, outcomes[1])
            if box["kind"] == "deterministic":
                table[o, s] = F((box["outcomes"][0][a], box["outcomes"][1][b]) == (x, y))
            elif box["kind"] == "xor":
                table[o, s] = F(x ^ y == box["parity"][s], 2)
            else:
                table[o, s] = F(box["numerators"][o * count + s], box["denominator"])
        a_b, x_y = list(itertools.product(*map(range, sizes))), outcomes[1]
        for a, b in a_b:
            s = a * sizes[1] + b
            if sum(table[o, s] for o in range(width)) != 1 or min(table.values()) < 0:
                return None
            for x in range(outcomes[0]):
                if sum(table[x * x_y + y, s] - table[x * x_y + y, s - b] for y in range(x_y)):
                    return None
            for y in range(x_y):
                if sum(table[x * x_y + y, s] - table[x * x_y + y, b] for x in range(outcomes[0])):
                    return None
        parts.append({key: masses[key[1]] * p for key, p in table.items()})
        for key, p in parts[-1].items():
            joint[key] = joint.get(key, 0) + p
    seen = [sum((joint.get((o, s), 0) for o in range(width)), F(0)) for s in range(count)]
    observed = asked["observed"]["settings"]
    if observed == "free":
        if sum(seen) != 1:
            return None
    elif seen != ([F(1, count)] * count if observed == "uniform" else [F(x) for x in observed]):
        return None

    def score(holder):
        total = F(0)
        for o, s, f in holder["terms"]:
            total += F(f) * joint[o, s] / (1 if holder["on"] == "joint" else seen[s])
        return total

    for test in asked["tests"]:
        gap = score(test) - F(test["score"])
        if not {"<=": gap <= 0, ">=": gap >= 0, "=": gap == 0}[test["relation"]]:
            return None
    ask = asked["ask"]
    if ask["quantity"] == "strategy":
        return F(1)
    if ask["quantity"] == "score":
        return score(ask)
    at = ask["at"]
    places = range(count) if at == "average" else [at[0] * sizes[1] + at[1]]
    events = [[s] for s in places] if asked["adversary"]["told"] == "settings" else [list(places)]
    total = F(0)
    for part, event in itertools.product(parts, events):
        weight = [
            sum((part[o, s] for s in event for o in range(width) if ask["values"][o] == v), F(0))
            for v in range(ask["count"])
        ]
        if ask["quantity"] != "trace-distance":
            total += max(weight)
            continue
        sets = itertools.product((0, 1), repeat=ask["count"])
        total += max(
            sum((weight[v] for v in range(len(t)) if t[v]), F(0)) - sum(weight) * sum(t) / len(t)
            for t in sets
        )
    return total / sum(seen[s] for s in places)


def words_in_time(source, sizes):
    """The bits of each joint setting, as text, in the source's order of time."""
    r = [n.bit_length() - 1 for n in sizes]

    def bit(s, party, j):
        code = divmod(s, sizes[1])[party]
        text = f"{code ^ code >> 1 if source['bits'] == 'gray' else code:0{r[party]}b}"
        return text[::-1][j] if source["bits"][0] == "l" else text[j]

    alternating = [(p, j) for j in range(max(r)) for p in range(2) if j < r[p]]
    by_party = [(p, j) for p in range(2) for j in range(r[p])]
    order = {
        "interleaved": alternating,
        "A first": by_party,
        "B first": by_party[r[0] :] + by_party[: r[0]],
    }[source["order"]]
    return ["".join(bit(s, p, j) for p, j in order) for s in range(math.prod(sizes))]


def in_source(masses, source, sizes):
    if source["kind"] == "uniform":
        return len(set(masses)) == 1
    words = words_in_time(source, sizes)
    low, high = F(1, 2) - F(source["epsilon"]), F(1, 2) + F(source["epsilon"])

    def mass(prefix):
        return sum((m for m, w in zip(masses, words, strict=True) if w.startswith(prefix)), F(0))

    prefixes = {w[:k] for w in words for k in range(1, len(w) + 1)}
    return all(low * mass(t[:-1]) <= mass(t) <= high * mass(t[:-1]) for t in prefixes)


# ------------------------------------------------------------------ certificates that hold


@pytest.mark.parametrize("s", [F(2), F(5, 2), F(3), F(7, 2), F(4)])
def test_chsh_guess(s):
    report = check(chsh_guess(s))
    assert report.ok and report.carried
    assert F(report.lower) == F(report.upper) == F(3, 2) - s / 4
    text = "\n".join(report.lines)
    assert "carried by the file" in text and "3 strategies" in text and "not checked here" in text


def test_min_entropy():
    report = check(chsh_guess(F(3), "min-entropy"))
    assert report.lower == "-log2(3/4)"
    weaker = changed(chsh_guess(F(3), "min-entropy"), ["answer"], {"lower": "2/5", "upper": "1/2"})
    assert check(weaker).upper == "1/2"
    for ends in (
        {"lower": "1/2", "upper": None},
        {"lower": None, "upper": "2/5"},
        {"lower": "-log2(37/50)", "upper": None},
    ):
        rejected(changed(weaker, ["answer"], ends), "answer", "difference")
    loose = changed(chsh_guess(F(3), "min-entropy"), ["multipliers", "bound"], "4/5")
    rejected(loose, "answer: claimed lower -log2(3/4)")
    assert check(changed(loose, ["answer", "lower"], "-log2(4/5)")).ok
    loose = changed(chsh_guess(F(3), "min-entropy"), ["attack", "value"], "7/10")
    rejected(loose, "answer: claimed upper -log2(3/4)")
    half = chsh_guess(F(4), "min-entropy")
    half["answer"] = {"lower": "1", "upper": "1"}  # log2(1/2) is visibly rational
    assert check(half).ok


def test_weaker_answers_follow_and_stronger_do_not():
    good = chsh_guess()
    for lower, upper in (("3/4", "4/5"), ("1/2*sqrt(2)", "cos(1/5*pi)"), (None, "3/4"), ("0", "1")):
        assert check(changed(good, ["answer"], {"lower": lower, "upper": upper})).ok
    for lower, upper in (("3/4", "cos(1/4*pi)"), ("cos(1/5*pi)", None), ("76/100", "3/4")):
        rejected(changed(good, ["answer"], {"lower": lower, "upper": upper}), "answer: claimed")
    rejected(changed(good, ["attack"], None), "claimed lower 3/4, derived nothing")
    rejected(changed(good, ["multipliers"], None), "claimed upper 3/4, derived nothing")
    nothing = changed(changed(good, ["attack"], None), ["multipliers"], None)
    rejected(changed(nothing, ["answer"], {"lower": None, "upper": None}), "proves nothing")


def test_local_model_reaches_its_bound():
    for epsilon in (F(0), F(1, 10), F(1, 5), F(1, 2)):
        certificate = local_chsh(epsilon)
        assert F(check(certificate).lower) == 4 - 8 * (F(1, 2) - epsilon) ** 2
        assert evaluate(certificate) == F(certificate["answer"]["lower"])
    rejected(changed(local_chsh(), ["question", "source", "epsilon"], "1/6"), "outside the source")
    rejected(changed(local_chsh(), ["attack", "value"], "329/100"), "derived 82/25")


def test_smallest_score():
    certificate = local_chsh()
    certificate["question"]["ask"]["extreme"] = "smallest"
    for entry in certificate["question"]["ask"]["terms"]:
        entry[2] = str(-F(entry[2]))
    certificate["attack"]["value"] = "-82/25"
    certificate["answer"] = {"lower": None, "upper": "-82/25"}
    assert check(certificate).upper == "-82/25"
    rejected(changed(certificate, ["answer", "upper"], "-83/25"), "answer")
    rejected(changed(certificate, ["attack", "value"], "-83/25"), "attack")
    # -score is at most 4, so the score is at least -4.
    certificate["multipliers"] = carry(program_of([{0: 1}], 0, [4], [1], -9, 9), [F(1)], F(4))
    certificate["answer"]["lower"] = "-4"
    assert check(certificate).lower == "-4"
    rejected(changed(certificate, ["answer", "lower"], "-39/10"), "claimed lower -39/10")


def test_contradicting_proofs_are_seen():
    certificate = chsh_guess()
    certificate["multipliers"] = carry(program_of([{0: 1}], 0, ["1/2"], [1]), [F(1)], F(1, 2))
    certificate["answer"] = {"lower": "3/4", "upper": None}
    rejected(certificate, "contradict each other")


def test_irrational_scores_and_masses():
    # The test is at an irrational score; its coefficient is compared by form in an equality.
    certificate = local_chsh(tests=[score_test("2 + 16/17*sqrt(2)*cos(1/32*pi)", "<=")])
    assert check(certificate).ok
    assert check(changed(certificate, ["question", "tests", 0, "score"], "5*cos(1/5*pi)")).ok
    rejected(
        changed(certificate, ["question", "tests", 0, "score"], "2 + 2^-1*sqrt(2)"),
        "attack: test 0: claimed score <=",
    )
    # epsilon 1/2 - 1/4 sqrt(2): q^2 = 1/8, so that four local models have the score 3 exactly.
    root, q, p = "1/2 - 1/4*sqrt(2)", "(1/4*sqrt(2))", "(1-1/4*sqrt(2))"
    irrational = local_chsh(tests=[score_test("3", "=")])
    irrational["question"]["source"]["epsilon"] = root
    for raw in irrational["attack"]["strategies"]:
        few = {F(9, 400): f"{q}^2/4", F(21, 400): f"{q}*{p}/4", F(49, 400): f"{p}*{p}/4"}
        raw["masses"]["palette"] = [few[F(x)] for x in raw["masses"]["palette"]]
    irrational["attack"]["value"] = irrational["answer"]["lower"] = "3"
    assert check(irrational).ok
    rejected(changed(irrational, ["question", "source", "epsilon"], "7/50"), "outside the source")
    rejected(changed(irrational, ["answer", "lower"], "3 + 1/1000000*sqrt(2)"), "answer")
    rejected(changed(irrational, ["question", "tests", 0, "score"], "2*sqrt(2)"), "test 0")


def test_irrational_right_sides():
    program = program_of([{0: 3, 1: 1}], 0, ["17/2 - 8*cos(1/32*pi)"], [1, "sqrt(2)"], -1, "pi")
    # reduced costs 1 - 3/3 = 0 and sqrt(2) - 1/3 > 0
    exact = check_multipliers(program, ["1/3"], [0], [0], "17/6-8/3*cos(1/32*pi)+sqrt(2)*pi-1/3*pi")
    low, high = enclosure(exact, 200)
    value = 17 / 6 - 8 / 3 * math.cos(math.pi / 32) + (math.sqrt(2) - 1 / 3) * math.pi
    assert abs(low - F(value)) < F(1, 10**12) and 0 <= high - low < F(1, 2**170)
    with pytest.raises(CertificateError, match="difference"):
        check_multipliers(program, ["1/3"], [0], [0], str(low - F(1, 10**30)))


# ------------------------------------------------------------------ tampering with multipliers


def test_every_digit_of_the_bound():
    good = chsh_guess(F(5, 2))  # 7/8
    for text in {f"{a}/{b}" for a in range(10) for b in range(1, 10)}:
        certificate = changed(good, ["multipliers", "bound"], text)
        certificate["answer"] = {"lower": None, "upper": text}
        if F(text) >= F(7, 8):
            assert check(certificate).upper == text
        else:
            rejected(certificate, f"multipliers: claimed bound {F(text)}, derived 7/8, difference")
    rejected(
        changed(good, ["multipliers", "bound"], "33/40"),
        "multipliers: claimed bound 33/40, derived 7/8, difference -1/20",
    )


def test_every_sign_of_a_multiplier():
    """Each changed multiplier must give the bound that the displayed inequality gives."""
    program = chsh_program(3)
    for k in range(len(CHSH_DUAL)):
        z = list(CHSH_DUAL)
        z[k] = -z[k]
        if not z[k]:
            continue
        certificate = chsh_guess()
        certificate["multipliers"] = carry(program, z, F(3, 4))
        if k == 17:
            rejected(certificate, "claimed -1/4 at row 17")
            continue
        derived = dense_bound(program, z)
        assert derived > F(3, 4)
        rejected(certificate, f"derived {derived}")
        assert check_multipliers(
            program, [str(x) for x in z], list(range(18)), list(range(18)), str(derived)
        ) == F(derived)


def dense_bound(program, z):
    """The inequality of the specification in plain fractions, row by row."""

    def entries(name):
        v = program[name]
        return [F(v["palette"][c]) for c in v["codes"]]

    costs = entries("objective")
    for i, x in enumerate(z):
        for k in range(program["indptr"][i], program["indptr"][i + 1]):
            costs[program["indices"][k]] -= x * program["values"][k]
    ends = zip(costs, entries("lower"), entries("upper"), strict=True)
    return sum(x * b for x, b in zip(z, entries("right"), strict=True)) + sum(
        max(c * low, c * high) for c, low, high in ends
    )


fractions = st.fractions(min_value=-5, max_value=5, max_denominator=12)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_bound_is_the_displayed_inequality(data):
    n, m = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    rows = [
        data.draw(st.dictionaries(st.integers(0, n - 1), st.integers(-4, 4), max_size=n)) for _ in range(m)
    ]
    zero = data.draw(st.integers(0, m))
    program = program_of(rows, zero, [data.draw(fractions) for _ in rows], [0] * n)
    program["objective"] = vector([data.draw(fractions) for _ in range(n)])
    low = [data.draw(fractions) for _ in range(n)]
    program["lower"] = vector(low)
    program["upper"] = vector([x + abs(data.draw(fractions)) for x in low])
    z = [data.draw(fractions) for _ in rows]
    z = [x if i < zero else abs(x) for i, x in enumerate(z)]
    v, expected = vector(z), dense_bound(program, z)
    order = data.draw(st.permutations(range(m)))
    codes = [v["codes"][i] for i in order]
    assert check_multipliers(program, v["palette"], order, codes, str(expected)) == expected
    with pytest.raises(CertificateError, match="difference"):
        check_multipliers(program, v["palette"], order, codes, str(expected - F(1, 10**20)))


def test_digest_and_program():
    good = chsh_guess()
    name = good["multipliers"]["digest"]
    text = json.dumps(good["multipliers"]["program"], sort_keys=True, separators=(",", ":"))
    assert name == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    for k in range(len(name)):
        wrong = name[:k] + ("0" if name[k] != "0" else "1") + name[k + 1 :]
        rejected(changed(good, ["multipliers", "digest"], wrong), "claimed digest", name)
    for key in good["multipliers"]["program"]:
        path = ["multipliers", "program", key]
        rejected(changed(good, path, KeyError), "multipliers: claimed digest")
    program = changed(good["multipliers"]["program"], ["right", "palette", 2], "2")
    rejected(changed(good, ["multipliers", "program"], program), "claimed digest")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["columns"], 31, "expected integers from 0 to 30"),
        (["columns"], True, "type bool"),
        (["blocks"], [["zero", 17]], "do not cover"),
        (["blocks"], [["zero", 17], ["nonnegative", 2]], "blocks"),
        (["blocks"], [["zero", 19], ["nonnegative", -1]], "blocks"),
        (["blocks"], [["soc", 18]], "block"),
        (["blocks"], [["zero", 17.0], ["nonnegative", 1]], "integers"),
        (["indptr", 3], 100, "indptr"),
        (["indptr", 0], 1, "indptr"),
        (["indices", 0], -1, "indices"),
        (["indices", 0], 32, "indices"),
        (["values", 0], 1.0, "integers"),
        (["values"], [], "as many values"),
        (["right", "codes", 0], 3, "right"),
        (["right", "codes", 0], -1, "right"),
        (["right", "palette", 0], "1/0", "no number"),
        (["right", "palette", 0], float("nan"), "a number is a string"),
        (["objective", "codes"], [0] * 31, "claimed length 31, derived 32"),
        (["lower", "palette", 0], "2", "exceeds"),
    ],
)
def test_malformed_programs(path, value, words):
    program = changed(chsh_program(3), path, value)
    with pytest.raises(CertificateError, match=words):
        check_multipliers(program, [str(x) for x in CHSH_DUAL], list(range(18)), list(range(18)), "3/4")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("rows", [0, 0], "occurs twice"),
        ("rows", [0, 18], "rows"),
        ("rows", [0, -1], "rows"),
        ("codes", [0, 9], "codes"),
        ("codes", [0], "claimed length 1, derived 2"),
        ("codes", [0, 0.0], "integers"),
        ("palette", ["sqrt(2)"], "no fraction"),
        ("palette", [0.5], "a number is a string"),
        ("bound", "nan", "cannot read"),
    ],
)
def test_malformed_multipliers(key, value, words):
    given_ = {"palette": ["1"], "rows": [0, 1], "codes": [0, 0], "bound": "9"} | {key: value}
    with pytest.raises(CertificateError, match=words):
        check_multipliers(chsh_program(3), **given_)


def test_programs_supplied_and_lifted():
    good = chsh_guess()
    program = good["multipliers"]["program"]
    name = good["multipliers"]["digest"]
    bare = changed(good, ["multipliers", "program"], None)
    rejected(bare, "carries no program", "`freerand check` can rebuild it")
    report = check(bare, {name: program})
    assert not report.carried and any("supplied" in line for line in report.lines)
    rejected(bare, "claimed digest", programs={name: chsh_program(4)})
    rejected(bare, "claimed digest", programs={name: program | {"extra": {1, 2} and 3}})
    folded = changed(bare, ["multipliers", "lift"], "colour-refinement")
    rejected(folded, "classes of rows", programs={name: program})
    full = (good["multipliers"]["palette"], good["multipliers"]["rows"])
    codes = good["multipliers"]["codes"]
    folded["multipliers"] |= {"palette": [], "rows": [], "codes": []}
    assert not check(folded, {name: program}, {name: (*full, codes)}).carried
    rejected(
        folded,
        "claimed bound 3/4",
        programs={name: program},
        lifted={name: (*full, codes[::-1])},
    )
    rejected(changed(folded, ["multipliers", "lift"], "by guess"), "unknown lift")


def test_large_program():
    columns, rows = 130_000, 200_000
    program = {
        "columns": columns,
        "blocks": [["zero", rows // 2], ["nonnegative", rows - rows // 2]],
        "indptr": list(range(0, 3 * rows + 1, 3)),
        "indices": [(7 * i + 31 * j) % columns for i in range(rows) for j in range(3)],
        "values": [1 + (i + j) % 3 for i in range(rows) for j in range(3)],
        "right": {"palette": ["0", "1/3"], "codes": [i % 2 for i in range(rows)]},
        "objective": {"palette": ["1/7", "2"], "codes": [j % 2 for j in range(columns)]},
        "lower": {"palette": ["0"], "codes": [0] * columns},
        "upper": {"palette": ["1", "1/1024"], "codes": [j % 2 for j in range(columns)]},
    }
    palette = [str(F(k + 1, 3 * 2**40)) for k in range(50)]
    codes = [i % 50 for i in range(rows)]
    expected = dense_bound(program, [F(palette[c]) for c in codes])
    derived = check_multipliers(program, palette, list(range(rows)), codes, str(expected))
    assert derived == expected and digest(program).startswith("sha256:")


# ------------------------------------------------------------------ tampering with attacks


def masses_in(order, bits="most-significant-first", size=(2, 2), epsilon=F(1, 4)):
    """Check one deterministic strategy with free settings and masses given by leaf weights."""

    def certificate(masses):
        asked = question({"quantity": "strategy"}, size=size, devices="local")
        asked["source"] = santha_vazirani(epsilon, order, bits)
        asked["observed"]["settings"] = "free"
        one = strategy(masses, deterministic([0] * size[0], [0] * size[1]))
        return bracket(asked, "1", None, None, {"value": "1", "strategies": [one]})

    return certificate


def test_order_of_the_source_matters():
    p, q = F(3, 4), F(1, 4)
    a_first = [p * p, p * q, q * q, q * p]  # P(a = 0 | b = 0) = 9/10 > 3/4
    b_first = [a_first[2 * b + a] for a in (0, 1) for b in (0, 1)]
    assert check(masses_in("A first")(a_first)).ok
    assert check(masses_in("interleaved")(a_first)).ok
    rejected(masses_in("B first")(a_first), "claimed bias at most 3/4, derived 9/10")
    assert check(masses_in("B first")(b_first)).ok
    rejected(masses_in("A first")(b_first), "claimed bias at most 3/4, derived 9/10")
    rejected(masses_in("C first")(b_first), "order")


def test_encodings_of_the_source_matter():
    """One tree of biases, put on the settings by each encoding, read with each encoding."""
    p, q = F(3, 4), F(1, 4)
    tree = [p * p, p * q, q * q, q * p]
    leaf = {
        "most-significant-first": (0, 1, 2, 3),
        "least-significant-first": (0, 2, 1, 3),
        "gray": (0, 1, 3, 2),
    }
    for mine, other in itertools.product(CODES, CODES):
        certificate = masses_in("A first", other, (4, 1))([tree[k] for k in leaf[mine]])
        # Gray's first k bits and the k most significant ones say the same: one source, two names.
        # Gray's tree, read from the other end, is by chance a product distribution.
        if mine == other or "least-significant-first" not in (mine, other) or mine == "gray":
            assert check(certificate).ok
        else:
            rejected(certificate, "claimed bias at most 3/4, derived 9/10")
    # interleaved: A's bits (4 settings) with B's one bit between them
    masses = [p * p * q, p * q * p, q * q * q, q * p * p, q * p * q, q * q * p, p * q * q, p**3]
    for code, order in itertools.product(CODES, ("interleaved", "A first", "B first")):
        certificate = masses_in(order, code, (4, 2))([m / sum(masses) for m in masses])
        assert accepted(certificate) == (evaluate(certificate) is not None)


def test_source_parameters():
    good = masses_in("A first")([F(1, 4)] * 4)
    assert check(good).ok
    for epsilon in ("-1/10", "3/5", "1/2*sqrt(2)", "-1/100*pi"):
        rejected(changed(good, ["question", "source", "epsilon"], epsilon), "not in [0, 1/2]")
    rejected(masses_in("A first", size=(3, 2))([F(1, 6)] * 6), "powers of 2")
    rejected(changed(good, ["attack", "value"], "2"), "attack: claimed value 2, derived 1")


def accepted(certificate):
    try:
        return check(certificate).ok
    except CertificateError:
        return False


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_source_against_brute_force(data):
    size = data.draw(st.sampled_from([(2, 2), (4, 2), (2, 4), (4, 4), (8, 1), (1, 4)]))
    sources = [
        santha_vazirani(F(1, 4), order, code)
        for order, code in itertools.product(("interleaved", "A first", "B first"), CODES)
    ]
    mine, other = data.draw(st.sampled_from(sources)), data.draw(st.sampled_from(sources))
    # a random tree with biases of at most eps on the leaves of one source, read as another one
    level = [F(1)]
    while len(level) < math.prod(size):
        biases = [data.draw(st.sampled_from([F(1, 4), F(1, 2), F(3, 4)])) for _ in level]
        level = [m * x for m, b in zip(level, biases, strict=True) for x in (b, 1 - b)]
    masses = [level[int(word, 2)] for word in words_in_time(mine, size)]
    assert accepted(masses_in(mine["order"], mine["bits"], size)(masses))
    certificate = masses_in(other["order"], other["bits"], size)(masses)
    assert accepted(certificate) == (evaluate(certificate) is not None)


def test_uniform_source():
    good = chsh_guess()
    tampered = copy.deepcopy(good)
    for k, sign in ((1, 1), (2, -1)):  # keep the sum over the strategies
        masses = [F(1, 16), F(1, 16), F(1, 16) + sign * F(1, 32), F(1, 16) - sign * F(1, 32)]
        tampered["attack"]["strategies"][k]["masses"] = vector(masses)
    rejected(tampered, "attack: strategy 1: the source is uniform")
    negative = changed(good, ["attack", "strategies", 1, "masses"], vector([F(-1, 16)] * 4))
    rejected(negative, "a mass is negative")


def test_observed_settings():
    good = chsh_guess()
    path = ["question", "observed", "settings"]
    assert check(changed(good, path, ["1/4"] * 4)).ok
    assert check(changed(good, path, "free")["question"] and local_chsh()).ok
    rejected(changed(good, path, ["1/4", "1/4", "1/3", "1/6"]), "probability of setting 2")
    rejected(changed(good, path, ["1/2"] * 4), "no distribution")
    rejected(changed(good, path, ["-1/4", "3/4", "1/4", "1/4"]), "no distribution")
    rejected(changed(good, path, ["1/3"] * 3), "no distribution")
    rejected(changed(good, path, "sometimes"), "unknown observed")
    # a sum of ratios: an attack is held against it as it is, but never against an equality of it
    free = changed(good, path, "free")
    assert check(free).ok
    rejected(changed(free, ["question", "tests", 0, "relation"], "="), "all terms at one setting")
    halved = changed(good, ["attack", "strategies", 0, "masses"], vector([F(1, 16)] * 4))
    rejected(halved, "claimed probability of setting 0 1/4, derived 3/16")
    free = masses_in("A first")([F(1, 4), F(1, 4), F(1, 4), F(1, 8)])
    rejected(free, "claimed total mass 1, derived 7/8")
    never = masses_in("A first", epsilon=F(1, 2))([F(0), F(0), F(1), F(0)])
    assert check(never).ok
    one_term = {"on": "conditional", "terms": [[0, 2, "1"]], "relation": ">=", "score": "1"}
    assert check(changed(never, ["question", "tests"], [one_term])).ok
    one_term = {**one_term, "terms": [[0, 0, "1"]]}
    rejected(changed(never, ["question", "tests"], [one_term]), "never occurs")
    rejected(changed(never, ["question", "ask"], leak(at=(0, 0))), "never occur")


def table(columns, unit):
    """Numerators, joint outcome slowest, of a box given setting by setting."""
    return {"kind": "table", "denominator": unit, "numerators": [n for c in columns for n in c]}


def test_boxes():
    good = chsh_guess()
    path = ["attack", "strategies", 0, "box"]
    pr = [[1, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [1, 1, 1, 0]]
    assert check(changed(good, path, table(pr, 2))).ok
    rejected(changed(good, path, table(pr, 3)), "derived 2/3")
    rejected(changed(good, path, table(pr, 0)), "denominator")
    signalling = [[1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 2], [1, 1, 1, 0]]
    rejected(changed(good, path, table(signalling, 2)), "signals")
    for column in ([2, 1, 1, 0], [1, 1, 1, 0]):
        # B's outcome at (0, 0) tells nothing about a, but A's tells b
        bad = [column, [0, 0, 0, 1], [0, 1, 0, 1], [1, 0, 1, 0]]
        rejected(changed(good, path, table(bad, 2)), "attack: strategy 0: box")
    negative = [[2, 1, 1, 0], [-1, 0, 0, 1], [0, 0, 0, 1], [1, 1, 1, 0]]
    rejected(changed(good, path, table(negative, 2)), "numerators")
    local = changed(good, ["question", "adversary", "devices"], "local")
    rejected(local, "local devices have deterministic boxes")
    for box in (
        {"kind": "xor", "parity": [0, 0, 0]},
        {"kind": "xor", "parity": [0, 0, 0, 2]},
        {"kind": "deterministic", "outcomes": [[0, 0]]},
        {"kind": "deterministic", "outcomes": [[0, 2], [0, 0]]},
        {"kind": "deterministic", "outcomes": [[0], [0, 0]]},
        {"kind": "quantum"},
        {},
    ):
        rejected(changed(good, path, box), "attack: strategy 0: box")


def test_signalling_of_either_party_is_seen():
    asked = question({"quantity": "strategy"})
    for party, outcomes in ((0, [0, 0, 1, 1]), (0, [0, 1, 0, 0]), (1, [0, 2, 0, 0])):
        # outcome of the joint setting: A's outcome depends on a alone in the first
        columns = [[int(o == outcome) for outcome in outcomes] for o in range(4)]
        certificate = bracket(
            asked,
            "1",
            None,
            None,
            {"value": "1", "strategies": [strategy([F(1, 4)] * 4, table(columns, 1))]},
        )
        if evaluate(certificate):
            assert check(certificate).ok
        else:
            rejected(certificate, f"party {party} signals")


def test_tests_are_held():
    good = chsh_guess()
    path = ["question", "tests"]
    for score, relation, holds in (
        ("3", "=", True),
        ("3", "<=", True),
        ("3000000001/1000000000", ">=", False),
        ("2999999999/1000000000", "<=", False),
        ("3000000001/1000000000", "=", False),
        ("sqrt(9)", "=", True),
        ("2*sqrt(2)", ">=", True),
        ("2*sqrt(2)", "<=", False),
        ("2*sqrt(2)", "=", False),
        ("3*sqrt(2)*cos(1/4*pi)", "<=", False),  # equal but not by form: undecided
    ):
        certificate = changed(good, path, [score_test(score, relation)])
        certificate["multipliers"] = certificate["answer"]["upper"] = None
        if holds:
            assert check(certificate).ok
        else:
            rejected(certificate)
    joint = {"on": "joint", "terms": CHSH, "relation": "=", "score": "3/4"}
    assert check(changed(good, path, [joint])).ok
    rejected(changed(good, path, [{**joint, "score": "3"}]), "test 0: claimed score = 3")


@st.composite
def attacks(draw):
    """Random attacks of two parties, (2, 2) settings, (3, 2) outcomes, an output of three values."""
    weights = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    strategies = []
    for weight in weights:
        x = draw(st.lists(st.integers(0, 2), min_size=2, max_size=2))
        y = draw(st.lists(st.integers(0, 1), min_size=2, max_size=2))
        a, b = draw(st.integers(-2, 2)), draw(st.integers(-2, 2))
        masses = [
            F(weight, sum(weights)) * (F(1, 2) + F(i * a, 10)) * (F(1, 2) + F(j * b, 10))
            for i, j in itertools.product((1, -1), repeat=2)
        ]
        box = deterministic(x, y)
        if draw(st.booleans()):  # the product of two random answers, as a table
            u, v = draw(st.integers(0, 3)), draw(st.integers(0, 3))
            first = [[u, 3 - u, 0], [1, 1, 1]]
            second = [[v, 3 - v], [2, 1]]
            box = table(
                [
                    [first[i][m] * second[j][n] for i in range(2) for j in range(2)]
                    for m in range(3)
                    for n in range(2)
                ],
                9,
            )
        strategies.append(strategy(masses, box))
    quantity = draw(st.sampled_from(["guessing-probability", "trace-distance"]))
    ask = leak(quantity, draw(st.sampled_from(["average", (0, 1), (1, 1)])))
    ask["count"] = draw(st.integers(3, 4))
    ask["values"] = draw(st.lists(st.integers(0, 2), min_size=6, max_size=6))
    told = draw(st.sampled_from(["settings", "nothing"]))
    asked = question(ask, source=santha_vazirani(F(1, 5), "B first"), told=told)
    asked["scenario"]["outcomes"] = [3, 2]
    asked["observed"]["settings"] = "free"
    return bracket(asked, "0", None, None, {"value": "0", "strategies": strategies})


@given(attacks())
@settings(max_examples=150, deadline=None)
def test_values_against_brute_force(certificate):
    value = evaluate(certificate)
    assert value is not None
    certificate["attack"]["value"] = certificate["answer"]["lower"] = str(value)
    assert check(certificate).lower == str(value)
    stronger = value + F(1, 10**15)
    rejected(changed(certificate, ["answer", "lower"], str(stronger)), "answer")
    rejected(changed(certificate, ["attack", "value"], str(stronger)), f"derived {value}")


def test_large_attack():
    """65 strategies over 1024 joint settings: each errs at one setting or is unbiased."""
    n, strategies = 32, []
    for k in range(64):
        x, y = [(k + a) % 2 for a in range(n)], [(k >> 1) % 2] * n
        masses = [F((a * 7 + b * 3 + k) % 5 + 10, 10**9) for a in range(n) for b in range(n)]
        strategies.append(strategy(masses, deterministic(x, y)))
    total = [
        sum(F(s["masses"]["palette"][s["masses"]["codes"][i]]) for s in strategies) for i in range(n * n)
    ]
    rest = [F(1, n * n) - x for x in total]
    strategies.append(strategy(rest, {"kind": "xor", "parity": [0] * (n * n)}))
    asked = question(leak(at="average"), source=santha_vazirani(F(1, 4)), size=(n, n))
    certificate = bracket(asked, "1/2", None, None, {"value": "1/2", "strategies": strategies})
    report = check(certificate)
    expected = sum(total) + sum(rest) / 2
    assert any(f"its value is {expected}" in line for line in report.lines)


# ------------------------------------------------------------------ other kinds


def worst(parts, lower, upper):
    return {"kind": "worst", "answer": {"lower": lower, "upper": upper}, "parts": parts}


def chsh_at(a, b, quantity="guessing-probability"):
    part = chsh_guess(F(3), quantity)
    part["question"]["ask"]["at"] = [a, b]
    return part


def test_worst():
    settings_ = list(itertools.product((0, 1), repeat=2))
    parts = [chsh_at(a, b) for a, b in settings_]
    assert check(worst(parts, "3/4", "3/4")).upper == "3/4"
    rejected(worst(parts[:3], "3/4", "3/4"), "claimed 3 settings, derived 4")
    rejected(worst([*parts[:3], parts[0]], "3/4", "3/4"), "claimed 3 settings")
    rejected(worst([], "3/4", "3/4"), "no parts")
    rejected(worst(parts, "4/5", "4/5"), "claimed lower 4/5")
    rejected(worst(parts, "3/4", "7/10"), "claimed upper 7/10")
    other = changed(parts[3], ["question", "tests", 0, "relation"], "=")
    rejected(worst([*parts[:3], other], "3/4", "3/4"), "part 3", "another setting")
    average = changed(parts[3], ["question", "ask", "at"], "average")
    rejected(worst([*parts[:3], average], "3/4", "3/4"), "part 3")
    bad = changed(parts[2], ["multipliers", "bound"], "7/10")
    rejected(worst([*parts[:2], bad, parts[3]], "3/4", "3/4"), "part 2: multipliers: claimed bound 7/10")
    rejected(worst([*parts[:3], worst(parts, "3/4", "3/4")], "3/4", "3/4"), "kind 'bracket'")
    open_ = changed(parts[1], ["answer"], {"lower": None, "upper": None})
    rejected(worst([parts[0], open_, *parts[2:]], "3/4", "3/4"), "claimed upper")
    assert check(worst([parts[0], open_, *parts[2:]], "3/4", None)).lower == "3/4"
    loose = changed(parts[1], ["answer"], {"lower": "1/2", "upper": "4/5"})
    rejected(worst([parts[0], loose, *parts[2:]], "3/4", "3/4"), "derived 4/5")
    assert check(worst([parts[0], loose, *parts[2:]], "3/4", "4/5")).ok


def test_worst_min_entropy_is_the_smallest():
    parts = [chsh_at(a, b, "min-entropy") for a, b in itertools.product((0, 1), repeat=2)]
    h = "-log2(3/4)"
    assert check(worst(parts, h, h)).ok
    parts[1]["answer"] = {"lower": "1/10", "upper": "1/2"}
    rejected(worst(parts, h, h), "claimed lower")
    assert check(worst(parts, "1/10", h)).ok
    parts[1]["answer"]["lower"] = None
    rejected(worst(parts, "1/10", h), "claimed lower")
    assert check(worst(parts, None, h)).ok


def threshold(lower="1/5", upper="1/4"):
    best = 4 - 8 * (F(1, 2) - F(lower)) ** 2
    below = impossible(F(7, 2), best, F(lower))
    above = local_chsh(F(upper), {"quantity": "strategy"}, [score_test("7/2")])
    above["attack"]["value"] = above["answer"]["lower"] = "1"
    return {
        "kind": "threshold",
        "field": "source.epsilon",
        "answer": {"lower": lower, "upper": upper},
        "below": below,
        "above": above,
    }


def test_threshold():
    good = threshold()
    report = check(good)
    assert (report.lower, report.upper, report.carried) == ("1/5", "1/4", True)
    assert any("no strategy at source.epsilon = 1/5" in line for line in report.lines)
    assert check(threshold("249/1000")).ok
    rejected(changed(good, ["answer", "lower"], "1/6"), "below: claimed source.epsilon 1/6")
    rejected(changed(good, ["answer", "upper"], "1/3"), "above")
    rejected(changed(good, ["answer", "upper"], None), "two ends")
    rejected(changed(good, ["answer", "upper"], "1/10"), "in their order")
    rejected(changed(good, ["below"], good["above"]), "below")
    rejected(changed(good, ["field"], "source.kind"), "field")
    rejected(changed(good, ["field"], "source.delta"), "not one of")
    different = changed(good, ["above", "question", "source", "order"], "A first")
    rejected(different, "differ elsewhere")
    rejected(changed(good, ["below", "answer", "upper"], None), "does not prove")
    rejected(changed(good, ["above", "answer", "lower"], "1/2"), "does not exhibit")
    rejected(changed(good, ["above", "question", "source", "epsilon"], "1/5"), "above")


def test_infeasibility_needs_a_contradiction():
    good = impossible(F(7, 2), F(82, 25), F(1, 5))
    assert check(good).upper == "0"
    rejected(changed(good, ["multipliers", "bound"], "0"), "no contradiction")
    rejected(changed(good, ["multipliers", "bound"], "-1/2"), "derived -11/50")
    rejected(changed(good, ["answer", "upper"], "-1"), "answer")
    rejected(changed(good, ["answer", "lower"], "1"), "derived nothing")
    # a negative maximum of an objective that is not 0 is no contradiction
    program = program_of([{0: 1}], 0, [-1], [1], -4, 4)
    rejected(changed(good, ["multipliers"], carry(program, [F(1)], F(-1))), "objective", "is not 0")


def root(lower="0.0575", upper="0.0576"):
    e, at = [F(lower), F(upper)], "{}*log2({}) - 399/100*log2({}) - 101/100"
    return {
        "kind": "root",
        "name": "theorem-2",
        "instance": "printed exponent",
        "function": "theorem-2-exponent(m=299/100, i=1/100)",
        "answer": {"lower": str(e[0]), "upper": str(e[1])},
        "at_lower": at.format(2, F(1, 2) - e[0], F(1, 2) + e[0]),
        "at_upper": at.format(2, F(1, 2) - e[1], F(1, 2) + e[1]),
        "rests_on": "docs/proofs/theorem-2",
    }


def test_root():
    assert check(root()).upper == "36/625"
    close = check(root("0.0575530882", "0.0575530883"))  # Colbeck and Renner's 0.058
    assert "docs/proofs/theorem-2" in "\n".join(close.lines)
    rejected(root("0.05756", "0.0576"), "at_lower: claimed positive, derived")
    rejected(root("0.0575", "0.05755"), "at_upper: claimed negative, derived")
    rejected(changed(root(), ["at_lower"], "0"), "at_lower")
    rejected(changed(root(), ["rests_on"], KeyError), "rests_on")
    rejected(changed(root(), ["answer", "lower"], "1/5"), "order")
    rejected(changed(root(), ["answer", "upper"], "1"), "from 0 to 1/4")
    for invented in ("1", "sqrt(2)*sqrt(3) - sqrt(6)"):
        rejected(changed(root(), ["at_lower"], invented), "at_lower: claimed value")
    rejected(changed(changed(root(), ["at_lower"], "1"), ["at_upper"], "-1"), "at_lower")
    for function in ("theorem-2-exponent()", "anything(m=1, i=1)", "2*log2(1/2-e)", "averaged-base(m=1)"):
        rejected(changed(root(), ["function"], function), "function")
    rejected(changed(root(), ["rests_on"], "nothing: all is proved"), "rests_on")


# ------------------------------------------------------------------ malformed and hostile files


def leaves(value, path=()):
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield (*path, key)
            yield from leaves(inner, (*path, key))


WRONG = [None, True, -1, 10**30, 0.5, float("nan"), "", "x", "1/0", [], {}, [[]], [0.5], {"a": 1}]
CERTIFICATES = [chsh_guess(), local_chsh(), threshold(), root(), worst([chsh_at(0, 0)], "0", None)]


@pytest.mark.parametrize("index", range(5))
def test_only_certificate_errors(index):
    """Each value of each certificate replaced by each wrong one: no other exception ever."""
    good, refused = CERTIFICATES[index], 0
    paths = list(leaves(good))
    paths = [p for p in paths if not (p[-1].__class__ is int and p[-1] > 3)]  # lists repeat
    for path in paths:
        for value in (*WRONG, KeyError):
            if value is KeyError and isinstance(path[-1], int):
                continue
            try:
                check(changed(good, path, value))
            except CertificateError:
                refused += 1
    assert refused > 8 * len(paths)


def test_the_whole_certificate_of_a_wrong_type():
    for value in (None, [], "", 3, {}, {"kind": "bracket"}, {"kind": []}, {"kind": "proof"}):
        rejected(value)
    rejected(changed(chsh_guess(), ["version"], 2), "version")
    rejected(changed(chsh_guess(), ["version"], True), "version")
    rejected(changed(chsh_guess(), ["format"], "other"), "format")
    rejected(changed(threshold(), ["kind"], "bracket"), "'field' is not known")
    bare = {"kind": "bracket", "answer": {"lower": None, "upper": None}}
    rejected(bare, "'format' is missing")
    rejected({**threshold(), "version": 2}, "version")


POOL = [
    *("average", "settings", "nothing", "local", "no-signalling", "joint", "conditional"),
    *("<=", ">=", "=", "trace-distance", "guessing-probability", "strategy", "score", "free"),
    *("A first", "B first", "interleaved", *CODES, "uniform", "largest", "smallest", "0", "1"),
]


@st.composite
def mutated(draw, good, allowed):
    paths = [p for p in leaves(good) if allowed(p)]
    path = draw(st.sampled_from(paths))
    old = good
    for key in path:
        old = old[key]
    if isinstance(old, str):
        new = st.sampled_from(POOL) | st.builds(
            lambda k, d: old[:k] + d + old[k + 1 :],
            st.integers(0, len(old)),
            st.sampled_from([*"0123456789-/+", ""]),
        )
    elif isinstance(old, int):
        new = st.integers(-2, 8)
    elif isinstance(old, list):
        new = st.builds(lambda k: old[:k] + old[k + 1 :], st.integers(0, len(old)))
        new |= st.builds(lambda k: old[:k] + old[k : k + 1] * 2 + old[k + 1 :], st.integers(0, 20))
    else:
        new = st.sampled_from([None, {}, 0])
    return path, changed(good, path, draw(new))


@given(mutated(chsh_guess(), lambda path: path[0] != "question"))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_proofs_prove_true_claims(case):
    """The true answer is 3/4: a certificate of this question may claim less, never more."""
    _, certificate = case
    try:
        report = check(certificate)
    except CertificateError:
        return
    assert report.lower is None or F(report.lower) <= F(3, 4)
    assert report.upper is None or F(report.upper) >= F(3, 4)


def attack_alone():
    certificate = chsh_guess()
    certificate["multipliers"] = certificate["answer"]["upper"] = None
    return certificate


@given(mutated(attack_alone(), lambda path: True) | mutated(local_chsh(), lambda path: True))
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_attacks_against_brute_force(case):
    """Accepted only if the brute-force oracle finds the (changed) attack valid and as good."""
    _, certificate = case
    try:
        report = check(certificate)
    except CertificateError:
        return
    value = evaluate(certificate)
    assert value is not None
    if certificate["question"]["ask"].get("extreme") == "smallest":
        assert report.lower is None and number(report.upper) >= value
    else:
        assert report.lower is None or number(report.lower) <= value  # "3-4" is a number too


@pytest.mark.parametrize(
    "text",
    [
        "9^9^9",
        "2^99999999999999999999",
        "((2^60000)^60000)^60000",
        "(1+sqrt(2))^-100000",
        "2^(1/2)",
        "2^-sqrt(2)",
        "(" * 5000 + "1" + ")" * 5000,
        "(" * 40 + "1" + ")" * 40,
        "sqrt(" * 40 + "2" + ")" * 40,
        "-" * 3000 + "1",
        "9" * 5000,
        "1/" + "7" * 5000,
        "*".join(["(1+sqrt(2)+sqrt(3)+sqrt(5)+pi+cos(1)+cos(2)+cos(3))"] * 60),
        "cos(2^60000)",
        "log2(0)",
        "log2(-1)",
        "sqrt(-1)",
        "sqrt(-pi)",
        "1/(pi-pi)",
        "1/(sqrt(2)*sqrt(3)-sqrt(6))",
        "log2(sqrt(2)*sqrt(3)-sqrt(6))",
        "0*log2(-2)",
        "1/(sqrt(2)*sqrt(3)-sqrt(6)) - 1/(sqrt(2)*sqrt(3)-sqrt(6))",
        "1e5",
        "1.5",
        "inf",
        "nan",
        "",
        " ",
        "+",
        "1+",
        "2 3",
        "2pi",
        "pi(3)",
        "cos 3",
        "cos()",
        "1//2",
        "1/2/",
        "__import__('os')",
        "\u0661",
        "1_000",
        None,
        1,
        1.5,
        True,
        ["1"],
    ],
)
def test_numbers_refused(text):
    with pytest.raises(CertificateError):
        number(text)


def test_deep_json_is_refused(tmp_path, capsys):
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000)
    assert checker.main([str(path)]) == 2
    certificate = chsh_guess()
    inner = certificate["multipliers"]["program"]
    for _ in range(3000):
        inner["x"] = {}
        inner = inner["x"]
    rejected(certificate)


def test_long_numbers_are_shown_short():
    certificate = chsh_guess()
    certificate["multipliers"]["bound"] = f"-{3**4000}"
    rejected(certificate, "multipliers: claimed bound a huge number, derived 3/4")
    certificate["multipliers"]["bound"] = "-pi*2^30000"
    rejected(certificate, "multipliers: claimed bound -a huge number*pi (huge), derived 3/4")
    certificate["multipliers"]["bound"] = "cos(2^-3000)*2^-20000"
    rejected(certificate, "multipliers: claimed bound a long fraction, about 0*cos(")
    certificate["multipliers"]["bound"] = str(F(1, 2) + F(1, 3**1000))
    rejected(
        certificate,
        "a long fraction, about 0.5, derived 3/4, difference a long fraction, about -0.25",
    )
    certificate["multipliers"]["palette"] = ["-2^20000"] * len(certificate["multipliers"]["palette"])
    rejected(certificate, "multipliers: claimed a huge number at row 17")


# ------------------------------------------------------------------ numbers


KNOWN = {
    "pi": "3.14159265358979323846264338327950288419716939937510",
    "sqrt(2)": "1.41421356237309504880168872420969807856967187537694",
    "log2(3)": "1.58496250072115618145373894394781650875981440769248",
    "1/2*sqrt(5) + 1/2": "1.61803398874989484820458683436563811772030917980576",
    "cos(1)": "0.54030230586813971740093660744297660373231042061792",
}


@pytest.mark.parametrize("text", KNOWN)
@pytest.mark.parametrize("bits", [1, 8, 64, 170, 1000])
def test_known_digits(text, bits):
    low, high = enclosure(number(text), bits)
    known = F(KNOWN[text])  # cut, so that the number is in [known, known + 10^-50]
    assert low <= known + F(1, 10**50) and known <= high
    assert high - low < F(2**20, 2**bits)
    if bits >= 170:
        assert abs(low - known) < F(2, 10**48) and abs(high - known) < F(2, 10**48)


def test_cosine_is_a_nested_root():
    cosine = enclosure(number("cos(1/32*pi)"), 300)
    nested = enclosure(number("1/2*sqrt(2+sqrt(2+sqrt(2+sqrt(2))))"), 300)
    assert cosine[0] <= nested[1] and nested[0] <= cosine[1]
    assert max(cosine[1] - cosine[0], nested[1] - nested[0]) < F(1, 2**280)
    assert str(float(cosine[0])) == "0.9951847266721969"


def test_equal_by_form():
    for a, b in (
        ("2*(1/3*sqrt(2) - pi)", "-2*pi+2/3*sqrt(2)"),
        ("sqrt(2)*sqrt(2)", "2"),
        ("1/sqrt(2)", "1/2*sqrt(2)"),
        ("cos(1/32*pi)*sqrt(2)", "sqrt(2)*cos(1/32*pi)"),
        ("cos(1/32*pi)^2", "cos(1/32*pi)*cos(1/32*pi)"),
        ("-log2(1/8)", "3"),
        ("sqrt(4/9)", "2/3"),
        ("-2^2", "-4"),
        ("2^-3", "1/8"),
        ("1/2/4", "1/8"),
        ("(1+sqrt(2))*(1-sqrt(2))", "-1"),
        ("cos(0)", "1"),
    ):
        assert number(a) == number(b)
    assert number("sqrt(2)") != number("cos(1/4*pi)*2")
    assert str(number("17/2 - 8*cos(1/32*pi)")) == "17/2 - 8*cos(1/32*pi)"
    assert str(number("-log2(3/4)")) == "-log2(3/4)"
    for text in ("17/2 - 8*cos(1/32*pi)", "(1+pi)^-2", "1/4*sqrt(2)*cos(1/16*pi)", "pi^2-1"):
        assert number(str(number(text))) == number(text)


rationals = st.fractions(min_value=-50, max_value=50, max_denominator=1000)
positive = st.fractions(min_value=F(1, 1000), max_value=10**6, max_denominator=10**6)


@given(rationals, rationals, rationals, st.integers(-6, 6))
def test_rational_arithmetic(a, b, c, k):
    assert number(f"({a})*({b})-({c})") == a * b - c
    if c:
        assert number(f"({a} + {b})/({c})^{k}" if b >= 0 else f"({a}{b})/({c})^{k}") == (a + b) / (c**k)
    # the same through the enclosures: pi stands for something that cannot be simplified
    low, high = enclosure(number(f"({a}*pi+({b}))*({c}*pi-({a}))"), 120)
    pi = F(math.pi)
    assert abs((low + high) / 2 - (a * pi + b) * (c * pi - a)) < F(1, 10**9)
    assert high - low < F(1, 2**90)


@given(positive, st.integers(20, 400))
def test_roots(x, bits):
    low, high = enclosure(number(f"sqrt({x})"), bits)
    assert low * low <= x <= high * high and high - low < F(1, 2 ** (bits - 20))


@given(rationals, st.integers(60, 400))
def test_cosines(x, bits):
    for text, value in ((f"cos({x})", float(x)), (f"cos({x}*pi)", float(x % 2) * math.pi)):
        low, high = enclosure(number(text), bits)
        assert low <= high and high - low < F(1, 2 ** (bits - 40))
        assert abs(float(low) - math.cos(value)) < 1e-11
        finer = enclosure(number(text), bits + 100)
        assert low <= finer[0] <= finer[1] <= high


@given(positive, st.integers(60, 400))
def test_logarithms(x, bits):
    low, high = enclosure(number(f"log2({x})"), bits)
    assert low <= high and high - low < F(1, 2 ** (bits - 40))
    assert abs(float(low) - math.log2(x)) < 1e-9
    # exactly: 2^floor(16 log2 x) <= x^16 < 2^(floor + 1)
    whole = 0
    power = x**16
    while power >= 2:
        power, whole = power / 2, whole + 1
    while power < 1:
        power, whole = power * 2, whole - 1
    assert 16 * high >= whole and 16 * low <= whole + 1
    finer = enclosure(number(f"log2({x})"), bits + 100)
    assert low <= finer[1] and finer[0] <= high


# ------------------------------------------------------------------ the file alone


def run(*arguments, flags=("-S", "-I")):
    return subprocess.run(
        [sys.executable, *flags, str(FILE), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_runs_alone(tmp_path):
    """Neither site-packages nor this repository can be imported: -S -I leave the library alone."""
    probe = [sys.executable, "-S", "-I", "-c", "import numpy"]
    assert subprocess.run(probe, capture_output=True, check=False).returncode == 1
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(chsh_guess()))
    done = run(path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3/4 <= guessing-probability <= 3/4" in done.stdout


def test_imports_only_the_standard_library():
    names = set()
    for node in ast.walk(ast.parse(FILE.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module)
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)
    assert "fractions" in names


def test_command_line(tmp_path, capsys):
    def write(name, text):
        (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text))
        return str(tmp_path / name)

    good = write("good.json", chsh_guess())
    assert checker.main([good]) == 0
    assert capsys.readouterr().out.startswith(f"{good}: PROVED (program trusted)\n")
    tied = write(
        "tied.json", changed(changed(chsh_guess(), ["multipliers"], None), ["answer", "upper"], None)
    )
    assert checker.main([tied]) == 0
    assert capsys.readouterr().out.startswith(f"{tied}: OK\n")
    bad = chsh_guess(F(14, 5))  # 4/5
    bad["multipliers"]["bound"] = "3/4"
    bad = write("proof.json", bad)
    assert checker.main([good, bad, good]) == 1
    message = f"{bad}: REJECTED: multipliers: claimed bound 3/4, derived 4/5, difference -1/20\n"
    assert message in capsys.readouterr().out
    bare = write("bare.json", changed(chsh_guess(), ["multipliers", "program"], None))
    assert checker.main([bare]) == 1
    assert "carries no program" in capsys.readouterr().out
    text = json.dumps(chsh_guess())
    for name, content, status, word in (
        ("cut.json", text[: len(text) // 2], 2, "CANNOT BE READ"),
        ("none.json", "", 2, "CANNOT BE READ"),
        ("float.json", text.replace('"version": 1', '"version": 1.0'), 1, "floating-point"),
        ("nan.json", text.replace('"version": 1', '"version": NaN'), 1, "floating-point"),
        ("long.json", text.replace('"version": 1', '"version": ' + "1" * 5000), 2, "CANNOT BE"),
        ("twice.json", text.replace('"version": 1', '"kind": "x", "version": 1'), 1, "twice"),
        ("list.json", "[]", 1, "REJECTED"),
    ):
        path = write(name, content)
        assert checker.main([good, path]) == status
        assert f"{path}: " in (out := capsys.readouterr().out) and word in out
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    assert checker.main([str(tmp_path / "bytes.json")]) == 2
    assert checker.main([str(tmp_path / "missing.json"), bad]) == 2
    assert run(bad).returncode == 1
    assert run(tmp_path / "missing.json").returncode == 2
    assert run().returncode == 2
