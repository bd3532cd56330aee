"""Exact numbers, how they are read and how they are shown."""
