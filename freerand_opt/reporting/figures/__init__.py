"""Figures for papers: rows with proofs, and pure functions that draw them."""
