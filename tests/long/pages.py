"""Every cell and shell line of README and pages, from an installed wheel outside the checkout.

Once with the core install, where what a page says to need an extra may be missing, and once with all extras.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from tests.long.bare import ROOT, installed, limited, spent

EXTRAS = "sdp,crosscheck,cluster,frames,plot"
#: Lines that other parts of `make long` run, or that last longer than a reader's patience.
SKIPPED = [
    "freerand verify ",  # the part bare; --all is the long tier
    "freerand check --all",  # tests/truth/test_forgeries.py
    "freerand plot critical",  # half a minute: checks the committed curves
    "freerand plot adversaries",
    "freerand plot scores -o",  # this and the next two: minutes of quantum programs each
    "freerand plot entropy",
    "freerand plot efficiency",
    "freerand report -o report",  # tests/truth/test_page.py, one claim and one figure
]
LINE = 240


def pages() -> list[Path]:
    """Return README and the pages; what reports and proofs have are tables and mathematics."""
    return [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "docs/howto").glob("*.md")),
    ]


def faults(seconds: float) -> list[str]:
    """Return what does not run as pasted; a processor may work so many seconds for each environment."""
    found: list[str] = []
    for extras in ("", EXTRAS):
        ends = spent() + seconds
        with tempfile.TemporaryDirectory(prefix="freerand-pages-") as name:
            bin_, words = installed(Path(name), extras, ends)
            found += [words] if words else []
            for page in pages() if not words else []:
                found += of_page(page, bin_, Path(name) / "cache", extras=bool(extras), ends=ends)
    return found


def of_page(page: Path, bin_: Path, cache: Path, *, extras: bool, ends: float) -> list[str]:
    """Return the faults of one page in an environment, run in a folder of its own."""
    left, kind = max(ends - spent(), 0.1), "extras" if extras else "core"
    given = json.dumps({"extras": extras, "skipped": SKIPPED, "seconds": LINE})
    with tempfile.TemporaryDirectory(prefix="freerand-page-") as folder:
        begun = spent()
        environment = {
            key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")
        }
        environment |= {"XDG_CACHE_HOME": str(cache), "MPLBACKEND": "agg"}
        command = [str(bin_ / "python"), str(Path(__file__).with_name("page.py")), str(page), given]
        run, words = limited(command, Path(folder), left, environment)
        if run is None:
            return [f"{kind}, {page.name}: {words}"]
        lines = [line.removeprefix("FAULT ") for line in run.stdout.splitlines() if line.startswith("FAULT ")]
        found = [f"{kind}, {json.loads(line)}" for line in lines]
        print(f"  {kind}, {page.name}: {len(found)} faults, {spent() - begun:.0f} s worked", flush=True)
        return found + ([f"{kind}, {page.name}: {run.stderr[-500:]}"] if run.returncode else [])
