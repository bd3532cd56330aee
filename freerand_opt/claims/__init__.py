"""Claims: the catalogue, their formulas and verdicts, and the wing of the paper's own values."""
