"""Lower ends: strategies that the adversary can carry out."""
