"""Certificates that were edited: rejected, or what they still say is true."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import freerand_opt
from freerand_opt.errors import InputError
from freerand_opt.first.answers.verification import brackets, check_certificate, load
from freerand_opt.first.certificates import check as checker
from freerand_opt.first.certificates.certificate import question_from_json
from freerand_opt.first.certificates.check import CertificateError, enclosure, number

SMALL = ("score", "smallest", "guess", "irrational", "leakage", "average", "none", "exists", "entropy")
#: Which way a number of a certificate would have to move to say more: +1 up, -1 down.
UPPER, LOWER = -1, 1


@pytest.fixture(scope="module")
def bodies(fresh):
    return {kind: load(path) for kind, path in fresh.items()}


def rejected(body):
    try:
        check_certificate(body)
    except CertificateError:
        return True
    return False


def at(body, path):
    for key in path:
        body = body[key]
    return body


def edited(body, path, value):
    """A copy with another value at a path of keys."""
    changed = copy.deepcopy(body)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def leaves(value, path=()):
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from leaves(inner, (*path, key))
        if not value:
            yield path
    else:
        yield path


def digit_edits(text):
    """Every text that differs in one digit."""
    for k, old in enumerate(text):
        if old.isdigit():
            yield from (text[:k] + new + text[k + 1 :] for new in "0123456789" if new != old)


def moved(old, new):
    """+1 if a number's text became a larger number, -1 a smaller one, 0 the same, None if it is none."""
    try:
        difference = number(new) - number(old)
        low, high = enclosure(difference, 256)
    except CertificateError:
        return None
    return 1 if low > 0 else -1 if high < 0 else 0


def stronger(text, direction):
    return [new for new in digit_edits(text) if moved(text, new) == direction]


# ------------------------------------------------------------------ the originals


@pytest.mark.parametrize("kind", [*SMALL, "lifted", "threshold", "root", "worst"])
def test_originals_are_accepted(bodies, kind):
    lines = check_certificate(bodies[kind])
    assert " <= " in lines[0]
    # a title is nothing that was proved
    assert check_certificate(edited(bodies[kind], ("name",), "another title")) == lines


def test_kinds_are_what_they_are_named_after(bodies):
    assert bodies["lifted"]["multipliers"]["lift"] == "colour-refinement"
    assert bodies["lifted"]["multipliers"]["program"] is None
    assert all(bodies[kind]["multipliers"]["program"] for kind in SMALL if kind != "exists")
    assert bodies["exists"]["multipliers"] is None
    assert bodies["none"]["attack"] is None
    assert [bodies[kind]["kind"] for kind in ("threshold", "root", "worst")] == ["threshold", "root", "worst"]


# ------------------------------------------------------------------ stronger numbers


NUMBERS = [
    ("score", ("answer", "upper"), UPPER),
    ("score", ("answer", "lower"), LOWER),
    ("score", ("multipliers", "bound"), UPPER),
    ("score", ("attack", "value"), LOWER),
    ("smallest", ("answer", "upper"), UPPER),
    ("smallest", ("answer", "lower"), LOWER),
    ("smallest", ("multipliers", "bound"), UPPER),
    ("smallest", ("attack", "value"), UPPER),
    ("guess", ("answer", "upper"), UPPER),
    ("guess", ("attack", "value"), LOWER),
    ("irrational", ("answer", "upper"), UPPER),
    ("irrational", ("answer", "lower"), LOWER),
    ("irrational", ("multipliers", "bound"), UPPER),
    ("irrational", ("attack", "value"), LOWER),
    ("leakage", ("answer", "upper"), UPPER),
    ("leakage", ("answer", "lower"), LOWER),
    ("leakage", ("multipliers", "bound"), UPPER),
    ("average", ("answer", "upper"), UPPER),
    ("average", ("attack", "value"), LOWER),
    ("none", ("multipliers", "bound"), UPPER),
    ("entropy", ("answer", "upper"), UPPER),
    ("entropy", ("answer", "lower"), LOWER),
    ("worst", ("answer", "upper"), UPPER),
    ("worst", ("answer", "lower"), LOWER),
    ("worst", ("parts", 0, "multipliers", "bound"), UPPER),
    ("threshold", ("answer", "upper"), UPPER),
    ("threshold", ("answer", "lower"), LOWER),
    ("root", ("answer", "upper"), UPPER),
    ("root", ("answer", "lower"), LOWER),
]


@pytest.mark.parametrize(("kind", "path", "direction"), NUMBERS)
def test_every_digit_that_makes_a_number_stronger_is_noticed(bodies, kind, path, direction):
    body = bodies[kind]
    tried = stronger(at(body, path), direction)
    assert tried
    accepted = [new for new in tried[:60] if not rejected(edited(body, path, new))]
    assert accepted == []


@pytest.mark.parametrize("path", [("answer", "upper"), ("multipliers", "bound")])
def test_a_stronger_number_of_a_lifted_certificate_is_noticed(bodies, path):
    body = bodies["lifted"]
    tried = stronger(at(body, path), UPPER)
    for new in (tried[0], tried[len(tried) // 2], tried[-1]):
        assert rejected(edited(body, path, new))


@pytest.mark.parametrize("kind", SMALL)
def test_an_end_that_was_not_proved_cannot_be_claimed(bodies, kind):
    body = bodies[kind]
    for end, proof in (("lower", "attack"), ("upper", "multipliers")):
        if body["question"]["ask"].get("extreme") == "smallest" or kind == "entropy":
            proof = "attack" if proof == "multipliers" else "multipliers"
        claimed = body["answer"][end] or ("1" if end == "lower" else "0")
        changed = edited(edited(body, (proof,), None), ("answer", end), claimed)
        assert rejected(changed)


def test_an_answer_of_less_is_still_accepted(bodies):
    body = edited(bodies["score"], ("answer", "upper"), "3")
    assert check_certificate(edited(body, ("answer", "lower"), None))


def test_the_values_of_a_root_are_computed_anew(bodies):
    body = bodies["root"]
    low = Fraction(body["answer"]["lower"])
    assert rejected(edited(body, ("answer", "lower"), str(low - Fraction(1, 10**9))))
    assert rejected(edited(body, ("at_lower",), "1"))
    assert rejected(edited(body, ("at_upper",), "-1"))
    assert rejected(edited(body, ("function",), "theorem-2-exponent(m=3, i=0)"))
    assert rejected(edited(body, ("function",), "theorem-2-exponent(i=1/100, m=299/100)"))
    assert rejected(edited(body, ("function",), "averaged-base()"))
    assert rejected(edited(body, ("function",), "anything"))


# ------------------------------------------------------------------ proofs


@pytest.mark.parametrize("kind", ["score", "smallest", "guess", "irrational", "leakage", "none"])
def test_changed_multipliers_are_noticed(bodies, kind):
    """The bound is what the multipliers give: worse ones do not give it, and they are optimal."""
    proof = bodies[kind]["multipliers"]
    accepted = 0
    for k, value in enumerate(proof["palette"]):
        for new in (str(-Fraction(value)), "0", str(Fraction(value) * 2)):
            changed = edited(bodies[kind], ("multipliers", "palette", k), new)
            if new != value and not rejected(changed):
                accepted += 1
                assert still_true(changed)
    assert accepted < len(proof["palette"])
    assert rejected(edited(bodies[kind], ("multipliers", "rows"), []))
    assert rejected(edited(bodies[kind], ("multipliers", "rows", 0), 10**9))
    assert rejected(edited(bodies[kind], ("multipliers", "rows", 0), proof["rows"][1]))


def test_changed_multipliers_of_a_lifted_certificate_are_noticed(bodies):
    body = bodies["lifted"]
    proof = body["multipliers"]
    assert rejected(edited(body, ("multipliers", "palette", 0), str(Fraction(proof["palette"][0]) * 2)))
    assert rejected(edited(body, ("multipliers", "lift"), None))
    assert rejected(edited(body, ("multipliers", "rows", 0), 10**9))
    assert rejected(edited(body, ("multipliers", "codes", 0), len(proof["palette"])))


@pytest.mark.parametrize("kind", [*(kind for kind in SMALL if kind != "exists"), "lifted"])
def test_another_digest_is_noticed(bodies, kind):
    digest = bodies[kind]["multipliers"]["digest"]
    flipped = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    for new in (flipped, "", "sha256:", digest.upper()):
        assert rejected(edited(bodies[kind], ("multipliers", "digest"), new))


PROGRAM = [
    ("values", 0),
    ("right", "palette", 0),
    ("objective", "codes", 0),
    ("upper", "palette", 0),
    ("lower", "palette", 0),
    ("indices", 0),
    ("indptr", 1),
    ("columns",),
    ("blocks", 0, 1),
]


def one_more(body, path):
    """A copy with 1 added to a number."""
    old = at(body, path)
    return edited(body, path, old + 1 if isinstance(old, int) else str(Fraction(old) + 1))


@pytest.mark.parametrize("path", PROGRAM)
@pytest.mark.parametrize("kind", ["score", "guess", "none"])
def test_a_changed_program_is_noticed_with_either_digest(bodies, kind, path):
    body = bodies[kind]
    changed = one_more(body, ("multipliers", "program", *path))
    assert rejected(changed)
    # a digest that fits the new program does not fit the question
    changed["multipliers"]["digest"] = checker.digest(changed["multipliers"]["program"])
    assert rejected(changed)


def test_an_easier_program_with_its_own_digest_is_noticed(bodies):
    """Without the objective the bound 0 is proved: it is the program, not the proof, that is wrong."""
    body = copy.deepcopy(bodies["guess"])
    proof = body["multipliers"]
    proof["program"]["objective"] = {"palette": ["0"], "codes": [0] * proof["program"]["columns"]}
    proof |= {"digest": checker.digest(proof["program"]), "palette": [], "rows": [], "codes": []}
    proof["bound"] = body["answer"]["upper"] = "0"
    body |= {"attack": None, "answer": {"lower": None, "upper": "0"}}
    assert checker.check(body).carried  # the stand-alone checker says that this is not checked
    assert "not checked here" in " ".join(checker.check(body).lines)
    assert rejected(body)


@pytest.mark.parametrize("kind", ["score", "smallest", "guess", "leakage", "average", "exists", "lifted"])
def test_moved_masses_are_noticed(bodies, kind):
    strategies = bodies[kind]["attack"]["strategies"]
    place = ("attack", "strategies", 0, "masses")
    masses = at(bodies[kind], place)
    first = Fraction(masses["palette"][0])
    assert rejected(edited(bodies[kind], (*place, "palette", 0), str(first + Fraction(1, 10**30))))
    assert rejected(edited(bodies[kind], (*place, "palette", 0), str(-first)))
    assert rejected(edited(bodies[kind], ("attack", "strategies"), strategies[1:]))
    assert rejected(edited(bodies[kind], ("attack", "strategies"), [*strategies, strategies[0]]))
    if len(masses["palette"]) > 1:
        swapped = [masses["codes"][1], masses["codes"][0], *masses["codes"][2:]]
        if swapped != masses["codes"]:
            assert rejected(edited(bodies[kind], (*place, "codes"), swapped))


@pytest.mark.parametrize("kind", ["score", "smallest", "guess", "leakage", "average"])
def test_another_box_is_noticed(bodies, kind):
    for w, strategy in enumerate(bodies[kind]["attack"]["strategies"]):
        place = ("attack", "strategies", w, "box")
        key = {"deterministic": "outcomes", "xor": "parity", "table": "numerators"}[strategy["box"]["kind"]]
        paths = list(leaves(strategy["box"][key]))
        changed = []
        for path in paths:
            old = at(strategy["box"][key], path)
            new = 1 - old if old in (0, 1) else old + 1
            changed.append(edited(bodies[kind], (*place, key, *path), new))
        # no single entry of an optimal box can be changed for nothing everywhere
        assert any(rejected(body) for body in changed)
        assert all(rejected(body) or still_true(body) for body in changed)
        assert rejected(edited(bodies[kind], (*place, "kind"), "none"))


def test_local_devices_may_not_use_other_boxes(bodies):
    box = {"kind": "xor", "parity": [0, 0, 0, 1]}
    assert rejected(edited(bodies["score"], ("attack", "strategies", 0, "box"), box))


# ------------------------------------------------------------------ another question


QUESTIONS = [
    ("score", ("source", "epsilon"), "1/25"),
    ("score", ("source", "epsilon"), "0"),
    ("score", ("source", "epsilon"), "1/10"),
    ("score", ("observed", "settings"), "free"),
    ("score", ("ask", "extreme"), "smallest"),
    ("score", ("ask", "terms", 0, 2), "2"),
    ("score", ("scenario", "settings", 0), 4),
    ("score", ("scenario", "outcomes", 0), 3),
    ("smallest", ("source", "bits"), "gray"),
    ("smallest", ("source", "order"), "A first"),
    ("smallest", ("source", "epsilon"), "3/50"),
    ("smallest", ("ask", "extreme"), "largest"),
    ("smallest", ("ask", "on"), "joint"),
    ("guess", ("tests", 0, "score"), "31/10"),
    ("guess", ("tests", 0, "score"), "29/10"),
    ("guess", ("tests", 0, "relation"), "<="),
    ("guess", ("tests", 0, "terms", 0, 2), "-1"),
    ("guess", ("tests",), []),
    ("guess", ("ask", "at"), "average"),
    ("guess", ("ask", "quantity"), "trace-distance"),
    ("guess", ("ask", "quantity"), "min-entropy"),
    ("guess", ("ask", "count"), 3),
    ("guess", ("adversary", "devices"), "local"),
    (
        "guess",
        ("source",),
        {"kind": "santha-vazirani", "epsilon": "1/10", "order": "A first", "bits": "gray"},
    ),
    ("leakage", ("source", "epsilon"), "51/1000"),
    ("leakage", ("source", "epsilon"), "49/1000"),
    ("leakage", ("source", "order"), "A first"),
    ("leakage", ("source", "bits"), "most-significant-first"),
    ("leakage", ("ask", "at"), [1, 0]),
    ("leakage", ("observed", "settings"), [str(Fraction(1, 16))] * 15 + ["1/17"]),
    ("average", ("source", "epsilon"), "1/10"),
    ("average", ("ask", "at"), [0, 0]),
    ("none", ("source", "epsilon"), "1/10"),
    ("none", ("tests", 0, "score"), "2"),
    ("none", ("tests", 0, "relation"), "<="),
    ("none", ("adversary", "devices"), "no-signalling"),
    ("exists", ("source", "epsilon"), "1/20"),
    ("exists", ("tests", 0, "score"), "3"),
    ("exists", ("tests", 0, "relation"), "="),
    ("exists", ("source",), {"kind": "uniform"}),
    ("lifted", ("source", "epsilon"), "2/100"),
    ("lifted", ("source", "epsilon"), "4/100"),
    ("lifted", ("source", "bits"), "gray"),
    ("lifted", ("tests", 0, "relation"), ">="),
    ("lifted", ("scenario", "settings", 1), 8),
]


@pytest.mark.parametrize("family", ["chsh", "chained", "ghz", "none", 3, ["chsh"]])
def test_a_family_that_the_scenario_is_not_of_is_noticed(bodies, family):
    """Proofs about a family choose its program, here about two outcomes: a third one never errs."""
    body = edited(bodies["smallest"], ("question", "scenario", "outcomes"), [3, 2])
    body["question"]["scenario"]["family"] = family
    body |= {"attack": None, "answer": {"lower": body["answer"]["lower"], "upper": None}}
    assert rejected(body)


@pytest.mark.parametrize(("kind", "path", "value"), QUESTIONS)
def test_a_certificate_is_of_no_other_question(bodies, kind, path, value):
    assert at(bodies[kind]["question"], path) != value
    assert rejected(edited(bodies[kind], ("question", *path), value))


def test_the_proofs_of_another_question_are_noticed(bodies):
    kinds = [kind for kind in SMALL if kind != "exists"]
    for kind in kinds:
        for other in kinds:
            if bodies[kind]["question"] != bodies[other]["question"]:
                assert rejected(edited(bodies[kind], ("multipliers",), bodies[other]["multipliers"]))
                assert rejected(edited(bodies[kind], ("question",), bodies[other]["question"]))


def test_parts_of_the_worst_case_cannot_be_exchanged(bodies):
    body = bodies["worst"]
    parts = body["parts"]
    assert rejected(edited(body, ("parts",), parts[1:]))
    assert rejected(edited(body, ("parts",), []))
    assert rejected(edited(body, ("parts", 0), parts[1]))
    assert rejected(edited(body, ("parts", 0), bodies["guess"]))
    assert rejected(edited(body, ("parts", 0), body))
    assert rejected(edited(body, ("parts", 0, "question", "ask", "at"), [1, 1]))
    assert rejected(edited(body, ("parts", 0, "answer", "upper"), "1/2"))


def test_sides_of_a_threshold_cannot_be_exchanged(bodies):
    body = bodies["threshold"]
    assert rejected(edited(body, ("below",), body["above"]))
    assert rejected(edited(body, ("above",), body["below"]))
    assert rejected(edited(body, ("below",), bodies["none"]))
    assert rejected(edited(body, ("above",), bodies["exists"]))
    assert rejected(edited(body, ("field",), "source.order"))
    assert rejected(edited(body, ("field",), "tests"))
    for side, end, values in (("below", "lower", ("1/8", "1/4")), ("above", "upper", ("0", "23/200"))):
        for new in values:
            changed = edited(body, (side, "question", "source", "epsilon"), new)
            assert rejected(changed)
            assert rejected(edited(changed, ("answer", end), new))


@pytest.mark.parametrize("kind", [*SMALL, "lifted", "threshold", "root", "worst"])
def test_another_format_version_or_kind_is_noticed(bodies, kind):
    body = bodies[kind]
    for path, value in ((("format",), "other"), (("version",), 2), (("version",), True), (("kind",), "none")):
        assert rejected(edited(body, path, value))
    for other in ("bracket", "worst", "threshold", "root"):
        if other != body["kind"]:
            assert rejected(edited(body, ("kind",), other))


@pytest.mark.parametrize("kind", ["score", "threshold", "root"])
def test_files_that_were_cut_off_are_not_accepted(fresh, tmp_path, kind):
    text = fresh[kind].read_text()
    path = tmp_path / "cut.json"
    for size in {0, 1, len(text) // 3, len(text) // 2, len(text) - 1}:
        path.write_text(text[:size])
        with pytest.raises((InputError, CertificateError)):
            check_certificate(load(path))


# ------------------------------------------------------------------ the checker alone


def test_the_checker_alone_rejects_the_same_files(bodies, fresh, tmp_path):
    """As one file, isolated, without site-packages: numpy cannot be imported."""
    alone = [sys.executable, "-I", "-S"]
    imported = subprocess.run([*alone, "-c", "import numpy"], capture_output=True, check=False)
    assert imported.returncode != 0
    good = [str(fresh[kind]) for kind in (*SMALL, "threshold", "root", "worst")]
    bad = [
        edited(bodies[kind], path, new)
        for kind, path, direction in NUMBERS
        for new in stronger(at(bodies[kind], path), direction)[:12]
    ]
    bad += [edited(bodies[kind], ("multipliers", "digest"), "sha256:0") for kind in ("score", "none")]
    bad += [one_more(bodies["score"], ("multipliers", "program", *path)) for path in PROGRAM]
    bad += [
        edited(bodies[kind], ("attack", "strategies", 0, "masses", "palette", 0), "1/7")
        for kind in ("score", "exists", "leakage")
    ]
    bad.append(edited(bodies["worst"], ("parts",), bodies["worst"]["parts"][1:]))
    bad.append(edited(bodies["threshold"], ("below",), bodies["threshold"]["above"]))
    bad.append(bodies["lifted"])  # it names its program, which only the library can rebuild
    names = []
    for k, body in enumerate(bad):
        (tmp_path / f"{k}.json").write_text(json.dumps(body))
        names.append(str(tmp_path / f"{k}.json"))
    run = subprocess.run(
        [*alone, checker.__file__, *good, *names], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (run.returncode, run.stderr) == (1, "")
    verdicts = [line for line in run.stdout.splitlines() if not line.startswith(" ")]
    tied = {str(fresh[kind]) for kind in ("exists", "root")}
    words = [f"{name}: {'OK' if name in tied else 'PROVED (program trusted)'}" for name in good]
    assert verdicts[: len(good)] == words
    assert len(verdicts) == len(good) + len(names)
    assert [line for line in verdicts[len(good) :] if ": REJECTED: " not in line] == []


def test_the_checker_alone_says_what_it_does_not_check(fresh, tmp_path):
    run = subprocess.run(
        [sys.executable, "-I", "-S", checker.__file__, str(fresh["score"]), str(fresh["root"])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "program trusted (carried by the file)" in run.stdout
    assert "that it says what the question says is not checked here" in run.stdout
    assert "is to be read" in run.stdout


# ------------------------------------------------------------------ any leaf, any value


@cache
def derived(question_text):
    """The certified bracket of a question, derived anew."""
    return freerand_opt.bound(question_from_json(json.loads(question_text))).bracket


def still_true(body):
    """Whether no certificate in `body` contradicts what is derived anew from its question."""
    for part in brackets(body):
        again = derived(json.dumps(part["question"], sort_keys=True))
        low, high = part["answer"]["lower"], part["answer"]["upper"]
        if low is not None and again.upper is not None and moved(str(again.upper), low) == 1:
            return False
        if high is not None and again.lower is not None and moved(str(again.lower), high) == -1:
            return False
    return True


VALUES = st.one_of(
    st.sampled_from(
        [
            None,
            True,
            False,
            "",
            "x",
            "0",
            "1",
            "-1",
            "1/0",
            "1/2",
            "-1/3",
            "sqrt(2)",
            "log2(0)",
            "1e9",
            "9" * 5000,
        ]
    ),
    st.sampled_from(
        [[], {}, [0], {"palette": [], "codes": []}, "average", "free", "uniform", "=", "strategy"]
    ),
    st.integers(-2, 5),
    st.just(10**30),
    st.fractions(-2, 2, max_denominator=40).map(str),
)


@settings(
    max_examples=1000,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_other_leaf_is_rejected_or_true(bodies, data):
    """check_certificate raises nothing but CertificateError, whatever is in the file."""
    kind = data.draw(st.sampled_from([*SMALL, "threshold", "root", "worst"]))
    body = copy.deepcopy(bodies[kind])
    for part in brackets(body):  # most leaves are in the program: look at the others as often
        if data.draw(st.integers(0, 3)) and part["multipliers"]:
            part["multipliers"]["program"] = None
    paths = list(leaves(body))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(paths))
        if data.draw(st.booleans()):
            path = path[: data.draw(st.integers(1, len(path)))]
        try:
            old = at(body, path)
            digits = list(digit_edits(old)) if isinstance(old, str) else []
            new = (
                data.draw(st.sampled_from(digits))
                if digits and data.draw(st.booleans())
                else data.draw(VALUES)
            )
            at(body, path[:-1])[path[-1]] = copy.deepcopy(new)  # a second edit may go into it
        except (KeyError, IndexError, TypeError):
            continue  # the first edit took this place away
    if not rejected(body):
        assert still_true(body)
