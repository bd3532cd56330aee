"""From an experiment's counts to P-values, certified bits and regions (docs/proofs/experiments.md)."""
