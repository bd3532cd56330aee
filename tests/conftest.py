"""Fixtures that several test files share: the command line in this process, fresh certificates."""

from __future__ import annotations

import io
import json
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# what is right does not depend on how busy a machine is
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# a shell that starts tests in the background has interrupts ignored, here and in what tests start
signal.signal(signal.SIGINT, signal.default_int_handler)

CLAIMS = Path(__file__).parent / "claims"


@dataclass(frozen=True)
class Run:
    """What one call of the command line gave."""

    code: int
    out: str
    err: str

    @property
    def data(self):
        return json.loads(self.out)


def run_main(*arguments):
    """Call the command line's main() in this process."""
    from freerand_opt.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    old = sys.argv
    sys.argv = ["freerand", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = old
    code = ended.value.code
    return Run(0 if code is None else code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True, scope="session")
def _user_cache(tmp_path_factory):
    """Nothing that tests do is kept in the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """No test sees another one's answers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def freerand():
    return run_main


@pytest.fixture(scope="session")
def claim_folder():
    return CLAIMS


#: Kind of certificate: (arguments of `bound`, exit code, instance's file below the folder).
FRESH = {
    "score": (("chsh_local_score_sv", "source.epsilon=1/20"), "chsh_local_score_sv/main.json"),
    "lifted": (("chained_leakage_fixed_sv", "scenario.N=16", "source.epsilon=3/100"), "*/main.json"),
    "none": ((CLAIMS / "strategy.toml",), "strategy/main.json"),
    "exists": ((CLAIMS / "strategy.toml", "source.epsilon=1/10"), "strategy/main.json"),
    "threshold": (("chained_local_threshold_sv", "scenario.N=2"), "*/main.json"),
    "worst": ((CLAIMS / "worst.toml",), "worst/main.json"),
}


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """Certificates of all kinds, {kind: path}, written by `freerand bound`."""
    found, folders = {}, {}
    for kind, (arguments, place) in FRESH.items():
        if arguments not in folders:
            folders[arguments] = tmp_path_factory.mktemp(kind)
            done = run_main("bound", *arguments, "--certificates", folders[arguments], "--width", "1e-5")
            assert done.code == 0, done.err
        (found[kind],) = folders[arguments].glob(place)
    return found
