"""The shape of the package, read from its source: who imports whom, and sizes."""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import freerand_opt
from freerand_opt import doors, model

PACKAGE = Path(freerand_opt.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

#: What stands where, from the ground up: rooms, and files that stand lower or higher than their room. A file
#: imports from lower levels and from its own room.
LEVELS = (
    ("errors", "doors", "version", "checker"),
    ("files", "numbers", "experiment_checker"),
    ("model", "conic"),
    ("data",),
    ("programs",),
    ("solvers", "protocols"),
    ("certificates",),
    ("attacks",),
    ("bounds", "solvers.conformance"),
    ("claims", "experiments", "crosscheck"),
    ("runner", "reporting"),
    ("cli",),
    ("__main__",),
)
#: Third-party packages, and the rooms that may import them.
OUTSIDE = {
    "clarabel": ("bounds", "solvers"),
    "cvxopt": ("crosscheck", "solvers"),
    "cvxpy": ("conic", "crosscheck", "solvers"),
    "distributed": ("runner",),
    "flint": ("claims", "conic", "numbers", "programs", "solvers"),
    "highspy": ("conic", "attacks"),
    "matplotlib": ("experiments", "reporting"),
    "mosek": ("solvers",),
    "msgspec": ("model", "protocols", "runner"),
    "ncpol2sdpa": ("crosscheck",),
    "numpy": (
        *("attacks", "bounds", "certificates", "claims", "conic", "crosscheck", "data", "experiments"),
        *("programs", "protocols", "solvers"),
    ),
    "picos": ("solvers",),
    "qics": ("solvers",),
    "rich": ("cli",),
    "scipy": ("attacks", "bounds", "conic", "programs", "protocols", "solvers"),
    "sympy": ("crosscheck",),
    "platformdirs": ("runner",),
    "threadpoolctl": ("bounds",),
    "typer": ("cli",),
}
#: The parts that anyone may read alone: they need the standard library and nothing else.
CHECKERS = ("checker", "experiment_checker", "claims.conjecture.checker")
MAX_LEVELS, MAX_FILE, MAX_FUNCTION, MAX_PARAMETERS = 14, 300, 60, 8
MAX_PACKAGES, MAX_IN_ROOT = 18, 6
#: Places outside their rooms that ask of which kind a source or a family is.
MAX_KINDS = 5


def module_name(path):
    """`bounds.bound` for freerand_opt/bounds/bound.py, `bounds` for its __init__."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")


NAMES = {module_name(path): path for path in FILES}


def part_of(name):
    """The name under which a module appears in LEVELS."""
    return name if any(name in parts for parts in LEVELS) else name.split(".")[0]


def level(name):
    return next(height for height, parts in enumerate(LEVELS) if part_of(name) in parts)


def inside(name, rooms):
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


@cache
def imported(tree):
    """Every module that is imported anywhere in a file, also inside functions."""
    return tuple(_imported(tree))


def _imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}".removeprefix("freerand_opt.")
                yield f"freerand_opt.{inner}" if inner in NAMES else node.module
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in ("import_module", "__import__"):
                yield str(node.args[0].value)


def ours(name):
    """The modules of freerand_opt that a module imports, without the prefix."""
    for module in imported(TREES[NAMES[name]]):
        other = module.removeprefix("freerand_opt.")
        if other != module:
            yield other


# ------------------------------------------------------------------ imports


def test_every_module_has_its_level():
    assert len(LEVELS) <= MAX_LEVELS
    assert {part_of(name) for name in NAMES if name} == {part for parts in LEVELS for part in parts}


def test_imports_go_down_only():
    """A file that stands apart from its room is judged by its own level, also by its room."""
    wrong = {
        (name, other)
        for name in filter(None, NAMES)
        for other in ours(name)
        if level(other) >= level(name) and other.split(".")[0] != name.split(".")[0]
    }
    assert wrong == set()


def test_no_module_imports_itself_by_way_of_others():
    """What is imported for type checkers alone counts too."""
    graph = {name: set(ours(name)) & set(NAMES) - {name} for name in NAMES}
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_levels_of_rooms_have_no_circles():
    graph = {}
    for name in filter(None, NAMES):
        graph.setdefault(part_of(name), set()).update({part_of(o) for o in ours(name)} - {part_of(name)})
    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("package", ["bounds", "model"])
def test_rooms_of_a_package_import_one_way(package):
    """The rooms of a package, and the files beside them, each alone."""
    graph = {}
    for name in (name for name in NAMES if name.startswith(f"{package}.")):
        room = name.split(".")[1]
        others = {other.split(".")[1] for other in ours(name) if other.startswith(f"{package}.")}
        graph.setdefault(room, set()).update(others - {room})
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_every_door_is_used_and_opens():
    """A method's body that stands above it is asked for by name; the root says where it is."""
    asked = {
        node.args[0].value
        for name in filter(None, NAMES)
        for node in ast.walk(TREES[NAMES[name]])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "body"
        and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
    assert asked == set(freerand_opt._BODIES) == set(doors.BODIES)
    for home, function in freerand_opt._BODIES.values():
        assert callable(getattr(import_module(f"freerand_opt.{home}"), function))


@pytest.mark.parametrize("room", CHECKERS)
def test_a_checker_needs_the_standard_library_alone(room):
    allowed = {f"freerand_opt.{other}" for other in NAMES if inside(other, ["checker", room])}
    own = [name for name in NAMES if inside(name, [room])]
    assert own
    for name in own:
        found = {m for m in imported(TREES[NAMES[name]]) if m.split(".")[0] not in sys.stdlib_module_names}
        assert found <= allowed, name


def test_third_party_packages_stay_where_they_belong():
    wrong = {
        (name, top)
        for name, path in NAMES.items()
        for top in {module.split(".")[0] for module in imported(TREES[path])}
        if top not in {*sys.stdlib_module_names, "freerand_opt"}
        and name.split(".")[0] not in OUTSIDE.get(top, ())
    }
    assert wrong == set()


def test_no_permission_is_left_over():
    used = {top: set() for top in OUTSIDE}
    for name in NAMES:
        for module in imported(TREES[NAMES[name]]):
            used.get(module.split(".")[0], set()).add(name.split(".")[0])
    assert {top: set(rooms) for top, rooms in OUTSIDE.items()} == used


def test_no_solver_stands_below_the_programs():
    """Numbers, model and programs are the same whatever solves them."""
    for name in NAMES:
        if name.split(".")[0] in ("numbers", "model", "programs"):
            assert {part_of(other) for other in ours(name)} & {"solvers", "certificates", "bounds"} == set()


def kinds_asked_for(name):
    """Sources and families that a file outside their rooms asks a value to be an instance of."""
    known = {kind.__name__ for kind in (*model.SOURCES, *model.FAMILIES)}
    homes = ("freerand_opt.model", "freerand_opt.model.sources", "freerand_opt.model.families")
    named = {
        alias.asname or alias.name
        for node in ast.walk(TREES[NAMES[name]])
        if isinstance(node, ast.ImportFrom) and inside(node.module, homes[1:]) | (node.module == homes[0])
        for alias in node.names
        if alias.name in known
    }
    for node in ast.walk(TREES[NAMES[name]]):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            yield from (n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name) and n.id in named)


def test_hardly_any_file_asks_which_source_or_family_it_has():
    rooms = ("model.sources", "model.families")
    found = {name: list(kinds_asked_for(name)) for name in filter(None, NAMES) if not inside(name, rooms)}
    assert sum(map(len, found.values())) <= MAX_KINDS, {name: kinds for name, kinds in found.items() if kinds}


# ------------------------------------------------------------------ sizes


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


def test_the_house_has_few_rooms():
    rooms = {name.split(".")[0] for name in filter(None, NAMES)}
    packages = {name for name in rooms if (PACKAGE / name).is_dir()}
    assert len(packages) <= MAX_PACKAGES
    assert len(rooms - packages) < MAX_IN_ROOT  # beside __init__


def test_files_have_one_noun():
    sizes = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in NAMES.items()}
    assert {name: size for name, size in sizes.items() if size > MAX_FILE} == {}


def test_functions_have_one_verb():
    """Signature and docstring included."""
    long = {
        f"{name}.{node.name}": node.end_lineno - node.lineno + 1
        for name, path in NAMES.items()
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > MAX_FUNCTION
    }
    assert long == {}


def test_functions_ask_for_little():
    """The parameters of a verb of the command line are its options: those are grouped in its help."""
    many = {
        f"{name}.{node.name}": len(parameters)
        for name, path in NAMES.items()
        for node in public(TREES[path])
        if isinstance(node, ast.FunctionDef) and not name.startswith("cli.")
        if len(parameters := (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
        > MAX_PARAMETERS
    }
    assert many == {}


def test_nothing_is_left_to_be_done():
    mark = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [name for name, path in NAMES.items() if mark.search(path.read_text(encoding="utf-8"))] == []


def test_only_commands_print():
    found = {
        name
        for name, path in NAMES.items()
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {name for name in found if not inside(name, ["cli", "experiments.commands", *CHECKERS])} == set()


def test_the_catalogue_holds_data_alone():
    folders = [PACKAGE.parent / name for name in ("lps", "sdps")]
    if not folders[0].is_dir():
        pytest.skip("no checkout")
    found = {path.suffix for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert found <= {".toml", ".json", ".csv", ".md"}
