"""Programs of questions; no solver is asked here."""
