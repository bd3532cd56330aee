"""Exact programs, and what solvers say of them."""
