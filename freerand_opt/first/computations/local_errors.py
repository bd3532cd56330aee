"""Certificates of the least weight of GHZ errors over local models."""

from __future__ import annotations

from typing import Any

from freerand_opt.first.model.local_errors import LocalErrors, best_model

PROOF = "docs/proofs/ghz-orbits.md"


def certificate(asked: LocalErrors, *, name: str, instance: str) -> dict[str, Any]:
    """Return the certificate: the best model; the checker goes through all others (docs/certificates.md)."""
    model = best_model(asked)
    return {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "local-errors",
        "name": name,
        "instance": instance,
        "parties": asked.parties,
        "epsilon": str(asked.epsilon),
        "answer": {"lower": str(model.weight), "upper": str(model.weight)},
        "model": {"flips": list(model.flips), "sign": model.sign},
        "rests_on": PROOF,
    }
