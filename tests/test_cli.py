"""The command line as its users meet it: what is on stdout, on stderr, in files, and the exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from freerand_opt.answers.verification import check_certificate, load
from freerand_opt.catalogue import claims
from freerand_opt.certificates.check import enclosure, number
from freerand_opt.errors import InputError
from freerand_opt.spec.file import read

#: The verdict on what rests on a program that the checker has not derived from the question.
TRUSTED = "PROVED (program trusted)"
KEYS = {
    *("name", "instance", "claim", "verdict", "lower", "upper", "lower_float", "upper_float"),
    *("expected", "solver", "seconds", "certificate"),
}
CHSH = ("chsh_local_score_sv", "source.epsilon=1/20")


def process(*arguments, cwd, **options):
    """Run the real command."""
    return subprocess.run(
        [sys.executable, "-m", "freerand_opt", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,
    )


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def is_one_error(run):
    """Whether stderr is one line that starts with `error:`."""
    assert "Traceback" not in run.err
    return run.err.startswith("error: ") and run.err.count("\n") == 1


# ------------------------------------------------------------------ list and show


def test_list_names_every_claim_with_its_reference(freerand):
    run = freerand("list")
    assert (run.code, run.err) == (0, "")
    for path in claims():
        file = read(path)
        assert f"{file.name}  ({len(file.instances)} instances" in run.out
        assert file.claim in run.out
        assert file.reference in run.out


def test_list_as_json(freerand):
    data = freerand("list", "--json").data
    assert [entry["name"] for entry in data] == [path.stem for path in claims()]
    assert all(entry["instances"] and entry["title"] for entry in data)


def test_show_a_question_in_words(freerand):
    run = freerand("show", "chained_leakage_fixed_sv", "--instance", "N=4 epsilon=1/20")
    assert (run.code, run.err) == (0, "")
    for words in ("4 settings", "epsilon = 1/20 (0 perfect)", "[9/20, 11/20]", "chained <=", "sha256:"):
        assert words in run.out


def test_show_sets_fields(freerand):
    run = freerand("show", "chsh_local_score_sv", "--set", "source.epsilon=1/3")
    assert "epsilon = 1/3" in run.out


def test_show_the_program_as_json(freerand, fresh):
    program = freerand("show", "no_signalling_guess_chsh", "--as", "json").data
    assert program == json.loads(fresh["guess"].read_text())["multipliers"]["program"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("mps", ("ROWS", "COLUMNS", "RHS", "ENDATA")),
        ("cbf", ("VER", "OBJSENSE", "VAR", "CON")),
        ("vipr", ("VER", "VAR", "CON", "RTP", "DER")),
    ],
)
def test_show_exchange_formats(freerand, form, words):
    run = freerand("show", "no_signalling_guess_chsh", "--as", form)
    assert (run.code, run.err) == (0, "")
    lines = {line.split()[0] for line in run.out.splitlines() if line.strip()}
    assert set(words) <= lines


def test_show_a_computation(freerand):
    run = freerand("show", "theorem_2_exponent")
    assert run.code == 0
    assert "theorem-2-exponent m = 299/100, i = 1/100" in run.out
    refused = freerand("show", "theorem_2_exponent", "--as", "mps")
    assert (refused.code, refused.out) == (2, "")
    assert is_one_error(refused)


def test_show_the_schema_of_question_files(freerand):
    jsonschema = pytest.importorskip("jsonschema")
    schema = freerand("show", "--schema").data
    jsonschema.validators.validator_for(schema).check_schema(schema)


def test_show_a_certificate_tells_the_attack(freerand, fresh):
    run = freerand("show", fresh["score"])
    assert (run.code, run.err) == (0, "")
    for words in ("119/50", "attack      ", "weight 1/2: box errs on (0, 0) alone", "most likely"):
        assert words in run.out


@pytest.mark.parametrize("kind", ["threshold", "worst", "root", "none", "lifted"])
def test_show_certificates_of_other_kinds(freerand, fresh, kind):
    run = freerand("show", fresh[kind])
    assert (run.code, run.err) == (0, "")
    assert ("attack      " in run.out) == (kind in ("worst", "lifted"))
    assert ("local model " in run.out) == (kind == "threshold")


# ------------------------------------------------------------------ bound and verify


def test_bound_one_question_in_words(freerand):
    run = freerand("bound", *CHSH)
    assert (run.code, run.err) == (0, "")
    for words in ("answer      119/50", "verdict     PROVED", "certificate sha256:", "attack      "):
        assert words in run.out


def test_overrides_with_ranges_and_lists_give_a_table(freerand):
    run = freerand(
        "bound", "chained_local_score_sv", "source.epsilon=0:1/10:1/20", "scenario.N=2,4", "--json"
    )
    rows = run.data
    base = [row for row in rows if row["instance"].startswith("N=")]
    assert [row["instance"] for row in base] == [
        f"N={n} epsilon={e}" for n in (2, 4) for e in ("0", "1/20", "1/10")
    ]
    for row in rows:  # (1 - 2 eps)^(2 r)
        n = 2 if "N=2" in row["instance"] else 4
        epsilon = Fraction(row["instance"].rsplit("=", 1)[1])
        assert Fraction(row["lower"]) == Fraction(row["upper"]) == (1 - 2 * epsilon) ** n
        assert row["verdict"] == TRUSTED
    table = freerand("bound", "chained_local_score_sv", "source.epsilon=0:1/10:1/20", "scenario.N=2,4").out
    assert table.count("PROVED") == len(rows)


def test_json_has_exact_ends_and_floats_rounded_outward(freerand, fresh):
    rows = freerand("bound", "no_signalling_guess_chsh", "--json").data
    assert len(rows) == 4
    for row in rows:
        assert set(row) >= KEYS
        low, high = (number(row[end]) for end in ("lower", "upper"))
        assert Fraction(row["lower_float"]) <= enclosure(low, 200)[0]
        assert Fraction(row["upper_float"]) >= enclosure(high, 200)[1]
        assert row["upper_float"] - row["lower_float"] < 1e-12
        assert row["solver"] == "highs"
        assert row["certificate"].startswith("sha256:")
    assert [row["verdict"] for row in rows] == [TRUSTED] * 4


def test_json_has_null_where_nothing_is_proved(freerand, claim_folder):
    (row,) = freerand("bound", claim_folder / "strategy.toml", "--json").data
    assert (row["lower"], row["upper"], row["lower_float"], row["expected"]) == (None, "0", None, None)
    (row,) = freerand("bound", claim_folder / "strategy.toml", "source.epsilon=1/10", "--json").data
    assert (row["lower"], row["upper"], row["upper_float"]) == ("1", None, None)


def test_stdout_of_the_real_process_is_json_alone(tmp_path):
    run = process("bound", *CHSH, "--json", cwd=tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)[0]["exact"] == "119/50"
    assert files_below(tmp_path) == []


def test_verify_compares_with_the_claims(freerand, tmp_path):
    report = tmp_path / "reports" / "claims.md"
    run = freerand("verify", "chsh_local_score_sv", "theorem_2_exponent", "--report", report)
    assert (run.code, run.err) == (0, "")
    assert "9 instances: 5 PROVED (program trusted), 3 PROVED*, 1 REFUTED (as expected)" in run.out
    assert "docs/proofs/theorem-2-exponent.md" in run.out
    text = report.read_text()
    assert text.count("| PROVED (program trusted) |") == 5
    assert "## chsh_local_score_sv" in text


def test_verify_as_json(freerand):
    run = freerand("verify", "chsh_local_score_sv", "--json")
    assert run.code == 0
    assert all(set(row) >= KEYS and row["verdict"] == TRUSTED for row in run.data)


def test_a_false_claim_is_refuted(freerand, claim_folder):
    run = freerand("verify", claim_folder / "false_claim.toml", "--json")
    assert run.code == 1
    assert [row["verdict"] for row in run.data] == ["REFUTED"]
    assert Fraction(run.data[0]["lower"]) == Fraction(68, 25)
    expected = freerand("verify", claim_folder / "false_claim_expected.toml", "--json")
    assert expected.code == 0
    assert [row["verdict"] for row in expected.data] == ["REFUTED"]
    assert "REFUTED (as expected)" in freerand("verify", claim_folder / "false_claim_expected.toml").out


def test_a_true_claim_is_not_refuted_as_expected(freerand, claim_folder, tmp_path):
    text = (claim_folder / "false_claim_expected.toml").read_text()
    (tmp_path / "true.toml").write_text(text.replace("at_most = 2", "at_most = 3"))
    run = freerand("verify", tmp_path / "true.toml", "--json")
    assert run.code == 1
    assert run.data[0]["verdict"] == TRUSTED
    assert run.data[0]["as_expected"] is False


def test_what_the_bracket_does_not_decide_is_undecided(freerand, claim_folder):
    run = freerand("verify", claim_folder / "undecided.toml", "--json")
    assert run.code == 1
    assert [(row["verdict"], row["as_expected"]) for row in run.data] == [
        ("UNDECIDED", False),
        ("UNDECIDED", True),
    ]


def test_a_program_that_is_too_weak_leaves_the_claim_undecided(freerand, monkeypatch):
    import numpy as np

    from freerand_opt.answers import answering
    from freerand_opt.programs.solution import Solution

    def useless(program, limit):
        rows, columns = program.shape
        return Solution("stopped", "useless", np.zeros(columns), np.zeros(rows), None, None, 0.0, 1.0, 1.0)

    monkeypatch.setattr(answering, "solver_named", lambda name: useless)
    run = freerand("verify", "chsh_local_score_sv", "--json")
    assert run.code == 1
    assert {row["verdict"] for row in run.data} == {"UNDECIDED"}
    for row in run.data:
        assert row["lower"] is None
        assert Fraction(row["upper"]) >= 2


def test_brackets_that_are_too_wide(freerand):
    run = freerand("bound", "no_signalling_guess_chsh", "--width", "0", "--json")
    assert run.code == 1
    (words,) = run.err.splitlines()
    assert words.startswith("no_signalling_guess_chsh S = 2 sqrt 2: the bracket is wider than 0: rounding")
    assert len(run.data) == 4
    assert freerand("bound", "no_signalling_guess_chsh", "--width", "nan").code == 1


# ------------------------------------------------------------------ infeasible cells


def test_an_infeasible_cell_does_not_stop_the_others(freerand, claim_folder, tmp_path):
    run = freerand("bound", claim_folder / "infeasible_cell.toml", "--json", "--certificates", tmp_path)
    assert run.code == 1  # answers, but the file expects others
    rows = {row["instance"]: row for row in run.data}
    assert rows["epsilon=1/5"]["verdict"] == TRUSTED
    for cell in ("epsilon=0", "epsilon=1/20"):
        assert rows[cell]["verdict"] == "UNDECIDED"  # nothing is true of what does not exist
        assert rows[cell]["infeasible"] is True
        assert rows[cell]["lower"] is rows[cell]["upper"] is None
        assert (
            f"infeasible_cell {cell}: no strategy passes the tests (proved), and the file expects" in run.err
        )
    assert run.err.count("\n") == 2
    assert len(files_below(tmp_path)) == 3
    assert freerand("check", *files_below(tmp_path)).code == 0
    table = freerand("verify", claim_folder / "infeasible_cell.toml")
    assert table.code == 1
    assert table.out.count("no strategy passes the tests (proved)") == 2
    assert "1 PROVED (program trusted)" in table.out


def test_a_cell_without_a_program_does_not_stop_the_others(freerand, tmp_path):
    (tmp_path / "grid.toml").write_text(
        "\n".join(
            [
                "[scenario]",
                'family = "chained"',
                "N = 2",
                "[source]",
                'kind = "santha-vazirani"',
                'epsilon = "1/10"',
                "[adversary]",
                'devices = "local"',
                "[ask]",
                'quantity = "score"',
                'functional = "chained"',
                'extreme = "largest"',
            ]
        )
    )
    run = freerand("bound", tmp_path / "grid.toml", "scenario.N=2,1024", "--json")
    assert run.code == 2
    assert [(row["instance"], row["note"]) for row in run.data] == [("N=2", None), ("N=1024", "too large")]
    assert run.data[1]["lower"] is run.data[1]["upper"] is None
    assert is_one_error(run)
    assert "N=1024" in run.err


# ------------------------------------------------------------------ certificates and check


def test_certificates_that_bound_writes_are_accepted_by_check(freerand, tmp_path):
    run = freerand("bound", "no_signalling_guess_chsh", "--certificates", tmp_path)
    assert run.code == 0
    written = files_below(tmp_path)
    assert [path.name for path in written] == [
        "S_=_2_sqrt_2.json",
        "S_=_4.json",
        "S_=_5_2.json",
        "main.json",
    ]
    checked = freerand("check", *written)
    assert (checked.code, checked.err) == (0, "")
    assert checked.out.endswith("4 of 4 certificates check, 4 of them with the program trusted\n")
    assert "3/4 <= guessing-probability <= 3/4" in checked.out


def test_check_as_json(freerand, fresh, tmp_path):
    (tmp_path / "wrong.json").write_text(fresh["score"].read_text().replace("119/50", "118/50"))
    run = freerand("check", fresh["score"], tmp_path / "wrong.json", "--json")
    assert run.code == 1
    assert [entry["ok"] for entry in run.data] == [True, False]
    assert "118/50" not in run.data[0]["lines"]


def test_check_rejects_a_stronger_claim_in_words(freerand, fresh, tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text(fresh["score"].read_text().replace("119/50", "118/50"))
    run = freerand("check", wrong)
    assert run.code == 1
    assert f"{wrong}: REJECTED: " in run.out
    shown = freerand("show", wrong)
    assert (shown.code, shown.out) == (1, "")
    assert is_one_error(shown)


def test_certificates_of_equal_names_are_all_kept(freerand, claim_folder, tmp_path):
    text = (claim_folder / "worst.toml").read_text().replace("worst", "average")
    twice = text + '[[instances]]\nname = "entropy"\nsource = { epsilon = "1/30" }\n'
    (tmp_path / "twice.toml").write_text(twice)
    run = freerand("bound", tmp_path / "twice.toml", "--certificates", tmp_path / "kept", "--json")
    assert run.code == 0
    kept = [path.relative_to(tmp_path / "kept").as_posix() for path in files_below(tmp_path / "kept")]
    assert kept == ["twice/entropy.json", "twice/entropy__2.json", "twice/main.json"]
    assert load(tmp_path / "kept/twice/entropy__2.json")["question"]["source"]["epsilon"] == "1/30"


def test_long_instance_names_fit_into_a_file_name(freerand, claim_folder, tmp_path):
    name = "a very long name " * 30
    body = (claim_folder / "false_claim.toml").read_text()
    body += "".join(f'[[instances]]\nname = "{name}{k}"\nsource = {{ epsilon = "1/{k}" }}\n' for k in (3, 4))
    (tmp_path / "long.toml").write_text(body)
    run = freerand("bound", tmp_path / "long.toml", "--certificates", tmp_path / "kept")
    assert run.code == 0, run.err
    assert len({path.name for path in files_below(tmp_path / "kept")}) == 3


# ------------------------------------------------------------------ bad input: exit code 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("bound", "chsh_local_scor_sv"), "did you mean 'chsh_local_score_sv'?"),
        (("verify", "chained_gess"), "did you mean 'chained_guess'?"),
        (("show", "chained_gess"), "did you mean 'chained_guess'?"),
        (("bound", "chsh_local_score_sv", "source.epsilon=3/5"), "3/5 is not in [0, 1/2)"),
        (("bound", "chsh_local_score_sv", "source.epsilon=-1/20"), "-1/20 is not in [0, 1/2)"),
        (("bound", "chsh_local_score_sv", "source.epsilon=x"), "source.epsilon: 'x'"),
        (("bound", "chsh_local_score_sv", "source.epsilon="), "field=value"),
        (("bound", "chsh_local_score_sv", "source.epsilom=1/20"), "did you mean 'epsilon'?"),
        (("bound", "chsh_local_score_sv", "sorce.epsilon=1/20"), "did you mean 'source'?"),
        (("bound", "chsh_local_score_sv", "source.epsilon=0:1"), "source.epsilon"),
        (("bound", "chsh_local_score_sv", "source.epsilon=0:1/5:0"), "step > 0"),
        (("bound", "source.epsilon=1/20"), "at least one question file or claim is needed"),
        (("bound", "nowhere.toml"), "nowhere.toml: cannot be read"),
        (("bound", "chsh_local_score_sv", "--solver", "higs"), "did you mean 'highs'?"),
        (("verify", "chained_fixed_limit", "--solver", "higs"), "did you mean 'highs'?"),
        (("bound", "chsh_local_score_sv", "--fast"), "--fast"),
        (("bound", "chsh_local_score_sv", "--time-limit", "0"), "--time-limit"),
        (("bond",), "bond"),
        (("show", "chsh_local_score_sv", "--as", "msp"), "did you mean 'mps'?"),
        (("show", "chsh_local_score_sv", "--instance", "epsilon=1/21"), "did you mean 'epsilon=1/20'?"),
        (("show", "chsh_local_score_sv", "--set", "source.epsilon"), "field=value"),
        (("show",), "is needed"),
        (("show", "nowhere.json"), "nowhere.json: cannot be read"),
        (("check",), "no certificate"),
        (("check", "nowhere.json"), "nowhere.json: cannot be read"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(freerand, arguments, words):
    run = freerand(*arguments)
    assert run.code == 2
    assert is_one_error(run)
    assert words in run.err
    assert run.out in ("", "0 of 1 certificates check\n")


NOISE = bytes(range(256)) * 3


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty"),
        (NOISE, "is not UTF-8"),
        (b"hello there\n", "is not TOML"),
        (b"[[[[[", "is not TOML"),
    ],
)
def test_question_files_that_are_none(freerand, tmp_path, body, words):
    path = tmp_path / "question.toml"
    path.write_bytes(body)
    for verb in ("bound", "verify", "show"):
        run = freerand(verb, path)
        assert (run.code, run.out) == (2, "")
        assert is_one_error(run)
        assert str(path) in run.err
        assert words in run.err


@pytest.mark.parametrize(
    "body", [b"", NOISE, b"hello there\n", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b'{"kind": "brac']
)
def test_certificates_that_cannot_be_read(freerand, fresh, tmp_path, body):
    path = tmp_path / "proof.json"
    path.write_bytes(body)
    run = freerand("check", path, fresh["score"])  # the other one is still checked
    assert run.code == 2
    assert is_one_error(run)
    assert str(path) in run.err
    assert run.out.endswith("1 of 2 certificates check, 1 of them with the program trusted\n")
    shown = freerand("show", path)
    assert (shown.code, shown.out) == (2, "")
    assert is_one_error(shown)


@pytest.mark.parametrize("body", ["[]", "3", "null", '{"a": 1, "a": 2}', '{"a": 0.5}', '{"a": NaN}', "{}"])
def test_json_that_is_no_certificate_is_rejected(freerand, tmp_path, body):
    path = tmp_path / "proof.json"
    path.write_text(body)
    run = freerand("check", path)
    assert (run.code, run.err) == (1, "")
    assert "REJECTED" in run.out


def test_a_folder_is_no_file(freerand, tmp_path):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "folder.toml").mkdir()
    for arguments in (("check", "folder.json"), ("show", "folder.json"), ("bound", "folder.toml")):
        run = freerand(arguments[0], tmp_path / arguments[1])
        assert run.code == 2
        assert is_one_error(run)


def test_nothing_is_computed_or_left_if_certificates_cannot_be_written(freerand, tmp_path, monkeypatch):
    from freerand_opt.sweeps import work

    (tmp_path / "file").write_text("taken")
    monkeypatch.setattr(work, "answer", lambda *a, **k: pytest.fail("something was computed"))
    for folder in (tmp_path / "file", tmp_path / "file" / "below", "/proc/none/here"):
        run = freerand("bound", *CHSH, "--certificates", folder)
        assert (run.code, run.out) == (2, "")
        assert is_one_error(run)
        assert "nothing was computed" in run.err
    run = freerand("verify", *CHSH[:1], "--report", tmp_path / "file" / "claims.md")
    assert (run.code, run.out) == (2, "")
    assert is_one_error(run)
    run = freerand("verify", *CHSH[:1], "--report", tmp_path)
    assert (run.code, run.out) == (2, "")
    assert files_below(tmp_path) == [tmp_path / "file"]
    assert (tmp_path / "file").read_text() == "taken"


def test_bad_input_leaves_no_folder(freerand, tmp_path):
    for bad in (("source.epsilon=3/5",), ("--solver", "higs"), ("source.epsilon=x",)):
        assert freerand("bound", CHSH[0], *bad, "--certificates", tmp_path / "new").code == 2
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ solvers that cannot run: exit code 3


def test_a_named_solver_without_licence_is_exit_code_3(freerand, tmp_path):
    mosek = pytest.importorskip("mosek")
    pytest.importorskip("cvxpy")
    try:
        with mosek.Env() as env:
            env.checkoutlicense(mosek.feature.pts)
        pytest.skip("MOSEK has a licence here")
    except mosek.Error:
        pass
    run = freerand("bound", *CHSH, "--solver", "cvxpy:MOSEK", "--certificates", tmp_path / "new")
    assert (run.code, run.out) == (3, "")
    assert is_one_error(run)
    assert "MOSEK" in run.err
    assert "licence" in run.err
    assert list(tmp_path.iterdir()) == []


def test_a_solver_that_cvxpy_does_not_have_is_exit_code_3(freerand):
    pytest.importorskip("cvxpy")
    run = freerand("verify", CHSH[0], "--solver", "cvxpy:NOSUCH")
    assert (run.code, run.out) == (3, "")
    assert is_one_error(run)
    assert "NOSUCH" in run.err


def test_a_missing_cvxpy_is_exit_code_3(freerand, monkeypatch):
    monkeypatch.setitem(sys.modules, "cvxpy", None)
    run = freerand("bound", *CHSH, "--solver", "cvxpy:CLARABEL")
    assert (run.code, run.out) == (3, "")
    assert is_one_error(run)
    assert "cvxpy" in run.err


# ------------------------------------------------------------------ whole files, interruption, start


def test_a_failure_while_writing_leaves_no_half_file(freerand, tmp_path, monkeypatch):
    path = tmp_path / "chsh_local_score_sv" / "main.json"
    path.parent.mkdir()
    path.write_text("old")

    def full(source, target):
        assert Path(source).read_text().startswith("{")  # all was written beside the target
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    run = freerand("bound", *CHSH, "--certificates", tmp_path)
    assert run.code == 2
    assert is_one_error(run)
    assert "No space left" in run.err
    assert files_below(tmp_path) == [path]
    assert path.read_text() == "old"


def test_an_interrupt_while_writing_leaves_no_half_file(freerand, tmp_path, monkeypatch):
    def interrupted(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    run = freerand("bound", *CHSH, "--certificates", tmp_path)
    assert run.code == 130
    assert files_below(tmp_path) == []


def test_certificates_are_readable_by_others(freerand, tmp_path):
    freerand("bound", *CHSH, "--certificates", tmp_path)
    (path,) = files_below(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_an_interrupted_verify_has_written_is_complete(tmp_path):
    running = subprocess.Popen(
        [sys.executable, "-m", "freerand_opt", "verify", "--certificates", tmp_path / "proofs"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while running.poll() is None and len(list((tmp_path / "proofs").glob("*/*.json"))) < 4:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert err.strip().startswith("error: interrupted")
    files = files_below(tmp_path / "proofs")
    assert len(files) >= 4
    for path in files:
        assert path.suffix == ".json"
        assert not path.name.startswith(".")
        assert check_certificate(load(path))


def test_a_reader_that_leaves_sees_no_traceback(tmp_path):
    running = subprocess.Popen(
        [sys.executable, "-m", "freerand_opt", "list"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert (running.wait(timeout=60), err) == (1, "")


def test_version_imports_nothing_heavy(tmp_path):
    script = (
        "import sys\n"
        "from freerand_opt.commands.cli import main\n"
        "sys.argv = ['freerand', '--version']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n"
        "    heavy = {'numpy', 'scipy', 'highspy', 'flint', 'cvxpy', 'mosek'} & set(sys.modules)\n"
        "    print(end.code, sorted(heavy))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    from freerand_opt import __version__

    assert run.stdout.splitlines() == [f"freerand {__version__}", "0 []"]
    assert run.stderr == ""


def test_help_names_the_verbs(freerand):
    run = freerand("--help")
    assert run.code == 0
    assert all(verb in run.out for verb in ("list", "show", "bound", "verify", "check"))
    assert freerand().code == 2


def test_every_source_is_put_into_words():
    from typing import get_args

    from freerand_opt.model import source as model
    from freerand_opt.reporting.words import _source

    tenth = Fraction(1, 10)
    made = {
        model.Uniform(): ("uniform", ""),
        model.SanthaVazirani(tenth): ("[2/5, 3/5]", "interleaved"),
        model.Mutual(tenth): ("[2/5, 3/5]", "both ways"),
        model.PerParty((model.Uniform(), model.SanthaVazirani(tenth))): ("A: uniform", "B: Santha-Vazirani"),
        model.MeasurementDependence(tenth, Fraction(1, 2)): ("1/10 <= P(settings|W) <= 1/2", ""),
        model.Inequalities(((((0, Fraction(1)),), tenth),)): ("1 inequalities", ""),
    }
    assert {type(source) for source in made} == set(get_args(model.Source))
    for source, words in made.items():
        text = "\n".join(_source(source, "AB"))
        assert all(word in text for word in words)


def test_load_says_what_is_wrong(tmp_path):
    (tmp_path / "cut.json").write_text('{"kind": "bracket", "na')
    with pytest.raises(InputError, match="was it cut off"):
        load(tmp_path / "cut.json")
