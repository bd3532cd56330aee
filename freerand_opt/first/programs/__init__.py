"""What is solved: labelled, exact, sparse programs, built from questions without a solver."""
