"""Closed forms that claims are held against."""
