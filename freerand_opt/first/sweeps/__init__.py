"""Many questions: stored, spread over cores and machines, resumed."""
