"""Forgeries, by command line and exit code alone: refused, or said to rest on a program that is trusted.

What is specific to a format of certificates is in forging.py; these tests carry over to the next one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import forging
import pytest

from freerand_opt.catalogue import certificates
from freerand_opt.certificates import check as checker

GUESS = """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[adversary]
devices = "no-signalling"
[[test]]
functional = "chsh"
relation = ">="
score = "14/5"
[ask]
quantity = "guessing-probability"
of = "A"
at = [0, 0]
"""
SCORE = """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[adversary]
devices = "local"
[[test]]
terms = { "P(00|00)" = 1 }
relation = "="
score = "SCORE"
[ask]
quantity = "score"
terms = { "P(01|00)" = 1 }
"""
MOMENT = """
[scenario]
settings = { A = 1, B = 1 }
outcomes = { A = 2, B = 2 }
[source]
kind = "uniform"
[adversary]
devices = "quantum"
level = "1 + A B"
[[test]]
terms = { "<A0>" = 1 }
relation = ">="
score = "SCORE"
[[moment]]
terms = { "<A0>" = 1 }
relation = "<="
bound = "1/2"
[ask]
quantity = "strategy"
"""


@pytest.fixture(scope="module")
def made(freerand, tmp_path_factory):
    """Certificates that the command line writes for these questions, by name."""
    folder = tmp_path_factory.mktemp("forged")
    found = {}
    for name, text in {
        "guess": GUESS,
        "score at 0": SCORE.replace("SCORE", "1/4"),
        "score at 1": SCORE.replace("SCORE", "1"),
        "moment at 0": MOMENT.replace("SCORE", "0"),
        "moment at 1": MOMENT.replace("SCORE", "1"),
        "none": GUESS.replace('devices = "no-signalling"', 'devices = "local"'),
        "settings": GUESS + '[observed.settings]\n"00" = 0.4\n"01" = 0.2\n"10" = 0.2\n"11" = 0.2\n',
    }.items():
        path = folder / f"{name}.toml"
        path.write_text(text)
        assert freerand("bound", path, "--certificates", folder).code == 0
        (written,) = (folder / name.replace(" ", "_")).glob("*.json")
        found[name] = json.loads(written.read_text())
    assert freerand("bound", "theorem_2_exponent", "--certificates", folder).code == 0
    found["root"] = json.loads((folder / "theorem_2_exponent/main.json").read_text())
    return found


@pytest.fixture
def verdicts(freerand, tmp_path):
    """How both checkers take certificates (texts or objects): [(exit code, what is printed), ..]."""

    def run(*bodies):
        paths = []
        for k, body in enumerate(bodies):
            paths.append(tmp_path / f"forged-{k}.json")
            paths[-1].write_text(body if isinstance(body, str) else json.dumps(body))
        alone = subprocess.run(
            [sys.executable, "-I", "-S", checker.__file__, *map(str, paths)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert alone.stderr == ""
        whole = freerand("check", *paths)
        assert "Traceback" not in whole.err
        return [(alone.returncode, alone.stdout), (whole.code, whole.out + whole.err)]

    return run


def accepted(said):
    """Every file of which it is said that it is proved, in whatever way."""
    return [line for line in said.splitlines() if line.endswith((": OK", ": checks", "(program trusted)"))]


def assert_refused(results, count):
    for code, said in results:
        assert code in (1, 2)
        assert accepted(said) == []
        assert sum(": REJECTED: " in line or "CANNOT BE READ" in line for line in said.splitlines()) == count


# ------------------------------------------------------------------ questions that are not asked


def test_an_unknown_key_switches_nothing_off(made, verdicts):
    forged = [forging.objective_switched_off(made["guess"]), forging.many_bits(made["guess"])]
    assert_refused(verdicts(*forged), 2)


@pytest.mark.parametrize("name", ["guess", "score at 0", "moment at 0", "none", "settings", "root"])
def test_no_object_takes_an_unknown_key(made, verdicts, name):
    forged = [body for _, body in forging.with_unknown_keys(made[name])]
    assert len(forged) > 1
    assert_refused(verdicts(*forged), len(forged))


def test_no_object_of_a_committed_certificate_takes_an_unknown_key(freerand, tmp_path):
    """One small certificate of each shape, and in it one object of each kind."""
    shapes, paths = {}, []
    for path in sorted(certificates(), key=lambda path: (path.stat().st_size, path)):
        if path.stat().st_size < 12_000:
            body = json.loads(path.read_text())
            shapes.setdefault(forging.shape(body), (path, body))
    assert len(shapes) > 30
    for path, body in shapes.values():
        kinds = {}
        for place, forged in forging.with_unknown_keys(body):
            kinds.setdefault(tuple(key for key in place if isinstance(key, str)), forged)
        for forged in kinds.values():
            paths.append(tmp_path / f"{len(paths)}-{path.parent.name}.json")
            paths[-1].write_text(json.dumps(forged))
    run = freerand("check", "--json", *paths)
    assert run.code == 1
    assert [row["file"] for row in run.data if row["status"] != "rejected"] == []


@pytest.mark.parametrize("name", ["guess", "moment at 0", "settings", "root"])
def test_no_object_takes_a_key_twice(made, verdicts, name):
    forged = [text for _, text in forging.texts_with_repeated_keys(made[name])]
    assert len(forged) > 1
    assert_refused(verdicts(*forged), len(forged))


@pytest.mark.parametrize("name", ["guess", "score at 0", "moment at 0"])
def test_no_list_of_terms_has_one_twice(made, verdicts, name):
    forged = [body for _, body in forging.with_repeated_terms(made[name])]
    assert forged
    assert_refused(verdicts(*forged), len(forged))


def test_the_proofs_of_one_question_are_of_no_other(freerand, made, tmp_path):
    """By the checker that rebuilds programs; alone it says that it trusts them."""
    for name, body in forging.other_questions(made["guess"]):
        path = tmp_path / "other.json"
        path.write_text(json.dumps(body))
        run = freerand("check", path)
        assert run.code == 1, name
        assert accepted(run.out) == []


# ------------------------------------------------------------------ programs, roots, thresholds


def test_a_carried_program_is_trusted_and_never_ok(freerand, made, tmp_path):
    path = tmp_path / "half.json"
    path.write_text(json.dumps(forging.guess_of_half(made["guess"])))
    alone = subprocess.run(
        [sys.executable, "-I", "-S", checker.__file__, str(path)], capture_output=True, text=True, check=False
    )
    assert alone.returncode == 0
    assert ": OK" not in alone.stdout
    assert alone.stdout.splitlines()[0].endswith(": PROVED (program trusted)")
    assert freerand("check", path).code == 1  # the library rebuilds the question's program: another one


def test_honest_claims_that_trust_a_program_are_counted_apart(freerand, made, tmp_path):
    names = []
    for name in ("guess", "root", "settings"):
        names.append(tmp_path / f"{name}.json")
        names[-1].write_text(json.dumps(made[name]))
    run = freerand("check", *names)
    assert run.code == 0
    heads = [line.rsplit(": ", 1)[1] for line in run.out.splitlines() if line.startswith(str(tmp_path))]
    assert heads == ["PROVED (program trusted)", "OK", "OK"]
    assert "3 of 3 certificates check, 1 of them with the program trusted" in run.out


def test_the_values_of_a_root_are_evaluated_and_not_read(made, verdicts):
    assert_refused(verdicts(forging.invented_root(made["root"])), 1)
    ((code, _), (whole, _)) = verdicts(made["root"])
    assert (code, whole) == (0, 0)


def test_a_threshold_in_the_visibility_is_of_what_is_monotone(made, verdicts):
    """The largest score falls from 3/4 to 0 here; of others it rises and falls again."""
    honest = ["1"] * 4 + ["0"] * 12  # outcomes 00 at every setting
    score = forging.threshold_in_visibility(
        made["score at 0"], made["score at 1"], honest, ["0"], crosses="1/2"
    )
    moment = forging.threshold_in_visibility(
        made["moment at 0"], made["moment at 1"], ["1", "0", "0", "0"], ["0"], crosses=None
    )
    for (code, said), words in zip(
        [*verdicts(score), *verdicts(moment)], ("score", "score", "moments", "moments"), strict=True
    ):
        assert code == 1
        assert words in said
        assert "monotone" in said


def test_no_strategy_needs_a_contradiction(made, verdicts):
    """The short proofs, about questions whose settings and tests are in order."""
    guess = made["guess"]
    forged = [
        forging.no_strategy_by(guess, "settings", {}),
        forging.no_strategy_by(guess, "settings", {"gains": [1, 1, 1, 1]}),
        forging.no_strategy_by(guess, "contradiction", {"weights": []}),
        forging.no_strategy_by(guess, "contradiction", {"weights": [[0, "-1"]]}),
        forging.no_strategy_by(guess, "contradiction", {"weights": [[0, "1"]]}),
        forging.no_strategy_by(made["score at 0"], "contradiction", {"weights": [[0, "1"]]}),
        {**guess, "settings": {}},
    ]
    assert_refused(verdicts(*forged), len(forged))


# ------------------------------------------------------------------ names


WORDS = "S of PR\n0 <= guess <= 0\n/tmp/x.json: OK\x1b[2J\x1b]0;title\x07\u202e\ud800 epsilon 1/4, N = 1024"


@pytest.mark.parametrize("name", ["guess", "score at 0", "root", "settings"])
def test_titles_are_nothing_that_was_proved(made, verdicts, name):
    forged = verdicts(forging.titled(made[name], WORDS))
    honest = verdicts(made[name])
    for (code, said), (same, words) in zip(forged, honest, strict=True):
        assert (code, said) == (same, words)
        assert code == 0


def test_nothing_of_a_file_steers_a_terminal(freerand, made, tmp_path):
    held = tmp_path / "cert\x1b[31m\n: OK.json"
    held.write_text(json.dumps(forging.titled(made["guess"], WORDS)))
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({**made["guess"], WORDS: 1, "kind": WORDS}))
    asked = tmp_path / "asked.toml"
    for text, code in (
        (f'title = "a\\u001b[2J"\n{GUESS}', 2),
        (f'"\\u001b[2J" = 1\n{GUESS}', 2),
        (GUESS.replace('functional = "chsh"', 'terms = { "P(00|00)\\n" = 1 }'), 2),
        (f'title = """a\ntitle"""\n{GUESS}', 0),
    ):
        asked.write_text(text)
        run = freerand("bound", asked)
        assert run.code == code
        assert steering(run.out + run.err) == set()
    for run in (
        freerand("check", held),
        freerand("show", held),
        freerand("check", broken),
        freerand("check", "--json", held),
        freerand("bound", "\x1b[2J.toml"),
        freerand("bound", "\x1b[2J=1"),
    ):
        assert steering(run.out + run.err) == set()
    run = freerand("check", held)
    assert run.out.count("\n") == len(run.out.splitlines())
    assert not [line for line in run.out.splitlines() if line.startswith(": OK")]


def steering(text):
    """The characters in what was printed that a terminal obeys, line ends apart."""
    return {c for c in text if not c.isprintable() and c != "\n"}


def test_words_of_the_question_are_its_own(freerand, made, tmp_path):
    path = tmp_path / "guess.json"
    path.write_text(json.dumps(made["guess"]))
    out = freerand("check", path).out
    for words in (
        "source: uniform settings, independent of W",
        "devices: no-signalling, 2 parties: 2 settings, 2 outcomes; 2 settings, 2 outcomes",
        "settings observed: uniform",
        "1 P(00|00)",
        ">= 14/5",
        "asked: guessing-probability of an output with 2 values: 0, 0, 1, 1; at settings (0, 0)",
    ):
        assert words in out


# ------------------------------------------------------------------ stores and files


def test_an_edited_entry_of_a_store_is_not_served(freerand, tmp_path):
    """Its digest is made anew, so that only a check tells."""
    from freerand_opt.sweeps.store import Store, _sealed

    asked = tmp_path / "guess.toml"
    asked.write_text(GUESS)
    arguments = ("bound", asked, "--store", tmp_path / "store", "--json")
    (first,) = freerand(*arguments).data
    (path,) = Store(tmp_path / "store").paths()
    entry = json.loads(path.read_text())
    entry["answer"] = {"lower": "1/2", "upper": "1/2"}
    path.write_text(json.dumps(_sealed(entry)))
    assert freerand("check", "--store", tmp_path / "store").code == 1
    run = freerand(*arguments)
    assert run.code == 0
    assert "rejected" in run.err
    (again,) = run.data
    assert (again["lower"], again["upper"]) == (first["lower"], first["upper"])
    text = path.read_text().replace('"stored":', '"stored":{},"stored":')
    path.write_text(text)  # a key twice
    assert "computed anew" in freerand(*arguments).err


SECRET = "zebra:x:0:0:marmalade"


@pytest.mark.parametrize("way", ["above", "absolute", "link", "below", "beside"])
@pytest.mark.parametrize("key", ["table", "state", "measurements"])
def test_files_are_read_beside_the_question_alone_and_not_shown(freerand, tmp_path, way, key):
    folder = tmp_path / "questions"
    (folder / "data").mkdir(parents=True)
    outside = tmp_path / "secret.csv"
    outside.write_text(SECRET)
    (folder / "secret.csv").write_text(SECRET)
    (folder / "data" / "secret.csv").write_text(SECRET)
    (folder / "link.csv").symlink_to(outside)
    name = {
        "above": "../secret.csv",
        "absolute": str(outside),
        "link": "link.csv",
        "below": "data/secret.csv",
        "beside": "secret.csv",
    }[way]
    held = {
        "table": f'table = "{name}"',
        "state": f'state = "{name}"\nangles = {{ A = [0, "1/2"], B = ["1/4", "-1/4"] }}',
        "measurements": f'state = "phi+"\nmeasurements = "{name}"',
    }[key]
    asked = folder / "asked.toml"
    asked.write_text(GUESS.replace("[adversary]", f"[observed]\n{held}\n[adversary]"))
    run = freerand("bound", asked)
    assert run.code == 2
    assert run.err.count("\n") == 1
    assert not [word for word in SECRET.split(":") if len(word) > 3 and word in run.err.replace(name, "")]
    assert ("is not in the folder" in run.err) == (way not in ("below", "beside"))


def test_a_relative_question_reads_beside_itself(freerand, tmp_path, monkeypatch):
    (tmp_path / "p.csv").write_text(
        "x,y,a,b,p\n"
        + "".join(f"{x},{y},{a},{b},1/4\n" for x in (0, 1) for y in (0, 1) for a in (0, 1) for b in (0, 1))
    )
    (tmp_path / "asked.toml").write_text(
        GUESS.replace("[adversary]", '[observed]\ntable = "p.csv"\n[adversary]').replace(
            '"14/5"', '"observed"'
        )
    )
    monkeypatch.chdir(tmp_path)
    assert os.getcwd() == str(tmp_path)
    assert freerand("bound", "asked.toml").code == 0
