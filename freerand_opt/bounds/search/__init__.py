"""Devices sought for an answer."""
