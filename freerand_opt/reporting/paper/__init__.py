"""A folder for a paper about one's own question: figure, tables, caption, certificates and what to cite."""
