"""The command line as its users meet it: what is on stdout, on stderr, in files, and the exit code."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from freerand_opt.model.files.catalogue import claims

CHSH = ("chsh_local_score_sv", "source.epsilon=1/20")
ROW = {
    *("name", "instance", "claim", "verdict", "as_expected", "lower", "upper", "lower_float", "upper_float"),
    *("expected", "seconds", "certificate", "how", "proofs", "question"),
}


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


def is_narrow(text):
    return max(map(len, text.splitlines()), default=0) <= 80


# ------------------------------------------------------------------ list and show


def test_list_names_every_claim_with_its_reference(freerand):
    run = freerand("list")
    assert (run.code, run.err) == (0, "")
    assert is_narrow(run.out)
    data = freerand("list", "--json").data
    assert [entry["name"] for entry in data] == [path.stem for path in claims()]
    assert all(entry["title"] and entry["claim"] and entry["reference"] and entry["count"] for entry in data)
    assert all(f"{entry['name']}  (" in run.out for entry in data)
    counts = {entry["name"]: entry["count"] for entry in data}
    assert counts["chained_leakage_fixed_sv"] == 4 * 13  # the product of its grid


def test_show_a_question_in_words(freerand):
    run = freerand("show", "chained_leakage_fixed_sv", "--instance", "N=4 epsilon=1/20")
    assert (run.code, run.err) == (0, "")
    assert is_narrow(run.out)
    for words in ("4 settings", "[9/20, 11/20]", "trace-distance", "chained"):
        assert words in run.out


def test_show_says_what_symmetries_leave(freerand):
    """Gisin's elegant functional at level 1, by hand: rotations of a tetrahedron and the exchange of signs.

    A's three observables are a vector, B's four a vector and a line, 1 a line of its own: blocks 2, 1, 1.
    Free are the cosine between two of B's and the correlation of A with B.
    """
    run = freerand("show", "elegant_quantum_score", "--set", "adversary.level=1", "--symmetry", "find")
    assert "2 moments besides <1> are left, of 28; blocks: 1 of 2 x 2, 2 of 1 x 1" in run.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("chsh_quantum_guess", "--symmetry", "A0 -> A1"), "two observables have the same image"),
        (("chsh_local_score_sv", "--symmetry", "find"), "only moment matrices"),
        (("chsh_quantum_guess", "--symmetry", "find", "--as", "toml"), "in words alone"),
    ],
)
def test_show_refuses_symmetries_that_mean_nothing(freerand, arguments, words):
    run = freerand("show", *arguments)
    assert (run.code, run.out) == (2, "")
    assert is_one_error(run)
    assert words in run.err


def test_show_sets_fields(freerand):
    assert "[1/6, 5/6]" in freerand("show", "chsh_local_score_sv", "--set", "source.epsilon=1/3").out


@pytest.mark.parametrize("form", ["toml", "json"])
def test_what_is_shown_can_be_asked(freerand, tmp_path, form):
    import freerand_opt.model as model

    text = freerand("show", *CHSH[:1], "--set", CHSH[1], "--as", form).out
    if form == "json":
        text = model.Question.from_dict(json.loads(text)).to_toml()
    (tmp_path / "mine.toml").write_text(text)
    (row,) = freerand("bound", tmp_path / "mine.toml", "--json").data
    assert row["lower"] == row["upper"] == "119/50"


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
    refused = freerand("show", "theorem_2_exponent", "--as", form)
    assert (refused.code, refused.out) == (2, "")
    assert is_one_error(refused)


def test_show_a_computation(freerand):
    run = freerand("show", "theorem_2_exponent")
    assert run.code == 0
    assert "theorem-2-exponent m = 299/100, i = 1/100" in run.out


def test_show_the_schema_and_the_fields_of_question_files(freerand):
    jsonschema = pytest.importorskip("jsonschema")
    schema = freerand("show", "--schema").data
    jsonschema.validators.validator_for(schema).check_schema(schema)
    assert "`epsilon`" in freerand("show", "--fields").out


@pytest.mark.parametrize("kind", ["score", "threshold", "worst", "none", "exists", "lifted"])
def test_show_certificates_of_all_kinds(freerand, fresh, kind):
    run = freerand("show", fresh[kind])
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("OK ")
    said = {"score": "119/50", "none": "no strategy", "exists": "a strategy exists"}
    assert said.get(kind, "in [") in run.out


# ------------------------------------------------------------------ bound and verify


def test_bound_one_question_in_words(freerand):
    run = freerand("bound", *CHSH)
    assert (run.code, run.err) == (0, "")
    assert is_narrow(run.out)
    for words in ("answer      119/50", "verdict     PROVED", "certificate ", "attack      ", "source      "):
        assert words in run.out


def test_overrides_with_ranges_and_lists_give_a_table(freerand):
    asked = ("bound", "chained_local_score_sv", "source.epsilon=0:1/10:1/20", "scenario.N=2,4")
    rows = freerand(*asked, "--json").data
    base = [row for row in rows if row["instance"].startswith("N=")]
    assert [row["instance"] for row in base] == [
        f"N={n} epsilon={e}" for n in (2, 4) for e in ("0", "1/20", "1/10")
    ]
    for row in rows:  # (1 - 2 eps)^(2 r)
        n = 2 if "N=2" in row["instance"] else 4
        epsilon = Fraction(row["instance"].rsplit("=", 1)[1])
        assert Fraction(row["lower"]) == Fraction(row["upper"]) == (1 - 2 * epsilon) ** n
        assert row["verdict"] == "PROVED"
    table = freerand(*asked).out
    assert table.count("PROVED") == len(rows)
    assert is_narrow(table)


def test_json_has_exact_ends_and_floats_rounded_outward(freerand):
    from freerand_opt.numbers.exact import compare
    from freerand_opt.numbers.parse import parse

    rows = freerand("bound", "no_signalling_guess_chsh", "--json").data
    assert len(rows) == 4
    for row in rows:
        assert set(row) >= ROW
        assert compare(parse(row["lower"]), Fraction(row["lower_float"])) >= 0
        assert compare(parse(row["upper"]), Fraction(row["upper_float"])) <= 0
        assert row["upper_float"] - row["lower_float"] < 1e-9
    assert [row["verdict"] for row in rows] == ["PROVED"] * 4


def test_json_has_null_where_nothing_is_proved(freerand, claim_folder):
    (row,) = freerand("bound", claim_folder / "strategy.toml", "--json").data
    assert (row["lower"], row["upper"], row["infeasible"], row["answer"]) == (None, None, True, "none")
    (row,) = freerand("bound", claim_folder / "strategy.toml", "source.epsilon=1/10", "--json").data
    assert (row["upper"], row["upper_float"], row["answer"]) == (None, None, "exists")


def test_stdout_of_the_real_process_is_json_alone(tmp_path):
    run = process("bound", *CHSH, "--json", cwd=tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)[0]["exact"] == "119/50"
    assert files_below(tmp_path) == []


def test_verify_compares_with_the_claims(freerand, tmp_path):
    report = tmp_path / "reports" / "claims.md"
    run = freerand("verify", "chsh_local_score_sv", "--report", report)
    assert (run.code, run.err) == (0, "")
    assert "5 instances: 5 PROVED" in run.out
    text = report.read_text()
    assert text.count("| PROVED |") == 5
    assert "## chsh_local_score_sv" in text
    (first, *_) = freerand("verify", "chsh_local_score_sv", "--json").data
    assert set(first) >= ROW


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
    assert run.data[0]["verdict"] == "PROVED"
    assert run.data[0]["as_expected"] is False


def test_where_no_method_finds_anything_the_claim_is_undecided(freerand, monkeypatch):
    from freerand_opt.bounds import methods

    monkeypatch.setattr(methods, "METHODS", ())
    run = freerand("verify", "chsh_local_score_sv", "--json", "--jobs", "1")
    assert run.code == 1
    assert {(row["verdict"], row["lower"], row["upper"]) for row in run.data} == {("UNDECIDED", None, None)}


def test_brackets_that_are_too_wide(freerand):
    run = freerand("bound", "no_signalling_guess_chsh", "--width", "0", "--json")
    assert len(run.data) == 4
    wide = [row["instance"] for row in run.data if row["exact"] is None]
    assert run.code == (1 if wide else 0)
    assert len(run.err.splitlines()) == len(wide)


# ------------------------------------------------------------------ no strategy, no program


def test_that_no_strategy_passes_is_an_answer_and_stops_nothing(freerand, claim_folder, tmp_path):
    run = freerand("bound", claim_folder / "infeasible_cell.toml", "--json", "--certificates", tmp_path)
    assert run.code == 1  # the file expects an answer
    rows = {row["instance"]: row for row in run.data}
    assert rows["epsilon=1/5"]["verdict"] == "PROVED"
    for cell in ("epsilon=0", "epsilon=1/20"):
        assert rows[cell]["verdict"] == "UNDECIDED"  # nothing is true of what does not exist
        assert rows[cell]["infeasible"] is True
        assert rows[cell]["lower"] is rows[cell]["upper"] is None
        assert f"{cell}: no strategy passes the tests (proved)" in run.err
    assert len(files_below(tmp_path)) == 3
    assert freerand("check", *files_below(tmp_path)).code == 0
    text = (claim_folder / "infeasible_cell.toml").read_text().replace("at_most = 1", 'value = "none"')
    (tmp_path / "none.toml").write_text(text.replace('["0", "1/20", "1/5"]', '["0", "1/20"]'))
    assert freerand("bound", tmp_path / "none.toml").code == 0
    assert freerand("verify", tmp_path / "none.toml").code == 0


def test_a_cell_without_a_program_does_not_stop_the_others(freerand, tmp_path, monkeypatch):
    from freerand_opt.errors import TooLargeError
    from freerand_opt.runner import job

    true = job.bound

    def bound(instance, **options):
        if "N=4" in instance.name:
            raise TooLargeError("too many columns")
        return true(instance, **options)

    monkeypatch.setattr(job, "bound", bound)
    run = freerand("bound", "chained_local_score_sv", "scenario.N=2,4", "--json", "--jobs", "1")
    assert run.code == 3
    notes = {row["instance"]: row["note"] for row in run.data}
    assert set(notes.values()) == {None, "too large"}
    assert all((row["lower"] is None) == (row["note"] is not None) for row in run.data)
    assert "N=4" in run.err


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
    assert checked.out.endswith("4 of 4 certificates check\n")
    assert "guessing-probability in [3/4, 3/4]" in checked.out


def test_check_is_the_kernels_own_command(freerand, fresh, tmp_path):
    (tmp_path / "wrong.json").write_text(fresh["threshold"].read_text().replace('"at":"', '"at":"1', 1))
    for path in (fresh["score"], fresh["worst"], tmp_path / "wrong.json", tmp_path / "none.json"):
        alone = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _KERNEL, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        run = freerand("check", path)
        assert run.code == alone.returncode
        said = (run.out + run.err).removeprefix("error: ")
        assert said.split() == (alone.stdout + alone.stderr).split()  # folded, and no more
        assert is_narrow("\n".join(run.out.splitlines()[1:]))
        (whole,) = freerand("check", path, "--json").data
        assert "\n".join(whole["lines"]) + "\n" == alone.stdout + alone.stderr


_KERNEL = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from freerand_opt.checker.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_check_rejects_a_stronger_claim(freerand, fresh, tmp_path):
    """Of a threshold the end at which the attack stands is moved below it."""
    body = json.loads(fresh["threshold"].read_text())
    body["above"]["at"] = body["below"]["at"]
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(body))
    run = freerand("check", fresh["score"], wrong, "--json")
    assert run.code == 1
    assert [entry["ok"] for entry in run.data] == [True, False]
    assert f"REJECTED {wrong}" in freerand("check", wrong).out
    shown = freerand("show", wrong)
    assert (shown.code, shown.out) == (1, "")
    assert is_one_error(shown)


def test_a_limit_of_work_is_exit_code_3(freerand, fresh):
    run = freerand("check", fresh["score"], "--work", "3")
    assert run.code == 3
    assert "TOO MUCH WORK" in run.out


def test_check_needs_no_solver(tmp_path, fresh):
    """`freerand check` runs where nothing but the standard library and the command line can be imported."""
    script = (
        "import sys\n"
        "for name in ('clarabel', 'highspy', 'scipy', 'numpy', 'flint', 'msgspec'):\n"
        "    sys.modules[name] = None\n"
        "from freerand_opt.cli.main import main\n"
        f"sys.argv = ['freerand', 'check', {str(fresh['score'])!r}]\nmain()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("OK ")


def test_certificates_of_equal_names_are_all_kept(freerand, claim_folder, tmp_path):
    text = (claim_folder / "worst.toml").read_text().replace("worst", "average")
    twice = text + '[[instances]]\nname = "entropy"\nsource = { epsilon = "1/30" }\n'
    (tmp_path / "twice.toml").write_text(twice)
    asked = (
        "bound",
        tmp_path / "twice.toml",
        "--certificates",
        tmp_path / "kept",
        "--json",
        "--width",
        "1e-4",
    )
    assert freerand(*asked).code == 0
    kept = [path.relative_to(tmp_path / "kept").as_posix() for path in files_below(tmp_path / "kept")]
    assert kept == ["twice/entropy.json", "twice/entropy__2.json", "twice/main.json"]
    held = json.loads((tmp_path / "kept/twice/entropy__2.json").read_text())
    assert held["question"]["source"]["epsilon"] == "1/30"


def test_long_instance_names_fit_into_a_file_name(freerand, claim_folder, tmp_path):
    name = "a very long name " * 10
    body = (claim_folder / "false_claim.toml").read_text()
    body += "".join(f'[[instances]]\nname = "{name}{k}"\nsource = {{ epsilon = "1/{k}" }}\n' for k in (3, 4))
    (tmp_path / "long.toml").write_text(body)
    run = freerand("bound", tmp_path / "long.toml", "--certificates", tmp_path / "kept")
    assert run.code == 0, run.err
    assert len({path.name for path in files_below(tmp_path / "kept")}) == 3
    assert is_narrow(run.out)


def test_peers_are_put_beside_ours(freerand):
    for name in ("picos", "cvxopt", "cvxpy", "ncpol2sdpa"):
        pytest.importorskip(name)
    run = freerand("verify", "no_signalling_guess_chsh", "--cross-check", "--json")
    assert (run.code, run.err) == (0, "")
    assert [row["verdict"] for row in run.data] == ["agrees"] * 4


# ------------------------------------------------------------------ report, plot, simulate


def test_a_report_is_three_files_and_its_certificates(freerand, tmp_path):
    run = freerand("report", "chsh_local_score_sv", "--no-figures", "-o", tmp_path / "out")
    assert (run.code, run.err) == (0, "")
    names = {path.relative_to(tmp_path / "out").as_posix() for path in files_below(tmp_path / "out")}
    assert {"claims.md", "claims.tex", "index.html"} <= names
    certificates = [tmp_path / "out" / name for name in names if name.endswith(".json")]
    assert len(certificates) == 5
    assert freerand("check", *certificates).code == 0
    page = (tmp_path / "out/index.html").read_text()
    assert all(path.relative_to(tmp_path / "out").as_posix() in page for path in certificates)


def test_a_figure_of_ones_own_question(freerand, tmp_path):
    pytest.importorskip("matplotlib")
    asked = ("plot", "chsh_local_score_sv", "source.epsilon=0:1/5:1/10", "-o", tmp_path / "mine.svg")
    run = freerand(*asked)
    assert (run.code, run.err) == (0, "")
    assert run.out.split() == [str(tmp_path / f"mine{end}") for end in (".svg", ".csv", ".caption.tex")]
    listed = freerand("plot").out.splitlines()
    assert [line.split()[0] for line in listed][:2] == ["leakage", "ladder"]
    refused = freerand("plot", "leakige")
    assert refused.code == 2
    assert "did you mean 'leakage'?" in refused.err


def test_a_simulation_says_what_it_wrote(freerand, tmp_path):
    protocol = Path(__file__).parents[2] / "docs" / "protocols" / "window.toml"
    run = freerand("simulate", protocol, "sampling.runs=50", "--csv", tmp_path / "rows.csv", "--json")
    assert run.code == 0
    assert run.err == f"wrote {tmp_path / 'rows.csv'}\n"
    assert run.data
    assert freerand("simulate").code == 2


# ------------------------------------------------------------------ hints


def test_long_fractions_are_cut_on_the_screen_alone(freerand, tmp_path):
    number = f"1/{10**40 + 9}"
    fields = ("bound", "chsh_local_score_sv", f"source.epsilon={number}")
    run = freerand(*fields)
    assert run.code == 0
    assert is_narrow(run.out)
    (row,) = freerand(*fields, "--json").data
    epsilon = Fraction(number)
    assert Fraction(row["exact"]) == 4 - 8 * (Fraction(1, 2) - epsilon) ** 2


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("", "nothing is tested"),
        ('[[test]]\nfunctional = "chsh"\nrelation = "<="\nscore = 3\n', "bounds chsh from above"),
        ('[[test]]\nfunctional = "chsh"\nrelation = ">="\nscore = 3\n', ""),
    ],
)
def test_questions_that_mean_little_get_a_hint(freerand, tmp_path, test, words):
    body = '[scenario]\nfamily = "chsh"\n[source]\nkind = "uniform"\n[adversary]\ndevices = "no-signalling"\n'
    body += f'{test}[ask]\nquantity = "guessing-probability"\nof = "A"\nat = [0, 0]\n'
    (tmp_path / "mine.toml").write_text(body)
    run = freerand("bound", tmp_path / "mine.toml")
    assert run.code == 0
    assert run.err.startswith("hint: ") == bool(words)
    assert all(len(line) <= 80 for line in run.err.splitlines())
    assert words in " ".join(run.err.split())


# ------------------------------------------------------------------ bad input: exit code 2

HOWTO = Path(__file__).parents[2] / "docs" / "howto"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("bound", "chsh_local_scor_sv"), "did you mean 'chsh_local_score_sv'?"),
        (("verify", "chained_gess"), "did you mean 'chained_guess'?"),
        (("show", "chained_gess"), "did you mean 'chained_guess'?"),
        (("bound", "chsh_local_score_sv", "source.epsilon=3/5"), "3/5"),
        (("bound", "chsh_local_score_sv", "source.epsilon=-1/20"), "-1/20"),
        (("bound", "chsh_local_score_sv", "source.epsilon=x"), "source.epsilon: 'x'"),
        (("bound", "chsh_local_score_sv", "source.epsilon="), "field=value"),
        (("bound", "chsh_local_score_sv", "source.epsilom=1/20"), "did you mean 'epsilon'?"),
        (("bound", "chsh_local_score_sv", "sorce.epsilon=1/20"), "did you mean 'source'?"),
        (("bound", "chsh_local_score_sv", "source.epsilon=0:1"), "source.epsilon"),
        (("bound", "chsh_local_score_sv", "source.epsilon=0:1/5:0"), "step > 0"),
        (("bound", "chsh_local_score_sv", "source.epsilon=1/5", "source.epsilon=1/6"), "given twice"),
        (("bound", "chsh_local_score_sv", "source.epsilon=>1/5"), "set with = alone"),
        (("bound", "chsh_local_score_sv", "test.score>=2"), "set with = alone"),
        (("bound", "source.epsilon=1/20"), "at least one question file or claim is needed"),
        (("bound", "nowhere.toml"), "nowhere.toml: cannot be read"),
        (("bound", "chsh_local_score_sv", "--solver", "higs"), "did you mean 'highs'?"),
        (("verify", "chsh_local_score_sv", "--solver", "higs"), "did you mean 'highs'?"),
        (("bound", "chsh_local_score_sv", "--fast"), "--fast"),
        (("bound", "chsh_local_score_sv", "--time-limit", "0"), "--time-limit"),
        (("bound", "chsh_local_score_sv", "--width", "-1"), "at least 0"),
        (("bound", "chsh_local_score_sv", "--width", "nan"), "at least 0"),
        (("bound", "chsh_local_score_sv", "--symmetry", "A0 = B0"), "no relabelling"),
        (("bound", HOWTO / "run.toml"), "run.toml: Question.ask: bits is a statement about data"),
        (("rate", HOWTO / "key.toml", "--width", "0"), "key.toml: width: 0 is reached by no entropy"),
        (("bound", "chsh_local_score_sv", "source.kind=information"), "information is a key of 'on-average'"),
        (("best", "--efficiency", "2"), "efficiency: '2'"),
        (("bound", "chsh_quantum_guess", "test.score=2*pi"), "test[0].score: 2*pi is no sum of fraction"),
        (("bound", "chsh_quantum_guess", "scenario.family=CHSH"), "did you mean 'chsh'?"),
        (("bound", ""), "'' is neither a file nor a claim"),
        (("best", "--epsilon", "0", "--certificates", HOWTO / "key.toml"), "cannot be written"),
        (("bond",), "bond"),
        (("show", "chsh_local_score_sv", "--as", "tolm"), "did you mean 'toml'?"),
        (("show", "chsh_local_score_sv", "--instance", "epsilon=1/21"), "did you mean 'epsilon=1/20'?"),
        (("show", "chsh_local_score_sv", "--set", "source.epsilon"), "field=value"),
        (("show",), "is needed"),
        (("show", "nowhere.json"), "nowhere.json"),
        (("check",), "no certificate"),
        (("check", "nowhere.json"), "nowhere.json"),
        (("verify", "chsh_local_score_sv", "--resume"), "--certificates"),
        (("store", "list", "nowhere"), "no answer is stored in nowhere"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(freerand, arguments, words):
    run = freerand(*arguments)
    assert run.code == 2
    assert is_one_error(run)
    assert words in run.err
    assert run.out == ""


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
    "body",
    [
        *(b"", NOISE, b"hello there\n", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b'{"kind": "brac'),
        *(b"[]", b"3", b"null", b'{"a": 1, "a": 2}', b'{"a": 0.5}', b'{"a": NaN}', b"{}"),
    ],
)
def test_certificates_that_cannot_be_read(freerand, fresh, tmp_path, body):
    path = tmp_path / "proof.json"
    path.write_bytes(body)
    run = freerand("check", path, fresh["score"])  # the other one is still checked
    assert run.code == 2
    assert is_one_error(run)
    assert str(path) in run.err
    assert run.out.endswith("1 of 2 certificates check\n")
    shown = freerand("show", path)
    assert (shown.code, shown.out) == (2, "")
    assert is_one_error(shown)


def test_a_folder_is_no_file(freerand, tmp_path):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "folder.toml").mkdir()
    for arguments in (("check", "folder.json"), ("show", "folder.json"), ("bound", "folder.toml")):
        run = freerand(arguments[0], tmp_path / arguments[1])
        assert run.code == 2
        assert is_one_error(run)


def test_nothing_is_computed_or_left_if_something_cannot_be_written(freerand, tmp_path, monkeypatch):
    from freerand_opt.runner import job

    (tmp_path / "file").write_text("taken")
    monkeypatch.setattr(job, "bound", lambda *a, **k: pytest.fail("something was computed"))
    for folder in (tmp_path / "file", tmp_path / "file" / "below", "/proc/none/here"):
        for option in ("--certificates", "--store"):
            run = freerand("bound", *CHSH, option, folder, "--jobs", "1")
            assert (run.code, run.out) == (2, "")
            assert is_one_error(run)
            assert "nothing was computed" in run.err
    for target in (tmp_path / "file" / "claims.md", tmp_path):
        run = freerand("verify", *CHSH[:1], "--report", target)
        assert (run.code, run.out) == (2, "")
        assert is_one_error(run)
    for bad in (("source.epsilon=3/5",), ("--width", "x"), ("source.epsilon=x",)):
        assert freerand("bound", CHSH[0], *bad, "--certificates", tmp_path / "new").code == 2
    assert files_below(tmp_path) == [tmp_path / "file"]
    assert (tmp_path / "file").read_text() == "taken"


def test_a_solver_that_is_not_here_ends_a_run_with_code_3(freerand, monkeypatch):
    from freerand_opt.errors import SolverUnavailableError
    from freerand_opt.runner import job

    def gone(*arguments, **options):
        raise SolverUnavailableError("HiGHS is not installed on that machine")

    monkeypatch.setattr(job, "bound", gone)
    run = freerand("bound", *CHSH, "--jobs", "1")
    assert (run.code, run.out) == (3, "")
    assert is_one_error(run)


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


@pytest.mark.parametrize("quiet", [False, True])
def test_where_certificates_were_written_is_said_once(freerand, tmp_path, quiet):
    run = freerand("bound", CHSH[0], "source.epsilon=0,1/20", "--certificates", tmp_path, *["-q"] * quiet)
    assert len(files_below(tmp_path)) == 2
    assert run.err == ("" if quiet else f"wrote {tmp_path} (2 certificates)\n")


def test_certificates_are_readable_by_others(freerand, tmp_path):
    freerand("bound", *CHSH, "--certificates", tmp_path)
    (path,) = files_below(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_an_interrupted_verify_has_written_is_complete(freerand, tmp_path):
    asked = ["bound", "chained_leakage_fixed_sv", "--store", tmp_path / "store"]
    running = subprocess.Popen(
        [sys.executable, "-m", "freerand_opt", *map(str, asked), "--certificates", str(tmp_path / "proofs")],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 120
        while running.poll() is None and len(list((tmp_path / "proofs").glob("*/*.json"))) < 4:
            assert time.monotonic() < until
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 130
    assert out == ""
    assert err == "error: interrupted; what was written is complete\n"
    files = files_below(tmp_path / "proofs")
    assert len(files) >= 4
    assert freerand("check", *files).code == 0


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


HEAVY = {"numpy", "scipy", "highspy", "flint", "cvxpy", "mosek", "rich", "freerand_opt.bounds.methods.linear"}
SMALL = ("bound", "chsh_local_score_sv", "source.epsilon=1/20", "-q", "--fresh", "--store", "here")


@pytest.mark.parametrize(
    ("words", "heavy"), [(("--version",), {*HEAVY, "msgspec", "sqlite3"}), (SMALL, HEAVY)], ids=["", "closed"]
)
def test_version_and_closed_forms_import_nothing_heavy(tmp_path, words, heavy):
    script = (
        "import sys\n"
        "from freerand_opt.cli.main import main\n"
        "sys.argv = ['freerand', *sys.argv[1:]]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n"
        f"    print(end.code, sorted({heavy} & set(sys.modules)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    from freerand_opt import __version__

    assert run.stdout.splitlines()[-1] == "0 []"
    assert words is SMALL or run.stdout.splitlines()[0] == f"freerand {__version__}"
    assert run.stderr == ""


def test_verbs_read_texts_without_pydantic_and_numbers_with_it(tmp_path, freerand):
    """Of typer's readers only numbers, and what is wrong, need any; before typer 0.29 none does."""
    script = (
        "import sys\n"
        "from freerand_opt.cli.main import main\n"
        "sys.argv = ['freerand', *sys.argv[1:]]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n"
        "    print(end.code, 'pydantic' in sys.modules, file=sys.stderr)\n"
    )
    question = ("bound", "chsh_local_score_sv", "source.epsilon=1/20", "--store", str(tmp_path), "-q")
    for words, loaded in ((("list",), False), (question, False), ((*question, "--time-limit", "9"), True)):
        run = subprocess.run(
            [sys.executable, "-c", script, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        needed = loaded and importlib.util.find_spec("typer._adapters") is not None
        assert run.stderr.splitlines()[-1] == f"0 {needed}", words
    wrong = freerand("check", "--work", "many", "x.json")
    assert wrong.code == 2
    assert "--work" in wrong.err
    assert freerand("bound", "--time-limit", "0", "chsh_local_score_sv").code == 2


def test_help_teaches(freerand):
    run = freerand("--help")
    assert run.code == 0
    assert is_narrow(run.out)
    assert all(verb in run.out for verb in ("list", "show", "bound", "verify", "check", "store"))
    assert freerand().code == 2
    grouped = freerand("bound", "--help").out
    assert all(panel in grouped for panel in ("What is asked", "How well it is answered", "Where it runs"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("freerand exp", ["experiment"]),
        ("freerand bound chsh_local_score_s", ["chsh_local_score_sources", "chsh_local_score_sv"]),
        ("freerand plot visib", ["visibility"]),
        ("freerand show mine.toml --as c", ["cbf"]),
        ("freerand bound mine.toml --solver q", ["qics"]),
    ],
)
def test_shells_complete_verbs_claims_figures_forms_and_solvers(tmp_path, typed, found):
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    command = "import sys; from freerand_opt.cli.main import main; sys.argv[0] = 'freerand'; main()"
    run = subprocess.run(
        [sys.executable, "-c", command],
        cwd=tmp_path,
        env={**os.environ, **words, "_FREERAND_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.split() == found


def test_a_question_beyond_the_limits_of_size_says_so(freerand, tmp_path):
    """1,296 guess functions of three parties at four settings: nothing is proved, and nobody waits."""
    path = tmp_path / "large.toml"
    path.write_text(
        "[scenario]\nsettings = { A = 2, B = 2, C = 1 }\noutcomes = { A = 2, B = 2, C = 3 }\n"
        '[source]\nkind = "measurement-dependence"\nlower = "1/34"\nupper = "52/100"\n'
        '[adversary]\ndevices = "no-signalling"\n'
        '[[test]]\nterms = { "P(012|100)" = 1 }\nrelation = ">="\nscore = "1/10"\n'
        '[ask]\nquantity = "trace-distance"\nat = "average"\n'
        "of = { table = [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2] }\n",
        encoding="utf-8",
    )
    run = freerand("bound", path)
    assert run.code == 1
    assert "answer      [-, -]" in run.out
    assert "too many" in run.out
    assert "nothing was proved" in run.out
    (row,) = freerand("bound", path, "--json").data
    assert (row["lower"], row["upper"], row["certificate"]) == (None, None, None)
