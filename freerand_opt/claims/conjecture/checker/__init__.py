"""The checker of computations: standard library and the kernel's readers alone."""
