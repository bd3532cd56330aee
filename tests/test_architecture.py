"""The shape of the package, read from its source: who imports whom, sizes, docstrings."""

from __future__ import annotations

import ast
import graphlib
import re
from pathlib import Path

import pytest

import freerand_opt

PACKAGE = Path(freerand_opt.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

#: What stands where, from the ground up. A module imports from lower levels and from its own.
LEVELS = (
    ("errors", "catalogue", "certificates.check", "schemas", "paper"),
    ("files", "numbers"),
    ("model",),
    ("formulas",),
    ("programs", "computations"),
    ("spec", "solvers", "certificates"),
    ("simulation", "proving"),
    ("attacks",),
    ("answers",),
    ("peers",),
    ("sweeps",),
    ("reporting",),
    ("commands",),
    ("__main__",),
)
#: Third-party packages, and the parts that may import them.
OUTSIDE = {
    "highspy": ("solvers",),
    "cvxpy": ("solvers", "peers"),
    "mosek": ("solvers",),
    "clarabel": ("solvers",),
    "qics": ("solvers",),
    "picos": ("solvers",),
    "cvxopt": ("solvers",),
    "ncpol2sdpa": ("peers",),
    "sympy": ("peers",),
    "flint": ("numbers", "programs", "solvers", "certificates"),
    "rich": ("reporting", "commands"),
    "threadpoolctl": ("answers",),
    "typer": ("commands",),
    "distributed": ("sweeps",),
    "polars": ("reporting",),
    "matplotlib": ("reporting",),
    "numpy": ("programs", "solvers", "certificates", "attacks", "proving", "answers", "simulation"),
    "scipy": ("programs", "solvers", "certificates", "attacks", "answers", "simulation"),
}
#: Files and functions over the limits, which others are about to split: {name: lines allowed}.
LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS = {
    "certificates.check._read_question": 120,
    "programs.outer.outer": 70,
    "programs.strategies.by_boxes": 70,
    "certificates.check.check_multipliers": 85,
    "certificates.check._check_attack": 85,
    "answers.threshold.critical_value": 80,
}
MAX_FILE, MAX_FUNCTION = 320, 60


def module_name(path):
    """`certificates.check` for freerand_opt/certificates/check.py, `spec` for its __init__, or nothing."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")


NAMES = {module_name(path): path for path in FILES}


def part_of(name):
    """The name under which a module appears in LEVELS."""
    return name if name == "certificates.check" else name.split(".")[0]


def imported(tree):
    """Every module that is imported anywhere in a file, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}".removeprefix("freerand_opt.")
                yield f"freerand_opt.{inner}" if inner in NAMES else node.module
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name | ast.Attribute)
            and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
            in ("import_module", "__import__")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def ours(path):
    """The modules of freerand_opt that a file imports, without the prefix; the package itself is left out."""
    for module in imported(TREES[path]):
        if module.startswith("freerand_opt."):
            yield module.removeprefix("freerand_opt.")


def level(part):
    return next(height for height, parts in enumerate(LEVELS) if part in parts)


def test_every_module_has_its_level():
    parts = {part_of(name) for name in NAMES if name}
    assert parts == {part for parts in LEVELS for part in parts}


@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_imports_go_down_only(name):
    here = part_of(name)
    others = [other for other in ours(NAMES[name]) if part_of(other) != here]
    wrong = [other for other in others if level(part_of(other)) >= level(here)]
    assert wrong == [], f"{name} must not import {wrong}"


def test_no_module_imports_itself_by_way_of_others():
    graph = {name: set(ours(path)) & set(NAMES) - {name} for name, path in NAMES.items()}
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_the_checker_and_the_catalogue_import_nothing_of_ours():
    for name in ("certificates.check", "catalogue", "errors"):
        assert [module for module in imported(TREES[NAMES[name]]) if module.startswith("freerand_opt")] == []


def test_the_checker_needs_the_standard_library_alone():
    import sys

    tops = {module.split(".")[0] for module in imported(TREES[NAMES["certificates.check"]])}
    assert tops <= set(sys.stdlib_module_names)


def test_programs_know_nothing_of_solvers_and_certificates():
    for name, path in NAMES.items():
        if part_of(name) in ("programs", "model", "numbers", "formulas"):
            assert {part_of(other) for other in ours(path)} & {"solvers", "certificates", "spec"} == set()


@pytest.mark.parametrize("name", list(NAMES))
def test_third_party_packages_stay_where_they_belong(name):
    tops = {module.split(".")[0] for module in imported(TREES[NAMES[name]])}
    assert "lps" not in tops
    assert "sdps" not in tops
    wrong = [top for top, parts in OUTSIDE.items() if top in tops and part_of(name) not in parts]
    assert wrong == []


def test_heavy_packages_are_imported_late_by_the_command_line():
    """At the top of what the command line needs at once there is nothing that needs numpy."""
    files = ("commands.cli", "commands.verbs", "commands.options")
    top = [
        node
        for name in files
        for node in TREES[NAMES[name]].body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    found = set(imported(ast.Module(body=top, type_ignores=[])))
    allowed = {"freerand_opt", "freerand_opt.errors", "freerand_opt.certificates.check", "typer"}
    allowed |= {f"freerand_opt.{name}" for name in NAMES if part_of(name) == "commands"}
    assert {module for module in found if module.split(".")[0] in ("freerand_opt", *OUTSIDE)} <= allowed


# ------------------------------------------------------------------ docstrings and sizes


def public(tree):
    """The module's public classes and functions, and the public methods of its public classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    inner
                    for inner in node.body
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_")
                )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_everything_public_has_a_docstring(path):
    tree = TREES[path]
    assert ast.get_docstring(tree)
    assert [node.name for node in public(tree) if not ast.get_docstring(node)] == []


def test_files_have_one_noun():
    """At most 320 lines, except the checker, which is one file on purpose."""
    sizes = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in NAMES.items()}
    long = {name: size for name, size in sizes.items() if size > MAX_FILE and name != "certificates.check"}
    assert {name: size for name, size in long.items() if size > LONG_FILES.get(name, MAX_FILE)} == {}
    assert set(LONG_FILES) <= set(long), "this debt was paid: take it off the list"


def test_functions_have_one_verb():
    """At most 60 lines, signature and docstring included."""
    long = {}
    for name, tree in ((name, TREES[path]) for name, path in NAMES.items()):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > MAX_FUNCTION:
                long[f"{name}.{node.name}"] = node.end_lineno - node.lineno + 1
    assert {name: size for name, size in long.items() if size > LONG_FUNCTIONS.get(name, MAX_FUNCTION)} == {}
    assert set(LONG_FUNCTIONS) <= set(long), "this debt was paid: take it off the list"


def test_nothing_is_left_to_be_done():
    mark = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [name for name, path in NAMES.items() if mark.search(path.read_text(encoding="utf-8"))] == []


def test_only_the_command_line_and_the_checker_print():
    found = {
        name
        for name, path in NAMES.items()
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert found <= {"commands.cli", "certificates.check"}


def test_the_catalogue_holds_data_alone():
    folder = PACKAGE.parent / "lps"
    if not folder.is_dir():
        pytest.skip("no checkout")
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {".toml", ".json", ".csv", ".md"}
