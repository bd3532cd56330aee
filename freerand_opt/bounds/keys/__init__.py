"""Rates of keys, and where a key begins."""
