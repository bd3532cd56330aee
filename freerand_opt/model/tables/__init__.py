"""What tables of a question are made of: kinds of fields, numbers, key paths, messages, TOML."""
