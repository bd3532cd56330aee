"""Question files: the catalogue, what a file holds beside its question, schema and field reference."""
