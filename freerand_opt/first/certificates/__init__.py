"""Why it is true: from floating-point hints to exact proofs, and their independent check."""
