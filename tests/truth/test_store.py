"""The store: what is hashed, what is kept, what is noticed, and how many may write at once."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from freerand_opt.model.files.catalogue import claims
from freerand_opt.model.files.file import read
from freerand_opt.runner import address as addressing
from freerand_opt.runner import job
from freerand_opt.runner.address import address
from freerand_opt.runner.job import DamagedError
from freerand_opt.runner.store import Store
from freerand_opt.runner.sweep import sweep

LEAKAGE = "chained_leakage_fixed_sv"
ONE = (LEAKAGE, "scenario.N=2", "source.epsilon=1/20")
NONE = """
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


@pytest.fixture
def leakage():
    return next(path for path in claims() if path.stem == LEAKAGE)


def at(epsilon, n="2"):
    return {"scenario.N": n, "source.epsilon": epsilon}


def one(path, **overrides):
    (instance,) = read(path, overrides).instances
    return address(instance)


def entries(folder):
    """The entries of a store by address."""
    with closing(Store(folder)) as store:
        return {entry.address: entry for entry in store.entries()}


def rows_of(run):
    """What is said of answers, apart from whether they were stored."""
    return [{**row, "how": None} for row in run.data]


@pytest.fixture
def never(monkeypatch):
    monkeypatch.setattr(job, "bound", lambda *a, **k: pytest.fail("computed again"))


# ------------------------------------------------------------------ what is hashed


def test_the_address_is_of_exact_numbers_and_not_of_words(leakage, tmp_path):
    place = one(leakage, **at("1/20"))
    assert place == one(leakage, **at("0.05")) == one(leakage, **at("(sqrt(4) - 1)/20"))
    assert place != one(leakage, **at("0.0500000000000000000001"))
    other = tmp_path / "other_name.toml"
    text = leakage.read_text().replace('title     = "Leakage', 'title     = "Another')
    other.write_text(text.replace('order   = "interleaved"\n', ""))  # which is the default
    assert place == one(other, **at("1/20"))
    other.write_text(text.replace('score      = "observed"', 'score      = "2 - sqrt(2)"'))
    assert place == one(other, **at("1/20"))  # the same test, spelt out


def test_the_address_can_be_computed_by_anybody(leakage):
    """SHA-256 of JSON with sorted keys: the question as certificates carry it, versions, a named solver."""
    (instance,) = read(leakage, at("1/20")).instances
    edges = [[0, 0, 0], [0, 1, 1], [1, 0, 0], [1, 1, 0]]
    question = {
        "settings": [2, 2],
        "outcomes": [2, 2],
        "source": {"kind": "bits", "order": [[0, 0], [1, 0]], "epsilon": "1/20"},
        "observed": "uniform",
        "devices": "no-signalling",
        "tests": [
            {
                "on": "conditional",
                "errors": edges,
                "relation": "<=",
                "score": [[1, "0", "2"], [2, "0", "-1"]],
            }
        ],
        "ask": {"quantity": "trace-distance", "of": [0], "values": [0, 1], "count": 2, "at": [0, 0]},
    }
    held = addressing.asked(instance)
    question["tests"][0]["score"] = held["question"]["tests"][0]["score"]  # how the kernel spells 2 - sqrt 2
    plain = {
        "format": "freerand-question",
        "version": 2,
        "checker": addressing.checker_version(),
        "kind": "bracket",
        "quantity": "trace-distance",
        "question": question,
    }
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    assert address(instance) == hashlib.sha256(text.encode()).hexdigest()
    text = json.dumps({**plain, "solver": "highs"}, sort_keys=True, separators=(",", ":"))
    assert address(instance, "highs") == hashlib.sha256(text.encode()).hexdigest()


def test_the_address_holds_the_version_of_the_kernel(leakage, monkeypatch):
    before = one(leakage, **at("1/20"))
    monkeypatch.setattr(addressing, "checker_version", lambda: "another")
    assert one(leakage, **at("1/20")) != before


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


# ------------------------------------------------------------------ what is kept


def test_an_entry_is_a_certificate_that_the_kernel_reads_alone(freerand, tmp_path):
    """SQLite's own shell and zlib are all that is needed to get at it."""
    assert freerand("bound", *ONE, "--store", tmp_path).code == 0
    with closing(sqlite3.connect(tmp_path / "answers.db")) as file:
        ((place, body, digest),) = file.execute("SELECT address, certificate, digest FROM answers")
    text = zlib.decompress(body).decode()
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    (tmp_path / "proof.json").write_text(text)
    run = subprocess.run(
        [sys.executable, "-m", "freerand_opt.checker", str(tmp_path / "proof.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    (listed,) = freerand("store", "list", tmp_path, "--json").data
    assert (listed["address"], listed["name"]) == (place, LEAKAGE)


def test_what_is_there_is_not_computed_again(freerand, tmp_path, request):
    asked = ("bound", LEAKAGE, "scenario.N=2", "source.epsilon=0:1/10:1/50", "--json", "--store", tmp_path)
    first = freerand(*asked)
    assert first.code == 0
    request.getfixturevalue("never")
    again = freerand(*asked, "--jobs", "1")
    assert {row["how"] for row in first.data} == {"solved"}
    assert {row["how"] for row in again.data} == {"stored"}
    assert rows_of(first) == rows_of(again)


def test_another_name_gets_the_same_answer_under_its_own_names(freerand, leakage, tmp_path, request):
    freerand("bound", *ONE, "--store", tmp_path / "store")
    other = tmp_path / "mine.toml"
    other.write_text(leakage.read_text())
    request.getfixturevalue("never")
    kept = ("--store", tmp_path / "store", "--certificates", tmp_path / "proofs", "--jobs", "1")
    run = freerand("bound", other, *ONE[1:], *kept)
    assert run.code == 0
    assert run.out.startswith("mine\n")
    assert freerand("check", tmp_path / "proofs/mine/main.json").code == 0


@pytest.mark.parametrize("kind", ["worst.toml", "strategy.toml"])
def test_answers_of_every_kind_come_back_as_they_were(freerand, claim_folder, tmp_path, kind):
    asked = ("bound", claim_folder / kind, "--store", tmp_path, "--json", "--width", "1e-4")
    first, again = freerand(*asked), freerand(*asked)
    assert {row["how"] for row in again.data} == {"stored"}
    assert rows_of(first) == rows_of(again)


def test_a_threshold_comes_back_as_it_was(freerand, tmp_path, request):
    asked = ("bound", "chained_local_threshold_sv", "scenario.N=2", "--store", tmp_path, "--json")
    first = freerand(*asked)
    request.getfixturevalue("never")
    assert rows_of(first) == rows_of(freerand(*asked, "--jobs", "1"))


def test_that_no_strategy_passes_is_kept_too(freerand, tmp_path):
    asked = tmp_path / "none.toml"
    asked.write_text(NONE)
    arguments = ("bound", asked, "--store", tmp_path / "store", "--json")
    first, again = freerand(*arguments), freerand(*arguments)
    assert (first.code, first.err) == (again.code, again.err) == (0, "")  # an answer, proved
    assert [row["infeasible"] for row in first.data] == [True]
    assert [row["how"] for row in again.data] == ["stored"]
    assert "answer      no strategy passes the tests (proved)" in freerand(*arguments[:-1]).out
    asked.write_text(asked.read_text() + "[expect]\nvalue = 1\n")
    assert freerand(*arguments).code == 1  # the file expects an answer
    asked.write_text(asked.read_text().replace("value = 1", 'value = "none"'))
    assert freerand(*arguments).code == 0
    (row,) = freerand("verify", asked, "--json").data
    assert row["verdict"].startswith("PROVED")
    assert freerand("check", "--store", tmp_path / "store").code == 0


# ------------------------------------------------------------------ what is noticed


def damage(folder, way, place=None):
    """Change the first entry of a store (or the one at a place), or its file."""
    path = folder / "answers.db"
    if way == "cut off":
        path.write_bytes(path.read_bytes()[:5000])
        return
    if way == "no database":
        path.write_bytes(b"hello there" * 100)
        return
    with closing(sqlite3.connect(path)) as file, file:
        place = place or min(row[0] for row in file.execute("SELECT address FROM answers"))
        ((body,),) = file.execute("SELECT certificate FROM answers WHERE address = ?", (place,))
        text = zlib.decompress(body).decode()
        digest = hashlib.sha256(text.encode()).hexdigest()
        if way == "another digit":
            text = text.replace('"1', '"11', 1)
        elif way == "not compressed":
            file.execute("UPDATE answers SET certificate = ? WHERE address = ?", (b"{}", place))
            return
        elif way == "forged":  # a weaker question, honestly proved, and the digest made anew
            certificate = json.loads(text)
            certificate["attack"] = None
            certificate["upper"] = {**certificate["upper"], "prices": {"settings": {"all": "0", "but": []}}}
            text = json.dumps(certificate)
            digest = hashlib.sha256(text.encode()).hexdigest()
        row = (zlib.compress(text.encode()), digest, place)
        file.execute("UPDATE answers SET certificate = ?, digest = ? WHERE address = ?", row)


@pytest.mark.parametrize("way", ["another digit", "not compressed", "cut off", "no database"])
def test_damage_is_said_and_the_answer_computed_anew(freerand, tmp_path, way):
    asked = ("bound", *ONE, "--store", tmp_path, "--json")
    (first,) = freerand(*asked).data
    damage(tmp_path, way)
    run = freerand(*asked)
    assert run.code == 0
    assert run.err.startswith(f"{tmp_path / 'answers.db'}")
    assert run.err.count("\n") == 1
    assert run.data[0]["how"] == "solved"
    assert run.data[0]["upper"] == first["upper"]
    assert freerand("check", "--store", tmp_path).code == 0
    assert freerand(*asked).data[0]["how"] == "stored"


def test_damage_is_found_by_check(freerand, tmp_path):
    freerand("bound", LEAKAGE, "scenario.N=2", "--store", tmp_path)
    damage(tmp_path, "another digit")
    run = freerand("check", "--store", tmp_path)
    assert run.code == 1
    assert "has changed since it was written" in run.out
    assert run.out.endswith("12 of 13 certificates check\n")


@pytest.mark.parametrize("verb", ["verify", "bound"])
def test_a_forged_entry_does_not_pass_the_kernel(freerand, tmp_path, verb):
    asked = (verb, "chsh_local_score_sv", "--store", tmp_path, "--json")
    first = freerand(*asked)
    assert first.code == 0
    damage(tmp_path, "forged")
    assert freerand("check", "--store", tmp_path).code in (1, 2)
    again = freerand(*asked)
    assert again.code == 0
    assert "rejected" in again.err
    assert again.err.endswith("computed anew\n")
    assert sorted(row["how"] for row in again.data) == ["solved"] + ["stored"] * (len(again.data) - 1)
    ends = [(row["lower"], row["upper"]) for row in first.data]
    assert [(row["lower"], row["upper"]) for row in again.data] == ends
    assert freerand("check", "--store", tmp_path).code == 0


def test_the_proof_of_another_question_is_not_served(freerand, tmp_path):
    """Honest certificates, exchanged: each is right, and about something else."""
    freerand("bound", LEAKAGE, "scenario.N=2", "source.epsilon=0,1/10", "--store", tmp_path)
    before = entries(tmp_path)
    with closing(sqlite3.connect(tmp_path / "answers.db")) as file, file:
        held = file.execute("SELECT certificate, digest, address FROM answers").fetchall()
        for (body, digest, _), (_, _, place) in zip(held, reversed(held), strict=True):
            file.execute(
                "UPDATE answers SET certificate = ?, digest = ? WHERE address = ?", (body, digest, place)
            )
    assert freerand("check", "--store", tmp_path).code == 0  # they do prove something
    run = freerand("bound", LEAKAGE, "scenario.N=2", "source.epsilon=0,1/10", "--store", tmp_path, "--json")
    assert run.err.count("the certificate is about another question; computed anew") == 2
    assert {place: entry.kept.certificate for place, entry in entries(tmp_path).items()} == {
        place: entry.kept.certificate for place, entry in before.items()
    }


def test_ends_that_were_edited_are_not_believed(freerand, tmp_path):
    """The ends beside a certificate are for lists alone."""
    asked = ("bound", *ONE, "--store", tmp_path, "--json")
    (first,) = freerand(*asked).data
    with closing(sqlite3.connect(tmp_path / "answers.db")) as file, file:
        file.execute("UPDATE answers SET lower = '0', upper = '0'")
    (again,) = freerand(*asked).data
    assert (again["how"], again["upper"]) == ("stored", first["upper"])


def test_a_store_that_is_emptied_in_the_middle(tmp_path, leakage):
    fields = {"scenario.N": "2", "source.epsilon": "0,1/50,1/25"}
    before = [found.result.bracket for found in sweep(leakage, fields, store=tmp_path / "store")]
    shutil.rmtree(tmp_path / "store")
    again = sweep(leakage, fields, store=tmp_path / "store")
    assert [found.result.bracket for found in again] == before
    assert len(entries(tmp_path / "store")) == 3


def test_an_answer_that_was_not_narrow_is_tried_in_another_way_once(freerand, tmp_path, monkeypatch):
    from freerand_opt.bounds import methods

    asked = ("bound", *ONE, "--store", tmp_path, "--json", "--jobs", "1")
    true = methods.METHODS

    def poor(pool, options):
        """Offer the attack of the true method alone."""
        held = pool.offer_upper
        pool.offer_upper = lambda form, how: False
        try:
            for _, method in true:
                for _ in method(pool, options):
                    if pool.attack is not None:
                        return
                    yield
        finally:
            pool.offer_upper = held

    with monkeypatch.context() as patch:
        patch.setattr(methods, "METHODS", (("poor", poor),))
        first = freerand(*asked)
        assert first.code == 1
        assert first.data[0]["upper"] is None
        assert freerand(*asked).data[0]["how"] == "stored"
    # the same way again, though the method has recovered: not computed twice
    assert freerand(*asked).data[0]["how"] == "stored"
    better = freerand(*asked, "--time-limit", "60")
    assert (better.code, better.data[0]["how"]) == (0, "solved")
    assert freerand(*asked).data[0]["upper"] == better.data[0]["upper"]
    (entry,) = entries(tmp_path).values()
    assert len(entry.kept.ways) == 2
    with monkeypatch.context() as patch:  # a worse answer never replaces a better one
        patch.setattr(methods, "METHODS", (("poor", poor),))
        assert freerand(*asked, "--time-limit", "9").data[0]["upper"] == better.data[0]["upper"]


def test_a_solver_that_is_named_answers_for_itself(freerand, tmp_path):
    asked = ("bound", *ONE, "--store", tmp_path, "--json")
    freerand(*asked)
    (named,) = freerand(*asked, "--solver", "highs").data
    assert named["how"] == "solved"
    assert len(entries(tmp_path)) == 2
    assert freerand(*asked, "--solver", "highs").data[0]["how"] == "stored"
    assert freerand(*asked).data[0]["how"] == "stored"


def test_fresh_solves_again_and_keeps_the_new_answer(freerand, tmp_path):
    asked = ("bound", *ONE, "--store", tmp_path, "--json")
    freerand(*asked)
    with closing(sqlite3.connect(tmp_path / "answers.db")) as file, file:
        file.execute("UPDATE answers SET how = ?", (json.dumps([["upper", "another"]]),))
    assert freerand(*asked).data[0]["proofs"] == {"upper": "another"}
    (fresh,) = freerand(*asked, "--fresh").data
    assert fresh["how"] == "solved"
    assert freerand(*asked).data[0]["proofs"] == fresh["proofs"] != {"upper": "another"}


def test_a_store_that_cannot_be_written_is_one_line(freerand, tmp_path, never):
    (tmp_path / "file").write_text("")
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


def test_certificates_of_an_interrupted_run_are_checked_and_not_solved_again(freerand, tmp_path, request):
    asked = ("verify", "chsh_local_score_sv", "--certificates", tmp_path, "--json", "--jobs", "1")
    freerand("bound", "chsh_local_score_sv", "--certificates", tmp_path, "-q")
    lost = sorted(tmp_path.rglob("*.json"))[0]
    forged = json.loads(lost.read_text())
    forged["attack"] = forged["attack"] | {"strategies": []}
    lost.write_text(json.dumps(forged))
    run = freerand(*asked, "--resume")
    assert run.code == 0
    assert sorted(row["how"] for row in run.data) == ["solved"] + ["stored"] * 4
    request.getfixturevalue("never")
    assert {row["how"] for row in freerand(*asked, "--resume").data} == {"stored"}


# ------------------------------------------------------------------ several writers


def test_several_writers_on_one_store(tmp_path, leakage):
    script = (
        "import sys\nfrom freerand_opt.runner.sweep import sweep\n"
        f"a = sweep({str(leakage)!r}, {{'scenario.N': '2,4', 'source.epsilon': '0:1/10:1/100'}}, "
        "store=sys.argv[1], executor=1)\n"
        "assert not a.failed and len(a) == 22\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for writer in writers:
        _, err = writer.communicate(timeout=300)
        assert (writer.returncode, err) == (0, "")
    assert len(entries(tmp_path)) == 22
    fields = {"scenario.N": "2,4", "source.epsilon": "0:1/10:1/100"}
    alone = sweep(leakage, fields, store=tmp_path / "alone")
    together = sweep(leakage, fields, store=tmp_path)
    assert {found.origin for found in together} == {"stored"}
    assert [found.result.certificate for found in alone] == [found.result.certificate for found in together]


def test_shards_are_merged_and_the_narrower_answer_stays(freerand, tmp_path):
    asked = ("bound", LEAKAGE, "scenario.N=2,4", "source.epsilon=0:1/10:1/50", "--store", tmp_path, "--json")
    for number in (1, 2, 3):
        assert freerand(*asked, "--shard", f"{number}/3").code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"1-of-3.db", "2-of-3.db", "3-of-3.db"}
    assert {row["how"] for row in freerand(*asked).data} == {"stored"}
    before = entries(tmp_path)
    run = freerand("store", "merge", tmp_path)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("12 new answers from 3 files")
    assert [path.name for path in tmp_path.iterdir()] == ["answers.db"]
    assert {place: entry.kept for place, entry in entries(tmp_path).items()} == {
        place: entry.kept for place, entry in before.items()
    }
    again = freerand("store", "merge", tmp_path / "other", tmp_path)
    assert again.out.startswith("12 new answers from 1 file ")


def test_what_other_kernels_accepted_is_thrown_away(freerand, tmp_path):
    freerand("bound", LEAKAGE, "scenario.N=2", "source.epsilon=0,1/10", "--store", tmp_path)
    with closing(sqlite3.connect(tmp_path / "answers.db")) as file, file:
        file.execute(
            "UPDATE answers SET checker = 'older' WHERE address = (SELECT MIN(address) FROM answers)"
        )
    assert freerand("store", "gc", tmp_path).out.startswith("1 answers of other versions")
    assert len(entries(tmp_path)) == 1


def test_a_damaged_entry_is_named(tmp_path, freerand):
    freerand("bound", *ONE, "--store", tmp_path)
    damage(tmp_path, "another digit")
    with closing(Store(tmp_path)) as store:
        (error,) = store.entries()
    assert isinstance(error, DamagedError)
