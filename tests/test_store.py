"""The store: what is hashed, what is kept, what is noticed, and how many may write at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from freerand_opt.catalogue import claims
from freerand_opt.certificates import check as checker
from freerand_opt.spec.file import read
from freerand_opt.sweeps import asked as asking
from freerand_opt.sweeps import store as stores
from freerand_opt.sweeps import work
from freerand_opt.sweeps.asked import address
from freerand_opt.sweeps.batch import certificate_path
from freerand_opt.sweeps.store import DamagedError, Store, certificate_of, entry_from
from freerand_opt.sweeps.sweep import sweep

LEAKAGE = "chained_leakage_fixed_sv"
ONE = (LEAKAGE, "scenario.N=2", "source.epsilon=1/20")


def addresses(path, **overrides):
    return [address(instance) for instance in read(path, overrides).instances]


def one(path, **overrides):
    (found,) = addresses(path, **overrides)
    return found


@pytest.fixture
def leakage():
    return next(path for path in claims() if path.stem == LEAKAGE)


def at(epsilon, n="2"):
    return {"scenario.N": n, "source.epsilon": epsilon}


# ------------------------------------------------------------------ what is hashed


def test_the_address_is_of_exact_numbers_and_not_of_words(leakage, tmp_path):
    place = one(leakage, **at("1/20"))
    assert place == one(leakage, **at("0.05")) == one(leakage, **at("(sqrt(4) - 1)/20"))
    assert place != one(leakage, **at("0.0500000000000000000001"))
    other = tmp_path / "other_name.toml"
    other.write_text(leakage.read_text().replace('title     = "Leakage', 'title     = "Another'))
    assert place == one(other, **at("1/20"))


def test_the_address_can_be_computed_by_anybody(leakage):
    """SHA-256 of JSON with sorted keys: the question as certificates carry it, versions, a named solver."""
    import hashlib

    (instance,) = read(leakage, at("1/20")).instances
    (test,) = asking.asked(instance)["question"]["tests"]  # its functional has tests of its own
    plain = {
        "format": "freerand-question",
        "version": 1,
        "checker": checker.CHECKER,
        "question": {
            "scenario": {"settings": [2, 2], "outcomes": [2, 2], "family": "chained"},
            "source": {
                "kind": "santha-vazirani",
                "epsilon": "1/20",
                "order": "interleaved",
                "bits": "least-significant-first",
            },
            "observed": {"settings": "uniform"},
            "adversary": {"devices": "no-signalling", "told": "settings"},
            "tests": [
                {"on": "conditional", "terms": test["terms"], "relation": "<=", "score": "2 - sqrt(2)"}
            ],
            "ask": {"quantity": "trace-distance", "values": [0, 0, 1, 1], "count": 2, "at": [0, 0]},
        },
    }
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    assert address(instance) == hashlib.sha256(text.encode()).hexdigest()
    text = json.dumps({**plain, "solver": "highs"}, sort_keys=True, separators=(",", ":"))
    assert address(instance, "highs") == hashlib.sha256(text.encode()).hexdigest()


def test_a_threshold_is_another_question_and_its_unused_value_is_none(leakage):
    ends = "source.epsilon=0:1/4"

    def seeking(epsilon, ends=ends, crosses="1/4"):
        file = read(leakage, {**at(epsilon), "threshold.crosses": crosses}, threshold=ends)
        return address(file.instances[0])

    assert seeking("1/20") == seeking("1/10")
    found = {
        seeking("0"),
        seeking("0", "source.epsilon=0:1/5"),
        seeking("0", crosses="1/5"),
        one(leakage, **at("0")),
    }
    assert len(found) == 4


def test_no_two_questions_of_the_catalogue_share_an_address_unless_they_are_equal():
    from freerand_opt.certificates.certificate import question_json

    seen = {}
    for path in claims():
        for instance in read(path).instances:
            if instance.question is not None and instance.threshold is None:
                asked = json.dumps(question_json(instance.question), sort_keys=True)
                assert seen.setdefault(address(instance), asked) == asked
    assert len(seen) == len(set(seen.values()))


# ------------------------------------------------------------------ what is kept


def test_an_entry_is_a_certificate_that_the_checker_reads_alone(freerand, tmp_path):
    assert freerand("bound", *ONE, "--store", tmp_path).code == 0
    (path,) = Store(tmp_path).paths()
    assert path.parent.name == path.stem[:2]
    run = subprocess.run(
        [sys.executable, "-I", "-S", checker.__file__, str(path)], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert freerand("check", path).code == 0
    entry = json.loads(path.read_text())
    assert entry["stored"]["address"] == path.stem
    assert entry["stored"]["solver"] == "highs"


def test_what_is_there_is_not_computed_again(freerand, tmp_path, monkeypatch):
    arguments = (
        "bound",
        LEAKAGE,
        "scenario.N=2",
        "source.epsilon=0:1/10:1/50",
        "--json",
        "--store",
        tmp_path,
    )
    first = freerand(*arguments)
    assert first.code == 0
    monkeypatch.setattr(work, "answer", lambda *a, **k: pytest.fail("computed again"))
    again = freerand(*arguments)
    assert {row.pop("how") for row in first.data} == {"solved"}
    assert {row["how"] for row in again.data} == {"checked"}
    assert [{**row, "how": 0} for row in first.data] == [{**row, "how": 0} for row in again.data]


def test_another_name_gets_the_same_answer_under_its_own_names(freerand, leakage, tmp_path, monkeypatch):
    freerand("bound", *ONE, "--store", tmp_path / "store")
    other = tmp_path / "mine.toml"
    other.write_text(leakage.read_text())
    monkeypatch.setattr(work, "answer", lambda *a, **k: pytest.fail("computed again"))
    run = freerand(
        "bound", other, *ONE[1:], "--store", tmp_path / "store", "--certificates", tmp_path / "proofs"
    )
    assert run.code == 0
    assert run.out.startswith("mine\n")
    body = json.loads((tmp_path / "proofs/mine/main.json").read_text())
    assert (body["name"], body["instance"]) == ("mine", "")
    assert "stored" not in body
    assert freerand("check", tmp_path / "proofs/mine/main.json").code == 0


@pytest.mark.parametrize("kind", ["worst.toml", "strategy.toml"])
def test_answers_of_every_kind_come_back_as_they_were(freerand, claim_folder, tmp_path, kind):
    arguments = ("bound", claim_folder / kind, "--store", tmp_path, "--json", "--width", "1e-5")
    first, again = freerand(*arguments), freerand(*arguments)
    assert {row["how"] for row in again.data} == {"checked"}
    assert [{**row, "how": 0} for row in first.data] == [{**row, "how": 0} for row in again.data]


def test_that_no_strategy_passes_is_kept_too(freerand, tmp_path):
    asked = tmp_path / "none.toml"
    asked.write_text(
        """
[scenario]
family = "chsh"
[source]
kind = "uniform"
[adversary]
devices = "local"
[[test]]
functional = "chsh"
relation = ">="
score = "5/2"
[ask]
quantity = "guessing-probability"
of = "A"
at = [0, 0]
"""
    )
    arguments = ("bound", asked, "--store", tmp_path / "store", "--json")
    first, again = freerand(*arguments), freerand(*arguments)
    assert (first.code, first.err) == (again.code, again.err) == (0, "")  # an answer, proved
    assert [row["infeasible"] for row in first.data] == [True]
    assert [row["how"] for row in again.data] == ["checked"]
    shown = freerand(*arguments[:-1])
    assert "answer      no strategy passes the tests (proved)" in shown.out
    asked.write_text(asked.read_text() + "[expect]\nvalue = 1\n")
    assert freerand(*arguments).code == 1  # the file expects an answer
    asked.write_text(asked.read_text().replace("value = 1", 'value = "none"'))
    assert freerand(*arguments).code == 0
    (row,) = freerand("verify", asked, "--json").data
    assert row["verdict"].startswith("PROVED")
    assert freerand("check", "--store", tmp_path / "store").code == 0


def test_the_attack_of_a_threshold_is_the_one_that_refutes(tmp_path):
    path = next(path for path in claims() if path.stem == "chained_local_threshold_sv")
    found = next(iter(sweep(path, {"scenario.N": "2"}, store=tmp_path)))
    body = found.result.certificate
    assert body["below"]["attack"] is None  # no local model below the threshold, one above
    assert [part.as_json() for part in found.result.attack] == body["above"]["attack"]["strategies"]
    assert sum(part.weight for part in found.result.attack) == 1


# ------------------------------------------------------------------ what is noticed


def damage(path, way):
    body = path.read_text()
    entry = json.loads(body)
    if way == "cut off":
        path.write_text(body[: len(body) // 2])
    elif way == "empty":
        path.write_text("")
    elif way == "another digit":
        path.write_text(body.replace('"upper":"', '"upper":"1', 1))
    elif way == "another answer":
        entry["stored"]["address"] = "0" * 64
        path.write_text(json.dumps(stores._sealed(entry)))
    elif way == "no object":
        path.write_text("[1, 2]")
    else:  # forged: a smaller upper end, and the digest made anew
        entry["answer"]["upper"] = entry["answer"]["lower"] = "1/4"
        path.write_text(json.dumps(stores._sealed(entry)))


@pytest.mark.parametrize("way", ["cut off", "empty", "another digit", "another answer", "no object"])
def test_a_damaged_entry_is_said_and_computed_anew(freerand, tmp_path, way):
    arguments = ("bound", *ONE, "--store", tmp_path, "--json")
    (first,) = freerand(*arguments).data
    (path,) = Store(tmp_path).paths()
    whole = certificate_of(json.loads(path.read_text()))
    damage(path, way)
    with pytest.raises(DamagedError):
        entry_from(path.read_bytes(), path.stem)
    bad = freerand("check", "--store", tmp_path)
    assert bad.code in (1, 2)
    run = freerand(*arguments)
    assert run.code == 0
    assert run.err.startswith(f"{path}: ")
    assert run.err.endswith("computed anew\n")
    assert run.err.count("\n") == 1
    assert run.data[0]["how"] == "solved"
    assert run.data[0]["upper"] == first["upper"]
    assert certificate_of(json.loads(path.read_text())) == whole
    assert freerand("check", "--store", tmp_path).code == 0
    assert freerand(*arguments).data[0]["how"] == "checked"


@pytest.mark.parametrize("verb", ["verify", "bound"])
def test_a_forged_entry_does_not_pass_an_exact_check(freerand, tmp_path, verb):
    arguments = (verb, "chsh_local_score_sv", "--store", tmp_path, "--json")
    assert freerand(*arguments).code == 0
    paths = list(Store(tmp_path).paths())
    damage(paths[0], "forged")
    run = freerand("check", "--store", tmp_path)
    assert run.code == 1
    assert f"{paths[0]}: REJECTED" in run.out
    assert f"{len(paths) - 1} of {len(paths)} certificates check" in run.out
    again = freerand(*arguments)
    assert again.code == 0
    assert "rejected" in again.err
    assert again.err.endswith("computed anew\n")
    assert sorted(row["how"] for row in again.data) == sorted(["checked"] * (len(paths) - 1) + ["solved"])
    assert freerand("check", "--store", tmp_path).code == 0


def test_a_store_that_is_emptied_while_it_is_read(tmp_path, leakage):
    answers = sweep(leakage, {"scenario.N": "2", "source.epsilon": "0,1/50,1/25"}, store=tmp_path / "store")
    before = [found.result.bracket for found in answers]
    shutil.rmtree(tmp_path / "store")
    assert [found.result.bracket for found in answers] == before
    assert len(list(Store(tmp_path / "store").paths())) == 3


def test_an_answer_that_was_not_narrow_is_tried_in_another_way_once(freerand, tmp_path, monkeypatch):
    import numpy as np

    from freerand_opt.answers import answering
    from freerand_opt.programs.solution import Solution

    def useless(program, limit):
        rows, columns = program.shape
        return Solution("stopped", "useless", np.zeros(columns), np.zeros(rows), None, None, 0.0, 1.0, 1.0)

    arguments = ("bound", *ONE, "--store", tmp_path, "--json")
    with monkeypatch.context() as patch:
        patch.setattr(answering, "solver_named", lambda name: useless)
        poor = freerand(*arguments)
        assert poor.code == 1
        assert freerand(*arguments).data[0]["how"] == "checked"
    # the same way again, though the solver has recovered: not computed twice
    assert freerand(*arguments).data[0]["how"] == "checked"
    better = freerand(*arguments, "--time-limit", "60")
    assert (better.code, better.data[0]["how"]) == (0, "solved")
    assert freerand(*arguments).data[0]["upper"] == better.data[0]["upper"]
    (path,) = Store(tmp_path).paths()
    assert len(json.loads(path.read_text())["stored"]["tried"]) == 2
    with monkeypatch.context() as patch:  # a worse answer never replaces a better one
        patch.setattr(answering, "solver_named", lambda name: useless)
        assert freerand(*arguments, "--time-limit", "9").data[0]["upper"] == better.data[0]["upper"]


def test_a_solver_that_is_named_answers_for_itself(freerand, tmp_path):
    arguments = ("bound", *ONE, "--store", tmp_path, "--json")
    (first,) = freerand(*arguments).data
    (named,) = freerand(*arguments, "--solver", "clarabel").data
    assert (named["how"], named["solver"]) == ("solved", "clarabel")
    assert len(list(Store(tmp_path).paths())) == 2
    (again,) = freerand(*arguments, "--solver", "clarabel").data
    assert (again["how"], again["solver"]) == ("checked", "clarabel")
    (auto,) = freerand(*arguments).data
    assert (auto["how"], auto["solver"]) == ("checked", first["solver"])


def test_fresh_solves_again_and_keeps_the_new_answer(freerand, tmp_path):
    arguments = ("bound", *ONE, "--store", tmp_path, "--json")
    freerand(*arguments)
    (path,) = Store(tmp_path).paths()
    entry = json.loads(path.read_text())
    entry["stored"]["method"] = "another"
    path.write_text(json.dumps(stores._sealed(entry)))
    assert freerand(*arguments).data[0]["method"] == "another"
    (fresh,) = freerand(*arguments, "--fresh").data
    assert (fresh["how"], fresh["method"] == "another") == ("solved", False)
    assert json.loads(path.read_text())["stored"]["method"] == fresh["method"]


def test_a_store_that_cannot_be_written_is_one_line(freerand, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(work, "answer", lambda *a, **k: pytest.fail("computed"))
    run = freerand("bound", *ONE, "--store", tmp_path / "file")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error: --store: ")
    run = freerand("check", "--store", tmp_path / "none")
    assert run.code == 2
    assert "no answer is stored in" in run.err


def test_without_a_cache_answers_are_kept_elsewhere_and_it_is_said(freerand, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    run = freerand("bound", *ONE)
    assert run.code == 0
    assert "cannot be written, so answers are kept in" in run.err
    shutil.rmtree(Path(run.err.split("kept in ")[1].split(" (")[0]))


# ------------------------------------------------------------------ several writers


def test_several_writers_on_one_store(tmp_path, leakage):
    script = (
        "import sys\nimport freerand_opt as fr\n"
        f"a = fr.sweep({str(leakage)!r}, {{'scenario.N': '2,4', 'source.epsilon': '0:1/10:1/100'}}, "
        "store=sys.argv[1], jobs=1)\n"
        "rows = fr.table(a)\nassert not a.failed and len(rows) == 22\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for writer in writers:
        _, err = writer.communicate(timeout=300)
        assert (writer.returncode, err) == (0, "")
    assert len(list(Store(tmp_path).paths())) == 22
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".json"]
    alone = sweep(leakage, {"scenario.N": "2,4", "source.epsilon": "0:1/10:1/100"}, store=tmp_path / "alone")
    together = sweep(leakage, {"scenario.N": "2,4", "source.epsilon": "0:1/10:1/100"}, store=tmp_path)
    assert {found.result.how for found in together} == {"checked"}
    assert [found.result.certificate for found in alone] == [found.result.certificate for found in together]


def test_a_threshold_wider_than_asked_answers_but_is_not_as_narrow_as_asked():
    """An undecided stretch may be wider than the width; its certificate is still this question's."""
    file = read(next(path for path in claims() if path.stem == "chained_local_threshold_sv"))
    instance = file.instances[0]
    body = json.loads(
        certificate_path(file.path.parent / "certificates", file.name, instance.name).read_text()
    )
    finer = replace(instance, threshold=replace(instance.threshold, width=instance.threshold.width / 10**6))
    assert asking.answers(body, instance)
    assert asking.about(body, file, instance)
    assert asking.answers(body, finer)
    assert not asking.about(body, file, finer)
