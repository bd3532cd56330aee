"""The kernel as one file says what the package says, and needs the standard library alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from freerand_opt import checker
from freerand_opt.checker.__main__ import main
from freerand_opt.checker.onefile import one_file

from . import corpus, test_curves
from .test_forgeries import FORGERIES, TEXTS


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kernel") / "freerand_kernel.py"
    path.write_text(one_file(), encoding="utf-8")
    return path


def run(kernel: Path, *paths: Path) -> tuple[int, str]:
    """Run the file alone: no site packages, no paths of this checkout."""
    command = [sys.executable, "-I", "-S", str(kernel), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=kernel.parent)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_no_two_modules_share_a_name() -> None:
    """Or one would hide the other in the file."""
    found: list[str] = []
    assert checker.__file__
    for path in Path(checker.__file__).parent.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body if path.stem != "onefile" else []:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.append(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found += [target.id for target in targets if isinstance(target, ast.Name)]
    assert [name for name, count in Counter(found).items() if count > 1] == []


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(one_file())
    tops = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    tops |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {str(top).split(".")[0] for top in tops} <= set(sys.stdlib_module_names)


def test_it_ends_quietly_when_nobody_reads_on(kernel: Path) -> None:
    command = [sys.executable, "-I", "-S", str(kernel), *["nowhere.json"] * 9]
    done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.stdout and done.stderr
    done.stdout.close()
    assert (done.stderr.read(), done.wait()) == ("", 1)
    done.stderr.close()


def test_it_says_what_the_package_says(
    kernel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {f"text {k}": text for k, (text, _) in enumerate(TEXTS.values())}
    texts |= {f"honest {k}": corpus.text(name).encode() for k, name in enumerate(corpus.NAMES)}
    for k, (name, edit, _, _) in enumerate(FORGERIES.values()):
        raw = corpus.honest(name)
        edit(raw)
        texts[f"forged {k}"] = json.dumps(raw).encode()
    texts["honest curve"] = test_curves.honest().encode()
    for k, (change, _, _) in enumerate(test_curves.FORGERIES.values()):
        raw = json.loads(test_curves.honest())
        change(raw)
        texts[f"forged curve {k}"] = json.dumps(raw).encode()
    paths = []
    for name, text in texts.items():
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_bytes(text)
    code = main([str(path) for path in paths])
    printed = capsys.readouterr().out
    assert run(kernel, *paths) == (code, printed)
    assert (code, printed.count("OK "), printed.count("REJECTED ") > 50) == (2, len(corpus.NAMES) + 3, True)


@pytest.mark.parametrize(("name", "code"), [("honest", 0), ("a false one", 1), ("empty", 2)])
def test_its_exit_code(name: str, code: int, kernel: Path, tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    path.write_bytes(TEXTS[name][0])
    assert run(kernel, path)[0] == code
