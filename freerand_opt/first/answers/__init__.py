"""From a question to a certified bracket."""
