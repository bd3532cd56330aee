"""Claims whose proof is a finite exact computation and no program."""
