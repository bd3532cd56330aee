"""The wheel: built offline from the checkout, it holds the catalogue and works from any folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from freerand_opt.version import __version__

ROOT = Path(__file__).parents[2]
LPS, SDPS = (sorted(path.name for path in (ROOT / name).glob("*.toml")) for name in ("lps", "sdps"))
CLAIMS = LPS + SDPS


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The path of a wheel, built without isolation and without network."""
    for needed in ("build", "hatchling"):
        if find_spec(needed) is None:
            pytest.skip(f"not run: needs {needed}")
    out = tmp_path_factory.mktemp("wheel")
    offline = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **offline},
    )
    assert run.returncode == 0, run.stdout + run.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def freerand(unpacked, cwd, *arguments):
    """Run the unpacked package, and make sure that it is this one."""
    script = (
        "import sys, freerand_opt, runpy\n"
        f"assert freerand_opt.__file__.startswith({str(unpacked)!r}), freerand_opt.__file__\n"
        "runpy.run_module('freerand_opt', run_name='__main__', alter_sys=True)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_what_is_needed_and_nothing_else(unpacked):
    held = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert {f"freerand_opt/_catalogue/lps/{name}" for name in LPS} <= held
    assert {f"freerand_opt/_catalogue/sdps/{name}" for name in SDPS} <= held
    assert CLAIMS
    for name in ("py.typed", "checker/__main__.py", "__main__.py", "cli/main.py", "claims/paper.toml"):
        assert f"freerand_opt/{name}" in held
    tops = {name.split("/")[0] for name in held}
    assert len(tops) == 2
    assert "freerand_opt" in tops
    assert not [name for name in held if name.endswith((".pyc", ".pyo")) or "/tests/" in name]


def test_every_module_of_the_checkout_is_in_the_wheel(unpacked):
    package = ROOT / "freerand_opt"
    modules = {path.relative_to(package) for path in package.rglob("*.py")}
    assert {path for path in modules if not (unpacked / "freerand_opt" / path).is_file()} == set()


def test_metadata_name_the_command_and_the_licence(unpacked):
    (info,) = unpacked.glob("*.dist-info")
    assert "freerand = freerand_opt.cli.main:main" in (info / "entry_points.txt").read_text()
    metadata = (info / "METADATA").read_text()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert list(info.rglob("LICENSE"))


def test_the_catalogue_is_found_from_another_folder(unpacked, tmp_path):
    run = freerand(unpacked, tmp_path, "list", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    assert [entry["name"] + ".toml" for entry in json.loads(run.stdout)] == CLAIMS


def test_claims_are_verified_and_checked_from_another_folder(unpacked, tmp_path):
    run = freerand(unpacked, tmp_path, "verify", "chsh_local_score_sv", "--certificates", "proofs", "--json")
    assert (run.returncode, run.stderr) == (0, "wrote proofs (2 certificates)\n")
    assert {row["verdict"] for row in json.loads(run.stdout)} == {"PROVED"}
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json"))
    assert len(files) == 2  # the corners of the grid
    checked = freerand(unpacked, tmp_path, "check", *files)
    assert checked.returncode == 0
    assert checked.stdout.endswith("2 of 2 certificates check\n")


def test_the_schema_is_found_from_another_folder(unpacked, tmp_path):
    run = freerand(unpacked, tmp_path, "show", "--schema")
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)


def test_the_checker_of_the_wheel_runs_alone(unpacked, fresh):
    command = (
        "import sys, runpy; sys.path.insert(0, sys.argv.pop(1)); "
        "runpy.run_module('freerand_opt.checker', run_name='__main__')"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", command, str(unpacked), str(fresh["score"])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "OK" in run.stdout


def test_paths_are_short_enough_for_windows_and_have_no_letters_that_it_refuses():
    """260 letters in all, of which a user's folder and a checkout take less than 100."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not run: no checkout")
    paths = listed.stdout.splitlines()
    assert len(paths) > 500
    assert [path for path in paths if len(path) > 160] == []
    assert [path for path in paths if set(path) & set('<>:"|?*\\') or path.endswith((".", " "))] == []
    assert len({path.lower() for path in paths}) == len(paths)


def test_answers_are_kept_where_the_system_keeps_caches(monkeypatch, tmp_path):
    from freerand_opt.runner.store import default_folder

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "freerand"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    if sys.platform == "linux":
        assert default_folder() == tmp_path / ".cache" / "freerand"


def test_what_hosts_read_names_what_is_here():
    """Workflows, documentation service and hooks: targets, extras and files that exist; one version."""
    yaml = pytest.importorskip("yaml", reason="not run: needs the extra docs")
    tests = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())
    runs = {
        name: [step["run"] for step in job["steps"] if "run" in step] for name, job in tests["jobs"].items()
    }
    assert runs == {"test": [".ci/run"], "lint": ["make lint"]}
    assert os.access(ROOT / ".ci/run", os.X_OK)
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    called = [hook["entry"].removeprefix("make ") for hook in hooks]
    called += re.findall(r"\bmake (\w+) PYTHON", (ROOT / ".ci/run").read_text())
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    assert {"lint", "test", "long"} <= set(called) <= targets
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    read = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text())
    assert (ROOT / read["sphinx"]["configuration"]).is_file()
    assert set(read["python"]["install"][0]["extra_requirements"]) <= set(project["optional-dependencies"])
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == __version__


@pytest.mark.parametrize(
    ("tag", "heading", "released"),
    [
        ("v1.2.3", "## 1.2.3 (2027-01-31)", True),
        ("v1.2.4", "## 1.2.4 (2027-01-31)", False),
        ("v1.2.3", "## 1.2.3 (unreleased)", False),
    ],
)
def test_a_tag_is_released_if_package_and_changelog_say_the_same(tmp_path, tag, heading, released):
    yaml = pytest.importorskip("yaml", reason="not run: needs the extra docs")
    release = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]["release"]
    asked = [step["run"] for step in release["steps"] if "GITHUB_REF_NAME" in step.get("run", "")]
    (tmp_path / "freerand_opt").mkdir()
    written = (ROOT / "freerand_opt/version.py").read_text()
    (tmp_path / "freerand_opt/version.py").write_text(written.replace(__version__, "1.2.3"))
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}\n")
    run = subprocess.run(
        ["bash", "-ec", "\n".join(asked)], cwd=tmp_path, env={**os.environ, "GITHUB_REF_NAME": tag}
    )
    assert (run.returncode == 0) is released
