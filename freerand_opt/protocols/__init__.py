"""Runs of protocol Pi_N: samples with confidence intervals beside exact recursions, never brackets.

A `Protocol` (`protocol`) is one table with five: rounds, source of bits (`sources`), devices, selection,
sampling; `file` reads it from TOML, `simulate` runs it. A run needs the law of one round (`law`); routes
are `rounds` (each drawn), `counts` (binomial) and bits of a file (`replayed`). Beside what is seen stand
the recursion (`prediction`) and the bounds of the analysis (`analysis`), line by line (`comparison`), in
`words` and `rows`.
"""
