"""Solvers of conic programs: one file a backend, each `solve(program, time_limit) -> Solution`."""
