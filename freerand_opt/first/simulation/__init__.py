"""Runs of protocols: samples with confidence intervals beside exact recursions, never brackets."""
