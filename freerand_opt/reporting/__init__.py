"""Tables, pages, figures and exports: pure functions of results."""
