"""What people talk about: scenarios, behaviours, functionals, sources, questions; frozen and exact."""
