"""The long parts' own judgement: what moves from one kernel to another is noticed."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.long import __main__ as long
from tests.long.kernels import EXACT, USUAL, Run, faults, same_digests, widths

ROOT = Path(__file__).parents[1]
CLAIM = ("chsh_quantum_score", "level=1")


def row(**changes):
    held = {
        "verdict": "PROVED",
        "as_expected": True,
        "infeasible": False,
        "lower_float": 2.8,
        "upper_float": 2.9,
        "proofs": {"upper": "level 1, 1 matrices, clarabel"},
        "certificate": "sha256:1",
    }
    return held | changes


def pair(first, second):
    return [Run("Haswell", {CLAIM: first}), Run("Prescott", {CLAIM: second})]


def test_equal_answers_have_no_fault():
    assert list(faults(pair(row(), row()), {})) == []
    assert same_digests(pair(row(), row())) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdict": "UNDECIDED"}, "verdict moves"),
        ({"infeasible": True}, "infeasible moves"),
        ({"as_expected": False}, "Prescott: chsh_quantum_score level=1 is PROVED"),
        ({"upper_float": 2.9 + 2 * USUAL}, "upper end moves"),
        ({"lower_float": None}, "lower end moves"),
    ],
)
def test_what_moves_is_noticed(changes, words):
    assert words in "\n".join(faults(pair(row(), row(**changes)), {}))


def test_ends_may_move_within_the_claims_width_and_not_at_all_on_sure_routes():
    moved = {"upper_float": 2.9 + 1e-5}
    assert list(faults(pair(row(), row(**moved)), {CLAIM: 1e-4})) == []
    sure = {"proofs": {"upper": "level 1, 1 matrices, on its face"}}
    slightly = {"upper_float": 2.9 + 3 * EXACT}
    assert list(faults(pair(row(**sure), row(**sure, **slightly)), {CLAIM: 1e-4}))
    assert list(faults(pair(row(), row(**slightly)), {CLAIM: 1e-4})) == []


def test_an_answer_that_is_missing_under_one_kernel_is_noticed():
    runs = [*pair(row(), row()), Run("Nehalem", {("other", ""): row()}), Run("SkylakeX", {}, "did not end")]
    found = "\n".join(faults(runs, {}))
    assert "answered under Haswell, Prescott alone" in found
    assert "SkylakeX: did not end" in found


def test_digests_are_counted():
    assert same_digests(pair(row(), row(certificate="sha256:2"))) == (0, 1)


def test_widths_are_those_of_the_claims():
    found = widths()
    assert found[CLAIM] == 1e-9
    # the published number of both outcomes' entropy is known to .02 alone
    wide = {"entropy_both": 2e-2, "entropy_chsh": 1e-3, "entropy_chsh_shannon": 1e-3}
    assert all(0 <= width <= wide.get(name, 1e-6) for (name, _), width in found.items())


def test_a_part_that_would_pass_the_budget_is_not_begun(monkeypatch, capsys):
    begun = []
    parts = (
        long.Part("first", 60, lambda: begun.append("first") or []),
        long.Part("second", long.BUDGET + 1, lambda: begun.append("second") or []),
        long.Part("third", 60, lambda: [begun.append("third") or "planted"]),
    )
    monkeypatch.setattr(long, "parts", lambda seed: parts)
    monkeypatch.setattr("sys.argv", ["long"])
    assert long.main() == 1
    assert begun == ["first", "third"]
    assert "second: NOT BEGUN" in capsys.readouterr().out


def test_all_parts_fit_into_the_budget():
    assert sum(part.seconds for part in long.parts(0)) <= long.BUDGET


def test_a_command_that_fails_or_lasts_is_a_fault(monkeypatch, capsys):
    from tests.long import checks

    monkeypatch.setattr(checks, "_STATEMENTS", "print('FAULT planted'); print('fine')")
    assert checks.statements(60) == ["planted"]
    monkeypatch.setattr(checks, "_STATEMENTS", "raise SystemExit(3)")
    assert checks.statements(60)
    monkeypatch.setattr(checks, "_STATEMENTS", "import time; time.sleep(60)")
    assert "did not end" in checks.statements(0.3)[0]


PAGE = """# A page
`mine.toml` says:

```toml
title = "x"
```

Run `echo nothing` or `freerand list --paper`, and `freerand bound FILE`; `freerand check` is a verb.

    python -c "print(open('mine.toml').read())"   # shows it
    python -c "import sys; sys.exit('planted')"
    ls

```{code-cell}
x = 1
```

```python
assert x == 2, "planted cell"
```

```python
import matplotlib_that_is_not_here
```
"""


def test_a_page_is_run_as_a_reader_would(tmp_path, monkeypatch):
    from tests.long import page

    shown = [(item.kind, item.name or item.text.splitlines()[0][:30]) for item in page.items(PAGE)]
    assert shown[:2] == [("file", "mine.toml"), ("shell", "freerand list --paper")]
    assert [kind for kind, _ in shown[2:]] == ["shell", "shell", "cell", "cell", "cell"]
    (tmp_path / "page.md").write_text(PAGE)
    monkeypatch.chdir(tmp_path)
    found = page.run(tmp_path / "page.md", extras=True, skipped=["freerand list"], seconds=60)
    assert len(found) == 3
    assert "page.md:11" in found[0] and "planted" in found[0]
    assert "planted cell" in found[1]
    assert "No module named" in found[2]


def test_an_extra_may_be_missing_where_the_page_names_it():
    from tests.long import page

    assert page.needed("error: figures need matplotlib: pip install 'freerand_opt[plot]'") == "plot"
    assert page.needed("cvxpy is not installed: pip install cvxpy, or name clarabel") == "crosscheck"
    assert page.needed("ModuleNotFoundError: No module named 'freerand_opt.nothing'") == ""


def test_another_program_that_finds_another_value_is_a_fault(monkeypatch, tmp_path):
    from tests.long import exports

    words, (question, value) = next(iter(exports.questions().items()))
    monkeypatch.setattr(exports, "PROGRAMS", {"echo": ("mps", ["optimum -0.5"], r"optimum (\S+)")})
    monkeypatch.setattr(exports, "TOLERANCE", {"echo": 1e-6})
    (found,) = exports._solved(words, question, value, tmp_path, [])
    assert "echo finds -0.5 for -(0.825)" in found


def ended(lower, upper):
    from types import SimpleNamespace

    return SimpleNamespace(lower=lower, upper=upper, impossible=False)


@pytest.mark.parametrize(
    ("entropy", "guess", "words"),
    [
        # a guess of 3/4 leaves between log2(4/3) and h(1/4) = .8113
        ((0.415, 0.811), (0.75, 0.75), ""),
        ((0.1, 0.41), (0.75, 0.75), "a guess of at most"),
        ((0.812, 0.9), (0.75, 0.75), "at least 0.812 bits"),
        ((1.1, 1.2), (0.5, 0.5), "of 2 values"),
        ((0.0, None), (None, 0.5), ""),
    ],
)
def test_an_entropy_that_a_guess_contradicts_is_a_fault(entropy, guess, words):
    from tests.long import entropies

    found = entropies.fault(ended(*entropy), ended(*guess), 2)
    assert words in found
    assert bool(words) == bool(found)


def test_fano_is_the_entropy_of_a_guess_and_of_even_errors():
    from math import log2

    from tests.long.entropies import fano

    assert fano(1.0, 4) == 0
    assert fano(0.25, 4) == pytest.approx(2)
    assert fano(0.7, 4) == pytest.approx(-0.7 * log2(0.7) - 3 * 0.1 * log2(0.1))


def test_limits_are_of_work_and_not_of_time(tmp_path):
    """Who waits for longer than a limit is done; who works for longer is stopped."""
    from tests.long.bare import limited

    waits, words = limited([sys.executable, "-c", "import time; time.sleep(2)"], tmp_path, 1)
    assert waits is not None and (waits.returncode, words) == (0, "")
    works, words = limited([sys.executable, "-c", "while True: pass"], tmp_path, 1)
    assert "worked" in words if works is None else works.returncode != 0


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda path: path.stem)
def test_scripts_beside_the_package_name_what_is_there(path):
    """They run by hand and in `make long` alone, so a name that is gone would be seen late."""
    found = {
        (node.module, name.name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("freerand_opt")
        for name in node.names
    }
    gone = {
        (module, name)
        for module, name in found
        if not hasattr(import_module(module), name) and find_spec(f"{module}.{name}") is None
    }
    assert not gone
