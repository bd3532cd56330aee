"""Who solves it: floating-point hints that nobody has to believe."""
