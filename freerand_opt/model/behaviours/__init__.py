"""Behaviours and functionals of them: arrays, labels, states, games."""
