"""The documentation: built with warnings as errors, all code on it run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def test_the_site_builds_without_warnings_and_its_code_runs(tmp_path):
    pytest.importorskip("myst_nb", reason="not run: needs the extra docs")
    pytest.importorskip("furo", reason="not run: needs the extra docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", DOCS, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    tutorial = (tmp_path / "tutorial.html").read_text(encoding="utf-8")
    assert "Rejected" in tutorial  # the forged certificate of the page is refused
    assert "<svg" in tutorial or ".png" in tutorial  # the figure
    for page in ("gallery.html", "reference.html", "howto/check-my-protocol.html"):
        assert (tmp_path / page).is_file()


def test_every_proof_is_on_the_site():
    words = (DOCS / "explanation.md").read_text(encoding="utf-8")
    assert {f"proofs/{path.stem}" for path in (DOCS / "proofs").glob("*.md")} <= set(words.split())
