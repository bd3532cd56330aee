"""An experiment's data: counts by cell, and trials in order; a cell is a joint setting with a joint
outcome.
"""

from __future__ import annotations

from freerand_opt.data.columns import Columns
from freerand_opt.data.counts import Counts
from freerand_opt.data.trials import Trials

__all__ = ["Columns", "Counts", "Trials"]
