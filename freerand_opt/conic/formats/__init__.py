"""Programs as text that other software reads: MPS and VIPR for linear ones, CBF and SDPA for matrices too."""
