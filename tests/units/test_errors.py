"""Tests of what errors advise: commands of the Python that runs, names that may have been meant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from freerand_opt import errors
from freerand_opt.errors import UnavailableError, imported, install


@pytest.mark.parametrize(
    ("pip", "here", "command"),
    [
        ("/v/bin/pip", "/somewhere", "pip install x"),
        ("/usr/bin/pip", "/somewhere", "/v/bin/python -m pip install x"),
        (None, "/v", "bin/python -m pip install x"),
    ],
)
def test_the_advised_command_installs_where_this_python_looks(pip, here, command, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/v/bin/python")
    monkeypatch.setattr(errors, "which", lambda name: pip)
    monkeypatch.setattr(Path, "cwd", lambda: Path(here))
    assert install("x") == command


def test_a_missing_package_is_named_with_its_command():
    with pytest.raises(UnavailableError, match=r"^tables need it: .*pip install 'a\[b\]'$"):
        imported("no_such_package_here", "tables need it", "'a[b]'")
