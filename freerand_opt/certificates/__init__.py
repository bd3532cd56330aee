"""From hints of solvers to proofs and attacks that the kernel reads."""
