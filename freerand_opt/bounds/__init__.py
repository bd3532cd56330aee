"""From a question to its certified answer."""
