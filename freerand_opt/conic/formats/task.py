"""Programs as MOSEK's task files, by MOSEK itself, which reads and writes without a licence."""

from __future__ import annotations

import tempfile
from pathlib import Path

from freerand_opt.conic.formats.conic import Conic, as_cbf
from freerand_opt.errors import imported


def as_task(held: Conic) -> str:
    """Return a task file as JSON text (``.jtask``); raise UnavailableError where MOSEK is not installed."""
    mosek = imported("mosek", "mosek is not installed; no licence is needed", "Mosek")
    with tempfile.TemporaryDirectory() as folder, mosek.Env() as env, env.Task() as task:
        given, written = Path(folder) / "program.cbf", Path(folder) / "program.jtask"
        given.write_text(as_cbf(held), encoding="ascii")
        task.readdata(str(given))
        task.writedata(str(written))
        return written.read_text(encoding="utf-8") + "\n"
