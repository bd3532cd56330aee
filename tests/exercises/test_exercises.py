"""What it takes to add something: five changes, each of at most two product files, applied and tried.

`NAME/change.patch` adds one thing; `NAME/check.py` states what is then true of it, with values from the
literature, a closed form or a second formulation. A change that no longer applies is written anew by hand.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAMES = sorted(path.parent.name for path in HERE.glob("*/change.patch"))
MOST = 2


def touched(patch):
    """The product files that a patch adds or changes; the checker's own definitions are apart."""
    files = re.findall(r"^\+\+\+ b/(\S+)", patch, flags=re.MULTILINE)
    return [name for name in files if not name.startswith(("freerand_opt/checker/", "tests/"))]


def run(command, where, package=None):
    environment = os.environ | {"PYTHONPATH": str(package or where), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=where, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_all_five_are_here():
    assert NAMES == ["claim", "family", "quantity", "solver", "source"]


@pytest.mark.parametrize("name", NAMES)
def test_at_most_two_product_files_change(name):
    files = touched((HERE / name / "change.patch").read_text(encoding="utf-8"))
    assert 1 <= len(files) <= MOST, files


@pytest.mark.parametrize("name", NAMES)
def test_the_change_is_whole(name, tmp_path):
    if name == "solver":
        pytest.importorskip("scs")
    for folder in ("freerand_opt", "lps", "sdps"):
        kept = shutil.ignore_patterns("__pycache__", "certificates" if folder != "freerand_opt" else "")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=kept)
    applied = run(["git", "apply", "-C1", str(HERE / name / "change.patch")], tmp_path)
    assert applied.returncode == 0, applied.stderr
    place = run([sys.executable, "-c", "import freerand_opt; print(freerand_opt.__file__)"], tmp_path)
    assert Path(place.stdout.strip()).is_relative_to(tmp_path)
    found = run([sys.executable, "-W", "error", str(HERE / name / "check.py")], tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("name", ["family", "quantity", "solver", "source"])
def test_without_the_change_the_check_fails(name, tmp_path):
    found = run([sys.executable, str(HERE / name / "check.py")], tmp_path, ROOT)
    assert found.returncode == 1
    assert re.search(r"AttributeError|InputError|AssertionError", found.stderr)
