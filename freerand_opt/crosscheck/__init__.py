"""Other people's software beside ours: nothing of theirs is on the way of a question."""
