"""Forgeries, by command line and exit code alone: refused, and nothing of them steers a terminal.

What is false in one place of a certificate, and for which reason it is refused, is in tests/kernel.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest

from freerand_opt.checker.onefile import one_file

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
MOMENT = """
[scenario]
settings = { A = 1, B = 1 }
outcomes = { A = 2, B = 2 }
[source]
kind = "uniform"
[adversary]
devices = "quantum"
level = "1 + A B"
[[moment]]
terms = { "<A0>" = 1 }
relation = "<="
bound = "1/2"
[ask]
quantity = "score"
terms = { "<A0>" = 1 }
"""
BITS = GUESS.replace('kind = "uniform"', 'kind = "santha-vazirani"\nepsilon = "1/20"')
QUESTIONS = {
    "guess": GUESS,
    "bits": BITS,
    "moment": MOMENT,
    "none": GUESS.replace('"no-signalling"', '"local"').replace("14/5", "21/10"),
    "settings": GUESS + '[observed.settings]\n"00" = 0.4\n"01" = 0.2\n"10" = 0.2\n"11" = 0.2\n',
    "worst": GUESS.replace("[0, 0]", '"worst"'),
    "threshold": BITS + '[threshold]\nof = "source.epsilon"\nbetween = [0, "1/4"]\ncrosses = "9/10"\n',
}
#: What a forger puts into names, and file names.
WORDS = "S of PR\n0 <= guess <= 0\nOK /tmp/x.json\x1b[2J\x1b]0;title\x07\u202e epsilon 1/4"


@pytest.fixture(scope="module")
def made(freerand, tmp_path_factory):
    """Certificates that the command line writes for these questions, by name."""
    folder, found = tmp_path_factory.mktemp("forged"), {}
    for name, text in QUESTIONS.items():
        path = folder / f"{name}.toml"
        path.write_text(text)
        assert freerand("bound", path, "--certificates", folder / name, "--width", "1e-5").code == 0
        (written,) = (folder / name).rglob("*.json")
        found[name] = json.loads(written.read_text())
    return found


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    path = tmp_path_factory.mktemp("kernel") / "kernel.py"
    path.write_text(one_file(), encoding="utf-8")
    return path


@pytest.fixture
def verdicts(freerand, kernel, tmp_path):
    """How the kernel alone and `freerand check` take certificates: [(exit code, what is printed), ..]."""

    def run(*bodies):
        paths = []
        for k, body in enumerate(bodies):
            paths.append(tmp_path / f"forged-{k}.json")
            paths[-1].write_text(body if isinstance(body, str) else json.dumps(body))
        command = [sys.executable, "-I", "-S", str(kernel), *map(str, paths)]
        alone = subprocess.run(command, capture_output=True, text=True, check=False)
        assert alone.stderr == ""
        whole = freerand("check", *paths)
        assert "Traceback" not in whole.err
        return [(alone.returncode, alone.stdout), (whole.code, whole.out + whole.err)]

    return run


def assert_refused(results, count):
    for code, said in results:
        assert code in (1, 2)
        lines = said.splitlines()
        assert [line for line in lines if line.startswith("OK")] == []
        assert sum("REJECTED /" in line or "UNREADABLE /" in line for line in lines) == count


def objects(value, path=()):
    """Every object of a certificate with its path, itself first."""
    if isinstance(value, dict):
        yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from objects(inner, (*path, key))


def at(body, path):
    for key in path:
        body = body[key]
    return body


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_the_command_line_writes_is_accepted(made, verdicts, name):
    assert [code for code, _ in verdicts(made[name])] == [0, 0]


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_object_takes_an_unknown_key(made, verdicts, name):
    """One that is ignored could switch the objective off for one reader and not for another."""
    forged = []
    for path, _ in objects(made[name]):
        forged.append(copy.deepcopy(made[name]))
        at(forged[-1], path)["more"] = "0"
    assert len(forged) > 5
    assert_refused(verdicts(*forged), len(forged))


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_object_takes_a_key_twice(made, verdicts, name):
    forged, mark = [], "the same key again"
    for path, inner in objects(made[name]):
        if inner:
            body = copy.deepcopy(made[name])
            at(body, path)[mark] = 0
            forged.append(json.dumps(body).replace(json.dumps(mark), json.dumps(next(iter(inner)))))
    assert len(forged) > 5
    assert_refused(verdicts(*forged), len(forged))


@pytest.mark.parametrize("name", ["guess", "moment", "worst", "threshold"])
def test_no_list_of_terms_has_one_twice(made, verdicts, name):
    """Of an outcome that is listed twice the last factor wins here, the sum there."""
    forged = []
    for path, inner in objects(made[name]):
        for key in ("terms", "words"):
            if isinstance(inner.get(key), list) and inner[key] and isinstance(inner[key][0], list):
                forged.append(copy.deepcopy(made[name]))
                listed = at(forged[-1], path)[key]
                listed.append(listed[-1])
    assert forged
    assert_refused(verdicts(*forged), len(forged))


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_part_is_needed(made, verdicts, name):
    """No object of the question, or of a proof, can be left out."""
    forged = []
    for path, inner in objects(made[name]):
        for key in inner:
            forged.append(copy.deepcopy(made[name]))
            del at(forged[-1], path)[key]
    assert_refused(verdicts(*forged), len(forged))


def test_titles_and_other_versions_are_no_certificates(made, verdicts):
    old = {**made["guess"], "version": 1}
    titled = {**made["guess"], "name": WORDS}
    claimed = {**made["guess"], "answer": {"lower": "1/2", "upper": "1/2"}}
    program = {**made["guess"], "program": {"columns": 1}}
    assert_refused(verdicts(old, titled, claimed, program), 4)


# ------------------------------------------------------------------ what is printed


def steering(text):
    """The characters in what was printed that a terminal obeys, line ends apart."""
    return {c for c in text if not c.isprintable() and c != "\n"}


def test_nothing_of_a_file_steers_a_terminal(freerand, made, tmp_path):
    held = tmp_path / "cert\x1b[31m\nOK x.json"
    held.write_text(json.dumps(made["guess"]))
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({**made["guess"], WORDS: 1, "kind": WORDS}))
    asked = tmp_path / "asked.toml"
    for text, code in (
        (f'"\\u001b[2J" = 1\n{GUESS}', 2),
        (GUESS.replace('functional = "chsh"', 'terms = { "P(00|00)\\n" = 1 }'), 2),
        (GUESS.replace('"14/5"', '"14/5\\u001b[2J"'), 2),
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
    assert sum(line.startswith("OK") for line in freerand("check", held).out.splitlines()) == 1


def test_words_of_the_question_are_its_own(freerand, made, tmp_path):
    path = tmp_path / "guess.json"
    path.write_text(json.dumps(made["guess"]))
    out = " ".join(freerand("check", path).out.split())
    for words in ("no-signalling", "settings independent of W, uniform", ">= 14/5", "guessing-probability"):
        assert words in out


# ------------------------------------------------------------------ files

SECRET = "zebra:x:0:0:marmalade"


@pytest.mark.parametrize("way", ["above", "absolute", "link", "below", "beside"])
@pytest.mark.parametrize("key", ["table", "state", "measurements"])
def test_files_are_read_beside_the_question_alone_and_not_shown(freerand, tmp_path, way, key):
    folder = tmp_path / "questions"
    (folder / "data").mkdir(parents=True)
    outside = tmp_path / "secret.csv"
    for path in (outside, folder / "secret.csv", folder / "data" / "secret.csv"):
        path.write_text(SECRET)
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
