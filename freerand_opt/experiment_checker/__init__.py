"""The checker of certificates about an experiment's counts, beside the kernel; standard library only."""
