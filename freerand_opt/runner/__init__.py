"""Many questions at once: jobs on executors, answers in a store, tables of them."""
