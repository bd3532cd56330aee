"""Let `python -m freerand_opt` be the command `freerand`."""

from freerand_opt.cli.main import main

if __name__ == "__main__":
    main()
