"""The same guess at every joint setting: the larger ends hold for the worst one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from freerand_opt.certificates.pool import Pool


def worst_form(pools: Sequence[Pool]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the certificate of the worst settings, a part for each, and how the ends were found."""
    best = max(pools, key=lambda pool: pool.height)
    first = pools[0].best
    question = first["question"]
    parts = [{"upper": pool.upper, "attack": None if pool.impossible else pool.attack} for pool in pools]
    found = {"format": first["format"], "version": first["version"], "kind": "worst"}
    asked = {**question, "ask": {**question["ask"], "at": "?"}}
    return {**found, "question": asked, "parts": parts}, best.how
