"""Let `python -m freerand_opt` be the command `freerand`."""

import os

# programs are small and many runs share a machine: one thread each, before numpy starts its own
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from freerand_opt.cli import main

if __name__ == "__main__":
    main()
